# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A look at the first pairs: do camera and lidar see the same, where the set-up says?"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence

from depth_completion_core.alignment import AlignmentFrame
from depth_completion_core.alignment.edge_scene import EdgeScene
from depth_completion_core.alignment.placement import edge_scenes, placement_findings
from depth_completion_core.alignment.projection_fit import measured_projection, projection_findings
from depth_completion_core.diagnosis.findings import Finding
from depth_completion_core.geometry.transform_buffer import TransformError
from depth_completion_core.sensing.cloud_place import unused_extrinsics
from depth_completion_core.sensing.measured import frame_of
from depth_completion_core.sensing.measurement_kinds import MEASUREMENT_KINDS
from depth_completion_core.sensing.pair import MessagePair
from depth_completion_core.sensing.rectification import projections_of
from depth_completion_core.sensing.stream_habits import StreamHabits
from depth_completion_ros.frame_placer import FramePlacer
from depth_completion_ros.node_config import NodeConfig

_PAIRS = 4
_SPACING_NS = 800_000_000


class PlacementWatch:
    """Keeps the first pairs, some time apart, and compares them once, on a thread of its own.

    Another calibration is another camera: what was found is forgotten, and the next pairs count.

    Attributes:
        notes: what is wrong, in sentences; empty until it is known, and where nothing is.
        is_done: whether the comparison was made.
    """

    def __init__(self, placer: FramePlacer, config: NodeConfig, topics: Sequence[str]) -> None:
        """Take what knows where the sensors are, and the topics: images first, then clouds."""
        self._placer, self._config, self._topics = placer, config, topics
        self._pairs: list[MessagePair] = []
        self._is_enough = False
        self._calibrations = placer.calibration.changes
        self.notes: list[str] = []
        self.is_done = False

    def add(self, pair: MessagePair) -> None:
        """Take a pair; the last one that is needed starts the comparison."""
        if self._calibrations != self._placer.calibration.changes:
            self._start_again()
        if self._is_enough or not MEASUREMENT_KINDS[self._config.measurements].are_points:
            return
        if self._pairs and pair.image_stamp_ns < self._pairs[-1].image_stamp_ns + _SPACING_NS:
            return
        self._pairs.append(pair)
        self._is_enough = len(self._pairs) == _PAIRS
        if self._is_enough:
            threading.Thread(target=self._look, name="placement", daemon=True).start()

    def _start_again(self) -> None:
        self._calibrations = self._placer.calibration.changes
        self._placer.measured_rectified = None
        self._pairs, self.notes, self._is_enough = [], [], False

    def _look(self) -> None:
        pairs, self._pairs = self._pairs, []
        calibrations = self._calibrations
        measured = self._measured_rectified(pairs)
        if calibrations != self._calibrations:
            return
        self._placer.measured_rectified = measured
        found = pair_findings(pairs, self._placer, self._config, self._topics)
        if calibrations == self._calibrations:
            self.notes = [f"{item.subject}: {item.found}; {item.remedy}" for item in found]
            self.is_done = True

    def _measured_rectified(self, pairs: Sequence[MessagePair]) -> bool | None:
        """Whether P counts, as the edges of depth and image show; None where they do not."""
        info = self._placer.camera_info(pairs[-1])
        projections = None if info is None else projections_of(info)
        if self._config.image_is_rectified != "auto" or not projections or not projections.differ:
            return None
        scenes = _scenes(pairs, self._placer, self._config, stream=0)
        named = self._placer.is_rectified(self._config)
        return measured_projection(scenes, projections, rectified=named).rectified


def pair_findings(
    pairs: Sequence[MessagePair],
    placer: FramePlacer,
    config: NodeConfig,
    topics: Sequence[str],
) -> list[Finding]:
    """What camera and lidars say against the projection and the place of each cloud.

    Args:
        pairs: some time apart.
        placer: what knows where the sensors are.
        config: the node's.
        topics: of the images, then of each stream of clouds.
    """
    image_topic, *cloud_topics = topics
    findings = [*_unused_extrinsics(placer, pairs[-1])] if pairs else []
    for stream, topic in enumerate(cloud_topics):
        scenes = _scenes(pairs, placer, config, stream)
        info = placer.camera_info(pairs[-1])
        if stream == 0 and info is not None:
            findings += projection_findings(
                scenes,
                info,
                rectified=placer.is_rectified(config),
                is_guess=config.image_is_rectified == "auto" and placer.measured_rectified is None,
                image_topic=image_topic,
            )
        findings += placement_findings(scenes, f"{image_topic} + {topic}")
    return findings


def _unused_extrinsics(placer: FramePlacer, pair: MessagePair) -> Iterator[Finding]:
    unused = unused_extrinsics(placer.extrinsics, [frame_of(cloud) for cloud in pair.clouds])
    if unused:
        yield Finding(
            severity="warning",
            subject="extrinsics_file",
            found=unused,
            remedy="give them the frame_id of the clouds",
        )


def _scenes(
    pairs: Sequence[MessagePair], placer: FramePlacer, config: NodeConfig, stream: int
) -> list[EdgeScene]:
    frames = []
    habits = StreamHabits()  # what is learned must not depend on a look at a few messages
    for pair in pairs:
        try:
            builder = placer.builder(pair, config, habits=habits)
            frames.append(AlignmentFrame.of(builder.sweep_as_measured(pair, stream)))
        except (ValueError, TransformError):  # counted as a drop
            continue
    return edge_scenes(frames)
