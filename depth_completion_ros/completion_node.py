# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""``completion_node``: a camera and points in, dense depth out; a lifecycle node."""

from __future__ import annotations

import faulthandler
import signal
import sys
import traceback
from collections.abc import Callable
from typing import Any

import rclpy
import torch
from diagnostic_updater import Updater
from rclpy.clock import JumpThreshold
from rclpy.duration import Duration
from rclpy.executors import SingleThreadedExecutor
from rclpy.lifecycle import LifecycleNode, LifecycleState, TransitionCallbackReturn

from depth_completion_core.settings.fields import ConfigError
from depth_completion_ros.active_state import ActiveState
from depth_completion_ros.clock_watch import ClockWatch
from depth_completion_ros.drops import Drops
from depth_completion_ros.frame_placer import FramePlacer
from depth_completion_ros.frame_report import FrameReport
from depth_completion_ros.live_transforms import LiveTransforms
from depth_completion_ros.model_in_use import ModelInUse
from depth_completion_ros.model_loading import loaded, warmed_up
from depth_completion_ros.node_config import NodeConfig
from depth_completion_ros.outputs import Outputs
from depth_completion_ros.parameters import NodeParameters
from depth_completion_ros.pipeline import Pipeline
from depth_completion_ros.services import Services
from depth_completion_ros.setup_notes import SetupNotes
from depth_completion_ros.status import Status
from depth_completion_ros.steady_timer import steady_timer
from depth_completion_ros.stop_signal import StopSignal, init_without_signals


