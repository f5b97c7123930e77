# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The errors of estimated motions: of known trajectories, and of known mistakes in them."""

from __future__ import annotations

import numpy as np
import pytest
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


def test_a_straight_path_that_bends_to_a_quarter_circle_is_off_as_computed() -> None:
    """The positions are aligned by a search over turns and scales, in place of the formula."""
    straight = [_motion((0.0, 0.0, 0.0), (0.0, 0.0, -1.0))] * 30
    bent = [_motion((0.0, 3.0, 0.0), (0.0, 0.0, -1.0))] * 30
    places = [np.zeros(2)]
    heading = 0.0
    for _ in range(30):
        heading -= np.deg2rad(3.0)
        places.append(places[-1] + [np.sin(heading), np.cos(heading)])
    path = np.array(places) - np.mean(places, axis=0)
    target = np.stack([np.zeros(31), np.arange(31.0) - 15], axis=1)
    errors = []
    for angle in np.deg2rad(np.arange(0, 90, 0.05)):
        turned = path @ np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        scale = (turned * target).sum() / (turned**2).sum()
        errors.append(np.sqrt(((scale * turned - target) ** 2).sum(axis=1).mean()))
    found = trajectory_errors(bent, straight)
    assert found.position == pytest.approx(min(errors), rel=1e-3)
    assert found.position > 1.0


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
