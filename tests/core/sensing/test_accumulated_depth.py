# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Accumulated sweeps of a floor, a wall and a box that drives, by rays that are cast here."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pytest

from depth_completion_core.config import OcclusionConfig
from depth_completion_core.geometry.camera import CameraModel
from depth_completion_core.geometry.seen_space import SeenSpace
from depth_completion_core.geometry.transforms import RigidTransform
from depth_completion_core.sensing.accumulated_depth import (
    PlacedSweep,
    accumulated_depth,
)
from depth_completion_core.sensing.accumulation_config import AccumulationConfig

Float64Array = npt.NDArray[np.float64]
_CAMERA = CameraModel(fx=150, fy=150, cx=99.5, cy=49.5, width=200, height=100)
_BASE_FROM_CAMERA = RigidTransform(np.array([[0.0, 0, 1], [-1, 0, 0], [0, -1, 0]]), np.zeros(3))
_FLOOR_Z, _WALL_X = -1.7, 30.0
_PERIOD_S, _SPEED = 0.1, 5.0
_BOX_SIZE = np.array([2.0, 2.0, 2.0])


@dataclass(frozen=True)
class Box:
    """A box on the floor, and how fast it drives along y."""

    centre: tuple[float, float]
    speed: float

    def corners(self, time_s: float) -> tuple[Float64Array, Float64Array]:
        x, y = self.centre
        middle = np.array([x, y + self.speed * time_s, _FLOOR_Z + _BOX_SIZE[2] / 2])
        return middle - _BOX_SIZE / 2, middle + _BOX_SIZE / 2


def _distances(origin: Float64Array, rays: Float64Array, box: Box, time_s: float) -> Float64Array:
    """How far along each ray something is: floor, wall or box; infinite for the sky."""
    with np.errstate(divide="ignore", invalid="ignore"):
        floor = (_FLOOR_Z - origin[2]) / rays[:, 2]
        wall = (_WALL_X - origin[0]) / rays[:, 0]
        low, high = ((corner - origin) / rays for corner in box.corners(time_s))
    enters, leaves = np.minimum(low, high).max(axis=1), np.maximum(low, high).min(axis=1)
    boxed = np.where((enters <= leaves) & (enters > 0), enters, np.inf)
    floor, wall = (np.where(one > 0, one, np.inf) for one in (floor, wall))
    return np.minimum(np.minimum(floor, wall), boxed)


def _sweep(time_s: float, box: Box, aside_m: float = 0.0) -> PlacedSweep:
    """40 lines of 400 columns ahead."""
    place = RigidTransform(np.eye(3), np.array([_SPEED * time_s, aside_m, 0.0]))
    elevation, azimuth = np.meshgrid(
        np.radians(np.linspace(-20, 4, 40)), np.radians(np.linspace(-45, 45, 400)), indexing="ij"
    )
    level = np.cos(elevation)
    rays = np.stack([level * np.cos(azimuth), level * np.sin(azimuth), np.sin(elevation)], axis=-1)
    rays = rays.reshape(-1, 3)
    distance = _distances(place.translation, rays, box, time_s)
    noise = np.random.default_rng(round(1e3 * (time_s + 9))).normal(0, 0.01, len(rays))
    hit = distance < 60
    points = (rays[hit] * (distance + noise)[hit, None]).astype(np.float32)
    return PlacedSweep(round(time_s * 1e9), points, place)


def _truth(box: Box) -> npt.NDArray[np.float64]:
    rays, _ = _CAMERA.rays()
    ahead = _BASE_FROM_CAMERA.apply(rays.reshape(-1, 3))
    return _distances(np.zeros(3), ahead, box, 0.0).reshape(rays.shape[:2])


