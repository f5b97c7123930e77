# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
import torch

from depth_completion_core.models import build_model
from depth_completion_core.models.classical import CpuModel
from depth_completion_core.models.geodesic import Geodesic, geodesic_fit
from depth_completion_core.models.guided.geodesic_cells import geodesic_cells
from depth_completion_core.models.guided.local_planes import local_planes
from depth_completion_core.models.guided.second_differences import Bending, least_bent
from depth_completion_core.models.guided.working_frame import WorkingFrame, working_frame
from depth_completion_core.models.image_guided import GuidedFrame
from depth_completion_core.models.layers.edge_aware_upsampling import raised_along_edges
from tests.core.models import guided_twins as twins

Float32Array = npt.NDArray[np.float32]
BoolArray = npt.NDArray[np.bool_]
_STEP, _GAIN = 0.02, 10.0

guided_model = pytest.mark.parametrize("name", ["geodesic", "plane_preserving", "consensus"])


def _image(size: tuple[int, int], seed: int) -> Float32Array:
    """Two colours that meet at a slanted line, with a little noise."""
    rows, columns = np.indices(size)
    beyond = columns + 0.5 * rows > 0.6 * size[1]
    random = np.random.default_rng(seed)
    image = np.where(beyond, 0.7, 0.3) + random.normal(0, 0.02, (3, *size))
    return np.clip(image, 0, 1).astype(np.float32)


def _measured(size: tuple[int, int], count: int, seed: int) -> tuple[Float32Array, BoolArray]:
    random = np.random.default_rng(seed)
    valid = np.zeros(size, dtype=np.bool_)
    valid.reshape(-1)[random.choice(valid.size, count, replace=False)] = True
    return np.where(valid, random.uniform(1.0, 9.0, size), 0).astype(np.float32), valid


def _frame(size: tuple[int, int], count: int, seed: int) -> WorkingFrame:
    return working_frame(_image(size, seed), *_measured(size, count, seed), size)


def _fill(name: str, image: Float32Array, depth: Float32Array, valid: BoolArray) -> Float32Array:
    model = build_model(name)
    assert isinstance(model, CpuModel)
    filled = model.fill_frame(image, np.where(valid, depth, np.float32(0)), valid)
    assert filled.valid.all()
    assert np.isfinite(filled.depth).all()
    return filled.depth


