# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""``ros2 run depth_completion_ros doctor``: looks at everything that can be wrong.

Takes the remappings and parameters of completion_node; ``seconds`` is how long it listens,
``folder`` where the picture goes.
"""

from __future__ import annotations

import itertools
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import rclpy
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node

from depth_completion_core.codecs.stamps import stamp_ns_of
from depth_completion_core.completer import DepthCompleter
from depth_completion_core.diagnosis.findings import Finding, Severity, render_findings, worst
from depth_completion_core.diagnosis.pairing_check import check_pairing
from depth_completion_core.diagnosis.stream_checks import (
    StreamLog,
    check_intrinsics,
    check_stream,
)
from depth_completion_core.files.output_files import write_picture
from depth_completion_core.geometry.transform_buffer import TransformError
from depth_completion_core.models import build_model
from depth_completion_core.pictures.depth_colors import overlay
from depth_completion_core.pictures.scales import depth_scale
from depth_completion_core.sensing.empty_frames import why_empty
from depth_completion_core.sensing.measurement_kinds import MEASUREMENT_KINDS
from depth_completion_core.sensing.placed_frame import PlacedFrame
from depth_completion_core.sensing.sensor_geometry import motion_in_words
from depth_completion_core.settings.fields import ConfigError
from depth_completion_ros.doctor_alignment import SpreadPairs, check_alignment
from depth_completion_ros.doctor_environment import check_environment
from depth_completion_ros.frame_placer import FramePlacer, image_size_of_message
from depth_completion_ros.inputs import Inputs
from depth_completion_ros.live_transforms import LiveTransforms
from depth_completion_ros.node_config import NodeConfig
from depth_completion_ros.parameters import NodeParameters
from depth_completion_ros.placement_watch import pair_findings
from depth_completion_ros.silence import offers_of
from depth_completion_ros.stop_signal import StopSignal, init_without_signals


class Doctor(Node):  # type: ignore[misc]  # rclpy has no types on every distro
    """Listens for a while.

    Attributes:
        config: the parameters of the completion node.
        transforms: TF.
        logs: what came in, by topic, the images first.
        pairs: some of the pairs, spread over the time.
    """

    def __init__(self) -> None:
        super().__init__("doctor")
        self.config: NodeConfig = NodeParameters(self, lambda _: None).config
        self.seconds = float(self.declare_parameter("seconds", 12.0).value)
        self.folder = Path(str(self.declare_parameter("folder", "doctor").value)).expanduser()
        self.transforms = LiveTransforms()
        self.pairs = SpreadPairs()
        self.inputs = Inputs(self, self.config, self.transforms, self.pairs.extend)
        self.logs = {topic: StreamLog(topic=topic) for topic in self.inputs.filters}
        for topic, source in self.inputs.filters.items():
            source.registerCallback(self._note, self.logs[topic])

    def finish(self) -> None:
        """Note who publishes what, and how it was received."""
        for topic, log in self.logs.items():
            log.offers = offers_of(self, topic)
            log.is_reliable = self.inputs.filters[topic].is_reliable
            log.listened_s = self.seconds

    def _note(self, message: object, log: StreamLog) -> None:
        header = message.header  # type: ignore[attr-defined]
        now_ns = int(self.get_clock().now().nanoseconds)
        log.add(now_ns, stamp_ns_of(message), str(header.frame_id))


def findings_of(doctor: Doctor) -> Iterator[Finding]:
    """Everything that can be told after listening."""
    image, *clouds = doctor.logs.values()
    for log in (image, *clouds):
        yield from check_stream(log)
    for cloud in clouds:
        yield check_pairing(image, cloud, doctor.config.pairing)
    yield from _check_tf(doctor, image, clouds)
    if doctor.pairs.kept:
        yield from _check_pairs(doctor, image.topic)


def _check_pairs(doctor: Doctor, image_topic: str) -> Iterator[Finding]:
    placer = FramePlacer(doctor.config, image_topic, doctor.transforms)
    placer.camera_infos = doctor.inputs.camera_infos
    pairs = doctor.pairs.kept
    pair = pairs[len(pairs) // 2]
    info, size = placer.camera_info(pair), image_size_of_message(pair.image)
    if info is not None:
        rectified = placer.is_rectified(doctor.config)
        yield from check_intrinsics(info, size, image_topic, rectified=rectified)
    try:
        placed = placer.place(pair, doctor.config)
        yield from _habit_findings(placer)
        if pair.clouds:
            yield _check_projection(placed, doctor)
        if MEASUREMENT_KINDS[doctor.config.measurements].are_points:
            yield from pair_findings(pairs, placer, doctor.config, list(doctor.logs))
            yield from check_alignment(pairs, placer, doctor.config, list(doctor.logs))
    except (ValueError, TransformError) as error:
        yield Finding(
            severity="error",
            subject="one pair",
            found=str(error),
            remedy="as it says; frames like this one are dropped",
        )


def _habit_findings(placer: FramePlacer) -> Iterator[Finding]:
    for note in placer.habits.notes:
        severity: Severity = "warning" if note.is_warning else "ok"
        remedy = "as it says; until then, points are taken as measured at the stamp"
        yield Finding(
            severity=severity,
            subject=note.subject,
            found=note.found,
            remedy=remedy if note.is_warning else "",
        )


def _check_tf(doctor: Doctor, image: StreamLog, clouds: list[StreamLog]) -> Iterator[Finding]:
    frames = doctor.transforms.frames
    for cloud in clouds:
        if not image.frame_id or not cloud.frame_id or image.frame_id == cloud.frame_id:
            continue
        try:
            doctor.transforms.require_connection(image.frame_id, cloud.frame_id)
        except TransformError as error:
            yield Finding(
                severity="error",
                subject="TF",
                found=str(error),
                remedy="publish it (robot_state_publisher, static_transform_publisher), or give "
                "extrinsics_file",
            )
        else:
            yield Finding(
                severity="ok",
                subject="TF",
                found=f"'{image.frame_id}' and '{cloud.frame_id}' are connected "
                f"({len(frames)} frames)",
            )
    placer = FramePlacer(doctor.config, image.topic, doctor.transforms)
    cloud_frames = [cloud.frame_id.lstrip("/") for cloud in clouds]
    fixed = placer.fixed_frame(doctor.config.fixed_frame, image.frame_id, cloud_frames)
    moves_points = MEASUREMENT_KINDS[doctor.config.measurements].are_points
    motion = motion_in_words(fixed, moves_points=moves_points)
    if fixed and moves_points:
        yield Finding(severity="ok", subject="motion", found=motion)
    else:
        yield Finding(
            severity="warning",
            subject="motion",
            found=motion,
            remedy="on a robot that moves, publish odometry on /tf and set fixed_frame",
        )


def _check_projection(placed: PlacedFrame, doctor: Doctor) -> Finding:
    frame = placed.frame
    completer = DepthCompleter(build_model("nearest"), config=doctor.config)
    sparse = completer.sparse_depth(frame)
    path = doctor.folder / "overlay.png"
    write_picture(path, overlay(frame.image, sparse, depth_scale([sparse.depth])))
    share = sparse.count / sparse.valid.size
    found = (
        f"{sparse.count} of {len(placed.sensor_points)} points lie in the image "
        f"({100 * share:.2f} % of its pixels); drawn on it in {path}"
    )
    if sparse.count == 0:
        return Finding(
            severity="error",
            subject="projection",
            found=found,
            remedy=why_empty(placed, completer.config.projection.max_depth).sentence,
        )
    return Finding(severity="ok", subject="projection", found=f"{found}: look whether edges agree")


def main() -> int:
    """Listen, look, print; 1 where something cannot work, 130 where it was interrupted."""
    stop = StopSignal()
    init_without_signals()
    try:
        doctor = Doctor()
        findings = list(_until(stop, check_environment(doctor.config)))
        print(render_findings(findings), flush=True)
        _listen(doctor, stop)
        streams = list(_until(stop, findings_of(doctor)))
        if stop.is_set:
            return 130
        print(render_findings(streams), flush=True)
        return 1 if worst([*findings, *streams]) == "error" else 0
    except ConfigError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    finally:
        rclpy.try_shutdown()


def _until(stop: StopSignal, findings: Iterator[Finding]) -> Iterator[Finding]:
    return itertools.takewhile(lambda _: not stop.is_set, findings)


def _listen(doctor: Doctor, stop: StopSignal) -> None:
    print(f"listening for {doctor.seconds:g} s ...", flush=True)
    executor = SingleThreadedExecutor()
    executor.add_node(doctor)
    end = time.monotonic() + doctor.seconds
    while not stop.is_set and (left := end - time.monotonic()) > 0:
        stop.spin_once(executor, left)
    doctor.finish()


if __name__ == "__main__":
    sys.exit(main())
