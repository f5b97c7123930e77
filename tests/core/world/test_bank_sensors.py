# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Sensors on batches: what each promises, and the laws they share with those of single frames."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import Tensor

from depth_completion_core.frame import SparseDepth
from depth_completion_core.world.bank.batch_sensors import (
    BANK_SENSORS,
    DenseBatch,
    corners,
    lidar_lines,
    measure_batch,
    rgbd,
    uniform,
    zones,
)
from depth_completion_core.world.bank.lidar_lines import seen_from
from depth_completion_core.world.edges import within
from depth_completion_core.world.sensors.measuring import measure_depth
from depth_completion_core.world.sensors.sensor_setup import SensorSetup

_COUNT, _HEIGHT, _WIDTH = 24, 120, 160


def _generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def _batch(depth: Tensor | float = 3.0, count: int = _COUNT) -> DenseBatch:
    image = torch.rand((count, 3, _HEIGHT, _WIDTH), generator=_generator(9))
    depth = torch.as_tensor(depth).expand(count, _HEIGHT, _WIDTH).clone()
    focal = torch.tensor([140.0, 140.0, (_WIDTH - 1) / 2, (_HEIGHT - 1) / 2])
    return DenseBatch(image, depth, focal.expand(count, 4))


def _ramp() -> Tensor:
    """Depth that tells its pixel: 1 m in the first, a millimetre more in each after it."""
    return 1.0 + 1e-3 * torch.arange(_HEIGHT * _WIDTH).reshape(1, _HEIGHT, _WIDTH)


@pytest.mark.parametrize("name", ["uniform", "lidar_lines", "rgbd"])
def test_pixels_have_their_own_depth(name: str) -> None:
    batch = _batch(_ramp() * 0.2)
    sparse = BANK_SENSORS[name](batch, _generator())
    there = sparse > 0
    assert there.any()
    assert torch.equal(sparse[there], batch.depth[there])


def test_uniform_draws_log_uniform_numbers_as_that_of_single_frames() -> None:
    """Both: 50 to 20,000, log-uniform; a quarter of this image's pixels end the range earlier."""
    batch = _batch(count=200)
    counts = (uniform(batch, _generator()) > 0).sum(dim=(1, 2)).double()
    share = torch.log(counts.clamp_min(1) / 50.0) / math.log(400.0)
    assert share.min() > -0.1
    assert share.max() <= 1.0
    for quantile in (0.25, 0.5, 0.75):
        assert share.quantile(quantile) == pytest.approx(quantile, abs=0.08)
    half = batch.depth.clone()
    half[:, :60] = 0.0
    fewer = uniform(batch._replace(depth=half), _generator())
    assert not (fewer[:, :60] > 0).any()
    more = (fewer > 0).sum(dim=(1, 2)).double()
    small = counts < 3000
    assert (more[small] / counts[small]).median() == pytest.approx(1.0, abs=0.1)


def test_corners_are_as_many_as_asked_and_about_where_they_are_found() -> None:
    batch = _batch(_ramp() * 0.2)
    sparse = corners(batch, _generator())
    counts = (sparse > 0).sum(dim=(1, 2)).tolist()
    # Jitter lets a few meet on one pixel; a random image has hardly more corners than 700.
    for count in counts:
        assert any(0.8 * wanted <= count <= wanted for wanted in (150, 500)) or count > 500
    assert len({round(count, -2) for count in counts}) >= 2
    smooth = corners(
        _batch()._replace(image=torch.full((_COUNT, 3, _HEIGHT, _WIDTH), 0.5)), _generator()
    )
    assert not (smooth > 0).any(), "no image, no corners"


