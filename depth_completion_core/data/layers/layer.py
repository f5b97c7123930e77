# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The contract of everything that a sample holds of one image."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, Literal, NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt

from depth_completion_core.data.layers.camera_roll import CameraRoll
from depth_completion_core.geometry.arrays import BoolArray

L = TypeVar("L", bound="Layer")
P = TypeVar("P", bound="PixelLayer")

Resampling = Literal["points", "nearest", "bilinear"]
"""How depth is resized. points: each measurement moves to the pixel that it falls into, and true
depth is looked up at the nearest pixel. nearest: measurements are looked up, too, so that enlarging
repeats them. bilinear: true depth and colours are blended by Pillow's filter, holes included."""


class Window(NamedTuple):
    """A rectangle of an image, pixels."""

    left: int
    top: int
    width: int
    height: int

    @property
    def slices(self) -> tuple[slice, slice]:
        """Its rows and columns."""
        return (
            slice(self.top, self.top + self.height),
            slice(self.left, self.left + self.width),
        )


class Layer(ABC):
    """Something that is known of an image, and how it changes when the image does.

    Nothing is changed in place.
    """

    @abstractmethod
    def mirrored(self: L) -> L:
        """Of the same scene with left and right swapped."""

    @abstractmethod
    def cropped(self: L, window: Window) -> L:
        """Of a rectangle that lies inside the image."""

    @abstractmethod
    def resized(self: L, width: int, height: int) -> L:
        """Of the image at another size, pixels."""

    def resampled(self: L, width: int, height: int, resampling: Resampling) -> L:
        """The same by a rule of :data:`Resampling`; depth and colours have more than one."""
        del resampling
        return self.resized(width, height)

    @abstractmethod
    def rolled(self: L, roll: CameraRoll) -> L:
        """Of the image that the camera takes after it was turned about its optical axis."""

    @abstractmethod
    def nearer(self: L, factor: float) -> L:
        """Of a world that is smaller by a factor; pixels stay where they are."""

    @property
    @abstractmethod
    def array(self) -> npt.NDArray[Any]:
        """What a batch holds of it: numbers of one shape and type for all images of a size."""


class PixelLayer(Layer):
    """What each pixel has a value of; values are looked up at the nearest pixel, never blended."""

    @abstractmethod
    def taken(self: P, rows: Any, columns: Any) -> P:  # noqa: ANN401 - as NumPy's indices are
        """Values at other pixels: ``values[rows, columns]``."""

    @property
    @abstractmethod
    def size(self) -> tuple[int, int]:
        """(height, width), pixels."""

    def mirrored(self: P) -> P:
        """See the base class."""
        return self.taken(slice(None), slice(None, None, -1))

    def cropped(self: P, window: Window) -> P:
        """See the base class."""
        return self.taken(*window.slices)

    def resized(self: P, width: int, height: int) -> P:
        """See the base class."""
        full_height, full_width = self.size
        rows = ((np.arange(height) + 0.5) * (full_height / height)).astype(np.int64)
        columns = ((np.arange(width) + 0.5) * (full_width / width)).astype(np.int64)
        return self.taken(rows[:, None], columns)

    def rolled(self: P, roll: CameraRoll) -> P:
        """See the base class."""
        return self.taken(*roll.nearest).where(roll.seen)

    @abstractmethod
    def where(self: P, mask: BoolArray) -> P:
        """Not known outside of a mask (H, W)."""

    def nearer(self: P, factor: float) -> P:
        """Values that are no metres stay as they are."""
        del factor
        return self


class FixedLayer(Layer):
    """What says nothing of pixels or metres; what extends it says which change matters to it."""

    def mirrored(self: L) -> L:
        """See the base class."""
        return self

    def cropped(self: L, window: Window) -> L:
        """See the base class."""
        del window
        return self

    def resized(self: L, width: int, height: int) -> L:
        """See the base class."""
        del width, height
        return self

    def rolled(self: L, roll: CameraRoll) -> L:
        """See the base class."""
        del roll
        return self

    def nearer(self: L, factor: float) -> L:
        """See the base class."""
        del factor
        return self
