# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Inverse depth that bends as little as it can, except across the edges of the image.

In inverse depth a plane is exactly affine (1/z = a u + b v + c), so its second differences vanish.
Least squares over all pixels of: each second difference (along rows, along columns, and twice the
mixed one), weighted by how little the colour changes over its pixels; a little of the first ones,
so that slopes fade beyond the outermost measurements; and the measurements. The matrix is banded
when pixels are counted along the shorter side, and is solved without iterating.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from depth_completion_core.geometry.arrays import Float32Array
from depth_completion_core.models.guided.working_frame import (
    Float64Array,
    WorkingFrame,
    colour_steps,
)


class Bending(NamedTuple):
    """What bending costs.

    Attributes:
        colour_spread: difference of colour (RGB in 0..1) over which the image lets depth bend.
        floor: what bending costs even there, of 1.
        slope: what slopes cost over one mean spacing of the measurements, of what bending costs.
    """

    colour_spread: float
    floor: float
    slope: float


def least_bent(frame: WorkingFrame, bending: Bending) -> Float64Array:
    """(h, w) inverse depth, 1 in the unit of the median of the measurements.

    Args:
        frame: with at least one measurement.
        bending: what bending costs.
    """
    from scipy.linalg import solveh_banded  # noqa: PLC0415 - an extra, not in the base install

    height, width = frame.size
    is_tall = height > width
    image = frame.image if is_tall else frame.image.transpose(0, 2, 1)
    diagonals = _Diagonals(*image.shape[1:])
    _add_bending(diagonals, *_weights(np.ascontiguousarray(image), bending), frame, bending)
    row, column = np.divmod(frame.pixels, width)
    pixels = frame.pixels if is_tall else column * height + row
    known = np.zeros(height * width)
    known[pixels] = np.median(frame.depth) / frame.depth
    diagonals.at(0).reshape(-1)[pixels] += 1.0
    solved = solveh_banded(
        diagonals.banded(), known, lower=True, overwrite_ab=True, check_finite=False
    ).reshape(image.shape[1:])
    return np.ascontiguousarray(solved if is_tall else solved.T)


class _Diagonals:
    """The lower half of a symmetric matrix over the pixels of an image, diagonal by diagonal.

    Element [row, column] of a diagonal couples this pixel with the one that comes so many later.
    """

    def __init__(self, rows: int, columns: int) -> None:
        self._shape = (rows, columns)
        self._of: dict[int, Float64Array] = {}

    def at(self, later: int) -> Float64Array:
        """(rows, columns), zeros at first."""
        return self._of.setdefault(later, np.zeros(self._shape))

    def banded(self) -> Float64Array:
        """As LAPACK wants it: (diagonals, pixels), the main one first."""
        width = max(later for later, values in self._of.items() if later == 0 or values.any()) + 1
        matrix = np.zeros((width, self._shape[0] * self._shape[1]), order="F")
        for later, values in self._of.items():
            if later < width:
                matrix[later] += values.reshape(-1)
        return matrix

    def add_square(self, stencil: dict[tuple[int, int], float], weight: Float64Array) -> None:
        """Add weight times the square of a sum over pixels.

        Args:
            stencil: (row, column) from the first pixel, and the factor there.
            weight: as many as the stencil has places.
        """
        rows, columns = weight.shape
        for (row, column), factor in stencil.items():
            for (other_row, other_column), other in stencil.items():
                later = (other_row - row) * self._shape[1] + other_column - column
                if later >= 0:
                    place = np.s_[row : row + rows, column : column + columns]
                    self.at(later)[place] += factor * other * weight


def _weights(image: Float32Array, bending: Bending) -> tuple[Float64Array, Float64Array]:
    """How much bending costs between neighbours, to the right and downwards."""
    right, down = (
        np.exp(-0.5 * (steps / bending.colour_spread) ** 2) + bending.floor
        for steps in colour_steps(image)
    )
    return right, down


def _add_bending(
    matrix: _Diagonals,
    right: Float64Array,
    down: Float64Array,
    frame: WorkingFrame,
    bending: Bending,
) -> None:
    slope = bending.slope / frame.spacing_px**2
    along_row = np.minimum(right[:, :-1], right[:, 1:])
    along_column = np.minimum(down[:-1], down[1:])
    around = np.minimum(np.minimum(right[:-1], right[1:]), np.minimum(down[:, :-1], down[:, 1:]))
    matrix.add_square({(0, 0): 1.0, (0, 1): -2.0, (0, 2): 1.0}, along_row)
    matrix.add_square({(0, 0): 1.0, (1, 0): -2.0, (2, 0): 1.0}, along_column)
    mixed = {(0, 0): 1.0, (0, 1): -1.0, (1, 0): -1.0, (1, 1): 1.0}
    matrix.add_square(mixed, 2.0 * around)
    matrix.add_square({(0, 0): 1.0, (0, 1): -1.0}, slope * right)
    matrix.add_square({(0, 0): 1.0, (1, 0): -1.0}, slope * down)
