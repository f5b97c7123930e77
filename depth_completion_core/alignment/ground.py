# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Where the ground lies by the extrinsics: below a camera, or beside or above it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from depth_completion_core.alignment.edge_scene import EdgeScene
from depth_completion_core.geometry.transforms import Float64Array

_MOST_POINTS = 2000
_FEWEST_POINTS = 200
_MOST_SCENES = 3
_TRIES = 400
_REACH = 25.0  # metres, in which three points are drawn
_FARTHEST = 4.0  # metres from the origin of the cloud's frame
_THICKNESS = 0.15
_SMALLEST_SHARE = 0.15
_LARGEST_SHARE_BEYOND = 0.15
_SMALLEST_EXTENT = 10.0  # metres, either way: no wall is as high
_FAR_MORE = 2.0
_TOWARDS = 0.7  # cosine


class Ground(NamedTuple):
    """A wide plane with nearly all points on one side, as a road or a floor is.

    Attributes:
        direction: (3,) unit vector from the lidar towards it, in the optical frame.
        distance: from the origin of the cloud's frame, metres.
        share: of the points that lie in it.
    """

    direction: Float64Array
    distance: float
    share: float

    @property
    def where(self) -> str:
        """Above or beside, as the camera has it; empty below, before or behind it."""
        if self.direction[1] < -_TOWARDS:
            return "above"
        return "beside" if abs(self.direction[0]) > _TOWARDS else ""


def misplaced_ground(scenes: Sequence[EdgeScene]) -> Ground | None:
    """The ground, where every scene that shows it has it above or beside the camera, or None."""
    found = None
    for scene in scenes[:_MOST_SCENES]:
        ground = ground_of(scene.points @ scene.camera_from_points.rotation.T)
        if ground is None:
            continue
        if not ground.where:
            return None
        if found is not None and ground.direction @ found.direction < _TOWARDS:
            return None
        found = ground
    return found


def ground_of(points: Float64Array) -> Ground | None:
    """The plane that is most like ground, by random triples of points; None where there is none.

    What lies elsewhere must be far larger than what lies below: a low hall has a ceiling, too.

    Args:
        points: (N, 3) metres from the lidar, along the axes of the optical frame.
    """
    points = points[np.isfinite(points).all(axis=1)]
    points = points[:: max(len(points) // _MOST_POINTS, 1)]
    near = points[np.linalg.norm(points, axis=1) < _REACH]
    if len(near) < _FEWEST_POINTS:
        return None
    normals, distances = _planes(near)
    beyond = normals @ points.T - distances[:, None]
    shares = (np.abs(beyond) < _THICKNESS).mean(axis=1)
    outside = (beyond > 3 * _THICKNESS).mean(axis=1)
    shares[outside > _LARGEST_SHARE_BEYOND] = 0.0
    is_below = normals[:, 1] > _TOWARDS
    below = float(np.max(shares, initial=0.0, where=is_below))
    shares[~is_below & (shares < _FAR_MORE * below)] = 0.0
    for best in np.argsort(-shares)[:5]:
        if shares[best] < _SMALLEST_SHARE:
            return None
        if _is_wide(points[np.abs(beyond[best]) < _THICKNESS]):
            return Ground(normals[best], float(distances[best]), float(shares[best]))
    return None


def _planes(points: Float64Array) -> tuple[Float64Array, Float64Array]:
    """Normals (T, 3) and distances (T,) of planes through three points, each both ways round."""
    chosen = np.random.default_rng(0).integers(len(points), size=(_TRIES, 3))
    one, two, three = points[chosen].transpose(1, 0, 2)
    normals = np.cross(two - one, three - one)
    lengths = np.linalg.norm(normals, axis=1)
    normals = normals[lengths > 1e-3] / lengths[lengths > 1e-3, None]
    distances = (normals * one[lengths > 1e-3]).sum(axis=1)
    fits = np.abs(distances) < _FARTHEST
    normals, distances = normals[fits], distances[fits]
    # Either side may be the empty one.
    return np.concatenate([normals, -normals]), np.concatenate([distances, -distances])


def _is_wide(points: Float64Array) -> bool:
    """Whether points in a plane reach far in both of its directions."""
    centred = points - points.mean(axis=0)
    along = np.linalg.svd(centred, full_matrices=False)[2][:2]
    low, high = np.percentile(centred @ along.T, [2, 98], axis=0)
    return bool((high - low).min() > _SMALLEST_EXTENT)
