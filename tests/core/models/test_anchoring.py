# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Drawing depth towards measurements: laws, and a slow twin."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from depth_completion_core.completer import DepthCompleter
from depth_completion_core.config import AnchoringConfig, CompletionConfig, OutputConfig
from depth_completion_core.frame import Frame, SparseDepth
from depth_completion_core.geometry.arrays import Float32Array
from depth_completion_core.models.base import CompletionModel, ModelInput, ModelOutput
from depth_completion_core.models.layers import anchoring
from depth_completion_core.models.layers.anchoring import (
    anchored,
    interpolated,
    scene_scale,
    spread_out,
    trust,
)

_SIZE = (60, 83)
_LONE = (30, 40)


def _depth(seed: int = 0) -> Float32Array:
    rows, columns = np.mgrid[: _SIZE[0], : _SIZE[1]] / 60.0
    slope = np.random.default_rng(seed).uniform(-1.0, 1.0, 2)
    depth: Float32Array = (4.0 + slope[0] * rows + slope[1] * columns).astype(np.float32)
    return depth


def _measured(depth: Float32Array, share: float = 0.02, seed: int = 1) -> SparseDepth:
    """Some pixels of it as they are."""
    valid = np.random.default_rng(seed).random(depth.shape) < share
    return SparseDepth(np.where(valid, depth, np.float32(0)), valid)


def _single(depth: Float32Array, factor: float) -> SparseDepth:
    sparse = np.zeros_like(depth)
    sparse[_LONE] = factor * depth[_LONE]
    return SparseDepth.from_depth(sparse)


def _batch(image: npt.NDArray[np.floating]) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(image))[None, None]


def _anchored(depth: Float32Array, sparse: SparseDepth, reach_px: float = 0.0) -> Float32Array:
    drawn: Float32Array = anchored(_batch(depth), _batch(sparse.depth), reach_px)[0, 0].numpy()
    return drawn


@given(seed=st.integers(0, 50), share=st.sampled_from([0.0, 0.001, 0.05, 1.0]))
def test_what_is_measured_as_predicted_changes_nothing(seed: int, share: float) -> None:
    depth = _depth(seed)
    np.testing.assert_array_equal(_anchored(depth, _measured(depth, share, seed)), depth)


@pytest.mark.parametrize("factor", [0.5, 0.9, 1.3, 2.0])
def test_a_lone_measurement_is_nearly_met_and_far_from_it_nothing_changes(factor: float) -> None:
    depth, reach_px = _depth(), 12.0
    found = np.log(_anchored(depth, _single(depth, factor), reach_px) / depth)
    assert found[_LONE] == pytest.approx(np.log(factor), rel=0.15)
    row, column = np.indices(_SIZE)
    distance = np.hypot(row - _LONE[0], column - _LONE[1])
    assert np.abs(found).max() == pytest.approx(abs(found[_LONE]), rel=0.05)
    assert (np.abs(found[distance < 4]) > 0.2 * abs(np.log(factor))).all()
    assert (found[distance > 2.5 * reach_px] == 0).all()


def test_the_same_factor_everywhere_is_found_between_the_points() -> None:
    depth = _depth()
    found = _anchored(depth, _measured(1.25 * depth, 0.05)) / depth
    inside = found[8:-8, 8:-8]
    assert 1.2 < inside.min() <= inside.max() < 1.26


@given(scale=st.sampled_from([0.125, 0.5, 4.0]), seed=st.integers(0, 20))
def test_scaling_both_scales_the_result(scale: float, seed: int) -> None:
    depth, random = _depth(seed), np.random.default_rng(seed)
    noisy = (depth * np.exp(random.normal(0, 0.1, _SIZE))).astype(np.float32)
    sparse = _measured(noisy)
    scaled = SparseDepth(np.float32(scale) * sparse.depth, sparse.valid)
    found = _anchored(np.float32(scale) * depth, scaled)
    np.testing.assert_allclose(found, scale * _anchored(depth, sparse), rtol=1e-6)


def test_moving_both_moves_the_result() -> None:
    """By a whole cell of the coarsest grids, away from the border."""
    depth = np.full((128, 128), 3.0, np.float32)
    rows, columns = np.random.default_rng(0).integers(40, 70, (2, 30))
    sparse, moved = np.zeros((2, 128, 128), np.float32)
    values = np.random.default_rng(1).uniform(2.5, 3.5, 30)
    sparse[rows, columns] = values
    moved[rows + 32, columns + 32] = values
    first, second = (_anchored(depth, SparseDepth.from_depth(s), 12.0) for s in (sparse, moved))
    np.testing.assert_allclose(second[32:, 32:], first[:-32, :-32], rtol=1e-6)


