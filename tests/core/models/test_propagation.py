# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The one recurrence, against loops over pixels, on random inputs that leave the image, too."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
import numpy.typing as npt
import pytest
import torch
from torch import Tensor

from depth_completion_core.models.propagation.engine import Anchors, propagate
from depth_completion_core.models.propagation.steps import plain_step, step_of
from depth_completion_core.models.propagation.taps import bilinear_taps, pixel_taps, sampled
from tests.golden.filling import golden, numbers

Float64Array = npt.NDArray[np.float64]
_SHIFTS = ((-1, 1), (0, 0), (1, 0), (0, -1))


def _random(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def _between(image: Float64Array, row: float, column: float) -> float:
    """Bilinear, with zeros all around."""
    value = 0.0
    for down in (math.floor(row), math.floor(row) + 1):
        for right in (math.floor(column), math.floor(column) + 1):
            if 0 <= down < image.shape[0] and 0 <= right < image.shape[1]:
                share = (1 - abs(row - down)) * (1 - abs(column - right))
                value += share * float(image[down, right])
    return value


def _slow_step(image: Float64Array, offset: Float64Array, weight: Float64Array) -> Float64Array:
    """(H, W) with (K, 2, H, W) and (K, H, W)."""
    out = np.zeros_like(image)
    for row, column in np.ndindex(image.shape):
        for tap in range(len(weight)):
            down, right = offset[tap, :, row, column]
            out[row, column] += weight[tap, row, column] * _between(
                image, row + down, column + right
            )
    return out


def _slow(
    start: Tensor, offset: Tensor, weight: Tensor, *, steps: int, added: Tensor, anchors: Anchors
) -> Float64Array:
    states = []
    for item in range(len(start)):
        image = start[item, 0].numpy()
        where, value = anchors.where[item, 0].numpy(), anchors.value[item, 0].numpy()
        for _ in range(steps):
            if anchors.when == "before":
                image = np.where(where, value, image)
            image = _slow_step(image, offset[item].numpy(), weight[item].numpy())
            image = image + added[item, 0].numpy()
            if anchors.when == "after":
                image = np.where(where, value, image)
        states.append(image)
    return np.stack(states)[:, None]


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize(("height", "width"), [(5, 7), (1, 4), (1, 1)])
@pytest.mark.parametrize("reach", [0.5, 4.0])
def test_steps_are_those_of_a_loop_over_pixels(
    when: Literal["before", "after"], height: int, width: int, reach: float
) -> None:
    shape = (2, 1, height, width)
    offset = reach * _random(2, 3, 2, height, width)
    weight = _random(2, 3, height, width, seed=1)
    start, added = _random(*shape, seed=2), _random(*shape, seed=3)
    anchors = Anchors(where=_random(*shape, seed=4) > 0.8, value=_random(*shape, seed=5), when=when)
    states = propagate(start, bilinear_taps(offset, weight), steps=3, added=added, anchors=anchors)
    assert states.shape == (4, *shape)
    assert torch.equal(states[0], start)
    expected = _slow(start, offset, weight, steps=3, added=added, anchors=anchors)
    np.testing.assert_allclose(states[-1], expected, rtol=1e-12, atol=1e-12)


def test_pixel_taps_are_bilinear_ones_on_pixels() -> None:
    weight, start = _random(2, len(_SHIFTS), 6, 5), _random(2, 1, 6, 5, seed=1)
    offset = torch.tensor(_SHIFTS, dtype=torch.float64)[None, :, :, None, None]
    expected = propagate(start, bilinear_taps(offset.expand(2, -1, -1, 6, 5), weight), steps=4)
    found = propagate(start, pixel_taps(_SHIFTS, weight), steps=4)
    torch.testing.assert_close(found, expected, rtol=1e-12, atol=1e-12)


def test_deformable_convolution_has_the_official_values() -> None:
    """Of a modulated one with a kernel of ones; places in the square are part of its offsets."""
    image, mask = 2 * numbers(10, (2, 1, 5, 6)) - 1, 2 * numbers(12, (2, 9, 5, 6)) - 1
    offset = (6 * numbers(11, (2, 18, 5, 6)) - 3).view(2, 9, 2, 5, 6)
    square = torch.cartesian_prod(torch.arange(-1, 2), torch.arange(-1, 2)).float()
    taps = bilinear_taps(offset + square[:, :, None, None], mask)
    found = propagate(image, taps, steps=1)[-1]
    expected = torch.tensor(golden("nlspn.json")["deformable_convolution"])
    torch.testing.assert_close(found.flatten(), expected, rtol=0, atol=2e-6)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_the_fast_step_is_the_plain_one(dtype: torch.dtype) -> None:
    weight = _random(3, 9, 17, 23).to(dtype)
    taps = bilinear_taps((3 * _random(3, 9, 2, 17, 23, seed=1)).to(dtype), weight)
    values = _random(3, 1, 17, 23, seed=2).to(dtype)
    fast, plain = step_of(taps), plain_step(taps)
    for _ in range(3):
        tolerance = 1e-5 if dtype == torch.float32 else 1e-13
        torch.testing.assert_close(fast(values), plain(values), rtol=tolerance, atol=tolerance)
        values = plain(values)


@pytest.mark.parametrize("when", ["before", "after"])
def test_gradients_are_those_of_differences(when: Literal["before", "after"]) -> None:
    def learned(*shape: int, seed: int) -> Tensor:
        return _random(*shape, seed=seed).requires_grad_()

    where = _random(2, 1, 3, 4, seed=9) > 0.5

    def run(offset: Tensor, weight: Tensor, start: Tensor, added: Tensor, value: Tensor) -> Tensor:
        anchors = Anchors(where=where, value=value, when=when)
        taps = bilinear_taps(offset, weight)
        return propagate(start, taps, steps=3, added=added, anchors=anchors)

    inputs = (
        learned(2, 2, 2, 3, 4, seed=0),
        learned(2, 2, 3, 4, seed=1),
        *(learned(2, 1, 3, 4, seed=seed) for seed in (2, 3, 4)),
    )
    assert torch.autograd.gradcheck(run, inputs)


def test_no_step_is_the_start() -> None:
    start = _random(1, 1, 3, 4)
    states = propagate(start, pixel_taps(_SHIFTS, _random(1, 4, 3, 4)), steps=0)
    assert torch.equal(states, start[None])


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf, 1e30])
def test_neighbours_that_are_nowhere_give_nothing(bad: float) -> None:
    offset = torch.zeros(1, 2, 2, 4, 5)
    offset[:, 1] = bad
    weight = torch.ones(1, 2, 4, 5)
    start = torch.rand(1, 1, 4, 5)
    found = propagate(start, bilinear_taps(offset, weight), steps=2)[-1]
    torch.testing.assert_close(found, start)


def test_sampled_values_are_those_between_the_pixels() -> None:
    values, offset = _random(2, 1, 5, 6), 2 * _random(2, 3, 2, 5, 6, seed=1)
    found = sampled(values, offset)
    assert found.shape == (2, 3, 5, 6)
    for item, tap, row, column in np.ndindex(2, 3, 5, 6):
        down, right = offset[item, tap, :, row, column].tolist()
        expected = _between(values[item, 0].numpy(), row + down, column + right)
        assert found[item, tap, row, column].item() == pytest.approx(expected, abs=1e-12)


def test_neither_batch_nor_size_is_mixed_up() -> None:
    offset, weight = 2 * _random(3, 2, 2, 4, 7), _random(3, 2, 4, 7, seed=1)
    start = _random(3, 1, 4, 7, seed=2)
    together = propagate(start, bilinear_taps(offset, weight), steps=3)
    for item in range(3):
        one = slice(item, item + 1)
        alone = propagate(start[one], bilinear_taps(offset[one], weight[one]), steps=3)
        torch.testing.assert_close(together[:, one], alone, rtol=1e-12, atol=1e-12)