def test_corners_jitter_by_a_pixel_and_share_a_scale_that_drifts() -> None:
    """Depth grows by a tenth per column, so that it tells the column; the scale is the frame's."""
    ramp = torch.exp(0.1 * torch.arange(_WIDTH))[None, None].expand(1, _HEIGHT, _WIDTH)
    scales, spreads = [], []
    for frame in corners(_batch(ramp, 40), _generator()):
        _, column = frame.nonzero().unbind(1)
        log = torch.log(frame[frame > 0]) - 0.1 * column
        scales.append(float(log.median()))
        spreads.append(float(log.std() / 0.1))
    assert np.std(scales) == pytest.approx(0.03, rel=0.4)
    # Jitter, rounding, and the drift of about 1 % between the parts of an image.
    assert np.median(spreads) == pytest.approx(math.hypot(0.7, math.sqrt(1 / 12), 0.1), rel=0.2)


def test_lidar_lines_are_apart_by_the_same_angle_or_make_a_rosette() -> None:
    """In each fired column, from line to line, to the pixel; hyperbolas in the image."""
    row, column = np.arange(_HEIGHT)[:, None], np.arange(_WIDTH)[None]
    x, y = (column - (_WIDTH - 1) / 2) / 140.0, (row - (_HEIGHT - 1) / 2) / 140.0
    elevation = np.degrees(np.arctan2(-y, np.sqrt(1 + x * x)))
    from_axis = np.degrees(np.arctan(np.hypot(x, y)))
    pixel_deg = math.degrees(1 / 140.0)
    steps, rosettes = [], 0
    for frame in lidar_lines(_batch(count=60), _generator()).numpy() > 0:
        assert frame.sum() > 30
        fired = np.flatnonzero(frame.any(axis=0))
        apart = -np.concatenate([np.diff(elevation[frame[:, each], each]) for each in fired])
        if np.ptp(apart) > 2.2 * pixel_deg:
            rosettes += 1
            assert from_axis[frame].max() < 19.2 + pixel_deg
            continue
        steps.append(apart.mean())
        assert len(fired) > 0.8 * _WIDTH, "firings at 0.1 to 0.4 degrees, pixels at 0.41"
        assert frame.sum(axis=0).max() <= 64
    assert max(steps) > 3 * min(steps)
    assert 2 <= rosettes <= 18


def test_beside_the_camera_near_things_throw_shadows() -> None:
    """Rays from a place to the right of it to the wall left of a box are caught by the box."""
    depth = torch.full((_HEIGHT, _WIDTH), 6.0)
    depth[40:80, 60:100] = 1.5
    batch = _batch(depth, 1)
    for right, down in ((0.25, 0.0), (-0.25, 0.0), (0.0, 0.2)):
        mount = (torch.full((1, 1, 1), offset) for offset in (right, down))
        hidden = ~seen_from(batch, *mount)[0].numpy()
        expected = np.zeros((_HEIGHT, _WIDTH), np.bool_)
        # The box's outline on the wall as seen from there: moved against the offset.
        shift = 140.0 * (1 / 1.5 - 1 / 6.0)
        left, top = round(-shift * right), round(-shift * down)
        expected[40 + top : 80 + top, 60 + left : 100 + left] = True
        assert np.mean(hidden[expected & (depth.numpy() > 2)]) > 0.95
        assert not (hidden & ~within(expected, 2)).any()
        assert not hidden[40:80, 60:100].any()
    nowhere = torch.zeros((1, 1, 1))
    assert seen_from(batch, nowhere, nowhere).all()


def test_zones_agree_with_those_of_single_frames_on_planes() -> None:
    """Mean or median: on a plane the same; both see 4 m far, on the middles of their zones."""
    for depth, seen in ((2.5, True), (5.0, False)):
        sparse = zones(_batch(depth), _generator())
        truth = SparseDepth.from_depth(np.full((_HEIGHT, _WIDTH), depth, np.float32))
        setup = SensorSetup(kind="zones", amount=8, range_m=(0.1, 4.0))
        image = np.zeros((_HEIGHT, _WIDTH, 3), np.uint8)
        single = measure_depth(truth, image, setup, np.random.default_rng(0))
        assert bool(single.count) == bool((sparse > 0).any()) == seen
        if seen:
            assert sparse[sparse > 0].numpy() == pytest.approx(depth)
            side = math.isqrt(int((sparse[0] > 0).sum()))
            assert 8 <= side <= 24
            assert ((sparse > 0).sum(dim=(1, 2)) == side * side).all()
    half = torch.full((_HEIGHT, _WIDTH), 2.0)
    half[:, 80:] = 9.0
    sparse = zones(_batch(half), _generator())
    assert not (sparse[:, :, 90:] > 0).any()


