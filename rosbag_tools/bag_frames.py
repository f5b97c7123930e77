# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The messages of a planned bag, with a frame wherever image and clouds have come together."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from rosbags.interfaces import Connection

from depth_completion_core.codecs.stamps import stamp_ns_of
from depth_completion_core.config import PairingConfig
from depth_completion_core.frame import SparseDepth
from depth_completion_core.geometry.transform_buffer import TransformError
from depth_completion_core.sensing.drop_counts import DropCounts
from depth_completion_core.sensing.frame_builder import FrameBuilder
from depth_completion_core.sensing.measured import frame_of
from depth_completion_core.sensing.pair import MessagePair, Pair
from depth_completion_core.sensing.pairing import Pairer
from depth_completion_core.sensing.placed_frame import PlacedFrame
from depth_completion_core.sensing.registered import check_registered
from depth_completion_core.sensing.wanted_views import WantedViews
from rosbag_tools.awaited_truths import AwaitedTruths
from rosbag_tools.calibration import Calibration
from rosbag_tools.completion_plan import Plan
from rosbag_tools.errors import BagError, UndecodableError
from rosbag_tools.reader import BagReader, RawMessage
from rosbag_tools.scoring import decode_truth
from rosbag_tools.stated_calibrations import AFTER_STAMP


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class FrameToComplete:
    """A frame of the bag.

    Attributes:
        placed: the frame.
        log_ns: when its image was recorded.
        truth: true depth; None where the plan names no topic of it, or none of the image's time.
    """

    placed: PlacedFrame
    log_ns: int
    truth: SparseDepth | None


class _Paired(NamedTuple):
    """A pair and what was known of the camera when it was decided."""

    pair: Pair[RawMessage, Any]
    builder: FrameBuilder


_Ready = tuple[_Paired, Any]  # with the message of its truth, or None


class BagFrames:
    """Iterates once over a bag: raw messages in order, each frame after the message completing it.

    What cannot be used is counted, and the next message comes.

    Attributes:
        drops: what was not used, by reason.
        refused: the same without pairing's; whoever takes the frames may add to it.
        damage: why reading ended early; empty where it did not.
    """

    def __init__(
        self,
        reader: BagReader,
        plan: Plan,
        pairing: PairingConfig,
        wanted: WantedViews | None = None,
        is_chosen: Callable[[int], bool] = lambda stamp_ns: True,
    ) -> None:
        """Read nothing but the first calibration.

        Args:
            reader: of the bag.
            plan: which topics, and where the sensors are.
            pairing: which cloud belongs to which image.
            wanted: the further views of each frame; None for none.
            is_chosen: asked with the stamp of each pair, in order; those that are not are neither
                decoded nor counted.
        """
        self._reader, self._topics, self._geometry = reader, plan.topics, plan.geometry
        self._builder = self._first_builder(plan.calibration)
        self._stated = b""  # by the CameraInfo that the builder is of
        self._pairer: Pairer[RawMessage, Any] = Pairer(
            pairing,
            len(plan.topics.clouds),
            earlier_pairs=wanted.earlier_images if wanted else 0,
        )
        self._wanted, self._is_chosen = wanted, is_chosen
        self._truths: AwaitedTruths[_Paired] = AwaitedTruths(pairing)
        self.refused = DropCounts()
        self.damage = ""

    @property
    def drops(self) -> DropCounts:
        """What was not used, by reason."""
        drops = DropCounts()
        drops.update(self.refused)
        drops.update(self._pairer.drops)
        return drops

    @property
    def best_gap_ns(self) -> int | None:
        """Smallest gap seen between an image and its nearest cloud; None before any."""
        return self._pairer.best_gap_ns

    def items(self, connections: list[Connection]) -> Iterator[RawMessage | FrameToComplete]:
        """All messages of the connections (the plan's topics among them), and the frames."""
        for message in self._readable(connections):
            yield message
            try:
                ready = self._ready_with(message)
            except UndecodableError as error:
                self.refused.add(f"{message.connection.topic}: {error.drop_reason}", str(error))
            else:
                yield from self._frames(ready)
        yield from self._frames([*self._awaiting(self._pairer.flush()), *self._truths.flush()])

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

    def _first_builder(self, calibration: Calibration) -> FrameBuilder:
        """The first images of a bag often come before the first CameraInfo."""
        try:
            return FrameBuilder(self._geometry, calibration.info)
        except ValueError as error:
            raise BagError(f"{calibration.source}: {error}") from error

    def _ready_with(self, message: RawMessage) -> list[_Ready]:
        """Take a message; returns the pairs that now need nothing more."""
        topics, connection = self._topics, message.connection
        if topics.image.holds(connection):
            stamp_ns = stamp_ns_of(self._reader.decoded(message))
            return self._awaiting(self._pairer.add_image(stamp_ns, message))
        for stream, topic in enumerate(topics.clouds):
            if topic.holds(connection):
                cloud = self._reader.decoded(message)
                return self._awaiting(self._pairer.add_cloud(stamp_ns_of(cloud), cloud, stream))
        if topics.camera_info and topics.camera_info.holds(connection):
            self._take_camera_info(message)
        elif topics.truth and topics.truth.holds(connection):
            truth = self._reader.decoded(message)
            return self._truths.add_truth(stamp_ns_of(truth), truth)
        return []

    def _awaiting(self, pairs: list[Pair[RawMessage, Any]]) -> list[_Ready]:
        """Let pairs wait for their truth, where there is a topic of it."""
        paired = [_Paired(pair, self._builder) for pair in pairs]
        if self._topics.truth is None:
            return [(item, None) for item in paired]
        ready = (self._truths.add_frame(item.pair.image_stamp_ns, item) for item in paired)
        return [item for items in ready for item in items]

    def _take_camera_info(self, message: RawMessage) -> None:
        stated = message.data[AFTER_STAMP:]
        if stated == self._stated:
            return
        try:
            self._builder = FrameBuilder(self._geometry, self._reader.decoded(message))
        except ValueError as error:
            self.refused.add("CameraInfo: cannot be used", str(error))
        else:
            self._stated = stated

    def _frames(self, ready: list[_Ready]) -> Iterator[FrameToComplete]:
        for paired, truth in ready:
            if not self._is_chosen(paired.pair.image_stamp_ns):
                continue
            try:
                yield self._frame(paired, truth)
            except (ValueError, TransformError, BagError) as error:
                self.refused.add_error(error)

    def _frame(self, paired: _Paired, truth: Any | None) -> FrameToComplete:  # noqa: ANN401
        pair = paired.pair
        earlier = tuple(self._with_decoded_image(item) for item in pair.earlier)
        decoded = replace(self._with_decoded_image(pair), earlier=earlier)
        placed = paired.builder.build(decoded, self._wanted)
        return FrameToComplete(
            placed=placed, log_ns=pair.image.log_ns, truth=self._decoded_truth(truth, placed)
        )

    def _with_decoded_image(self, pair: Pair[RawMessage, Any]) -> MessagePair:
        decoded: MessagePair = replace(pair, image=self._reader.decoded(pair.image))
        return decoded

    def _decoded_truth(self, message: Any | None, placed: PlacedFrame) -> SparseDepth | None:  # noqa: ANN401
        topic = self._topics.truth
        if topic is None or message is None:
            return None
        frame = placed.frame
        check_registered(
            self._geometry.transforms, frame_of(message), frame.frame_id, frame.stamp_ns
        )
        return decode_truth(message, topic.msgtype, frame.size)
