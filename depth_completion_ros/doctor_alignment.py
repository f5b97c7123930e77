# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Whether clocks and extrinsics agree with what camera and lidar see."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from depth_completion_core.alignment import (
    AlignmentFrame,
    alignment_findings,
    estimate_alignment,
)
from depth_completion_core.diagnosis.findings import Finding
from depth_completion_core.sensing.pair import MessagePair
from depth_completion_ros.frame_placer import FramePlacer
from depth_completion_ros.node_config import NodeConfig

_MOST = 40  # what the rotation of a lidar of few lines takes


class SpreadPairs:
    """Some twenty to forty pairs, evenly spread over all that came.

    Attributes:
        kept: the pairs, oldest first.
    """

    def __init__(self) -> None:
        self.kept: list[MessagePair] = []
        self._seen, self._stride = 0, 1

    def extend(self, pairs: Sequence[MessagePair]) -> None:
        """Take pairs; when too many are kept, every other one goes."""
        for pair in pairs:
            if self._seen % self._stride == 0:
                self.kept.append(pair)
            self._seen += 1
            if len(self.kept) > _MOST:
                self.kept = self.kept[::2]
                self._stride *= 2


def check_alignment(
    pairs: Sequence[MessagePair],
    placer: FramePlacer,
    config: NodeConfig,
    topics: Sequence[str],
) -> Iterator[Finding]:
    """Time offset and rotation between the camera and each lidar.

    Args:
        pairs: spread over the time that was listened.
        placer: what knows where the sensors are.
        config: the node's.
        topics: of the images, then of each stream of clouds.

    Raises:
        ValueError: a message cannot be decoded, or there is no calibration.
    """
    image_topic, *cloud_topics = topics
    for stream, topic in enumerate(cloud_topics):
        frames = [
            AlignmentFrame.of(placer.builder(pair, config).sweep_as_measured(pair, stream))
            for pair in pairs
        ]
        yield from alignment_findings(
            estimate_alignment(frames),
            f"{image_topic} + {topic}",
            known_offset_ms=config.pairing.cloud_clock_offset_ms,
        )