@pytest.mark.parametrize("wrong", [0.1, 0.3, 4.0, 20.0])
def test_one_gross_outlier_among_many_moves_little(wrong: float) -> None:
    depth = _depth()
    sparse = _measured(np.float32(1.1) * depth, 0.05)
    expected = _anchored(depth, sparse)
    row, column = (int(i[len(i) // 2]) for i in np.nonzero(sparse.valid))
    spoiled = sparse.depth.copy()
    spoiled[row, column] *= wrong
    found = _anchored(depth, SparseDepth(spoiled, sparse.valid))
    assert np.abs(np.log(found / expected)).max() < 0.03


def test_noise_is_averaged() -> None:
    depth, random = _depth(), np.random.default_rng(3)
    noisy = (1.2 * depth * np.exp(random.normal(0, 0.05, _SIZE))).astype(np.float32)
    found = np.log(_anchored(depth, _measured(noisy, 0.3)) / (1.2 * depth))
    assert np.sqrt(np.mean(found[8:-8, 8:-8] ** 2)) < 0.03


def test_no_measurement_and_no_prediction_are_left_alone() -> None:
    depth = _depth()
    nothing = SparseDepth.from_depth(np.zeros_like(depth))
    np.testing.assert_array_equal(_anchored(depth, nothing), depth)
    depth[10:20] = 0.0
    depth[25, 3] = np.nan
    known = np.nan_to_num(depth) > 0
    found = _anchored(depth, _measured(np.float32(1.5) * _depth()))
    np.testing.assert_array_equal(found[~known], depth[~known])
    assert np.isfinite(found[known]).all()
    only_unknown = SparseDepth.from_depth(np.where(known, np.float32(0), np.float32(3)))
    np.testing.assert_array_equal(_anchored(depth, only_unknown), depth)


def test_images_of_a_batch_do_not_touch_each_other() -> None:
    """Few and many measurements, so that they are compared over different distances."""
    depth = np.stack([_depth(seed) for seed in range(4)])
    sparse = [
        _measured(np.float32(1.2) * each, share)
        for each, share in zip(depth, (0.002, 0.3, 0.0, 0.02), strict=True)
    ]
    together = anchored(
        torch.from_numpy(depth)[:, None],
        torch.from_numpy(np.stack([each.depth for each in sparse]))[:, None],
    )
    for found, one, measured in zip(together[:, 0].numpy(), depth, sparse, strict=True):
        np.testing.assert_allclose(found, _anchored(one, measured), rtol=1e-6)


def test_half_precision_around_it_changes_nothing() -> None:
    depth = _batch(_depth())
    sparse = _batch(_measured(np.float32(1.3) * _depth()).depth)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        found = anchored(depth, sparse)
    torch.testing.assert_close(found, anchored(depth, sparse), rtol=0, atol=0)


# Interpolation: one depth, drawn towards the measurements


def test_the_scale_is_the_geometric_mean_of_each_image() -> None:
    sparse = torch.from_numpy(
        np.stack([_measured(_depth(0)).depth, _measured(_depth(1)).depth, np.zeros(_SIZE)])
    )[:, None].double()
    scale = scene_scale(sparse)
    assert scale.shape == (3, 1, 1, 1)
    for plane, found in zip(sparse[:2, 0].numpy(), scale[:2].flatten(), strict=True):
        assert found == pytest.approx(
            np.prod(plane[plane > 0] ** (1 / (plane > 0).sum())), rel=1e-9
        )
    assert scale[2] == 1.0


def test_a_slope_is_interpolated_within_a_few_percent() -> None:
    depth = _depth()
    found = interpolated(_batch(_measured(depth, 0.05).depth))[0, 0].numpy()
    assert np.abs(found / depth - 1)[8:-8, 8:-8].max() < 0.04


def test_without_measurements_the_interpolation_is_one_metre() -> None:
    assert (interpolated(torch.zeros((1, 1, 12, 16))) == 1.0).all()


# The twin: sums over pairs and pixels in float64


class Points(NamedTuple):
    """(N,) measured pixels, and log(measured / predicted) there."""

    row: np.ndarray
    column: np.ndarray
    error: np.ndarray


def _kernel(distance: float) -> float:
    return {0: 1.0, 1: 4 / 6, 2: 1 / 6}.get(abs(distance), 0.0)  # type: ignore[call-overload, no-any-return]


def _slow_filtered(grid: np.ndarray) -> np.ndarray:
    out = np.zeros_like(grid)
    for row in range(grid.shape[0]):
        for column in range(grid.shape[1]):
            for r in range(max(row - 2, 0), min(row + 3, grid.shape[0])):
                for c in range(max(column - 2, 0), min(column + 3, grid.shape[1])):
                    out[row, column] += _kernel(r - row) * _kernel(c - column) * grid[r, c]
    return out


def _slow_doubled(grid: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    out = np.zeros(shape)
    for row in range(shape[0]):
        for column in range(shape[1]):
            y = min(max((row + 0.5) / 2 - 0.5, 0.0), grid.shape[0] - 1.0)
            x = min(max((column + 0.5) / 2 - 0.5, 0.0), grid.shape[1] - 1.0)
            for r in (int(y), min(int(y) + 1, grid.shape[0] - 1)):
                for c in (int(x), min(int(x) + 1, grid.shape[1] - 1)):
                    share = max(1 - abs(y - r), 0.0) * max(1 - abs(x - c), 0.0)
                    out[row, column] += share * grid[r, c] * _once(r, c, y, x, grid.shape)
    return out


def _once(r: int, c: int, y: float, x: float, shape: tuple[int, ...]) -> float:
    """A last row or column is met twice by the loops above."""
    rows = 2 if int(y) == shape[0] - 1 == r else 1
    columns = 2 if int(x) == shape[1] - 1 == c else 1
    return 1.0 / (rows * columns)


def _slow_spread_out(
    points: Points, weight: np.ndarray, shape: tuple[int, int], coarsest: int
) -> np.ndarray:
    found = np.zeros((1, 1))
    for level in range(coarsest, -1, -1):
        side = 2**level
        grid = (-(-shape[0] // side), -(-shape[1] // side))
        found = np.zeros(grid) if level == coarsest else _slow_doubled(found, grid)
        amount, total = np.zeros((2, *grid))
        for row, column, error, trusted in zip(*points, weight, strict=True):
            amount[row // side, column // side] += trusted
            total[row // side, column // side] += trusted * error
        prior = anchoring._PRIOR * anchoring._GROWTH ** (coarsest - level)
        change = _slow_filtered(total - amount * found) / (_slow_filtered(amount) + prior)
        found = found + change
    return found


def _slow_trust(points: Points, level: int) -> np.ndarray:
    """Sums over all pairs of points."""
    count, side = len(points.error), 2**level
    near = np.zeros((count, count))
    for i in range(count):
        for j in range(count):
            if i != j:
                near[i, j] = _kernel(points.row[i] // side - points.row[j] // side) * _kernel(
                    points.column[i] // side - points.column[j] // side
                )
    weight = np.ones(count)
    for _ in range(anchoring._ROUNDS):
        amount = near @ weight
        is_judged = amount >= anchoring._LEAST_NEIGHBOURS
        mean = near @ (weight * points.error) / np.maximum(amount, 1e-6)
        off = np.where(is_judged, np.abs(points.error - mean), 0.0)
        spread = near @ (weight * off) / np.maximum(amount, 1e-6)
        limit = anchoring._TOLERANCE * np.maximum(spread, anchoring._LEAST_SPREAD)
        weight = np.where(is_judged, 1 / (1 + (off / limit) ** 2), 1.0)
    return weight


def _points(count: int, shape: tuple[int, int], seed: int) -> Points:
    random = np.random.default_rng(seed)
    place = random.permutation(shape[0] * shape[1])[:count]
    return Points(place // shape[1], place % shape[1], random.normal(0.1, 0.2, count))


def _map(points: Points, value: np.ndarray, shape: tuple[int, int]) -> Tensor:
    grid = np.zeros(shape)
    grid[points.row, points.column] = value
    return _batch(grid)


@pytest.mark.parametrize(("shape", "coarsest"), [((16, 16), 2), ((13, 19), 3), ((9, 7), 0)])
def test_spreading_is_that_of_the_twin(shape: tuple[int, int], coarsest: int) -> None:
    points = _points(12, shape, coarsest)
    weight = np.random.default_rng(2).uniform(0.1, 1.0, 12)
    found = spread_out(_map(points, points.error, shape), _map(points, weight, shape), coarsest)
    expected = _slow_spread_out(points, weight, shape, coarsest)
    np.testing.assert_allclose(found[0, 0].numpy(), expected, atol=1e-9)


@pytest.mark.parametrize(("count", "level"), [(9, 4), (60, 3), (400, 1), (1200, 0)])
def test_trust_is_that_of_the_twin(count: int, level: int) -> None:
    """Points are compared over four times their mean distance, three cells of a grid."""
    shape = (30, 41)
    points = _points(count, shape, level)
    points.error[7] = 3.0
    measured = _map(points, np.ones(count), shape) > 0
    found = trust(_map(points, points.error, shape), measured)[0, 0].numpy()
    assert (found[~measured[0, 0].numpy()] == 0).all()
    expected = _slow_trust(points, level)
    np.testing.assert_allclose(found[points.row, points.column], expected, rtol=1e-9, atol=1e-9)


# In the completer


class _Flat(CompletionModel):
    """Two metres everywhere."""

    def forward(self, inputs: ModelInput) -> ModelOutput:
        depth = torch.full_like(inputs.sparse_depth, 2.0)
        return ModelOutput(depth=depth)


def _completed(enabled: bool) -> np.ndarray:
    sparse = _measured(np.full(_SIZE, 2.4, np.float32), 0.05)
    output = OutputConfig(anchoring=AnchoringConfig(enabled=enabled))
    config = CompletionConfig(output=output)
    image = np.zeros((*_SIZE, 3), np.uint8)
    frame = Frame(image=image, camera=None, sparse=sparse)
    return DepthCompleter(_Flat(), config=config).complete(frame).depth


def test_it_is_off_until_it_is_turned_on() -> None:
    assert not CompletionConfig().output.anchoring.enabled
    assert (_completed(enabled=False) == 2.0).all()
    assert np.median(_completed(enabled=True)) == pytest.approx(2.4, abs=0.05)
