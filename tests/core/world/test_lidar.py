# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Lidars beside the camera: on the surfaces, from where they are, through their calibration."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from depth_completion_core.world.render import RenderedFrames, render_frames
from depth_completion_core.world.scene_sampling import WorldConfig
from depth_completion_core.world.sensors.beams import LIDARS, rosette, spinning
from depth_completion_core.world.sensors.lidar import (
    camera_from_lidar,
    cast_rays,
    lidar_depth,
    lidar_points,
)
from depth_completion_core.world.sensors.sensor_setup import SensorSetup
from tests.core.world.slow_cast import Float64, slow_cast
from tests.core.world.small_scenes import rendered, scene_of, wall_and_box

LIDAR = SensorSetup(
    kind="lidar", lidar="os0_64", mount=(0.2, -0.1, -0.15), tilt_deg=(3.0, -2.0, 1.0)
)
ROSETTE = replace(LIDAR, kind="rosette", amount=3000)


@pytest.fixture(scope="module")
def frames() -> RenderedFrames:
    return render_frames(WorldConfig(height=72, width=96), 5, [0, 1])


def _points(frames: RenderedFrames, setup: SensorSetup, number: int = 0, seed: int = 0) -> Float64:
    return lidar_points(frames, number, setup, np.random.default_rng(seed)).astype(np.float64)


