# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import itertools
from collections.abc import Iterator

import numpy as np
import pytest

from depth_completion_core.alignment import AlignmentFrame
from depth_completion_core.alignment.ground import ground_of
from depth_completion_core.alignment.placement import edge_scenes, placement_findings
from depth_completion_core.geometry.camera import CameraModel
from depth_completion_core.geometry.transforms import Float64Array, RigidTransform

_OPTICAL_FROM_BODY = np.array([[0.0, -1.0, 0.0], [0.0, 0.0, -1.0], [1.0, 0.0, 0.0]])
_CAMERA = CameraModel(fx=200.0, fy=200.0, cx=159.5, cy=119.5, width=320, height=240)
_HEIGHT = 1.7


def _rays(lowest_deg: float, highest_deg: float) -> Float64Array:
    """(N, 3) unit vectors all around, x forward, z up."""
    azimuth, elevation = np.meshgrid(
        np.linspace(-np.pi, np.pi, 240, endpoint=False),
        np.radians(np.linspace(lowest_deg, highest_deg, 32)),
    )
    level = np.cos(elevation)
    rays = np.stack([level * np.cos(azimuth), level * np.sin(azimuth), np.sin(elevation)], axis=-1)
    return rays.reshape(-1, 3)


def _street() -> Float64Array:
    """A road with house fronts 12 m to either side, as a lidar on a car's roof sees it."""
    rays = _rays(-20.0, 10.0)
    with np.errstate(divide="ignore"):
        to_road = np.where(rays[:, 2] < 0, -_HEIGHT / rays[:, 2], np.inf)
        to_front = 12.0 / np.abs(rays[:, 1])
    ranges = np.minimum(to_road, to_front)
    seen = ranges < 60.0
    points: Float64Array = rays[seen] * ranges[seen, None]
    return points


def _low_hall() -> Float64Array:
    """A hall of 30 x 30 m, whose ceiling is as near as its floor."""
    rays = _rays(-30.0, 30.0)
    with np.errstate(divide="ignore"):
        to_level = np.where(rays[:, 2] < 0, -1.3, 1.3) / rays[:, 2]
        to_wall = np.min(15.0 / np.abs(rays[:, :2]), axis=1)
    points: Float64Array = rays * np.minimum(to_level, to_wall)[:, None]
    return points


def _quarter_turns() -> Iterator[Float64Array]:
    for order in itertools.permutations(range(3)):
        for signs in itertools.product((1.0, -1.0), repeat=3):
            turn = np.zeros((3, 3))
            turn[range(3), order] = signs
            if np.linalg.det(turn) > 0:
                yield turn


def test_ground_is_told_to_lie_above_or_beside_in_every_quarter_turn() -> None:
    points, wrong = _street(), 0
    for turn in _quarter_turns():
        rotation = _OPTICAL_FROM_BODY @ turn
        down = rotation @ np.array([0.0, 0.0, -1.0])
        expected = "above" if down[1] < -0.9 else "beside" if abs(down[0]) > 0.9 else ""
        ground = ground_of(points @ rotation.T)
        assert ground is not None
        assert ground.where == expected
        np.testing.assert_allclose(ground.direction, down, atol=0.02)
        wrong += bool(expected)
    assert wrong == 12


@pytest.mark.parametrize("tilt_deg", [-60.0, -30.0, 0.0, 30.0])
def test_a_camera_that_looks_up_or_down_is_no_fault(tilt_deg: float) -> None:
    cosine, sine = np.cos(np.radians(tilt_deg)), np.sin(np.radians(tilt_deg))
    tilted = np.array([[1, 0, 0], [0, cosine, -sine], [0, sine, cosine]]) @ _OPTICAL_FROM_BODY
    ground = ground_of(_street() @ tilted.T)
    assert ground is not None
    assert ground.where == ""


def test_a_low_ceiling_is_no_ground() -> None:
    ground = ground_of(_low_hall() @ _OPTICAL_FROM_BODY.T)
    assert ground is None or ground.where == ""


def test_few_points_have_no_ground() -> None:
    assert ground_of(np.zeros((0, 3))) is None
    assert ground_of(np.full((500, 3), np.nan)) is None


@pytest.mark.parametrize(
    ("turn", "words"),
    [
        (np.eye(3), ""),
        (np.diag([1.0, -1.0, -1.0]), "above the camera.*turned by 180 deg about its axis (1 0 0)"),
        (
            np.array([[1.0, 0, 0], [0, 0, -1], [0, 1, 0]]),
            "beside the camera.*turned by 90 deg about its axis (-1 0 0)",
        ),
    ],
)
def test_a_rolled_lidar_is_told_where_edges_tell_nothing(turn: Float64Array, words: str) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (240, 320, 3), dtype=np.uint8)
    place = RigidTransform(_OPTICAL_FROM_BODY @ turn, np.zeros(3))
    frame = AlignmentFrame(
        image=noise,
        camera=_CAMERA,
        points=_street().astype(np.float32),
        camera_from_points=lambda _: place,
    )
    found = placement_findings(edge_scenes([frame] * 3), "camera")
    assert len(found) == bool(words)
    for finding in found:
        assert finding.severity == "warning"
        where, _, cause = words.partition(".*")
        assert where in finding.found
        assert cause in finding.found
        assert "upside down" in finding.remedy
