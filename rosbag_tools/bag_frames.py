# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The messages of a planned bag, with a frame wherever image and clouds have come together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from rosbags.interfaces import Connection

from depth_completion_core.config import PairingConfig
from depth_completion_core.frame import SparseDepth
from depth_completion_core.geometry.transform_buffer import TransformError
from depth_completion_core.sensing.frame_builder import FrameBuilder, PlacedFrame
from depth_completion_core.sensing.pairing import Pair, Pairer
from rosbag_tools.completion_plan import Plan
from rosbag_tools.errors import BagError
from rosbag_tools.messages import stamp_ns_of
from rosbag_tools.reader import BagReader, RawMessage
from rosbag_tools.scoring import Truths, decode_truth


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class FrameToComplete:
    """A frame of the bag.

    Attributes:
        placed: the frame.
        log_ns: when its image was recorded.
        truth: true depth, where the plan names a topic that has one.
    """

    placed: PlacedFrame
    log_ns: int
    truth: SparseDepth | None


class BagFrames:
    """Iterates once over a bag: raw messages in order, each frame after the message completing it.

    What cannot be used is counted, and the next message comes.

    Attributes:
        drops: what was not used, by reason.
        damage: why reading ended early; empty where it did not.
    """

    def __init__(self, reader: BagReader, plan: Plan, pairing: PairingConfig) -> None:
        self._reader, self._topics = reader, plan.topics
        self._builder = FrameBuilder(plan.geometry)
        self._pairer: Pairer[RawMessage, Any] = Pairer(pairing, len(plan.topics.clouds))
        self._truths = Truths()
        self._refused: Counter[str] = Counter()
        self.damage = ""
        self._use_first_calibration()

    @property
    def drops(self) -> Counter[str]:
        """What was not used, by reason."""
        return self._refused + self._pairer.drops

    @property
    def best_gap_ns(self) -> int | None:
        """Smallest gap seen between an image and its nearest cloud; None before any."""
        return self._pairer.best_gap_ns

    def items(self, connections: list[Connection]) -> Iterator[RawMessage | FrameToComplete]:
        """All messages of the connections (the plan's topics among them), and the frames."""
        for message in self._readable(connections):
            yield message
            try:
                pairs = self._pairs_with(message)
            except BagError as error:
                self._refused[str(error)] += 1
            else:
                yield from self._frames(pairs)
        yield from self._frames(self._pairer.flush())

    def _readable(self, connections: list[Connection]) -> Iterator[RawMessage]:
        """All messages up to where the bag is damaged."""
        messages = self._reader.messages(connections)
        while True:
            try:
                message = next(messages, None)
            except BagError as error:
                self.damage = str(error)
                return
            if message is None:
                return
            yield message

    def _use_first_calibration(self) -> None:
        """The first images of a bag often come before the first CameraInfo."""
        name = self._topics.camera_info.name
        info = self._reader.first(self._topics.camera_info.connections)
        if info is None:
            raise BagError(f"{name} holds no readable CameraInfo")
        try:
            self._builder.set_camera_info(info)
        except ValueError as error:
            raise BagError(f"{name}: {error}") from error

    def _pairs_with(self, message: RawMessage) -> list[Pair[RawMessage, Any]]:
        """Take a message; returns the pairs that it completes."""
        topics, topic = self._topics, message.connection.topic
        clouds = [cloud.name for cloud in topics.clouds]
        if topic == topics.image.name:
            stamp_ns = stamp_ns_of(self._reader.decoded(message))
            return self._pairer.add_image(stamp_ns, message)
        if topic in clouds:
            cloud = self._reader.decoded(message)
            return self._pairer.add_cloud(stamp_ns_of(cloud), cloud, clouds.index(topic))
        if topic == topics.camera_info.name:
            self._take_camera_info(message)
        elif topics.truth and topic == topics.truth.name:
            truth = self._reader.decoded(message)
            self._truths.add(stamp_ns_of(truth), truth)
        return []

    def _take_camera_info(self, message: RawMessage) -> None:
        try:
            self._builder.set_camera_info(self._reader.decoded(message))
        except ValueError as error:
            self._refused[f"CameraInfo: {error}"] += 1

    def _frames(self, pairs: list[Pair[RawMessage, Any]]) -> Iterator[FrameToComplete]:
        for pair in pairs:
            try:
                yield self._frame(pair)
            except (ValueError, TransformError, BagError) as error:
                self._refused[str(error)] += 1

    def _frame(self, pair: Pair[RawMessage, Any]) -> FrameToComplete:
        decoded = Pair(
            image=self._reader.decoded(pair.image),
            image_stamp_ns=pair.image_stamp_ns,
            clouds=pair.clouds,
            cloud_stamps_ns=pair.cloud_stamps_ns,
            gap_ns=pair.gap_ns,
        )
        placed = self._builder.build(decoded)
        return FrameToComplete(
            placed=placed, log_ns=pair.image.log_ns, truth=self._truth_of(placed)
        )

    def _truth_of(self, placed: PlacedFrame) -> SparseDepth | None:
        topic = self._topics.truth
        message = self._truths.at(placed.frame.stamp_ns) if topic else None
        if topic is None:
            return None
        if message is None:
            self._refused[f"score only: no truth on {topic.name} within 5 ms"] += 1
            return None
        return decode_truth(message, topic.msgtype, placed.frame.size)