@pytest.mark.parametrize("setup", [LIDAR, ROSETTE], ids=["lidar", "rosette"])
@pytest.mark.parametrize("number", [0, 1])
def test_points_lie_on_what_the_slow_cast_meets_from_the_lidar(
    frames: RenderedFrames, setup: SensorSetup, number: int
) -> None:
    scene = frames.scenes[number]
    points = _points(frames, setup, number)
    points = points[:: len(points) // 10]
    world_from_lidar = scene.world_from_camera @ camera_from_lidar(setup)
    origin = np.tile(world_from_lidar.translation, (len(points), 1))
    metres = np.linalg.norm(points, axis=1)
    directions = (points / metres[:, None]) @ world_from_lidar.rotation.T
    expected = slow_cast(scene.table, origin, directions).t
    assert np.count_nonzero(np.abs(metres / expected - 1.0) > 1e-3) <= 1


def test_what_the_camera_sees_too_is_its_own_depth(frames: RenderedFrames) -> None:
    """From another place, on pixels that are rounded: edges and slopes let a few differ."""
    for number in (0, 1):
        sparse = lidar_depth(frames, number, LIDAR, np.random.default_rng(0))
        truth = frames.depth[number].numpy()
        both = sparse.valid & (truth > 0)
        assert both.sum() > 300
        error = np.abs(sparse.depth[both] / truth[both] - 1.0)
        assert np.median(error) < 0.02
        assert np.mean(error < 0.05) > 0.85


def test_parallax_is_true() -> None:
    """Half a metre to the right of the camera, a lidar sees the wall that the box hides from it."""
    frames = rendered(scene_of(wall_and_box()))
    truth = frames.depth[0].numpy()
    behind = []
    for mount in ((0.0, 0.0, 0.0), (0.5, 0.0, 0.0)):
        setup = SensorSetup(kind="lidar", lidar="os0_64", mount=mount, hidden_kept=True)
        points = _points(frames, setup)
        seen = camera_from_lidar(setup).apply(points)
        pixels, inside = frames.scenes[0].camera.project(seen)
        column, row = np.rint(pixels[inside]).astype(int).T.clip(0)
        depth = seen[inside][:, 2]
        hidden = depth > truth[row.clip(max=71), column.clip(max=95)] + 1.0
        behind.append(np.mean(hidden[(row > 32) & (row < 39) & (column > 43) & (column < 52)]))
    assert behind[0] < 0.05
    assert behind[1] > 0.2


def test_hidden_points_are_filtered_unless_they_are_kept() -> None:
    frames = render_frames(WorldConfig(kind="room"), 5, [1])
    every, seen = (
        lidar_depth(frames, 0, replace(LIDAR, hidden_kept=kept), np.random.default_rng(0))
        for kept in (True, False)
    )
    assert not (seen.valid & ~every.valid).any()
    truth = frames.depth[0].numpy()
    hidden = every.valid & (every.depth > 1.1 * truth) & (truth > 0)
    assert hidden.sum() > 50
    assert np.mean(seen.valid[hidden]) < 0.5


def test_the_error_of_the_calibration_moves_points() -> None:
    frames = rendered(scene_of(wall_and_box()))
    setup = SensorSetup(kind="lidar", lidar="os0_64", hidden_kept=True, extrinsic_m=0.1)
    shifts = []
    for seed in range(12):
        sparse = lidar_depth(frames, 0, setup, np.random.default_rng(seed))
        wall = sparse.depth[:10][sparse.valid[:10]]
        shifts.append(float(np.median(wall)) - 6.0)
    assert np.std(shifts) == pytest.approx(0.1, rel=0.5)
    exact = lidar_depth(frames, 0, replace(setup, extrinsic_m=0.0), np.random.default_rng(0))
    assert np.median(exact.depth[:10][exact.valid[:10]]) == pytest.approx(6.0, abs=1e-3)


def test_a_turned_calibration_moves_points_by_its_angle() -> None:
    frames = rendered(scene_of(wall_and_box()))
    setup = SensorSetup(kind="lidar", lidar="os0_64", hidden_kept=True, extrinsic_deg=1.5)
    middles = []
    for seed in range(12):
        sparse = lidar_depth(frames, 0, setup, np.random.default_rng(seed))
        columns = np.nonzero(sparse.valid & (sparse.depth < 4.0))[1]
        middles.append(columns.mean())
    assert np.std(middles) == pytest.approx(80.0 * np.radians(1.5), rel=0.5)


@pytest.mark.parametrize(("flaw", "share"), [("dropout", 0.3), ("outliers", 0.05)])
def test_lidars_lose_points_and_err(flaw: str, share: float) -> None:
    frames = rendered(scene_of(wall_and_box()[:1]))
    setup = SensorSetup(kind="lidar", lidar="os0_64")
    clean = _points(frames, setup)
    flawed = _points(frames, replace(setup, **{flaw: share}))  # type: ignore[arg-type]
    if flaw == "dropout":
        assert 1.0 - len(flawed) / len(clean) == pytest.approx(share, abs=0.02)
        np.testing.assert_allclose(flawed[:, 0], 6.0, rtol=1e-4)
    else:
        assert len(flawed) == len(clean)
        assert np.mean(np.abs(flawed[:, 0] - 6.0) > 1e-3) == pytest.approx(share, abs=0.01)


def test_a_lidars_noise_is_along_its_beams() -> None:
    frames = rendered(scene_of(wall_and_box()[:1]))
    setup = SensorSetup(kind="lidar", lidar="os0_64", noise_m=0.03)
    clean, noisy = _points(frames, replace(setup, noise_m=0.0)), _points(frames, setup)
    lengths, noisy_lengths = np.linalg.norm(clean, axis=1), np.linalg.norm(noisy, axis=1)
    assert np.std(noisy_lengths - lengths) == pytest.approx(0.03, rel=0.05)
    np.testing.assert_allclose(noisy / noisy_lengths[:, None], clean / lengths[:, None], atol=1e-5)


def test_beams_that_meet_two_things_lie_between() -> None:
    frames = rendered(scene_of(wall_and_box()))
    setup = SensorSetup(kind="lidar", lidar="os0_64", mixed=1.0)
    # The box's far side is at 3.1 m, and nothing else stands before the wall.
    counts = []
    for mixed in (0.0, 1.0):
        depth = _points(frames, replace(setup, mixed=mixed))[:, 0]
        counts.append(np.count_nonzero((depth > 3.15) & (depth < 5.95)))
    lines = np.count_nonzero(np.abs(np.array(LIDARS["os0_64"].elevation_deg)) < 3.9)
    assert counts[0] == 0
    assert lines <= counts[1] <= 2 * lines, "each line meets two edges"


def test_rays_come_back_in_their_order() -> None:
    frames = rendered(scene_of(wall_and_box()), scene_of(wall_and_box()[:1]))
    random = np.random.default_rng(0)
    directions = random.standard_normal((301, 3))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    for number, scene in enumerate(frames.scenes):
        lengths = cast_rays(frames.cast, number, np.zeros(3), directions)
        expected = slow_cast(scene.table, np.zeros((301, 3)), directions).t
        assert np.array_equal(np.isfinite(lengths), np.isfinite(expected))
        met = np.isfinite(expected)
        np.testing.assert_allclose(lengths[met], expected[met], rtol=1e-4)


@pytest.mark.parametrize("name", list(LIDARS))
def test_patterns_have_their_lines_and_steps(name: str) -> None:
    lidar = LIDARS[name]
    assert 8 <= len(lidar.elevation_deg) <= 64
    beams = spinning(lidar, np.radians(30.0), 0.25)
    np.testing.assert_allclose(np.linalg.norm(beams, axis=-1), 1.0)
    elevation = np.degrees(np.arcsin(beams[..., 2]))
    np.testing.assert_allclose(elevation, np.tile(lidar.elevation_deg, (len(beams), 1)), atol=1e-9)
    azimuth = np.degrees(np.arctan2(beams[:, 0, 1], beams[:, 0, 0]))
    np.testing.assert_allclose(np.diff(azimuth), lidar.step_deg, atol=1e-9)
    assert -30.0 <= azimuth[0] < -30.0 + lidar.step_deg
    assert 30.0 - lidar.step_deg <= azimuth[-1] <= 30.0


def test_a_rosette_fills_a_round_field_and_never_repeats() -> None:
    half = np.radians(19.2)
    beams = rosette(20000, half, 0.3)
    np.testing.assert_allclose(np.linalg.norm(beams, axis=-1), 1.0)
    angle = np.arccos(beams[:, 0])
    assert angle.max() <= half + 1e-9
    assert angle.max() > 0.99 * half
    cells = np.floor(beams[:, 1:] / 0.02).astype(int)
    first, later = ({tuple(cell) for cell in part} for part in (cells[:5000], cells))
    assert len(later) > 1.2 * len(first), "it fills with time"
