# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The losses of NLSPN and CSPN: values that their code gives, loops over pixels, gradients."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor

from depth_completion_core.losses.terms import WeightedLossConfig, loss_values, weighted_sum
from depth_completion_core.training.recipes.published_losses import CSPN_LOSS, nlspn_loss
from tests.golden.filling import golden, numbers

_MAX_DEPTH = 10.0


def _loss(config: WeightedLossConfig, depth: Tensor, truth: Tensor) -> Tensor:
    return weighted_sum(config.weights(), loss_values(config, {"depth": depth, "truth": truth}))


def _nlspn_by_loops(depth: Tensor, truth: Tensor) -> list[float]:
    """Image by image: |error| + error^2 between what is cut off at the largest depth."""
    losses = []
    for image, image_truth in zip(depth.tolist(), truth.tolist(), strict=True):
        errors = [
            abs(min(max(z, 0.0), _MAX_DEPTH) - min(g, _MAX_DEPTH))
            for row, true_row in zip(image[0], image_truth[0], strict=True)
            for z, g in zip(row, true_row, strict=True)
            if g > 1e-4
        ]
        total = sum(error + error**2 for error in errors)
        losses.append(total / len(errors) if errors else 0.0)
    return losses


def _cspn_by_loops(depth: Tensor, truth: Tensor) -> float:
    """All pixels of the batch alike."""
    pairs = zip(depth.flatten().tolist(), truth.flatten().tolist(), strict=True)
    errors = [abs(z - g) for z, g in pairs if g > 1e-4]
    return float(sum(errors) / len(errors))


def _maps(seed: int) -> tuple[Tensor, Tensor]:
    """Float64 depth of any sign and truth with holes, both also beyond 10 m; (3, 1, 5, 7)."""
    generator = np.random.default_rng(seed)
    shape = (3, 1, 5, 7)
    truth = generator.uniform(0.5, 14.0, shape) * (generator.random(shape) < 0.6)
    truth[0, 0, 0, :3] = 5e-5  # no depth, but above 0
    truth[2] = 0.0
    return torch.from_numpy(generator.uniform(-2.0, 14.0, shape)), torch.from_numpy(truth)


def test_nlspns_loss_is_that_of_its_code() -> None:
    depth = (12 * numbers(40, (2, 1, 8, 9)) - 0.5).clamp(min=0)
    truth = torch.where(numbers(41, (2, 1, 8, 9)) > 0.4, 12 * numbers(42, (2, 1, 8, 9)), 0.0)
    truth[1, :, :4] = 0.0
    published = golden("nlspn.json")["losses"]
    found = _loss(nlspn_loss(_MAX_DEPTH), depth, truth).sum()  # their code sums over images
    torch.testing.assert_close(found.item(), published["L1"] + published["L2"], rtol=1e-6, atol=0)


def test_cspns_loss_is_that_of_its_code() -> None:
    shape = (2, 1, 24, 32)
    truth = torch.where(numbers(7, shape) > 0.1, 10 * numbers(8, shape), 0.0)
    depth = truth * (0.8 + 0.4 * numbers(9, shape)) - 0.05
    found = _loss(CSPN_LOSS, depth, truth).mean()
    torch.testing.assert_close(found.item(), golden("cspn.json")["loss"], rtol=1e-6, atol=0)


def test_losses_are_those_of_loops_over_pixels() -> None:
    depth, truth = _maps(0)
    found = _loss(nlspn_loss(_MAX_DEPTH), depth, truth)
    np.testing.assert_allclose(found, _nlspn_by_loops(depth, truth), rtol=1e-12)
    mean = _loss(CSPN_LOSS, depth, truth).mean().item()
    np.testing.assert_allclose(mean, _cspn_by_loops(depth, truth), rtol=1e-12)


@pytest.mark.parametrize("config", [nlspn_loss(_MAX_DEPTH), CSPN_LOSS], ids=["nlspn", "cspn"])
def test_gradients_are_those_of_differences(config: WeightedLossConfig) -> None:
    depth, truth = _maps(1)
    checked: Callable[[Tensor], Tensor] = lambda z: _loss(config, z, truth)  # noqa: E731
    assert torch.autograd.gradcheck(checked, (depth.requires_grad_(),))


def test_nothing_is_learned_beyond_the_largest_depth() -> None:
    depth, truth = _maps(2)
    depth = depth.requires_grad_()
    (gradient,) = torch.autograd.grad(_loss(nlspn_loss(_MAX_DEPTH), depth, truth).sum(), depth)
    is_beyond = (depth > _MAX_DEPTH) | (depth < 0)
    assert is_beyond[truth > 1e-4].any()
    assert torch.equal(gradient != 0, ~is_beyond & (truth > 1e-4))


def test_a_batch_without_truth_costs_nothing() -> None:
    depth, truth = _maps(3)
    for config in (nlspn_loss(_MAX_DEPTH), CSPN_LOSS):
        assert torch.equal(_loss(config, depth, 0.0 * truth), torch.zeros(3, dtype=torch.float64))