def _accumulated(
    box: Box, config: AccumulationConfig, *, sweeps: int = 5, aside_m: float = 0.0
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """Depth, where it is, and where it is wrong: off from all of the pixel and its neighbours."""
    numbers = range(-sweeps, sweeps + 1)
    taken = [_sweep(number * _PERIOD_S, box, aside_m if number else 0.0) for number in numbers]
    found = accumulated_depth(taken, 0, _CAMERA, _BASE_FROM_CAMERA, config)
    truth = _truth(box)
    around = [np.roll(truth, (down, right), (0, 1)) for down in (-1, 0, 1) for right in (-1, 0, 1)]
    low, high = np.min(around, axis=0), np.max(around, axis=0)
    wrong = found.valid & ((found.depth < 0.97 * low) | (found.depth > 1.03 * high))
    return found.depth, found.valid, wrong


_STANDING, _DRIVING = Box((12.0, 3.0), 0.0), Box((12.0, 0.0), 6.0)
_KEEPS_ALL = AccumulationConfig(reject_moving=False, occlusion=OcclusionConfig(enabled=False))


def test_sweeps_add_up_where_nothing_moves() -> None:
    _, one, _ = _accumulated(_STANDING, AccumulationConfig(), sweeps=0)
    _, all_of_them, wrong = _accumulated(_STANDING, AccumulationConfig())
    assert all_of_them.sum() > 1.6 * one.sum()
    assert wrong.sum() == 0
    _, kept, _ = _accumulated(_STANDING, AccumulationConfig(reject_moving=False))
    assert all_of_them.sum() > 0.95 * kept.sum()


def test_what_drives_through_is_rejected_by_free_space() -> None:
    _, kept, with_trail = _accumulated(_DRIVING, AccumulationConfig(reject_moving=False))
    assert with_trail.sum() > 300
    _, valid, wrong = _accumulated(_DRIVING, AccumulationConfig())
    assert wrong.sum() < 0.1 * with_trail.sum()
    assert valid.sum() > 0.8 * kept.sum()


def test_what_the_camera_cannot_see_is_left_out() -> None:
    """As the others see the wall from the side of the box."""
    _, _, wrong = _accumulated(_STANDING, _KEEPS_ALL, sweeps=1, aside_m=3.0)
    assert wrong.sum() > 10
    _, valid, wrong = _accumulated(_STANDING, AccumulationConfig(), sweeps=1, aside_m=3.0)
    assert wrong.sum() == 0
    assert valid.sum() > 4000


def test_of_no_sweeps_and_of_one() -> None:
    nothing = accumulated_depth([], 0, _CAMERA, _BASE_FROM_CAMERA, AccumulationConfig())
    assert nothing.count == 0
    _, valid, wrong = _accumulated(_DRIVING, AccumulationConfig(), sweeps=0)
    assert valid.sum() > 1000
    assert wrong.sum() == 0


def test_large_coordinates_cost_no_accuracy() -> None:
    """A frame that stands still may be a grid of a country, millions of metres from its origin."""
    away = RigidTransform(np.eye(3), np.array([4.5e6, 5.4e6, 100.0]))
    taken = [_sweep(number * _PERIOD_S, _STANDING) for number in range(-2, 3)]
    moved = [replace(one, fixed_from_lidar=away @ one.fixed_from_lidar) for one in taken]
    config = AccumulationConfig()
    here = accumulated_depth(taken, 0, _CAMERA, _BASE_FROM_CAMERA, config)
    there = accumulated_depth(moved, 0, _CAMERA, away @ _BASE_FROM_CAMERA, config)
    both = here.valid & there.valid
    assert both.sum() > 0.99 * here.count
    np.testing.assert_allclose(here.depth[both], there.depth[both], atol=1e-3)


# The space that was seen


def _wall(distance: float) -> npt.NDArray[np.float32]:
    """Points of a wall that rays of every 0.4 degrees hit, to 20 degrees aside and up."""
    angles = np.radians(np.arange(-20, 20.01, 0.4))
    azimuth, elevation = np.meshgrid(angles, angles)
    y = distance * np.tan(azimuth)
    z = np.hypot(distance, y) * np.tan(elevation)
    points = np.stack([np.full_like(y, distance), y, z], axis=-1)
    return points.reshape(-1, 3).astype(np.float32)


_BEFORE, _ON, _BEHIND = (5.0, 0.3, -0.2), (10.0, 1.0, 0.5), (15.0, -1.0, 1.0)
_ASIDE = (5.0, 5.0, 0.0)


@pytest.mark.parametrize(
    ("point", "is_passed", "is_hidden"),
    [(_BEFORE, True, False), (_ON, False, False), (_BEHIND, False, True), (_ASIDE, False, False)],
)
def test_before_on_and_behind_a_wall(
    point: tuple[float, float, float], is_passed: bool, is_hidden: bool
) -> None:
    space = SeenSpace(_wall(10.0))
    points = np.array([point], np.float32)
    assert space.passes(points, margin=0.3, margin_ratio=0.02).tolist() == [is_passed]
    assert space.hides(points, margin=0.3, margin_ratio=0.02).tolist() == [is_hidden]


def test_all_directions_are_alike() -> None:
    """Straight behind, where azimuths jump, and straight up."""
    wall = _wall(10.0)
    turns = {
        "behind": np.array([[-1.0, 0, 0], [0, -1, 0], [0, 0, 1]]),
        "left": np.array([[0.0, -1, 0], [1, 0, 0], [0, 0, 1]]),
    }
    for turn in turns.values():
        space = SeenSpace((wall @ turn.T).astype(np.float32))
        points = (np.array([_BEFORE, _ON, _BEHIND]) @ turn.T).astype(np.float32)
        assert space.passes(points, margin=0.3, margin_ratio=0.02).tolist() == [True, False, False]
    up = np.array([[0.0, 0.0, 5.0]], np.float32)
    assert not SeenSpace(wall).passes(up, margin=0.3, margin_ratio=0.02).any()


def test_an_empty_sweep_has_seen_nothing() -> None:
    space = SeenSpace(np.empty((0, 3), np.float32))
    points = np.array([_BEFORE, (0, 0, 0)], np.float32)
    assert not space.passes(points, margin=0.3, margin_ratio=0.0).any()
    assert not space.hides(points, margin=0.3, margin_ratio=0.0).any()


def test_a_floor_is_not_seen_through_from_elsewhere() -> None:
    """It is grazed, so that the next ray above ends many metres behind."""
    floor = Box((500.0, 500.0), 0.0)
    first, later = _sweep(0.0, floor), _sweep(0.4, floor)
    seen = (later.fixed_from_lidar.inverse() @ first.fixed_from_lidar).apply(first.points)
    passed = later.seen_space.passes(seen.astype(np.float32), margin=0.3, margin_ratio=0.02)
    assert passed.mean() < 0.01
