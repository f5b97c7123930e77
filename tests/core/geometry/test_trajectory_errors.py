# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The errors of estimated motions: of known trajectories, and of known mistakes in them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from scipy.spatial import procrustes
from scipy.spatial.transform import Rotation

from depth_completion_core.geometry.trajectory_errors import trajectory_errors
from depth_completion_core.geometry.transforms import RigidTransform


def _motion(angles_deg: tuple[float, float, float], translation: object) -> RigidTransform:
    rotation = Rotation.from_euler("XYZ", angles_deg, degrees=True).as_matrix()
    return RigidTransform(rotation, np.asarray(translation, dtype=np.float64))


def _drive(steps: int = 40) -> list[RigidTransform]:
    """A winding drive of 0.5 to 1 m a step."""
    return [
        _motion((0.3 * np.sin(i), 4 * np.sin(i / 7), 0.0), (0.02, 0.01, -0.75 - 0.25 * np.cos(i)))
        for i in range(steps)
    ]


def _scaled(steps: list[RigidTransform], factor: float) -> list[RigidTransform]:
    return [RigidTransform(step.rotation, factor * step.translation) for step in steps]


def test_true_motions_have_no_error() -> None:
    found = trajectory_errors(_drive(), _drive())
    assert found.scale == pytest.approx(1.0)
    assert found.step == pytest.approx(0.0, abs=1e-12)
    assert found.step_angle_deg == pytest.approx(0.0, abs=1e-6)
    assert found.position == pytest.approx(0.0, abs=1e-9)
    lengths = [np.linalg.norm(step.translation) for step in _drive()]
    assert found.length == pytest.approx(sum(lengths))


def test_motions_of_another_scale_have_that_scale_and_no_drift() -> None:
    found = trajectory_errors(_scaled(_drive(), 0.25), _drive())
    assert found.scale == pytest.approx(4.0)
    assert found.step == pytest.approx(0.0, abs=1e-12)
    assert found.drift == pytest.approx(0.0, abs=1e-9)


def test_a_rotation_that_is_off_each_step_is_told_and_drifts() -> None:
    off = _motion((0.0, 1.5, 0.0), (0.0, 0.0, 0.0))
    bent = [RigidTransform(off.rotation @ step.rotation, step.translation) for step in _drive()]
    found = trajectory_errors(bent, _drive())
    assert found.scale == pytest.approx(1.0)
    assert found.step_angle_deg == pytest.approx(1.5)
    assert found.drift > 0.01


def _places(steps: list[RigidTransform]) -> npt.NDArray[np.float64]:
    """Where the camera was, by matrices alone."""
    first_from_this = np.eye(4)
    places = [first_from_this[:3, 3]]
    for step in steps:
        first_from_this = first_from_this @ np.linalg.inv(step.matrix)
        places.append(first_from_this[:3, 3])
    return np.array(places)


def test_positions_are_off_as_scipy_aligns_them() -> None:
    bent = _drive()
    bent[10] = _motion((2.0, 25.0, 0.0), (0.5, 0.2, -0.7))
    found = trajectory_errors(bent, _drive())
    _, _, disparity = procrustes(_places(_drive()), _places(bent))
    spread = _places(_drive()) - _places(_drive()).mean(axis=0)
    expected = np.sqrt(disparity * (spread**2).sum() / len(spread))
    assert found.position == pytest.approx(expected, rel=1e-9)
    assert found.position > 0.4


def test_a_mirrored_path_is_not_aligned_by_mirroring() -> None:
    """A screw to the left is no screw to the right."""
    right = [_motion((0.0, 0.0, 20.0), (0.5, 0.0, -0.3))] * 40
    left = [_motion((0.0, 0.0, -20.0), (-0.5, 0.0, -0.3))] * 40
    assert trajectory_errors(left, right).position > 0.5


def test_motions_that_say_nothing_are_refused() -> None:
    with pytest.raises(ValueError, match="3 estimated motions and 4 true ones"):
        trajectory_errors(_drive(3), _drive(4))
    with pytest.raises(ValueError, match="at least one"):
        trajectory_errors([], [])
    with pytest.raises(ValueError, match="in the estimated motions the camera stands still"):
        trajectory_errors([RigidTransform.identity()] * 3, _drive(3))