def test_rgbd_loses_edges_and_what_is_dark_bright_or_far_as_single_frames_do() -> None:
    depth = torch.full((_HEIGHT, _WIDTH), 3.0)
    depth[40:80, 60:100] = 1.0
    depth[:20] = 8.5
    batch = _batch(depth)
    image = torch.full_like(batch.image, 0.5)
    image[:, :, :, :10], image[:, :, :, -10:] = 0.0, 1.0
    kept = rgbd(batch._replace(image=image), _generator()) > 0
    setup = SensorSetup(kind="rgbd", range_m=(0.3, 8.0))
    pixels = (image[0].permute(1, 2, 0) * 255).to(torch.uint8).numpy()
    single = measure_depth(
        SparseDepth.from_depth(depth.numpy()), pixels, setup, np.random.default_rng(0)
    ).valid
    for rows, columns in (
        (slice(20), slice(None)),
        (slice(None), slice(10)),
        (slice(None), slice(-10, None)),
        (slice(50, 70), slice(59, 60)),
    ):
        assert not single[rows, columns].any()
        assert not kept[:, rows, columns].any()
    inside = kept[:, 50:70, 70:90].float().mean()
    assert 0.6 < inside < 1.0, "but for blotches"


def test_flaws_are_as_large_as_they_are_said_to_be() -> None:
    """On a plane, measured by random pixels: noise, losses, outliers and shifts of 400 frames."""
    batch = _batch(count=400)
    sparse = measure_batch(batch, torch.zeros(400, dtype=torch.int64), _generator())
    assert torch.equal(batch.depth, torch.full_like(batch.depth, 3.0)), "the truth stays clean"
    off, strange = [], []
    for frame in sparse:
        depth = frame[frame > 0]
        if len(depth) > 2000:
            middle = depth.median()
            spread = 1.4826 * (depth - middle).abs().median()
            off.append(float(spread))
            strange.append(float(((depth - middle).abs() > 6 * spread + 0.02).double().mean()))
    # 0.03 r^2 of 3 m, and 0.02 r: at most 0.11 m.
    assert max(off) < 0.13
    assert np.mean(off) == pytest.approx(math.hypot(0.03, 0.01), rel=0.3)
    assert np.mean(np.array(strange) < 0.005) == pytest.approx(0.5, abs=0.15)
    assert max(strange) < 0.06


def test_misalignment_is_the_same_for_all_of_a_frame_and_at_most_three_pixels() -> None:
    depth = torch.full((_HEIGHT, _WIDTH), 2.0)
    depth[:, 80:] = 6.0
    sparse = measure_batch(_batch(depth, 200), torch.zeros(200, dtype=torch.int64), _generator())
    shifts = []
    for frame in sparse:
        near = ((frame > 0) & (frame < 4)).sum(dim=0)[60:100]
        far = (frame > 4).sum(dim=0)[60:100]
        if (near + far).min() > 5:
            shifts.append(int((near > far).sum()) - 20)
    assert len(shifts) > 30
    assert min(shifts) >= -3
    assert max(shifts) <= 3
    assert np.mean(np.array(shifts) == 0) > 0.4
    assert min(shifts) < 0 < max(shifts)


@pytest.mark.parametrize("kind", range(len(BANK_SENSORS)), ids=list(BANK_SENSORS))
def test_nothing_is_measured_where_nothing_is_and_the_same_state_measures_the_same(
    kind: int,
) -> None:
    batch = _batch(0.0, 4)
    kinds = torch.full((4,), kind)
    assert not measure_batch(batch, kinds, _generator()).any()
    batch = _batch(_ramp() * 0.2, 4)
    first, again, other = (measure_batch(batch, kinds, _generator(seed)) for seed in (1, 1, 2))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert (first >= 0).all()
    assert torch.isfinite(first).all()