class CompletionNode(LifecycleNode):  # type: ignore[misc]  # rclpy has no types on every distro
    """Configure loads and warms up the model; activate subscribes; deactivate lets go of both.

    Attributes:
        transforms: TF as it comes in.
        is_finished: the node has nothing left to do.
        exit_code: of the process.
    """

    def __init__(self, **kwargs: Any) -> None:  # noqa: ANN401 - rclpy's own
        super().__init__("completion_node", **kwargs)
        self.transforms = LiveTransforms()
        self.is_finished = False
        self.exit_code = 0
        self._clock_watch = ClockWatch(self.get_clock())
        self._settings = NodeParameters(self, self._on_change)
        self._drops = Drops(self.get_logger().warning)
        self._status = self._new_status()
        self._outputs: Outputs | None = None
        self._pipeline: Pipeline | None = None
        self._active: ActiveState | None = None
        self._past_drops: dict[str, int] = {}
        self._diagnostics = self._new_diagnostics()
        self._beat = steady_timer(self, self._diagnostics.period, self._tell)
        self._offered = Services(self, self._settings, lambda: self._pipeline)
        # Kept: a handle that is collected ends the callback.
        self._jump = self.get_clock().create_jump_callback(
            JumpThreshold(
                min_forward=None, min_backward=Duration(seconds=-1), on_clock_change=True
            ),
            post_callback=lambda _: self.transforms.clear(),
        )
        self._autostart = (
            self.create_timer(0.0, self._start) if self._settings.config.autostart else None
        )

    def _new_status(self) -> Status:
        log = self.get_logger()
        # From lines of their own: rclpy wants one severity for each line that logs.
        notes = SetupNotes(
            lambda note: log.warning(note),  # noqa: PLW0108
            lambda: self.transforms.notes,
            lambda: self._habits(are_warnings=True),
            self._clock_watch.notes,
            self._why_never_paired,
            lambda: self._active.inputs.losses() if self._active else [],
            lambda: self._active.placement.notes if self._active else [],
            self._odometry_notes,
            lambda: self._pipeline.notes if self._pipeline else [],
        )
        facts = SetupNotes(
            lambda fact: log.info(fact),  # noqa: PLW0108
            lambda: self._habits(are_warnings=False),
            self._projection_in_use,
        )
        return Status(
            lambda: self._settings.config,
            self._all_drops,
            self._why_idle,
            notes.current,
            facts.current,
        )

    def _new_diagnostics(self) -> Updater:
        diagnostics = Updater(self)
        image_topic = self.resolve_topic_name("image")
        diagnostics.setHardwareID(image_topic)
        diagnostics.add(f"completion of {image_topic}", self._status.diagnose)
        # In place of its own, which stands still with simulated time.
        self.destroy_timer(diagnostics.timer)
        return diagnostics

    # Lifecycle

    def on_configure(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Load the model, complete an empty frame, create the publishers."""
        return self._guarded(self._configure, state, super().on_configure)

    def on_activate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Subscribe."""
        return self._guarded(self._activate, state, super().on_activate)

    def on_deactivate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Unsubscribe; the current frame is still published."""
        return self._guarded(self._deactivate, state, super().on_deactivate)

    def on_cleanup(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Let go of the model and the publishers."""
        return self._guarded(self.close, state, super().on_cleanup)

    def on_shutdown(self, state: LifecycleState) -> TransitionCallbackReturn:
        """End the process, with exit code 0."""
        result = self._guarded(self.close, state, super().on_shutdown)
        self.is_finished = True
        return result

    def on_error(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Back to unconfigured."""
        return self._guarded(self.close, state, super().on_error)

    def close(self) -> None:
        """Let go of everything; does no harm twice."""
        self._deactivate()
        if self._outputs is not None:
            self._outputs.destroy()
        self._outputs = self._pipeline = None
        if torch.cuda.is_available():
            torch.cuda.empty_cache()

    def _configure(self) -> None:
        config = self._settings.config
        if config.torch_threads:
            torch.set_num_threads(config.torch_threads)
        in_use = ModelInUse.of(loaded(config), config)
        completer = warmed_up(in_use.completer, config)
        self._outputs = Outputs(self)
        image_topic = self.resolve_topic_name("image")
        self._pipeline = Pipeline(
            in_use,
            placer=FramePlacer(config, image_topic, self.transforms),
            outputs=self._outputs,
            drops=self._drops,
            now_ns=lambda: int(self.get_clock().now().nanoseconds),
            report=self._on_frame,
        )
        self.get_logger().info(
            f"model '{config.weights or config.model}' on {completer.device}; projecting with "
            f"{self._pipeline.placer.projection(config)}"
        )

    def _activate(self) -> None:
        assert self._pipeline is not None  # noqa: S101 - the state machine configures first
        self._active = ActiveState(self, self.transforms, self._settings.config, self._pipeline)

    def _deactivate(self) -> None:
        active, self._active = self._active, None
        if active is not None:
            active.end()
            self._past_drops = _added(self._past_drops, active.drops())

    def _guarded(
        self,
        work: Callable[[], None],
        state: LifecycleState,
        then: Callable[[LifecycleState], TransitionCallbackReturn],
    ) -> TransitionCallbackReturn:
        """Rclpy swallows what a transition raises: say it."""
        try:
            work()
        except (ValueError, LookupError, ImportError, OSError) as error:
            self.get_logger().fatal(str(error))
            return TransitionCallbackReturn.FAILURE
        except Exception:
            self.get_logger().fatal(traceback.format_exc())
            return TransitionCallbackReturn.ERROR
        return then(state)

    def _start(self) -> None:
        """Once, as soon as the node spins."""
        self.destroy_timer(self._autostart)
        steps = (self.trigger_configure, self.trigger_activate)
        if not all(step() == TransitionCallbackReturn.SUCCESS for step in steps):
            self.exit_code = 1
            self.is_finished = True

    # While active

    def _on_change(self, config: NodeConfig) -> None:
        """New settings: the next frame uses them."""
        if self._pipeline is None:
            return
        in_use = ModelInUse.of(self._pipeline.in_use.completer, config)
        self._pipeline.in_use = in_use
        if self._active is not None:
            self._active.mailbox.max_wait_s = config.max_wait_ms / 1e3
            earlier_pairs = in_use.wanted_views.earlier_images
            self._active.inputs.pairing.set_config(config.pairing, earlier_pairs)

    def _on_frame(self, report: FrameReport) -> None:
        if self._outputs is not None:
            self._outputs.publish_status(self._status.message(report))

    def _tell(self) -> None:
        """Every second, whether frames come or not."""
        message = self._status.while_dropping(int(self.get_clock().now().nanoseconds))
        if message is not None and self._outputs is not None:
            self._outputs.publish_status(message)
        self._diagnostics.force_update()

    def _habits(self, *, are_warnings: bool) -> list[str]:
        if self._pipeline is None:
            return []
        placer = self._pipeline.placer
        habits = [str(note) for note in placer.habits.notes if note.is_warning == are_warnings]
        return [*placer.calibration.notes(are_grave=are_warnings), *habits]

    def _projection_in_use(self) -> list[str]:
        if self._pipeline is None:
            return []
        return [f"projecting with {self._pipeline.placer.projection(self._settings.config)}"]

    def _why_idle(self) -> str:
        if self._active is None:
            return "not active"
        wanted = self._outputs is not None and self._outputs.are_wanted
        return "" if wanted else "nobody listens to any output"

    def _odometry_notes(self) -> list[str]:
        file = self._active.inputs.odometry_file if self._active else None
        return file.notes if file else []

    def _why_never_paired(self) -> list[str]:
        active = self._active
        return active.inputs.why_never_paired(self._settings.config.pairing) if active else []

    def _all_drops(self) -> dict[str, int]:
        active = self._active
        waiting = active.drops() if active is not None else {}
        refused = self.transforms.refused_count
        transforms = {"transform: cannot be used": refused} if refused else {}
        return _added(self._past_drops, waiting, self._drops.counts, transforms)


def _added(*counts: dict[str, int]) -> dict[str, int]:
    total: dict[str, int] = {}
    for part in counts:
        for reason, count in part.items():
            total[reason] = total.get(reason, 0) + count
    return total


def main() -> int:
    """Run the node until it is asked to stop; returns the exit code."""
    faulthandler.register(signal.SIGUSR1)  # kill -USR1 shows where a node hangs
    stop = StopSignal()
    init_without_signals()
    try:
        return _run(stop)
    except ConfigError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    finally:
        rclpy.try_shutdown()


def _run(stop: StopSignal) -> int:
    node = CompletionNode()
    try:
        executor = SingleThreadedExecutor()
        executor.add_node(node)
        # Not spin_until_future_complete(): it leaves a callback in the future at every turn.
        while not (stop.is_set or node.is_finished):
            stop.spin_once(executor)
    finally:
        node.close()
        node.destroy_node()
    return node.exit_code


if __name__ == "__main__":
    sys.exit(main())
