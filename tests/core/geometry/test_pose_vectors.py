# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Motions as 6 numbers and as matrices: against OpenCV and SciPy, there and back, gradients."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
import torch
from scipy.spatial.transform import Rotation
from torch import Tensor

from depth_completion_core.geometry.multiview.pose_vectors import (
    euler_from_matrix,
    inverse_motion,
    matrix_from_euler,
    matrix_from_rotation_vector,
    rotation_vector_from_matrix,
)
from tests.golden.filling import golden


def _random(count: int, largest: float) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(count)
    axis = torch.randn(count, 3, generator=generator, dtype=torch.float64)
    angle = torch.rand(count, 1, generator=generator, dtype=torch.float64) * largest
    translation = torch.randn(count, 3, generator=generator, dtype=torch.float64)
    return axis / axis.norm(dim=1, keepdim=True) * angle, translation


@pytest.mark.parametrize("largest", [0.0, 1e-9, 9e-4, 2e-3, 3.1, np.pi])
def test_a_rotation_vector_is_opencvs_and_comes_back(largest: float) -> None:
    rotation, translation = _random(20, largest)
    matrix = matrix_from_rotation_vector(rotation=rotation, translation=translation)
    for i in range(len(matrix)):
        expected, _ = cv2.Rodrigues(rotation[i].numpy())
        np.testing.assert_allclose(matrix[i, :3, :3], expected, atol=1e-12)
    assert torch.equal(matrix[:, :3, 3], translation)
    back = rotation_vector_from_matrix(matrix)
    torch.testing.assert_close(back.rotation, rotation, atol=1e-12, rtol=1e-12)
    assert torch.equal(back.translation, translation)


def test_half_a_turn_has_a_rotation_vector_about_every_axis() -> None:
    """There the trace says nothing of the axis, and its sign is free."""
    axes = torch.tensor([[1.0, 0, 0], [0, 1, 0], [0, 0, 1], [0.6, 0, -0.8], [-0.6, 0.64, 0.48]])
    matrix = matrix_from_rotation_vector(rotation=axes * torch.pi, translation=axes)
    found = rotation_vector_from_matrix(matrix).rotation
    again = matrix_from_rotation_vector(rotation=found, translation=axes)
    torch.testing.assert_close(again, matrix, atol=1e-5, rtol=0)


def test_euler_angles_are_rx_ry_rz_and_come_back() -> None:
    rotation, translation = _random(50, 1.5)
    matrix = matrix_from_euler(rotation=rotation, translation=translation)
    expected = Rotation.from_euler("XYZ", rotation.numpy()).as_matrix()
    np.testing.assert_allclose(matrix[:, :3, :3], expected, atol=1e-12)
    back = euler_from_matrix(matrix)
    torch.testing.assert_close(back.rotation, rotation, atol=1e-9, rtol=0)
    assert torch.equal(back.translation, translation)


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_euler_angles_of_a_locked_rotation_give_it_back(sign: float) -> None:
    """By a quarter turn about y, exactly, as matrices of rounded angles never are."""
    rows = [[0, 0, sign, 0], [0.6, 0.8, 0, 0], [-0.8 * sign, 0.6 * sign, 0, 0], [0, 0, 0, 1]]
    matrix = torch.tensor([rows], dtype=torch.float64)
    assert torch.linalg.det(matrix).item() == pytest.approx(1.0)
    found = euler_from_matrix(matrix)
    again = matrix_from_euler(rotation=found.rotation, translation=found.translation)
    torch.testing.assert_close(again, matrix, atol=1e-9, rtol=0)


def test_the_euler_pose_and_its_inverse_are_those_of_packnet() -> None:
    values = golden("packnet_views.json")
    pose = torch.tensor(values["pose"])
    matrix = matrix_from_euler(rotation=pose[3:], translation=pose[:3])
    np.testing.assert_allclose(matrix, values["pose_from_vec"], atol=1e-7)
    np.testing.assert_allclose(inverse_motion(matrix), values["pose_inverse"], atol=1e-7)


def test_a_motion_and_its_inverse_undo_each_other() -> None:
    rotation, translation = _random(10, 3.0)
    matrix = matrix_from_rotation_vector(rotation=rotation, translation=translation)
    identity = torch.eye(4, dtype=torch.float64).expand(10, 4, 4)
    torch.testing.assert_close(inverse_motion(matrix) @ matrix, identity, atol=1e-12, rtol=0)


@pytest.mark.parametrize("largest", [0.0, 1e-4, 1.2])
def test_gradients_there_and_back_also_without_rotation(largest: float) -> None:
    vectors = [value[:3].clone().requires_grad_() for value in _random(20, largest)]
    for function in (matrix_from_rotation_vector, matrix_from_euler):
        assert torch.autograd.gradcheck(
            lambda rotation, translation, function=function: function(
                rotation=rotation, translation=translation
            ),
            vectors,
        )
    assert torch.autograd.gradcheck(_there_and_back, vectors[:1], atol=1e-4)


def _there_and_back(rotation: Tensor) -> Tensor:
    matrix = matrix_from_rotation_vector(rotation=rotation, translation=rotation)
    euler = euler_from_matrix(matrix).rotation
    return rotation_vector_from_matrix(matrix).rotation + euler


def test_what_a_network_says_in_half_precision_becomes_single() -> None:
    rotation, translation = (value.float() for value in _random(20, 1.0))
    expected = matrix_from_rotation_vector(rotation=rotation, translation=translation)
    with torch.autocast("cpu", torch.bfloat16):
        same = matrix_from_rotation_vector(rotation=rotation, translation=translation)
        rounded = matrix_from_euler(rotation=rotation.bfloat16(), translation=translation)
        undone = inverse_motion(same)
    assert torch.equal(same, expected)
    assert rounded.dtype == torch.float32
    assert torch.equal(undone, inverse_motion(expected))
    orthogonal = rounded[:, :3, :3] @ rounded[:, :3, :3].mT
    torch.testing.assert_close(orthogonal, torch.eye(3).expand(20, 3, 3), atol=1e-6, rtol=0)
