# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Motions as vectors of 6 numbers, which networks predict, and as matrices, which move points.

A motion is named by its frames, ``view_from_target``: x_view = rotation @ x_target + translation.
Its rotation and its translation are passed by name, as systems disagree about which comes first.

What a network predicts in half precision is computed with in single precision, and no product of
matrices is used, which autocast would round.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

_SMALL_ANGLE = 1e-3  # radians: below, series are exact to float64
_GIMBAL_LOCK = 1e-6  # cosine of the middle angle


class PoseVector(NamedTuple):
    """A motion in 6 numbers.

    Attributes:
        rotation: (..., 3) radians.
        translation: (..., 3) metres.
    """

    rotation: Tensor
    translation: Tensor


def matrix_from_rotation_vector(*, rotation: Tensor, translation: Tensor) -> Tensor:
    """A matrix from an axis times an angle (Rodrigues' formula).

    Args:
        rotation: (..., 3), axis times angle, radians.
        translation: (..., 3) metres.

    Returns:
        (..., 4, 4). Its gradient is right at no rotation, too.
    """
    rotation = _single(rotation)
    squared = rotation.square().sum(dim=-1)[..., None, None]
    is_small = squared < _SMALL_ANGLE**2
    angle = squared.where(~is_small, 1.0).sqrt()  # the gradient of a root is infinite at 0
    sine = torch.where(is_small, 1 - squared / 6, angle.sin() / angle)
    cosine = torch.where(is_small, 0.5 - squared / 24, 2 * (angle / 2).sin().square() / angle**2)
    outer = rotation[..., :, None] * rotation[..., None, :]
    identity = torch.eye(3, dtype=rotation.dtype, device=rotation.device)
    matrix = identity + sine * _cross_matrix(rotation) + cosine * (outer - squared * identity)
    return _homogeneous(matrix, translation)


def rotation_vector_from_matrix(matrix: Tensor) -> PoseVector:
    """The inverse of :func:`matrix_from_rotation_vector`.

    Args:
        matrix: (..., 4, 4), its upper left a rotation.

    Returns:
        The rotation's length is at most pi.
    """
    quaternion = _quaternion(matrix[..., :3, :3])
    vector, scalar = quaternion[..., :3], quaternion[..., 3:]
    squared = vector.square().sum(dim=-1, keepdim=True)
    is_small = squared < _SMALL_ANGLE**2
    sine = squared.where(~is_small, 1.0).sqrt()
    # asin(s) / s near 0, where the scalar is near 1, too
    factor = torch.where(is_small, 2 + squared / 3, 2 * torch.atan2(sine, scalar) / sine)
    return PoseVector(vector * factor, matrix[..., :3, 3])


def matrix_from_euler(*, rotation: Tensor, translation: Tensor) -> Tensor:
    """A matrix from three angles, R = Rx Ry Rz, as in PackNet-SfM and Insta-DM.

    Args:
        rotation: (..., 3) angles about x, y and z, radians.
        translation: (..., 3) metres.

    Returns:
        (..., 4, 4).
    """
    rotation = _single(rotation)
    (cx, cy, cz), (sx, sy, sz) = rotation.cos().unbind(-1), rotation.sin().unbind(-1)
    rows = (
        (cy * cz, -cy * sz, sy),
        (cx * sz + sx * sy * cz, cx * cz - sx * sy * sz, -sx * cy),
        (sx * sz - cx * sy * cz, sx * cz + cx * sy * sz, cx * cy),
    )
    return _homogeneous(torch.stack([torch.stack(row, -1) for row in rows], -2), translation)


def euler_from_matrix(matrix: Tensor) -> PoseVector:
    """The inverse of :func:`matrix_from_euler`.

    Args:
        matrix: (..., 4, 4), its upper left a rotation.

    Returns:
        The angle about y lies within pi / 2. At its ends only the sum or the difference of the
        other two is known: the one about z is 0 there.
    """
    m = matrix
    cosine = torch.hypot(m[..., 0, 0], m[..., 0, 1])
    locked = cosine < _GIMBAL_LOCK
    about_x = torch.where(
        locked,
        torch.atan2(m[..., 2, 1], m[..., 1, 1]),
        torch.atan2(-m[..., 1, 2], m[..., 2, 2]),
    )
    about_z = torch.atan2(-m[..., 0, 1], m[..., 0, 0]).masked_fill(locked, 0.0)
    rotation = torch.stack([about_x, torch.atan2(m[..., 0, 2], cosine), about_z], dim=-1)
    return PoseVector(rotation, m[..., :3, 3])


def inverse_motion(matrix: Tensor) -> Tensor:
    """``target_from_view`` of ``view_from_target``, (..., 4, 4), its upper left a rotation."""
    turned = matrix[..., :3, :3].mT
    return _homogeneous(turned, -(turned * matrix[..., None, :3, 3]).sum(dim=-1))


def _homogeneous(rotation: Tensor, translation: Tensor) -> Tensor:
    upper = torch.cat([rotation, translation[..., None].to(rotation.dtype)], dim=-1)
    last = upper.new_tensor([0.0, 0.0, 0.0, 1.0]).expand(*upper.shape[:-2], 1, 4)
    return torch.cat([upper, last], dim=-2)


def _single(values: Tensor) -> Tensor:
    return values if values.dtype == torch.float64 else values.float()


def _cross_matrix(vector: Tensor) -> Tensor:
    x, y, z = vector.unbind(-1)
    zero = torch.zeros_like(x)
    rows = ((zero, -z, y), (z, zero, -x), (-y, x, zero))
    return torch.stack([torch.stack(row, -1) for row in rows], -2)


def _quaternion(rotation: Tensor) -> Tensor:
    """(..., 4) unit quaternion (x, y, z, w), w >= 0, by the largest of its numbers (Shepperd)."""
    m = rotation
    xx, yy, zz = m[..., 0, 0], m[..., 1, 1], m[..., 2, 2]
    x, y, z = (
        m[..., 2, 1] - m[..., 1, 2],
        m[..., 0, 2] - m[..., 2, 0],
        m[..., 1, 0] - m[..., 0, 1],
    )
    xy, xz, yz = (
        m[..., 0, 1] + m[..., 1, 0],
        m[..., 0, 2] + m[..., 2, 0],
        m[..., 1, 2] + m[..., 2, 1],
    )
    # Each row is the quaternion times four times one of its numbers.
    rows = (
        (1 + xx - yy - zz, xy, xz, x),
        (xy, 1 - xx + yy - zz, yz, y),
        (xz, yz, 1 - xx - yy + zz, z),
        (x, y, z, 1 + xx + yy + zz),
    )
    candidates = torch.stack([torch.stack(row, -1) for row in rows], -2)
    largest = candidates.diagonal(dim1=-2, dim2=-1).argmax(dim=-1)[..., None, None]
    chosen = candidates.take_along_dim(largest, dim=-2).squeeze(-2)
    signed = torch.where(chosen[..., 3:] < 0, -chosen, chosen)
    norm: Tensor = torch.linalg.vector_norm(signed, dim=-1, keepdim=True)
    return signed / norm
