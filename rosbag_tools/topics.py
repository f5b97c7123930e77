# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Which topics of a bag are the image, its calibration and the clouds."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from rosbags.interfaces import Connection

from depth_completion_core.codecs.errors import CodecError
from depth_completion_core.codecs.image import decode_compressed_image
from depth_completion_core.codecs.message_kinds import types_of
from depth_completion_core.geometry.calibration import image_size_of, numbers_of
from depth_completion_core.sensing.measurement_kinds import MEASUREMENT_KINDS
from rosbag_tools.messages import CAMERA_INFO, COMPRESSED_IMAGE, IMAGE
from rosbag_tools.reader import BagReader
from rosbag_tools.unreadable_topics import unreadable_topics

_DEPTH_ENCODINGS = ("16uc1", "32fc1", "64fc1")
_POINT_TYPES = tuple(
    name
    for kind in MEASUREMENT_KINDS.values()
    if kind.message and kind.are_points
    for name in types_of(kind.message)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """A topic with what its first message says of it.

    Attributes:
        connections: its connections, one or more: in ROS 1 one for every publisher and file.
        frame_id: of the first message, without a leading slash; empty for an empty topic.
        encoding: of an image (or the format of a compressed one); empty otherwise.
        size: (height, width) of an image, or of the one that a CameraInfo is of, pixels; None where
            it is not known.
        intrinsics: all numbers of a CameraInfo, in the order K, D, R, P; empty otherwise.
    """

    connections: tuple[Connection, ...]
    frame_id: str
    encoding: str = ""
    size: tuple[int, int] | None = None
    intrinsics: tuple[float, ...] = ()

    @property
    def name(self) -> str:
        """The topic's name."""
        return self.connections[0].topic

    @property
    def msgtype(self) -> str:
        """The type of its messages."""
        return self.connections[0].msgtype

    @property
    def count(self) -> int:
        """How many messages it holds."""
        return sum(connection.msgcount for connection in self.connections)

    def holds(self, connection: Connection) -> bool:
        """Whether a connection is one of this topic; another type may go by the same name."""
        return (connection.topic, connection.msgtype) == (self.name, self.msgtype)

    @property
    def is_depth(self) -> bool:
        """Whether this image holds depth instead of colours."""
        encoding = self.encoding.lower()
        return encoding.startswith(_DEPTH_ENCODINGS) or "compresseddepth" in encoding


@dataclass(frozen=True, slots=True, kw_only=True)
class Topics:
    """What a completion reads.

    Attributes:
        image: raw or compressed colour images.
        camera_info: the calibration of the image; None where a file of it was given.
        clouds: the measurements: lidars, VIO points or one depth image; empty for none.
        truth: depth images to score against; None without.
        notes: choices made among several, in words.
    """

    image: Topic
    camera_info: Topic | None
    clouds: tuple[Topic, ...]
    truth: Topic | None = None
    notes: list[str] = field(default_factory=list)

    @property
    def optical_frame(self) -> str:
        """The camera's frame, as the image or else its calibration names it."""
        named_by_info = self.camera_info.frame_id if self.camera_info else ""
        return self.image.frame_id or named_by_info

    @property
    def connections(self) -> list[Connection]:
        """All of them."""
        topics = [self.image, self.camera_info, *self.clouds, self.truth]
        return [connection for item in topics if item for connection in item.connections]


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidates:
    """All topics of a bag that could play a part.

    Attributes:
        images: of colours.
        depths: images of depth.
        infos: calibrations.
        clouds: points, of every type that is read.
        unreadable_images: what holds images in a form that is not read, in sentences.
        unreadable_clouds: the same of points.
    """

    images: list[Topic]
    depths: list[Topic]
    infos: list[Topic]
    clouds: list[Topic]
    unreadable_images: str = ""
    unreadable_clouds: str = ""


def candidates_of(reader: BagReader) -> Candidates:
    """Look at the first message of every topic of the types that matter."""
    pictures = _topics(reader, IMAGE, COMPRESSED_IMAGE)
    return Candidates(
        images=[item for item in pictures if not item.is_depth],
        depths=[item for item in pictures if item.is_depth],
        infos=_topics(reader, CAMERA_INFO),
        clouds=_topics(reader, *_POINT_TYPES),
        unreadable_images=unreadable_topics(reader, "images"),
        unreadable_clouds=unreadable_topics(reader, "points"),
    )


def _topics(reader: BagReader, *types: str) -> list[Topic]:
    connections: dict[tuple[str, str], list[Connection]] = {}
    for item in reader.of_type(*types):
        connections.setdefault((item.topic, item.msgtype), []).append(item)
    return [_topic(reader, tuple(items)) for items in connections.values()]


def _topic(reader: BagReader, connections: tuple[Connection, ...]) -> Topic:
    message = reader.first(connections)
    if message is None:
        return Topic(connections=connections, frame_id="")
    encoding = str(getattr(message, "encoding", "") or getattr(message, "format", ""))
    frame_id = str(message.header.frame_id).lstrip("/")
    is_info = connections[0].msgtype == CAMERA_INFO
    return Topic(
        connections=connections,
        frame_id=frame_id,
        encoding=encoding,
        size=_size_of(message),
        intrinsics=numbers_of(message) if is_info else (),
    )


def _size_of(message: Any) -> tuple[int, int] | None:  # noqa: ANN401 - types come out of the bag
    if hasattr(message, "roi"):
        return image_size_of(message)
    if hasattr(message, "encoding"):
        return int(message.height), int(message.width)
    is_colours = hasattr(message, "format") and "compressedDepth" not in str(message.format)
    with suppress(CodecError):
        if is_colours:
            height, width = decode_compressed_image(message).shape[:2]
            return height, width
    return None
