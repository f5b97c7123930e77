# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Rigid transforms.

A variable spells both frames and is read right to left: ``camera_from_lidar`` takes points written
in the lidar frame to the camera frame, and ``camera_from_lidar @ lidar_from_base`` is
``camera_from_base``.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Float64Array = npt.NDArray[np.float64]

_ORTHONORMAL_TOLERANCE = 1e-6
_ROUNDED_CALIBRATION_TOLERANCE = 1e-2


@dataclass(frozen=True, slots=True, eq=False)
class RigidTransform:
    """A rotation and a translation: ``p_target = rotation @ p_source + translation``.

    Attributes:
        rotation: (3, 3) float64, orthonormal with determinant +1.
        translation: (3,) float64, metres.
    """

    rotation: Float64Array
    translation: Float64Array

    def __post_init__(self) -> None:
        rotation = np.asarray(self.rotation, dtype=np.float64)
        translation = np.asarray(self.translation, dtype=np.float64)
        _check_numbers(rotation, translation)
        with np.errstate(over="ignore", invalid="ignore"):  # of damaged files
            error = np.abs(rotation @ rotation.T - np.eye(3)).max()
            determinant = np.linalg.det(rotation)
        if not error <= _ORTHONORMAL_TOLERANCE or determinant < 0:
            raise ValueError(
                f"the 3x3 part is not a rotation (off by {error:.2g}, determinant "
                f"{determinant:.3f}); expected orthonormal rows and determinant +1"
            )
        object.__setattr__(self, "rotation", rotation)
        object.__setattr__(self, "translation", translation)

    @classmethod
    def identity(cls) -> RigidTransform:
        """The transform that changes nothing."""
        return _of_checked(np.eye(3), np.zeros(3))

    @classmethod
    def from_matrix(cls, matrix: npt.ArrayLike) -> RigidTransform:
        """From a (4, 4) or (3, 4) homogeneous matrix, its 3x3 part made exactly orthonormal.

        Raises:
            ValueError: another shape, or a 3x3 part further from a rotation than rounding explains.
        """
        array = np.asarray(matrix, dtype=np.float64)
        if array.shape not in ((4, 4), (3, 4)):
            raise ValueError(f"a transform matrix is 4x4 or 3x4, got shape {array.shape}")
        return cls(_nearest_rotation(array[:3, :3]), array[:3, 3])

    @classmethod
    def from_quaternion(
        cls, quaternion_xyzw: npt.ArrayLike, translation: npt.ArrayLike
    ) -> RigidTransform:
        """From a quaternion in ROS order (x, y, z, w), normalised here, and metres.

        Raises:
            ValueError: the quaternion is zero or not finite (an unfilled message).
        """
        quaternion = np.asarray(quaternion_xyzw, dtype=np.float64)
        norm = float(np.linalg.norm(quaternion))
        if not np.isfinite(norm) or norm < 1e-6:
            raise ValueError(
                f"quaternion {quaternion.tolist()} has norm {norm:.3g}; expected 1. "
                "An all-zero quaternion means that the publisher left the rotation unset"
            )
        rotation = _matrix_from_unit_quaternion(quaternion / norm)
        metres = np.asarray(translation, dtype=np.float64)
        _check_numbers(rotation, metres)
        return _of_checked(rotation, metres)

    @property
    def matrix(self) -> Float64Array:
        """(4, 4) float64 homogeneous matrix."""
        matrix = np.eye(4)
        matrix[:3, :3] = self.rotation
        matrix[:3, 3] = self.translation
        return matrix

    @property
    def quaternion_xyzw(self) -> Float64Array:
        """(4,) float64 unit quaternion in ROS order, w >= 0."""
        return _unit_quaternion_from_matrix(self.rotation)

    def inverse(self) -> RigidTransform:
        """``b_from_a`` of ``a_from_b``."""
        return _of_checked(self.rotation.T, -self.rotation.T @ self.translation)

    def __matmul__(self, other: RigidTransform) -> RigidTransform:
        return _of_checked(
            self.rotation @ other.rotation, self.rotation @ other.translation + self.translation
        )

    def apply(self, points: npt.ArrayLike) -> Float64Array:
        """Points (..., 3) in metres from the source frame to the target frame, float64."""
        moved: Float64Array = np.asarray(points, np.float64) @ self.rotation.T + self.translation
        return moved

    def interpolated(self, other: RigidTransform, fraction: float) -> RigidTransform:
        """Between self (fraction 0) and other (fraction 1): slerp and lerp, as tf2 does."""
        start, end = self.quaternion_xyzw, other.quaternion_xyzw
        dot = float(start @ end)
        if dot < 0.0:
            end, dot = -end, -dot
        translation = (1.0 - fraction) * self.translation + fraction * other.translation
        if dot > 1.0 - 1e-9:
            blended = (1.0 - fraction) * start + fraction * end
        else:
            angle = np.arccos(min(dot, 1.0))
            blended = np.sin((1.0 - fraction) * angle) * start + np.sin(fraction * angle) * end
        unit = blended / np.linalg.norm(blended)
        return _of_checked(_matrix_from_unit_quaternion(unit), translation)


