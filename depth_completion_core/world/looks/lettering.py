# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Print without a font library: letters of straight strokes between fifteen points."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from depth_completion_core.world.casting.primitives import Float64Array

# Points of a letter, three a row from the top: abc def ghi jkl mno.
_STROKES = {
    "A": "mdbfo gi", "B": "mabfh gh hlnm", "C": "cbdjno", "D": "mabflnm", "E": "camo gh",
    "F": "cam gh", "G": "cbdjnoih", "H": "am co gi", "K": "am cgo", "L": "amo", "M": "mahco",
    "N": "maoc", "P": "mabfhg", "R": "mabfhgo", "S": "cbdglnm", "T": "ac bn", "U": "ajnlc",
    "V": "anc", "X": "ao cm", "Y": "ahc hn", "Z": "acmo", "0": "bdjnlfb", "1": "dbn", "2": "dbfmo",
    "3": "acglnj", "4": "bgi hn", "5": "cadhlnm", "6": "cgjnlhg", "7": "acn", "8": "bdlnjfb",
    "9": "ifbdhi fln", "&": "ombdlnjfo", "?": "dbfhk", "!": "bk nn", "%": "cm aa oo",
}  # fmt: skip
_SMALL = 0.72  # height of small letters, which have the shape of capitals


def letter(character: str, height_px: float, thickness_px: float, slant: float) -> Float64Array:
    """Ink of a letter.

    Args:
        character: a capital (most of them), a digit or one of ``&?!%``; small letters likewise.
        height_px: of capitals.
        thickness_px: of the strokes.
        slant: how far the top leans to the right, in heights.

    Returns:
        (H, W) from 0 to 1; the foot of the letter is its last row but one.

    Raises:
        KeyError: there is no such letter.
    """
    is_small = character.islower()
    tall = height_px * (_SMALL if is_small else 1.0)
    rows, columns = round(height_px) + 2, round((0.62 + slant) * height_px) + 2
    y, x = np.mgrid[:rows, :columns].astype(np.float64)
    nearest = np.full((rows, columns), np.inf)
    for stroke in _STROKES[character.upper()].split():
        points = [_place(point, tall, height_px, slant) for point in stroke]
        for start, end in pairwise(points):
            nearest = np.minimum(nearest, _distance(x, y, start, end))
    return np.asarray(np.clip(0.5 + 0.5 * thickness_px - nearest, 0.0, 1.0), np.float64)


def _place(point: str, tall: float, height_px: float, slant: float) -> tuple[float, float]:
    row, column = divmod(ord(point) - ord("a"), 3)
    up = tall * (1.0 - row / 4.0)
    return 1.0 + 0.25 * tall * column + slant * up, height_px - up


def _distance(
    x: Float64Array, y: Float64Array, start: tuple[float, float], end: tuple[float, float]
) -> Float64Array:
    """(H, W) pixels from a line between two points."""
    along = end[0] - start[0], end[1] - start[1]
    squared = max(along[0] ** 2 + along[1] ** 2, 1e-9)
    share = ((x - start[0]) * along[0] + (y - start[1]) * along[1]) / squared
    share = np.clip(share, 0.0, 1.0)
    return np.asarray(
        np.hypot(x - start[0] - share * along[0], y - start[1] - share * along[1]), np.float64
    )
