# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Which of their 16 bits the images of a stream use.

Cameras of 10, 12 or 14 bits publish mono16, bayer_*16 and the like with the bits that they have at
the bottom: the high byte of such an image is black.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

_DEPTHS = (8, 10, 12, 14, 16)
_STRAY_SHARE = 0.005  # of an image: hot pixels, and a line of numbers that is no picture


class UsedBits:
    """Makes 8 bits of 16, by the largest numbers that the stream has shown.

    A few numbers of an image may be larger than the bits hold, as hot pixels are: they do not
    count, and become white. The bits never go down: a dark image between bright ones stays dark,
    and only the first images of a stream can differ in brightness from those that follow.

    Attributes:
        bits: used so far: 8, 10, 12, 14 or 16; 0 before the first image.
        white: how many numbers of one image, at most, were larger than those bits hold.
    """

    def __init__(self) -> None:
        self.bits = 0
        self.white = 0

    @property
    def note(self) -> str:
        """What was found, without a full stop; empty while all bits are used, or none was seen."""
        if not 0 < self.bits < 16:
            return ""
        return (
            f"only the lower {self.bits} bits are used, as of a camera of {self.bits} bits; they "
            "become the 8 bits of the image"
        )

    @property
    def white_note(self) -> str:
        """How much became white, without a full stop; empty where nothing did."""
        if not self.white:
            return ""
        are = "number of an image is" if self.white == 1 else "numbers of an image are"
        return (
            f"up to {self.white} {are} larger than {self.bits} bits hold, as of hot pixels, and "
            "become white"
        )

    @property
    def notes(self) -> list[str]:
        """Both, where there is something to say."""
        return [note for note in (self.note, self.white_note) if note]

    def to_8_bits(self, numbers: npt.NDArray[np.uint16]) -> npt.NDArray[np.uint8]:
        """The upper 8 of the bits that are used, of (H, W) or (H, W, channels).

        A fourth channel is alpha, which says nothing of the bits of a camera.
        """
        colours = numbers[..., :3] if numbers.ndim == 3 else numbers
        if self.bits and int(colours.max(initial=0)) < 1 << self.bits:
            return _shifted(numbers, self.bits)
        bits, larger = self._needed_by(colours)
        self.white = max(larger, self.white if bits == self.bits else 0)
        self.bits = bits
        return _shifted(np.minimum(numbers, np.uint16((1 << bits) - 1)), bits)

    def _needed_by(self, colours: npt.NDArray[np.uint16]) -> tuple[int, int]:
        """At least the bits so far, and how many numbers are larger than they hold."""
        for bits in _DEPTHS[:-1]:
            if bits >= self.bits:
                larger = int(np.count_nonzero(colours >> bits))
                if larger <= _STRAY_SHARE * colours.size:
                    return bits, larger
        return _DEPTHS[-1], 0


def _shifted(numbers: npt.NDArray[np.uint16], bits: int) -> npt.NDArray[np.uint8]:
    shifted: npt.NDArray[Any] = numbers >> (bits - 8)
    return shifted.astype(np.uint8)
