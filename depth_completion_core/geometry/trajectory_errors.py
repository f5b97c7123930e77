# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""How far estimated motions of a camera are from its true ones: their scale, their drift."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from depth_completion_core.geometry.transforms import Float64Array, RigidTransform

_LEAST_MOTION = 1e-9  # metres


@dataclass(frozen=True, slots=True, kw_only=True)
class TrajectoryErrors:
    """Errors of a chain of motions.

    Attributes:
        scale: what the estimated translations are to be multiplied by to be nearest to the true
            ones, by least squares over the steps; 1 where they are metric.
        step: root of the mean squared error of the steps' translations after that, metres.
        step_angle_deg: mean error of the steps' rotations, degrees.
        position: root of the mean squared distance between the two paths once one is moved, turned
            and scaled onto the other (the absolute trajectory error), metres.
        length: of the true path, metres.
    """

    scale: float
    step: float
    step_angle_deg: float
    position: float
    length: float

    @property
    def drift(self) -> float:
        """The error of positions over the length of the path."""
        return self.position / self.length


def trajectory_errors(
    estimated: Sequence[RigidTransform], true: Sequence[RigidTransform]
) -> TrajectoryErrors:
    """Compare two chains of motions.

    The paths are aligned as by Umeyama, "Least-Squares Estimation of Transformation Parameters
    Between Two Point Patterns", TPAMI 1991.

    Args:
        estimated: of each step, ``next_from_this``.
        true: of the same steps, metres.

    Raises:
        ValueError: another number of steps, none, or a camera that does not move.
    """
    if len(estimated) != len(true) or not true:
        raise ValueError(
            f"{len(estimated)} estimated motions and {len(true)} true ones; expected as many of "
            "each, and at least one"
        )
    found = np.stack([motion.translation for motion in estimated])
    wanted = np.stack([motion.translation for motion in true])
    length = float(np.linalg.norm(wanted, axis=1).sum())
    for name, steps in (("estimated", found), ("true", wanted)):
        if np.linalg.norm(steps, axis=1).sum() < _LEAST_MOTION:
            raise ValueError(f"in the {name} motions the camera stands still: no scale follows")
    scale = float((found * wanted).sum() / np.square(found).sum())
    angles = [_angle_deg(a.inverse() @ b) for a, b in zip(estimated, true, strict=True)]
    return TrajectoryErrors(
        scale=scale,
        step=_root_mean_square(scale * found - wanted),
        step_angle_deg=float(np.mean(angles)),
        position=_aligned_error(_path(estimated), _path(true)),
        length=length,
    )


def _path(steps: Sequence[RigidTransform]) -> Float64Array:
    """(N + 1, 3), where the camera was, in its first frame."""
    first_from_this = RigidTransform.identity()
    places = [first_from_this.translation]
    for next_from_this in steps:
        first_from_this = first_from_this @ next_from_this.inverse()
        places.append(first_from_this.translation)
    return np.stack(places)


def _aligned_error(path: Float64Array, onto: Float64Array) -> float:
    path, onto = path - path.mean(axis=0), onto - onto.mean(axis=0)
    left, values, right = np.linalg.svd(onto.T @ path)
    signs = np.array([1.0, 1.0, np.sign(np.linalg.det(left) * np.linalg.det(right))])
    scale = (values * signs).sum() / np.square(path).sum()
    return _root_mean_square(scale * path @ ((left * signs) @ right).T - onto)


def _root_mean_square(differences: Float64Array) -> float:
    """Of the lengths of (N, 3)."""
    return float(np.sqrt(np.square(differences).sum(axis=1).mean()))


def _angle_deg(motion: RigidTransform) -> float:
    x, y, z, w = motion.quaternion_xyzw
    return float(np.rad2deg(2 * np.arctan2(np.sqrt(x * x + y * y + z * z), w)))
