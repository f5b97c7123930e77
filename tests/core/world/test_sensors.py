# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Sensors whose flaws are off measure the clean depth; how they are drawn."""

from __future__ import annotations

import numpy as np
import pytest

from depth_completion_core.frame import SparseDepth
from depth_completion_core.world.render import RenderedFrames, render_frames
from depth_completion_core.world.scene_sampling import WorldConfig
from depth_completion_core.world.sensors.beams import LIDARS
from depth_completion_core.world.sensors.measuring import measure, measure_depth
from depth_completion_core.world.sensors.sensor_setup import (
    SENSOR_KINDS,
    SensorSetup,
    draw_setup,
)


@pytest.fixture(scope="module")
def frames() -> RenderedFrames:
    return render_frames(WorldConfig(height=120, width=160, kind="room"), 1, [4])


@pytest.fixture(scope="module")
def truth(frames: RenderedFrames) -> SparseDepth:
    return SparseDepth(frames.depth[0].numpy(), frames.valid[0].numpy())


def _measured(frames: RenderedFrames, setup: SensorSetup, seed: int = 0) -> SparseDepth:
    sparse = measure(frames, 0, setup, np.random.default_rng(seed))
    assert sparse.depth.dtype == np.float32
    assert np.array_equal(sparse.valid, sparse.depth > 0)
    return sparse


@pytest.mark.parametrize(
    ("kind", "amount"), [("uniform", 700), ("corners", 150), ("corners", 500), ("rgbd", 1)]
)
def test_without_flaws_pixels_have_their_own_depth(
    frames: RenderedFrames, truth: SparseDepth, kind: str, amount: int
) -> None:
    sparse = _measured(frames, SensorSetup(kind=kind, amount=amount))
    np.testing.assert_array_equal(sparse.depth[sparse.valid], truth.depth[sparse.valid])
    if kind != "rgbd":
        assert sparse.count == amount
        assert not np.array_equal(
            _measured(frames, SensorSetup(kind="uniform", amount=amount), 1).valid, sparse.valid
        )


def test_corners_are_where_the_image_has_gradients(
    frames: RenderedFrames,
) -> None:
    grey = frames.image[0].float().mean(dim=0).numpy()
    strength = np.hypot(*np.gradient(grey))
    sparse = _measured(frames, SensorSetup(kind="corners", amount=150))
    # Up to a pixel beside the gradient: a corner lies between the pixels that differ.
    near = np.max(
        [np.roll(strength, (dy, dx), (0, 1)) for dy in (-1, 0, 1) for dx in (-1, 0, 1)], 0
    )
    assert near[sparse.valid].mean() > 1.5 * near.mean()


def test_a_zone_is_the_median_of_its_square(frames: RenderedFrames, truth: SparseDepth) -> None:
    sparse = _measured(frames, SensorSetup(kind="zones", amount=8, range_m=(0.1, 4.0)))
    assert 8 < sparse.count <= 64
    rows, columns = np.nonzero(sparse.valid)
    assert set(rows) <= {7 + 15 * n for n in range(8)}
    assert set(columns - 20) <= {7 + 15 * n for n in range(8)}, "of the middle square"
    for row, column in zip(rows, columns, strict=True):
        window = truth.depth[row - 7 : row + 8, column - 7 : column + 8]
        near = window[(window > 0.1) & (window <= 4.0)]
        assert 2 * near.size > window.size
        assert near.min() <= sparse.depth[row, column] <= near.max()
        below = np.mean(near < sparse.depth[row, column])
        assert below <= 0.51


def test_rgbd_loses_what_its_projector_cannot_reach() -> None:
    """A box stands before a wall: beside its left edge lies the emitter's shadow."""
    depth = np.full((60, 80), 3.0, np.float32)
    depth[20:40, 30:50] = 1.0
    truth = SparseDepth.from_depth(depth)
    image = np.full((60, 80, 3), 128, np.uint8)
    image[:10], image[-10:] = 2, 255
    sparse = measure_depth(truth, image, SensorSetup(kind="rgbd"), np.random.default_rng(0))
    assert not sparse.valid[:10].any(), "too dark"
    assert not sparse.valid[-10:].any(), "too bright"
    assert not sparse.valid[25:35, 25:30].any()
    assert sparse.valid[25:35, 32:48].all()
    assert sparse.valid[25:35, 53:].all()


@pytest.mark.parametrize("share", [0.1, 0.25])
def test_rgbd_has_holes_of_a_share(share: float) -> None:
    truth = SparseDepth.from_depth(np.full((240, 320), 2.0, np.float32))
    image = np.full((240, 320, 3), 128, np.uint8)
    setup = SensorSetup(kind="rgbd", holes=share)
    sparse = measure_depth(truth, image, setup, np.random.default_rng(0))
    assert 1.0 - sparse.count / truth.count == pytest.approx(share, abs=0.01)
    # Blotches, not single pixels: most neighbours of a hole are holes.
    hole = ~sparse.valid
    assert np.mean(hole[:, 1:][hole[:, :-1]]) > 0.85


def test_setups_are_drawn_as_demanded() -> None:
    random = np.random.default_rng(0)
    for kind in SENSOR_KINDS:
        drawn = [draw_setup(random, kind, "room") for _ in range(400)]
        assert {setup.kind for setup in drawn} == {kind}
        assert max(np.hypot(*setup.misaligned_px) for setup in drawn) <= 3.0
        assert np.mean([setup.outliers > 0 for setup in drawn]) == pytest.approx(0.6, abs=0.1)
        assert max(setup.outliers for setup in drawn) <= 0.05
        assert all(0 <= setup.mixed <= 0.4 for setup in drawn)
        amounts = np.array([setup.amount for setup in drawn])
        if kind == "uniform":
            assert amounts.min() >= 50
            assert amounts.max() <= 20000
            logs = np.log(amounts / 50.0) / np.log(400.0)
            assert logs.mean() == pytest.approx(0.5, abs=0.05), "log-uniform"
            assert logs.std() == pytest.approx(np.sqrt(1 / 12), abs=0.03)
        elif kind == "corners":
            assert set(amounts) == {150, 500, 1500}
            assert max(setup.drift for setup in drawn) > 0.03
        elif kind == "zones":
            assert (amounts.min(), amounts.max()) == (8, 24)
        elif kind == "lidar":
            assert {setup.lidar for setup in drawn} == set(LIDARS)
            assert np.std([setup.mount[0] for setup in drawn]) > 0.1, "beside the camera"
    for scene in ("room", "street"):
        kinds = {draw_setup(random, "any", scene).kind for _ in range(300)}
        assert kinds == set(SENSOR_KINDS) - ({"zones", "rgbd"} if scene == "street" else set())


def test_strange_sensors_are_refused(frames: RenderedFrames, truth: SparseDepth) -> None:
    with pytest.raises(ValueError, match="known are uniform, corners"):
        SensorSetup(kind="sonar")
    with pytest.raises(ValueError, match="known are m8"):
        SensorSetup(kind="lidar", lidar="vlp_17")
    with pytest.raises(ValueError, match="at least 1 point, got 0"):
        SensorSetup(amount=0)
    with pytest.raises(ValueError, match=r"known are .*, any"):
        draw_setup(np.random.default_rng(0), "sonar", "room")
    image = frames.image[0].permute(1, 2, 0).numpy()
    with pytest.raises(ValueError, match="call measure"):
        measure_depth(truth, image, SensorSetup(kind="lidar"), np.random.default_rng(0))
