# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""How the streams of a set-up write what their messages do not tell, learned as they come.

Bags and the live node read their messages through it, and say what it has found.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from depth_completion_core.codecs.image import decode_compressed_image, decode_image
from depth_completion_core.codecs.messages import UInt8Array
from depth_completion_core.codecs.sweep_clock import SweepClock
from depth_completion_core.images.used_bits import UsedBits
from depth_completion_core.sensing.depth_unit import DepthUnit

_DEPTH_ENCODING = "16UC1"
_MAYBE_DEPTH = (
    "their encoding is 16UC1, as that of depth images (REP 118): is this the depth topic where the "
    "colour images belong? Grey images are mono16"
)


class HabitNote(NamedTuple):
    """Something that was found out.

    Attributes:
        subject: what it is about, such as "times of the points of 'lidar'".
        found: what was found, without a full stop.
        is_warning: whether something is wrong with it.
    """

    subject: str
    found: str
    is_warning: bool

    def __str__(self) -> str:
        """Both, as a line."""
        return f"{self.subject}: {self.found}"


class StreamHabits:
    """What was learned of a camera and its lidars; one for as long as they are listened to.

    Attributes:
        image_bits: how many bits the images' 16-bit numbers use.
        depth_unit: whether depth images are in metres.
    """

    def __init__(self) -> None:
        self.image_bits = UsedBits()
        self.depth_unit = DepthUnit()
        self._image_encoding = ""
        self._clocks: dict[str, SweepClock] = {}

    def clock_of(self, frame_id: str) -> SweepClock:
        """What reads the per-point times of the clouds of a frame."""
        return self._clocks.setdefault(frame_id, SweepClock())

    def rgb_of(self, image: Any) -> UInt8Array:  # noqa: ANN401
        """The pixels of a sensor_msgs/Image or CompressedImage, see codecs/image.py.

        Returns:
            (height, width, 3) uint8 RGB.

        Raises:
            CodecError: it cannot be decoded.
        """
        self._image_encoding = getattr(image, "encoding", "")
        decode = decode_compressed_image if hasattr(image, "format") else decode_image
        return decode(image, self.image_bits)

    @property
    def notes(self) -> list[HabitNote]:
        """What is known now."""
        # A copy: a diagnosis may ask for it while a frame is decoded.
        latest = [
            (_subject(frame_id), clock.note) for frame_id, clock in list(self._clocks.items())
        ]
        points = [
            HabitNote(subject, str(note), note.is_warning)
            for subject, note in latest
            if note is not None
        ]
        return [*points, *self._image_notes()]

    @property
    def history(self) -> list[str]:
        """Everything that was found, each sentence once; ask when no more is decoded."""
        points = [
            f"{_subject(frame_id)}: {note}"
            for frame_id, clock in self._clocks.items()
            for note in clock.notes.values()
        ]
        return [*points, *map(str, self._image_notes())]

    def _image_notes(self) -> list[HabitNote]:
        found = [
            HabitNote("16-bit images", note, is_warning=False) for note in self.image_bits.notes
        ]
        if self._image_encoding == _DEPTH_ENCODING:
            found.append(HabitNote("images", _MAYBE_DEPTH, is_warning=True))
        if self.depth_unit.note:
            found.append(HabitNote("depth images", self.depth_unit.note, is_warning=True))
        return found


def _subject(frame_id: str) -> str:
    return f"times of the points of '{frame_id}'"
