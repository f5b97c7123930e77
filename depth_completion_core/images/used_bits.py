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


class UsedBits:
    """Makes 8 bits of 16, by the largest number that the stream has shown.

    It never goes down: a dark image between bright ones stays dark, and only the first images of a
    stream can differ in brightness from those that follow.

    Attributes:
        bits: used so far: 8, 10, 12, 14 or 16; 0 before the first image.
    """

    def __init__(self) -> None:
        self.bits = 0

    @property
    def note(self) -> str:
        """What was found, without a full stop; empty while all bits are used, or none was seen."""
        if not 0 < self.bits < 16:
            return ""
        return (
            f"only the lower {self.bits} bits are used, as of a camera of {self.bits} bits; they "
            "become the 8 bits of the image"
        )

    def to_8_bits(self, numbers: npt.NDArray[np.uint16]) -> npt.NDArray[np.uint8]:
        """The upper 8 of the bits that are used, of (H, W) or (H, W, channels).

        A fourth channel is alpha, which says nothing of the bits of a camera.
        """
        colours = numbers[..., :3] if numbers.ndim == 3 else numbers
        largest = int(colours.max(initial=0))
        needed = next(bits for bits in _DEPTHS if largest < 1 << bits)
        self.bits = max(self.bits, needed)
        shifted: npt.NDArray[Any] = numbers >> (self.bits - 8)
        return shifted.astype(np.uint8)
