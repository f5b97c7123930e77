# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""One pair, from messages to messages, on the worker's thread."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

import torch

from depth_completion_core.completer import DepthCompleter
from depth_completion_core.frame import DepthPrediction, SparseDepth
from depth_completion_core.metrics import depth_metrics
from depth_completion_core.sensing.drop_counts import reason_of
from depth_completion_core.sensing.empty_frames import why_empty
from depth_completion_core.sensing.far_depth import FarDepth
from depth_completion_core.sensing.holdout import Holdout
from depth_completion_core.sensing.output_topics import CompletedFrame
from depth_completion_core.sensing.pair import MessagePair
from depth_completion_ros.drops import Drops
from depth_completion_ros.frame_placer import FramePlacer
from depth_completion_ros.frame_report import FrameReport
from depth_completion_ros.model_in_use import ModelInUse

if TYPE_CHECKING:  # the publishers are rclpy's, and nothing else here is
    from depth_completion_ros.outputs import Outputs


@dataclass(frozen=True, slots=True, kw_only=True)
class PairToComplete:
    """A pair on its way through the mailbox.

    Attributes:
        messages: the pair.
        ready_at: when it was complete, in the seconds of time.perf_counter().
    """

    messages: MessagePair
    ready_at: float = field(default_factory=time.perf_counter)


class LastFrame(NamedTuple):
    """A completed frame, and with what it was completed."""

    done: CompletedFrame
    in_use: ModelInUse


class ModelOutputError(RuntimeError):
    """The model gave nothing that can be used."""

    drop_reason = "NaN from the model"


class Pipeline:
    """Decodes, completes and publishes; an error ends a frame, never the thread.

    Attributes:
        in_use: model and settings; may be replaced at any time, for the frames that follow.
        last: the frame completed last, for ~/save_frame.
        placer: what makes frames of messages.
    """

    def __init__(
        self,
        in_use: ModelInUse,
        *,
        placer: FramePlacer,
        outputs: Outputs,
        drops: Drops,
        now_ns: Callable[[], int],
        report: Callable[[FrameReport], None],
    ) -> None:
        self.in_use = in_use
        self.last: LastFrame | None = None
        self.placer = placer
        self._far_depth = FarDepth()
        self._outputs, self._drops = outputs, drops
        self._now_ns, self._report = now_ns, report

    @property
    def notes(self) -> list[str]:
        """What settings do nothing, and what the depth images could not hold, in sentences."""
        far = self._far_depth.note
        return [*self.in_use.completer.notes, *([far] if far else [])]

    @property
    def is_wanted(self) -> bool:
        """Whether anybody listens to what becomes of a pair."""
        return self._outputs.are_wanted

    def handle(self, item: PairToComplete) -> None:
        """Complete a pair, or count why not."""
        try:
            self._complete(item)
        except Exception as error:
            self._drops.add(reason_of(error), _sentence(error))
            if torch.cuda.is_available() and reason_of(error) == "out of memory":
                torch.cuda.empty_cache()

    def _complete(self, item: PairToComplete) -> None:
        in_use = self.in_use
        config, completer = in_use.config, in_use.completer
        age_ms = self._age_ms(item)
        if 0 < config.max_age_ms < age_ms:
            self._drops.add(
                "older than max_age_ms",
                f"the image is {age_ms:.0f} ms old, {config.max_age_ms:g} are allowed. A model "
                "that is too slow, or a clock that is off (use_sim_time with bags?)",
            )
            return
        if not self.is_wanted:
            return
        start = time.perf_counter()
        placed = self.placer.place(item.messages, config, in_use.wanted_views)
        decoded = time.perf_counter()
        frame, withheld = Holdout(share=config.holdout).split(placed, completer.sparse_depth)
        projected = time.perf_counter()
        prediction = completer.complete(frame)
        completed = time.perf_counter()
        done = CompletedFrame(
            placed=placed,
            prediction=prediction,
            depth_encoding=config.depth_encoding,
            cloud=config.cloud,
        )
        self._refuse_nonsense(done, completer)
        self.last = LastFrame(done, in_use)
        self._outputs.publish(done)
        self._far_depth.add(prediction, config.depth_encoding)
        published = time.perf_counter()
        self._report(
            FrameReport(
                done=done,
                in_use=in_use,
                decode_ms=1e3 * (decoded - start),
                project_ms=1e3 * (projected - decoded),
                network_ms=1e3 * (completed - projected),
                publish_ms=1e3 * (published - completed),
                total_ms=1e3 * (published - item.ready_at),
                age_ms=self._age_ms(item),
                holdout_mae_mm=_error_mm(prediction, withheld) if config.holdout else math.nan,
            )
        )

    def _age_ms(self, item: PairToComplete) -> float:
        return (self._now_ns() - item.messages.image_stamp_ns) / 1e6

    def _refuse_nonsense(self, done: CompletedFrame, completer: DepthCompleter) -> None:
        prediction = done.prediction
        if prediction.not_finite and not prediction.valid.any():
            raise ModelOutputError(
                f"the model gave NaN for {prediction.not_finite} pixels and no usable depth: its "
                "weights are damaged, or it cannot run in this precision"
            )
        if completer.model.needs.sparse_depth and prediction.sparse.count == 0:
            max_depth = completer.config.projection.max_depth
            self._drops.add(*why_empty(done.placed, max_depth))


def _error_mm(prediction: DepthPrediction, withheld: SparseDepth) -> float:
    depth = prediction.along_z
    return depth_metrics(depth.depth, depth.valid, withheld.depth, withheld.valid).mae_mm


def _sentence(error: Exception) -> str:
    if reason_of(error) == "out of memory":
        return (
            f"{error}. The image is too large for the device: set inference.width_px and "
            "inference.height_px, or take a smaller model"
        )
    return str(error) or type(error).__name__