@pytest.mark.parametrize(("size", "count"), [((9, 13), 7), ((14, 8), 12), ((6, 6), 1), ((1, 9), 3)])
def test_cells_are_those_of_the_cheapest_ways(size: tuple[int, int], count: int) -> None:
    frame = _frame(size, count, seed=count)
    cells = geodesic_cells(frame.image, frame.pixels, neighbours=5, step=_STEP, gain=_GAIN)
    places = [(int(p) // size[1], int(p) % size[1]) for p in frame.pixels]
    ways = [twins.ways(frame.image, place, _STEP, _GAIN) for place in places]
    for pixel in np.ndindex(*size):
        costs = [way[pixel] for way in ways]
        assert cells.distance[pixel] == pytest.approx(min(costs), rel=1e-5, abs=1e-9)
        assert costs[cells.seed[pixel]] == pytest.approx(min(costs), rel=1e-5, abs=1e-9)
    touching = twins.distances_over_borders(frame.image, cells.seed, cells.distance, _STEP, _GAIN)
    expected = twins.distances_in_two_steps(touching, count)
    for number in range(count):
        near = np.sort(expected[number])[:5]
        near = np.concatenate([near, np.full(5 - len(near), np.inf)])
        np.testing.assert_allclose(cells.neighbour_distance[number], near, rtol=1e-5)
        known = np.isfinite(cells.neighbour_distance[number])
        chosen = cells.neighbours[number]
        np.testing.assert_allclose(expected[number, chosen[known]], near[known], rtol=1e-5)
        assert (chosen[~known] == number).all()
        means = [way for (one, _), way in touching.items() if one == number]
        mean = np.mean(means) if means else np.inf
        assert cells.touching_distance[number] == pytest.approx(mean, rel=1e-5)


def test_planes_are_weighted_least_squares() -> None:
    frame = _frame((20, 26), 15, seed=1)
    cells = geodesic_cells(frame.image, frame.pixels, neighbours=6, step=_STEP, gain=_GAIN)
    found = local_planes(frame, cells, reach=0.7, tolerance=0.05, rounds=1)
    usual = np.median(cells.touching_distance)
    unit = 1.6 * np.sqrt(20 * 26 / 15)
    for number in range(15):
        near, distance = cells.neighbours[number], cells.neighbour_distance[number]
        basis = np.stack(
            [np.ones(6), frame.u[near] - frame.u[number], frame.v[near] - frame.v[number]], 1
        )
        weight = nearness = np.exp(-distance / (0.7 * usual))
        for _ in range(2):
            root = np.sqrt(weight)[:, None]
            ridge = np.sqrt(0.05) * np.array([[0, unit, 0], [0, 0, unit]])
            rows = np.concatenate([root * basis, ridge])
            wanted = np.concatenate([root[:, 0] * np.log(frame.depth[near]), np.zeros(2)])
            plane = np.linalg.lstsq(rows, wanted, rcond=None)[0]
            off = np.log(frame.depth[near]) - basis @ plane
            weight = nearness / (1 + (off / 0.05) ** 2)
        np.testing.assert_allclose(found.coefficients[number], plane, rtol=1e-4, atol=1e-6)
        known = np.isfinite(distance)
        assert found.lowest[number] == frame.depth[near[known]].min()
        assert found.highest[number] == frame.depth[near[known]].max()


@pytest.mark.parametrize("size", [(9, 12), (12, 9), (2, 7), (1, 6), (7, 1)])
def test_least_bent_is_the_dense_solution(size: tuple[int, int]) -> None:
    frame = _frame(size, 4, seed=3)
    bent = least_bent(frame, Bending(colour_spread=0.05, floor=1e-2, slope=0.3))
    measured = {
        (int(p) // size[1], int(p) % size[1]): np.median(frame.depth) / z
        for p, z in zip(frame.pixels, frame.depth, strict=True)
    }
    expected = twins.least_bent(frame.image, measured, spread=0.05, floor=1e-2, slope=0.3)
    np.testing.assert_allclose(bent, expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("large", [(12, 17), (9, 31), (5, 6)])
def test_raising_weighs_place_and_colour(large: tuple[int, int]) -> None:
    random = np.random.default_rng(0)
    small, image = _image((5, 6), 0), _image(large, 1)
    values = random.random((2, 5, 6), dtype=np.float32)
    valid = random.random((5, 6)) < 0.7
    valid[:2, :2] = False
    found = raised_along_edges(
        torch.from_numpy(values),
        torch.from_numpy(small),
        torch.from_numpy(image),
        torch.from_numpy(valid),
    )
    for channel in range(2):
        expected = twins.raised(values[channel], small, image, valid)
        np.testing.assert_allclose(found[channel].numpy(), expected, atol=1e-5)
    alone = raised_along_edges(
        torch.from_numpy(values[0]), torch.from_numpy(small), torch.from_numpy(image)
    )
    everywhere = twins.raised(values[0], small, image, np.ones_like(valid))
    np.testing.assert_allclose(alone.numpy(), everywhere, atol=1e-5)


@pytest.mark.parametrize("seed", [0, 1])
def test_consensus_is_the_median_of_the_three(seed: int) -> None:
    image, measured = _image((40, 56), seed), _measured((40, 56), 60, seed)
    three = [_fill(name, image, *measured) for name in ("linear", "geodesic", "plane_preserving")]
    found = _fill("consensus", image, *measured)
    np.testing.assert_array_equal(found, np.median(three, axis=0))


@guided_model
@pytest.mark.parametrize("factor", [5.0, 0.2, 1e-3])
def test_depth_in_another_unit_is_the_same_depth(name: str, factor: float) -> None:
    image, (depth, valid) = _image((60, 80), 2), _measured((60, 80), 90, 2)
    expected = factor * _fill(name, image, depth, valid)
    found = _fill(name, image, (factor * depth).astype(np.float32), valid)
    np.testing.assert_allclose(found, expected, rtol=1e-4)


@guided_model
def test_planes_of_inverse_depth_are_kept(name: str) -> None:
    """Two walls that meet at the edge of the image, each measured on all of its border."""
    size = (48, 64)
    rows, columns = np.indices(size)
    image = np.broadcast_to(np.where(columns < 32, 0.2, 0.8), (3, *size)).astype(np.float32)
    inverse = np.where(columns < 32, 0.5 + 0.002 * columns, 0.2 + 0.001 * rows)
    truth = (1 / inverse).astype(np.float32)
    valid = np.zeros(size, dtype=np.bool_)
    valid[1::6, 1::5] = True
    off = np.abs(_fill(name, image, truth, valid) / truth - 1)
    linear = np.abs(_fill("linear", image, truth, valid) / truth - 1)
    assert np.median(off) < 2e-3
    # Flying pixels: more than 5 % off what is on either side of the edge.
    assert (off[:, 24:40] > 0.05).mean() < 0.35 * (linear[:, 24:40] > 0.05).mean()


@guided_model
def test_too_few_or_too_many_measurements_are_interpolated_without_the_image(name: str) -> None:
    image = _image((24, 32), 0)
    for count in (1, 2, 24 * 32 * 3 // 10 + 1, 24 * 32):
        measured = _measured((24, 32), count, 4)
        np.testing.assert_array_equal(
            _fill(name, image, *measured), _fill("linear", image, *measured)
        )


@guided_model
def test_points_in_a_line_and_an_image_without_contrast_have_an_answer(name: str) -> None:
    flat = np.full((3, 30, 40), 0.5, dtype=np.float32)
    for rows, columns in (
        (np.full(9, 7), np.arange(9) * 3),
        (np.arange(9) * 3, np.full(9, 7)),
        (np.arange(9), np.arange(9)),
    ):
        valid = np.zeros((30, 40), dtype=np.bool_)
        valid[rows, columns] = True
        depth = np.zeros((30, 40), dtype=np.float32)
        depth[rows, columns] = np.linspace(2.0, 4.0, 9)
        filled = _fill(name, flat, depth, valid)
        assert filled.min() >= 2.0 - 1e-5
        assert filled.max() <= 4.0 + 1e-5


def test_of_two_points_in_one_pixel_of_the_smaller_image_the_nearer_counts() -> None:
    image, valid = _image((40, 60), 0), np.zeros((40, 60), dtype=np.bool_)
    valid[[10, 10, 30], [20, 21, 50]] = True
    depth = np.zeros((40, 60), dtype=np.float32)
    depth[[10, 10, 30], [20, 21, 50]] = 5.0, 2.0, 3.0
    frame = working_frame(image, depth, valid, (20, 30))
    assert frame.image.shape == (3, 20, 30)
    np.testing.assert_array_equal(frame.pixels, [5 * 30 + 10, 15 * 30 + 25])
    np.testing.assert_array_equal(frame.depth, [2.0, 3.0])
    np.testing.assert_allclose(frame.u, [21.5 / 2 - 0.5, 50.5 / 2 - 0.5])
    np.testing.assert_allclose(frame.v, [10.5 / 2 - 0.5, 30.5 / 2 - 0.5])


def test_a_point_seen_past_an_edge_hardly_bends_its_neighbours() -> None:
    size = (48, 64)
    valid = np.zeros(size, dtype=np.bool_)
    valid[2::6, 2::6] = True
    depth = np.where(valid, np.float32(2.0), np.float32(0))
    depth[26, 32] = 6.0  # not a border of the image: the wall is of one colour
    frame = GuidedFrame(np.full((3, *size), 0.5, dtype=np.float32), depth, valid)
    fit = geodesic_fit(frame, Geodesic.Config())
    outside = fit.cells.seed != fit.cells.seed[26, 32]
    assert np.abs(fit.depth()[outside] - 2.0).max() < 0.05
