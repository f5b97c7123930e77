# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Inverse depth that bends as little as it can, except across the edges of the image.

In inverse depth a plane is exactly affine (1/z = a u + b v + c), so its second differences vanish.
Least squares over all pixels of: each second difference (along rows, along columns, and twice the
mixed one), weighted by how little the colour changes over its pixels; a little of the first ones,
so that slopes fade beyond the outermost measurements; and the measurements. It is solved without
iterating, by SuperLU, which needs no threads of BLAS: those wait for each other on a busy machine.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from depth_completion_core.models.guided.working_frame import (
    Float64Array,
    WorkingFrame,
    colour_steps,
)

if TYPE_CHECKING:
    from scipy.sparse import csc_matrix


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
    from scipy.sparse.linalg import splu  # noqa: PLC0415 - an extra, not in the base install

    matrix = _Diagonals(*frame.size)
    _add_bending(matrix, frame, bending)
    matrix.at(0).reshape(-1)[frame.pixels] += 1.0
    known = np.zeros(math.prod(frame.size))
    known[frame.pixels] = np.median(frame.depth) / frame.depth
    whole = matrix.whole()
    # Half the digits take half the time; one correction brings the others back.
    factors = splu(
        whole.astype(np.float32),
        permc_spec="MMD_AT_PLUS_A",
        diag_pivot_thresh=0.0,
        options={"SymmetricMode": True},
    )
    solved = factors.solve(known.astype(np.float32)).astype(np.float64)
    solved += factors.solve((known - whole @ solved).astype(np.float32))
    answer: Float64Array = solved.reshape(frame.size)
    return answer


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

    def whole(self) -> csc_matrix:
        """(pixels, pixels), both halves."""
        from scipy.sparse import diags  # noqa: PLC0415

        count = math.prod(self._shape)
        lower = {later: values.reshape(-1) for later, values in self._of.items() if later < count}
        below = {-later: values[: count - later] for later, values in lower.items()}
        above = {-offset: values for offset, values in below.items() if offset}
        bands = below | above
        return diags(list(bands.values()), list(bands), format="csc")

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


def _add_bending(matrix: _Diagonals, frame: WorkingFrame, bending: Bending) -> None:
    right, down = (
        np.exp(-0.5 * (steps / bending.colour_spread) ** 2) + bending.floor
        for steps in colour_steps(frame.image)
    )
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
