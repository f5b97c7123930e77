# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""All calibrations that a topic of CameraInfo states, and the one that holds for most of a bag."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, NamedTuple

from depth_completion_core.geometry.calibration import camera_from_info
from depth_completion_core.geometry.camera import CameraModel
from rosbag_tools.errors import BagError
from rosbag_tools.reader import BagReader, RawMessage
from rosbag_tools.same_camera import camera_in_words, is_same_camera
from rosbag_tools.topics import Topic

AFTER_STAMP = 12
"""Bytes before what a CameraInfo states: 4 of CDR, or ROS 1's seq, and 8 of its stamp."""

_REFOCUSED = 0.1  # no lens that focuses anew changes its focal length by as much
_SHORT = 0.1  # of a recording


@dataclass(slots=True, eq=False)
class StatedCalibration:
    """What some messages of a topic agree on.

    Attributes:
        info: the first of them.
        camera: what it says.
        log_ns: when it was recorded.
        count: how many they are.
        held_ns: how long they were the last that had come.
    """

    info: Any
    camera: CameraModel
    log_ns: int
    count: int = 0
    held_ns: int = 0


class OddCalibration(NamedTuple):
    """A sentence on messages that disagree with most, and whether they can hardly be right."""

    sentence: str
    is_grave: bool


def stated_calibrations(
    reader: BagReader, topic: Topic, *, rectified: bool
) -> list[StatedCalibration]:
    """All that differ by what a pixel shows, in the order of their first messages.

    Messages that cannot be used are left out: they are counted when the frames are read.
    """
    found: list[StatedCalibration] = []
    by_content: dict[bytes, StatedCalibration] = {}
    last, since_ns = None, reader.start_ns
    for message in _readable(reader, topic):
        content = bytes(message.data[AFTER_STAMP:])
        stated = by_content.get(content)
        if stated is None:
            try:
                stated = _stated(reader, message, found, rectified=rectified)
            except (BagError, ValueError):
                continue
            by_content[content] = stated
        stated.count += 1
        if last is not None:
            last.held_ns += message.log_ns - since_ns
            since_ns = message.log_ns
        last = stated
    if last is not None:
        last.held_ns += reader.start_ns + reader.duration_ns - since_ns
    return found


def usual_calibration(stated: Sequence[StatedCalibration]) -> StatedCalibration:
    """The one that holds for most of the recording."""
    return max(stated, key=lambda item: item.held_ns)


def odd_calibration(stated: Sequence[StatedCalibration], source: str) -> OddCalibration | None:
    """What to say of messages that disagree with most; None where all agree."""
    usual = usual_calibration(stated)
    odd = [item for item in stated if item is not usual]
    if not odd:
        return None
    first = odd[0]
    sentence = (
        f"{sum(item.count for item in odd)} of {sum(item.count for item in stated)} messages of "
        f"{source}, the first of them recorded at {first.log_ns / 1e9:.3f} s, state another "
        f"calibration than the others: {camera_in_words(first.camera)}; the others "
        f"{camera_in_words(usual.camera)}. Images are projected with the one of their time, and a "
        "data set leaves those out that have not the usual one. If it is wrong, give the right one "
        "with --intrinsics FILE, or cut that part off the recording"
    )
    return OddCalibration(sentence, _is_wrong_at_first(stated, usual))


def _is_wrong_at_first(stated: Sequence[StatedCalibration], usual: StatedCalibration) -> bool:
    """As of a driver that begins with a default; a lens that zooms does not go on for long."""
    first, *others = stated
    if others != [usual]:
        return False
    whole_ns = first.held_ns + usual.held_ns
    mine, right = first.camera, usual.camera
    differs = (
        (mine.width, mine.height) != (right.width, right.height)
        or mine.distortion_model != right.distortion_model
        or abs(mine.fx / right.fx - 1) > _REFOCUSED
        or abs(mine.cx - right.cx) > _REFOCUSED * right.width
    )
    return differs and first.held_ns <= _SHORT * whole_ns


def _stated(
    reader: BagReader, message: RawMessage, found: list[StatedCalibration], *, rectified: bool
) -> StatedCalibration:
    info = reader.decoded(message)
    camera = camera_from_info(info, rectified=rectified).camera
    for item in found:
        if is_same_camera(item.camera, camera):
            return item
    found.append(StatedCalibration(info, camera, message.log_ns))
    return found[-1]


def _readable(reader: BagReader, topic: Topic) -> Iterator[RawMessage]:
    """All messages up to where the bag is damaged, which is told when it is completed."""
    with suppress(BagError):
        yield from reader.messages(topic.connections)
