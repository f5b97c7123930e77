# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The loss terms: against short float64 twins, and against their own gradients; and their sum."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable
from typing import get_args

import numpy as np
import numpy.typing as npt
import pytest
import torch
from torch import Tensor

from depth_completion_core.losses.terms import (
    LOSS_TERMS,
    Reduction,
    WeightedLossConfig,
    l1,
    l2,
    log_l1,
    loss_values,
    normalized_l1,
    relative_rmse,
    uncertain_l1,
    weighted_sum,
)
from depth_completion_core.settings.fields import ConfigError

REDUCTIONS: tuple[Reduction, ...] = get_args(Reduction)
_PER_IMAGE = ("all_pixels", "valid_pixels")
Array = npt.NDArray[np.float64]
Loss = Callable[..., Tensor]

_SIMPLE: dict[str, tuple[Loss, Callable[[Array, Array], Array]]] = {
    "l1": (l1, lambda depth, truth: np.abs(truth - depth)),
    "l2": (l2, lambda depth, truth: (truth - depth) ** 2),
    "normalized_l1": (
        normalized_l1,
        lambda depth, truth: np.abs(truth - depth) / (np.abs(truth) + 1e-8),
    ),
    "log_l1": (
        log_l1,
        lambda depth, truth: np.abs(np.log(depth) - np.log(np.where(truth > 0, truth, 1.0))),
    ),
}


def _maps(seed: int, *, images: int = 3) -> tuple[Array, Array, Array]:
    """Predicted depth, log of its error, and truth with holes, (B, 1, 5, 7)."""
    generator = np.random.default_rng(seed)
    shape = (images, 1, 5, 7)
    truth = generator.uniform(0.5, 9.0, shape) * (generator.random(shape) < 0.6)
    return generator.uniform(0.5, 9.0, shape), generator.normal(0.0, 1.0, shape), truth


def _reduced(error: Array, truth: Array, reduction: Reduction) -> list[float]:
    """Image by image, pixel by pixel."""
    valid = [
        [float(e) for e, t in zip(image.ravel(), image_truth.ravel(), strict=True) if t > 0]
        for image, image_truth in zip(error, truth, strict=True)
    ]
    counts = {
        "all_pixels": [error[0].size] * len(valid),
        "valid_pixels": [len(values) for values in valid],
        "batch_pixels": [sum(map(len, valid)) / len(valid)] * len(valid),
    }[reduction]
    return [sum(values) / count for values, count in zip(valid, counts, strict=True)]


def _relative_rmse(depth: Array, truth: Array) -> Array:
    expected = []
    for image, image_truth in zip(depth, truth, strict=True):
        valid = image_truth > 0
        error = image[valid] - image_truth[valid]
        expected.append(np.sqrt(np.mean(error**2)) / image_truth[valid].mean())
    return np.array(expected)


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("name", _SIMPLE)
def test_is_the_loss_of_its_formula(name: str, reduction: Reduction) -> None:
    loss, per_pixel = _SIMPLE[name]
    depth, _, truth = _maps(1)
    found = loss(torch.from_numpy(depth), torch.from_numpy(truth), reduction)
    np.testing.assert_allclose(found, _reduced(per_pixel(depth, truth), truth, reduction), 1e-12)


@pytest.mark.parametrize("reduction", REDUCTIONS)
def test_uncertain_loss_is_that_of_its_formula(reduction: Reduction) -> None:
    depth, log_error, truth = _maps(2)
    tensors = [torch.from_numpy(array) for array in (depth, log_error, truth)]
    found = uncertain_l1(tensors[0], tensors[1], tensors[2], reduction)
    error = np.abs(truth - depth) / np.exp(log_error) + log_error
    np.testing.assert_allclose(found, _reduced(error, truth, reduction), 1e-12)


def test_relative_rmse_is_that_of_its_formula() -> None:
    depth, _, truth = _maps(10)
    found = relative_rmse(torch.from_numpy(depth), torch.from_numpy(truth))
    # A root is flattened at 0.
    np.testing.assert_allclose(found, _relative_rmse(depth, truth), atol=2e-4)


def test_relative_rmse_has_a_gradient_everywhere() -> None:
    depth, _, truth = (torch.from_numpy(array) for array in _maps(11))
    checked = functools.partial(relative_rmse, truth=truth)
    assert torch.autograd.gradcheck(checked, (depth.requires_grad_(),))
    (gradient,) = torch.autograd.grad(relative_rmse(depth * 0 + truth, truth).sum(), depth)
    assert torch.isfinite(gradient).all()
    nothing = relative_rmse(depth, 0.0 * truth)
    torch.testing.assert_close(nothing, torch.zeros_like(nothing), rtol=0, atol=1e-12)
    wild = torch.where(truth > 0, depth, torch.inf)
    assert torch.equal(relative_rmse(wild, truth), relative_rmse(depth, truth))


@pytest.mark.parametrize("loss", [l1, normalized_l1])
def test_mean_over_images_is_the_mean_over_all_pixels_of_the_batch(loss: Loss) -> None:
    """The reduction of the authors' PyTorch release."""
    depth, _, truth = (torch.from_numpy(array) for array in _maps(3))
    error = (truth - depth).abs()
    if loss is normalized_l1:
        error = error / (truth + 1e-8)
    whole = torch.mean(torch.where(truth > 0, error, 0.0))
    torch.testing.assert_close(loss(depth, truth).mean(), whole, rtol=1e-12, atol=0)


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("loss", [l1, l2, normalized_l1, log_l1])
def test_gradients_are_those_of_differences(loss: Loss, reduction: Reduction) -> None:
    depth, _, truth = (torch.from_numpy(array) for array in _maps(4))
    # Away from the kink at no error, where there is no derivative.
    depth = truth + torch.where(depth > 4.0, 0.5, -0.3) + 0.01 * depth
    checked = functools.partial(loss, truth=truth, reduction=reduction)
    assert torch.autograd.gradcheck(checked, (depth.requires_grad_(),))