def _of_checked(rotation: Float64Array, translation: Float64Array) -> RigidTransform:
    """Of a rotation that follows from checked ones: checking takes longer than computing it."""
    transform = object.__new__(RigidTransform)
    object.__setattr__(transform, "rotation", rotation)
    object.__setattr__(transform, "translation", translation)
    return transform


def _check_numbers(rotation: Float64Array, translation: Float64Array) -> None:
    if rotation.shape != (3, 3) or translation.shape != (3,):
        raise ValueError(
            f"a rigid transform needs a 3x3 rotation and 3 translations, "
            f"got shapes {rotation.shape} and {translation.shape}"
        )
    if not (np.isfinite(rotation).all() and np.isfinite(translation).all()):
        raise ValueError("the transform holds NaN or infinite numbers; check who publishes it")


def _nearest_rotation(matrix: Float64Array) -> Float64Array:
    """Undo the rounding of printed calibrations; leave invalid rotations to the constructor."""
    if not np.isfinite(matrix).all():
        return matrix
    left, _, right = np.linalg.svd(matrix)
    nearest: Float64Array = left @ right
    return nearest if np.abs(nearest - matrix).max() < _ROUNDED_CALIBRATION_TOLERANCE else matrix


def _matrix_from_unit_quaternion(quaternion_xyzw: Float64Array) -> Float64Array:
    x, y, z, w = quaternion_xyzw.tolist()
    return np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
            [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
            [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
        ]
    )


def _unit_quaternion_from_matrix(rotation: Float64Array) -> Float64Array:
    """Shepperd's method: divide by the largest of the four components."""
    # Of so few numbers, those of Python are several times as fast as those of NumPy.
    r = rotation.tolist()
    trace = r[0][0] + r[1][1] + r[2][2]
    squares = [r[0][0], r[1][1], r[2][2], trace]
    largest = squares.index(max(squares))
    quaternion = np.empty(4)
    if largest == 3:
        quaternion[:] = (
            r[2][1] - r[1][2],
            r[0][2] - r[2][0],
            r[1][0] - r[0][1],
            1.0 + trace,
        )
    else:
        i, j, k = largest, (largest + 1) % 3, (largest + 2) % 3
        quaternion[i] = 1.0 + r[i][i] - r[j][j] - r[k][k]
        quaternion[j] = r[i][j] + r[j][i]
        quaternion[k] = r[i][k] + r[k][i]
        quaternion[3] = r[k][j] - r[j][k]
    if quaternion[3] < 0:
        quaternion = -quaternion
    unit: Float64Array = quaternion / np.linalg.norm(quaternion)
    return unit
