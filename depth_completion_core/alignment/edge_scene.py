# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Whether depth edges meet image edges where they should, and nowhere around."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np

from depth_completion_core.alignment.alignment_frame import AlignmentFrame
from depth_completion_core.alignment.depth_edges import DepthEdges, depth_edges
from depth_completion_core.alignment.image_edges import image_edges
from depth_completion_core.alignment.score import rotation_matrix
from depth_completion_core.geometry.arrays import Float32Array
from depth_completion_core.geometry.camera import CameraModel
from depth_completion_core.geometry.transforms import Float64Array, RigidTransform

_LARGEST_FOCAL_PX = 400.0
_REACH_DEG = 0.8
_MOST_EDGES = 400
_FEWEST_EDGES = 40
_SHIFTS = 3  # either way
_LARGEST_SHIFT_DEG = 3.0
_SHIFTS_PER_VIEW = 12.0
_SMALLEST_SHARE = 0.3  # of the edges that must stay in view when they are shifted
_CLEAR, _SEEN = 4.0, 3.0
_CLEAR_SCORE = 0.12  # of an edge: aligned scenes give 0.1 to 0.4

Place = Callable[[RigidTransform], RigidTransform]


@dataclass(frozen=True, slots=True, kw_only=True)
class EdgeAgreement:
    """How well depth edges meet image edges at one place, and in its surroundings.

    Attributes:
        score: mean strength of the image edges felt by a depth edge: 0 where there are as many as
            around.
        contrast: how many standard deviations of the surroundings the score lies above their mean.
        edges: how many depth edges are in view.
    """

    score: float
    contrast: float
    edges: int

    @property
    def is_clear(self) -> bool:
        """Whether chance does not explain the agreement."""
        return self.contrast >= _CLEAR and self.score >= _CLEAR_SCORE

    @property
    def is_seen(self) -> bool:
        """Whether there is a sign of agreement."""
        return self.contrast >= _SEEN


class EdgeScene:
    """One image and one sweep, ready to be compared at many places.

    Attributes:
        camera_from_points: as the set-up says.
        camera: as the set-up says, for an image that is small enough.
    """

    def __init__(self, frame: AlignmentFrame) -> None:
        """Find the edges of the image; raises TransformError where the place is not known."""
        self.camera_from_points = frame.camera_from_points(0)
        self.points = frame.points
        self.camera = self.shrunk(frame.camera)
        size = (self.camera.width, self.camera.height)
        image = np.asarray(cv2.resize(frame.image, size, interpolation=cv2.INTER_AREA), np.uint8)
        self._maps = image_edges(image, np.radians(_REACH_DEG) * self.camera.fx)

    @staticmethod
    def shrunk(camera: CameraModel) -> CameraModel:
        """The camera of an image no finer than is needed."""
        shrink = min(1.0, _LARGEST_FOCAL_PX / max(camera.fx, camera.fy))
        return camera.scaled(
            max(round(camera.width * shrink), 2), max(round(camera.height * shrink), 2)
        )

    @cached_property
    def _of_lidar(self) -> DepthEdges:
        return depth_edges(self.points, np.array([1.0, 0.0, 0.0]))

    @cached_property
    def _of_depth_camera(self) -> DepthEdges:
        return depth_edges(self.points, np.array([0.0, 0.0, 1.0]))

    def share_in_view(self, place: Place) -> float:
        """Share of the points that lie in the image."""
        some = self.points[:: max(len(self.points) // 4000, 1)]
        _, in_view = self.camera.project(place(self.camera_from_points).apply(some))
        return float(in_view.mean()) if len(some) else 0.0

    def felt(
        self, place: Place, turns: Sequence[Float64Array], camera: CameraModel | None = None
    ) -> tuple[Float64Array, int]:
        """Mean strength felt by the depth edges in view, for each turn of the camera.

        Args:
            place: changes where the cloud is.
            turns: (3, 3) rotations of the points in the optical frame.
            camera: another one for an image of the same size, not shrunk; None for the set-up's.

        Returns:
            (T,) float64, and how many edges there are.
        """
        seen_by = self.camera if camera is None else camera.scaled(*self._size)
        camera_from_points = place(self.camera_from_points)
        is_along_z = abs(camera_from_points.rotation[2, 2]) > 0.7
        edges = self._of_depth_camera if is_along_z else self._of_lidar
        pixels, in_view = seen_by.project(camera_from_points.apply(edges.points))
        chosen = np.flatnonzero(in_view)
        if len(chosen) > _MOST_EDGES:
            chosen = np.random.default_rng(0).choice(chosen, _MOST_EDGES, replace=False)
        beyond, _ = seen_by.project(camera_from_points.apply(edges.beyond[chosen]))
        squares = np.nan_to_num((beyond - pixels[chosen]) ** 2)
        weights = squares / np.maximum(squares.sum(axis=1, keepdims=True), 1e-12)
        points = camera_from_points.apply(edges.points[chosen])
        felt = [self._felt_at(seen_by, points @ turn.T, weights) for turn in turns]
        return np.array(felt), len(chosen)

    @property
    def _size(self) -> tuple[int, int]:
        return self.camera.width, self.camera.height

    def _felt_at(self, camera: CameraModel, points: Float64Array, weights: Float64Array) -> float:
        pixels, in_view = camera.project(points)
        if in_view.sum() < max(_SMALLEST_SHARE * len(points), 1):
            return 0.0
        columns, rows = pixels[in_view].round().astype(np.int64).T
        strengths: Float32Array = self._maps[:, rows, columns]
        return float((strengths.T * weights[in_view]).sum(axis=1).mean())


def agreement(
    scenes: Sequence[EdgeScene], place: Place, camera: CameraModel | None = None
) -> EdgeAgreement:
    """Compare the place with its surroundings, over all scenes.

    Views that show the same add nothing: the surroundings then scatter as those of one.
    """
    step = _shift_deg(scenes[0].camera)
    shifts = list(itertools.product(range(-_SHIFTS, _SHIFTS + 1), repeat=2))
    turns = [rotation_matrix(np.array([step * up, step * right, 0.0])) for up, right in shifts]
    felt, edges = _summed(scenes, place, turns, camera)
    around = felt[[max(abs(up), abs(right)) >= 2 for up, right in shifts]]
    score = float(felt[shifts.index((0, 0))])
    if edges < _FEWEST_EDGES:
        return EdgeAgreement(score=score, contrast=0.0, edges=edges)
    contrast = (score - float(around.mean())) / max(float(around.std()), 1e-3)
    return EdgeAgreement(score=score, contrast=contrast, edges=edges)


def quick_score(scenes: Sequence[EdgeScene], place: Place) -> float:
    """The score alone; 0 where few edges are in view."""
    felt, edges = _summed(scenes, place, [np.eye(3)], None)
    return float(felt[0]) if edges >= _FEWEST_EDGES else 0.0


def _summed(
    scenes: Sequence[EdgeScene],
    place: Place,
    turns: Sequence[Float64Array],
    camera: CameraModel | None,
) -> tuple[Float64Array, int]:
    parts = [scene.felt(place, turns, camera) for scene in scenes]
    counts = np.array([count for _, count in parts], np.float64)
    felt = np.stack([part for part, _ in parts])
    mean: Float64Array = counts @ felt / max(float(counts.sum()), 1.0)
    return mean, int(counts.sum())


def _shift_deg(camera: CameraModel) -> float:
    view_deg = float(np.degrees(2 * np.arctan(camera.width / (2 * camera.fx))))
    return min(_LARGEST_SHIFT_DEG, view_deg / _SHIFTS_PER_VIEW)