@pytest.mark.parametrize("reduction", REDUCTIONS)
def test_uncertain_gradients_are_those_of_differences(reduction: Reduction) -> None:
    depth, log_error, truth = (torch.from_numpy(array) for array in _maps(5))
    depth = truth + 0.4
    checked = functools.partial(uncertain_l1, truth=truth, reduction=reduction)
    assert torch.autograd.gradcheck(checked, (depth.requires_grad_(), log_error.requires_grad_()))


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("loss", [l1, l2, normalized_l1, log_l1])
def test_what_is_predicted_where_nothing_is_known_does_not_matter(
    loss: Loss, reduction: Reduction
) -> None:
    """Not even an overflow there, whose product with 0 would be NaN."""
    depth, _, truth = (torch.from_numpy(array) for array in _maps(6))
    wild = torch.where(truth > 0, depth, torch.inf).requires_grad_()
    losses = loss(wild, truth, reduction)
    assert torch.equal(losses, loss(depth, truth, reduction))
    (gradient,) = torch.autograd.grad(losses.sum(), wild)
    assert torch.equal(gradient == 0, truth == 0)


def test_nor_does_what_error_is_expected_there() -> None:
    depth, log_error, truth = (torch.from_numpy(array) for array in _maps(9))
    wild = torch.where(truth > 0, log_error, -2000.0).requires_grad_()
    losses = uncertain_l1(depth, wild, truth)
    assert torch.equal(losses, uncertain_l1(depth, log_error, truth))
    (gradient,) = torch.autograd.grad(losses.sum(), wild)
    assert torch.equal(gradient == 0, truth == 0)


@pytest.mark.parametrize("loss", [l1, l2, normalized_l1, log_l1])
def test_images_do_not_see_each_other(loss: Loss) -> None:
    depth, _, truth = (torch.from_numpy(array) for array in _maps(7))
    for reduction in _PER_IMAGE:
        alone = [loss(depth[i : i + 1], truth[i : i + 1], reduction) for i in range(len(depth))]
        assert torch.equal(torch.cat(alone), loss(depth, truth, reduction))


@pytest.mark.parametrize("reduction", REDUCTIONS)
def test_an_image_without_truth_costs_nothing(reduction: Reduction) -> None:
    depth, _, truth = (torch.from_numpy(array) for array in _maps(8))
    for loss in (l1, l2, normalized_l1, log_l1):
        assert torch.equal(loss(depth, 0.0 * truth, reduction), depth.new_zeros(len(depth)))


# The table


_WEIGHTS = {
    "l1": 0.5,
    "l2": 0.25,
    "normalized_l1": 2.0,
    "log_l1": 1.5,
    "relative_rmse": 3.0,
    "uncertain_l1": 0.125,
}


def test_every_term_has_a_weight_and_every_weight_a_term() -> None:
    fields = {item.name for item in dataclasses.fields(WeightedLossConfig)}
    weights = fields - {"reduction", "min_truth", "max_depth"}
    assert weights == {f"w_{name}" for name in LOSS_TERMS} == {f"w_{name}" for name in _WEIGHTS}


@pytest.mark.parametrize("reduction", REDUCTIONS)
def test_the_sum_is_that_of_weights_and_formulas(reduction: Reduction) -> None:
    depth, log_error, truth = _maps(12)
    per_pixel = {name: formula(depth, truth) for name, (_, formula) in _SIMPLE.items()}
    per_pixel["uncertain_l1"] = np.abs(truth - depth) / np.exp(log_error) + log_error
    weighted = [
        _WEIGHTS[name] * np.array(_reduced(error, truth, reduction))
        for name, error in per_pixel.items()
    ]
    weighted.append(_WEIGHTS["relative_rmse"] * _relative_rmse(depth, truth))
    config = WeightedLossConfig(
        reduction=reduction, **{f"w_{name}": weight for name, weight in _WEIGHTS.items()}
    )
    maps = {"depth": depth, "log_error": log_error, "truth": truth}
    values = loss_values(config, {key: torch.from_numpy(array) for key, array in maps.items()})
    np.testing.assert_allclose(
        weighted_sum(config.weights(), values), np.sum(weighted, axis=0), atol=1e-3
    )


def test_a_weight_of_0_leaves_its_term_out() -> None:
    """0 times an overflow is not 0."""
    config = WeightedLossConfig(w_log_l1=2.0)
    depth, truth = torch.full((1, 1, 2, 2), 1e30), torch.ones(1, 1, 2, 2)
    assert l2(depth, truth).isinf().all()
    values = loss_values(config, {"depth": depth, "truth": truth})
    assert list(values) == ["log_l1"]
    assert torch.equal(weighted_sum(config.weights(), values), 2.0 * log_l1(depth, truth))


def test_weights_that_cannot_be_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"weights of the loss are 0; give one of --loss.w_l1"):
        WeightedLossConfig().weights()
    maps = {"depth": torch.ones(1, 1, 2, 2), "truth": torch.ones(1, 1, 2, 2)}
    with pytest.raises(ConfigError, match=r"w_uncertain_l1 is above 0, .* gives no log_error"):
        loss_values(WeightedLossConfig(w_uncertain_l1=1.0), maps)
