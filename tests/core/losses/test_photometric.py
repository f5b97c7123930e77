# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Colour and structure: loops over pixels, values of PackNet-SfM."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from depth_completion_core.losses.photometric import (
    Channels,
    LocalStatistics,
    color_error,
    photometric_error,
    ssim,
    structure_error,
)
from depth_completion_core.losses.window_mean import window_mean
from tests.golden.filling import golden, numbers

Array = npt.NDArray[np.float64]


def _map(number: int, channels: int = 1) -> Tensor:
    return numbers(number, (2, channels, 6, 7)).double()


def _ssim_by_loops(one: Array, other: Array) -> Array:
    """With reflected borders, (B, C, H, W)."""
    borders = ((0, 0), (0, 0), (1, 1), (1, 1))
    a, b = np.pad(one, borders, mode="reflect"), np.pad(other, borders, mode="reflect")
    result = np.zeros_like(one)
    for i, channel, v, u in np.ndindex(*one.shape):
        x, y = a[i, channel, v : v + 3, u : u + 3], b[i, channel, v : v + 3, u : u + 3]
        covariance = (x * y).mean() - x.mean() * y.mean()
        similar = (2 * x.mean() * y.mean() + 0.0001) * (2 * covariance + 0.0009)
        similar /= (x.mean() ** 2 + y.mean() ** 2 + 0.0001) * (x.var() + y.var() + 0.0009)
        result[i, channel, v, u] = similar
    return result


@pytest.mark.parametrize("size", [(2, 2), (2, 5), (3, 3), (6, 7)])
def test_the_mean_over_windows_is_padding_and_pooling(size: tuple[int, int]) -> None:
    maps = numbers(80, (2, 3, *size)).double().requires_grad_()
    pooled = F.avg_pool2d(F.pad(maps, (1, 1, 1, 1), mode="reflect"), 3, stride=1)
    torch.testing.assert_close(window_mean(maps), pooled)
    weights = numbers(81, (2, 3, *size)).double()
    (expected,) = torch.autograd.grad((weights * pooled).sum(), maps)
    (found,) = torch.autograd.grad((weights * window_mean(maps)).sum(), maps)
    torch.testing.assert_close(found, expected)


@pytest.mark.parametrize("channels", ["sum", "mean"])
def test_photometric_errors_are_those_of_loops(channels: Channels) -> None:
    one, other = _map(82, 3), _map(83, 3)
    target = LocalStatistics.of(one)
    similar = _ssim_by_loops(one.numpy(), other.numpy())
    np.testing.assert_allclose(ssim(target, other), similar, atol=1e-12)
    structure = np.clip((1 - similar) / 2, 0, 1).sum(axis=1, keepdims=True)
    color = np.abs(one.numpy() - other.numpy()).sum(axis=1, keepdims=True)
    if channels == "mean":
        structure, color = structure / 3, color / 3
    np.testing.assert_allclose(structure_error(target, other, channels=channels), structure)
    np.testing.assert_allclose(color_error(one, other, channels=channels), color)
    np.testing.assert_allclose(
        photometric_error(target, other, ssim_weight=0.7, channels=channels),
        0.7 * structure + 0.3 * color,
    )


def test_an_image_is_like_itself() -> None:
    image = _map(84, 3)
    torch.testing.assert_close(ssim(LocalStatistics.of(image), image), torch.ones_like(image))
    assert photometric_error(LocalStatistics.of(image), image).abs().max() < 1e-9


def test_ssim_is_that_of_packnet() -> None:
    found = ssim(LocalStatistics.of(numbers(3, (1, 3, 64, 96))), numbers(4, (1, 3, 64, 96)))
    expected = golden("packnet_views.json")["ssim_map"]
    assert found.double().mean().item() == pytest.approx(expected["mean"], abs=1e-6)
    assert found.double().std().item() == pytest.approx(expected["std"], abs=1e-6)
    quarters = found.flatten()[[(found.numel() - 1) * i // 4 for i in range(5)]]
    np.testing.assert_allclose(quarters, expected["pts"], atol=1e-5)
