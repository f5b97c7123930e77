# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Corners that are tracked from image to image, as visual odometry does.

They say where depth is known in a set such as VOID's, and a depth image says how far it is there.
"""

from __future__ import annotations

import math

import cv2
import numpy as np
import numpy.typing as npt

from depth_completion_core.geometry.arrays import BoolArray, UInt8Array
from depth_completion_core.images.corners import corner_spacing_px, strongest_corners

_WINDOW_PX = (21, 21)
_PYRAMID_LEVELS = 3
_MOST_APART_PX = 1.0  # of a corner and where it is found after tracking it there and back
_CROWDED = 0.5  # of the spacing of new corners: nearer to an older one, a corner is given up
_FIRST_CHOICE = 150  # VOID's smallest density: so many cells give their best corner first


class CornerTracker:
    """Finds corners, follows them, and finds new ones where they were lost.

    A corner is followed by pyramidal Lucas-Kanade (Bouguet, 2001) and kept where following it back
    leads to where it was. The same images in the same order give the same pixels.

    Args:
        count: how many corners at most; a fifth more than are wanted, where depth has holes.
    """

    def __init__(self, count: int) -> None:
        if count < 1:
            raise ValueError(f"1 or more corners can be tracked, got {count}")
        self._count = count
        self._grey: UInt8Array | None = None
        self._places = np.zeros((0, 2), np.float32)
        self._ages = np.zeros(0, np.int64)

    def pixels(self, image: UInt8Array) -> npt.NDArray[np.int64]:
        """Take the next image.

        Args:
            image: (H, W, 3) uint8 RGB; one of another size begins anew.

        Returns:
            (N, 2) int64 row and column. Any number of the first is spread over the image: each cell
            of a grid gives the corner it has followed longest, then the next.
        """
        grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY).astype(np.uint8, copy=False)
        if self._grey is None or self._grey.shape != grey.shape:
            self._places, self._ages = self._places[:0], self._ages[:0]
        elif len(self._places):
            self._follow(self._grey, grey)
        self._grey = grey
        self._find_more(grey)
        cells = np.rint(self._places).astype(np.int64)
        order = _spread_order(cells, grey.shape)
        return cells[order][:, ::-1]

    def _follow(self, before: UInt8Array, now: UInt8Array) -> None:
        moved, was_found = _flow(before, now, self._places)
        back, was_found_back = _flow(now, before, moved)
        apart = np.linalg.norm(back - self._places, axis=1)
        height, width = now.shape
        inside = (np.rint(moved) >= 0).all(axis=1) & (np.rint(moved) < (width, height)).all(axis=1)
        kept = was_found & was_found_back & inside & (apart < _MOST_APART_PX)
        self._places, self._ages = moved[kept], self._ages[kept] + 1

    def _find_more(self, grey: UInt8Array) -> None:
        """Thin out those that have come too near to each other, and fill the gaps."""
        spacing_px = corner_spacing_px(grey.shape, self._count)
        oldest_first = np.argsort(-self._ages, kind="stable")
        crowded, taken = np.zeros(grey.shape, np.uint8), np.zeros(grey.shape, np.uint8)
        kept = []
        for index in oldest_first.tolist():
            column, row = np.rint(self._places[index]).astype(int).tolist()
            if not crowded[row, column]:
                kept.append(index)
                cv2.circle(crowded, (column, row), int(_CROWDED * spacing_px), 1, thickness=-1)
                cv2.circle(taken, (column, row), math.ceil(spacing_px), 1, thickness=-1)
        missing = self._count - len(kept)
        new = np.zeros((0, 2), np.float32)
        if missing > 0:
            new = strongest_corners(grey, taken == 0, missing, spacing_px)
        self._places = np.concatenate([self._places[kept], new])
        self._ages = np.concatenate([self._ages[kept], np.zeros(len(new), np.int64)])


def _flow(
    before: UInt8Array, now: UInt8Array, places: npt.NDArray[np.float32]
) -> tuple[npt.NDArray[np.float32], BoolArray]:
    """Where points of one image are in another (N, 2), and whether they were found (N,)."""
    moved, status, _ = cv2.calcOpticalFlowPyrLK(  # type: ignore[call-overload]
        before, now, places.reshape(-1, 1, 2), None, winSize=_WINDOW_PX, maxLevel=_PYRAMID_LEVELS
    )
    return np.asarray(moved, np.float32).reshape(-1, 2), np.asarray(status).ravel() == 1


def _spread_order(pixels: npt.NDArray[np.int64], size: tuple[int, ...]) -> npt.NDArray[np.int64]:
    """The order in which cells of a grid give their points by turns, each in the order given."""
    side_px = math.sqrt(size[0] * size[1] / _FIRST_CHOICE)
    columns = math.ceil(size[1] / side_px)
    column, row = (pixels // side_px).astype(np.int64).T
    cell = row * columns + column
    by_cell = np.argsort(cell, kind="stable")
    ordered = cell[by_cell]
    first_of_cell = np.searchsorted(ordered, ordered)
    turn = np.empty(len(cell), np.int64)
    turn[by_cell] = np.arange(len(cell)) - first_of_cell
    return np.argsort(turn, kind="stable")
