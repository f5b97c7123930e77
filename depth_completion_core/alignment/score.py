# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""How well depth edges lie on image edges, for a rotation and a time offset."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
import numpy.typing as npt

from depth_completion_core.alignment.alignment_frame import AlignmentFrame
from depth_completion_core.alignment.image_edges import image_edges
from depth_completion_core.alignment.moving_edges import KNOT_NS, MovingEdges
from depth_completion_core.geometry.arrays import Float32Array, UInt8Array
from depth_completion_core.geometry.transforms import Float64Array

PITCH, YAW, ROLL, TIME = range(4)
"""Places in a vector of parameters: degrees about x, y and z of the optical frame, and ms."""

_LARGEST_FOCAL_PX = 400.0  # finer images cost time, and the lidar is far coarser than these
_VIEW_STRIDE = 7  # pixels: maps are smooth
_KNOT_MS = KNOT_NS / 1e6


class AlignmentScore:
    """The score of a set of frames: the larger, the better depth edges meet image edges.

    Parameters are a vector (4,) float64: a rotation vector in the optical frame (about x, y, z,
    degrees) that turns the points after ``camera_from_points``, and milliseconds that are added to
    the stamps of the sweeps.

    Attributes:
        frame_count: number of frames.
        edge_count: number of edge points of all of them.
        line_step_deg: largest angle between neighbouring lines of a sweep.
    """

    def __init__(self, frames: Sequence[AlignmentFrame], edges: Sequence[MovingEdges]) -> None:
        camera = frames[0].camera
        shrink = min(1.0, _LARGEST_FOCAL_PX / max(camera.fx, camera.fy))
        size = (max(round(camera.width * shrink), 2), max(round(camera.height * shrink), 2))
        self._camera = camera.scaled(*size)
        self._images = [_resized(frame.image, size) for frame in frames]
        self._positions = np.concatenate([item.positions for item in edges])
        self._weights = np.concatenate([item.weights for item in edges])
        self._frame = np.repeat(np.arange(len(edges)), [len(item.positions) for item in edges])
        self._knots = self._positions.shape[1] // 2
        self._maps: list[Float32Array] = []
        self.frame_count = len(frames)
        self.edge_count = len(self._positions)
        self.line_step_deg = max(item.line_step_deg for item in edges)

    def set_reach(self, reach_deg: float) -> None:
        """How far an image edge is felt: standard deviation of its blur, degrees of view."""
        reach_px = np.radians(reach_deg) * self._camera.fx
        maps = np.stack([image_edges(image, reach_px) for image in self._images], axis=1)
        self._maps = [np.ascontiguousarray(part).ravel() for part in maps]

    def view_count(self) -> float:
        """How many different views the frames are worth, by the correlation of their edges.

        F² over the sum of all correlations: F for images without likeness, 1 for equal ones.
        """
        views = np.stack([part.reshape(self.frame_count, -1) for part in self._maps], axis=1)
        flat = views.reshape(self.frame_count, -1)[:, ::_VIEW_STRIDE].astype(np.float64)
        flat /= np.maximum(np.linalg.norm(flat, axis=1, keepdims=True), 1e-9)
        likeness = np.maximum(flat @ flat.T, 0.0) + 1e-9
        return float(self.frame_count**2 / likeness.sum())

    def sample(self, count: int) -> npt.NDArray[np.int64]:
        """Indices of some of the edge points, the same at every call."""
        order = np.random.default_rng(0).permutation(self.edge_count)
        return np.sort(order[:count])

    def of_frames(
        self, parameters: Float64Array, chosen: npt.NDArray[np.int64] | None = None
    ) -> Float64Array:
        """(F,) float64 score of each frame; the score of all is their sum.

        Args:
            parameters: (4,) degrees about x, y, z, and milliseconds.
            chosen: indices of the edge points that count; None for all.
        """
        index = slice(None) if chosen is None else chosen
        pixels, in_view = self._camera.project(self.turned(parameters, index))
        weights, frame = self._weights[index], self._frame[index]
        corners, shares = _bilinear(pixels, self._camera.width, self._camera.height)
        corners += frame * (self._camera.width * self._camera.height)
        steps = (0, 1, self._camera.width, self._camera.width + 1)
        felt = np.zeros(len(frame), np.float32)
        for edge_map, weight in zip(self._maps, weights.T, strict=True):
            for step, share in zip(steps, shares, strict=True):
                felt += weight * share * edge_map[corners + step]
        felt[~in_view] = 0.0
        totals: Float64Array = np.bincount(frame, felt, self.frame_count).astype(np.float64)
        return totals

    def total(self, parameters: Float64Array) -> float:
        """The score of all frames together."""
        return float(self.of_frames(parameters).sum())

    def turned(
        self, parameters: Float64Array, index: npt.NDArray[np.int64] | slice = slice(None)
    ) -> Float32Array:
        """(E, 3) float32 metres: edge points in the optical frame."""
        last = 2 * self._knots
        place = np.clip(parameters[TIME] / _KNOT_MS + self._knots, 0.0, last)
        before = min(int(place), last - 1)
        start = self._positions[index, before]
        points = start + np.float32(place - before) * (self._positions[index, before + 1] - start)
        rotation = rotation_matrix(parameters[:TIME]).astype(np.float32)
        turned: Float32Array = points @ rotation.T
        return turned

    def directions(self, parameters: Float64Array) -> Float64Array:
        """(E,) float64 degrees: where edge points appear, along what crosses each edge.

        The two angles in the image are weighted as upright and level edges are felt.
        """
        points = self.turned(parameters).astype(np.float64)
        angles = np.degrees(points[:, :2] / np.maximum(points[:, 2:], 1e-6))
        along: Float64Array = (angles * np.sqrt(self._weights)).T.ravel()
        return along


def rotation_matrix(degrees: Float64Array) -> Float64Array:
    """(3, 3) rotation of a rotation vector (3,) in degrees (Rodrigues)."""
    matrix = cv2.Rodrigues(np.radians(np.asarray(degrees, np.float64)))[0]
    return np.asarray(matrix, np.float64)


def _resized(image: UInt8Array, size: tuple[int, int]) -> UInt8Array:
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)


def _bilinear(
    pixels: Float64Array, width: int, height: int
) -> tuple[npt.NDArray[np.int64], list[Float32Array]]:
    """(E,) index of the upper left neighbour, and the shares of the four."""
    u = np.clip(pixels[:, 0], 0.0, width - 1.001)
    v = np.clip(pixels[:, 1], 0.0, height - 1.001)
    left, top = u.astype(np.int64), v.astype(np.int64)
    right_share, lower_share = (u - left).astype(np.float32), (v - top).astype(np.float32)
    upper = 1 - lower_share
    shares = [upper - upper * right_share, upper * right_share]
    shares += [lower_share - lower_share * right_share, lower_share * right_share]
    return top * width + left, shares
