# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""How the streams of a set-up write what their messages do not tell, learned as they come.

Bags and the live node read their messages through it, and say what it has found.
"""

from __future__ import annotations

from typing import NamedTuple

from depth_completion_core.codecs.sweep_clock import SweepClock
from depth_completion_core.images.used_bits import UsedBits
from depth_completion_core.sensing.depth_unit import DepthUnit


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
        self._clocks: dict[str, SweepClock] = {}

    def clock_of(self, frame_id: str) -> SweepClock:
        """What reads the per-point times of the clouds of a frame."""
        return self._clocks.setdefault(frame_id, SweepClock())

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
        notes = self.image_bits.notes
        found = [HabitNote("16-bit images", note, is_warning=False) for note in notes]
        doubt = self.depth_unit.note
        return [*found, *([HabitNote("depth images", doubt, is_warning=True)] if doubt else [])]


def _subject(frame_id: str) -> str:
    return f"times of the points of '{frame_id}'"
