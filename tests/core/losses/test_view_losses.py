# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Losses that compare views: loops over pixels, values of PackNet-SfM, laws, gradients."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor

from depth_completion_core.losses.depth_anchors import (
    sparse_depth,
    topology_prior,
    where_prior_explains,
)
from depth_completion_core.losses.masked import masked_mean
from depth_completion_core.losses.motion import pose_consistency, velocity
from depth_completion_core.losses.photometric import (
    LocalStatistics,
    color_error,
    photometric_error,
    structure_error,
)
from depth_completion_core.losses.smoothness import edge_aware_smoothness, mean_normalized
from depth_completion_core.losses.view_choice import clipped, minimum_over_views
from tests.golden.filling import golden, numbers


def _map(number: int, channels: int = 1) -> Tensor:
    return numbers(number, (2, channels, 6, 7)).double()


def test_the_least_error_over_views_is_that_of_loops() -> None:
    warped, unwarped = [_map(85), _map(86)], [_map(87) + 0.3, _map(88) + 0.3]
    seen = [_map(89) > 0.5, _map(90) > 0.5]
    found = minimum_over_views(warped, unwarped=unwarped, seen=seen)
    for place in np.ndindex(2, 1, 6, 7):
        candidates = [
            (error[place].item(), view)
            for view, error in enumerate([*warped, *unwarped])
            if view >= 2 or seen[view][place]
        ]
        counts = bool(seen[0][place] or seen[1][place])
        assert found.counts[place] == counts
        least, view = min(candidates) if counts else (0.0, found.view[place])
        assert found.error[place] == least
        assert found.view[place] == view
    assert not found.counts.all()
    assert set(found.view[found.counts].tolist()) == {0, 1, 2, 3}


def test_a_pixel_that_no_view_sees_gives_no_gradient() -> None:
    warped = [_map(85).requires_grad_(), _map(86).requires_grad_()]
    seen = [_map(89) > 0.5, _map(90) > 0.5]
    choice = minimum_over_views(warped, unwarped=[_map(87)], seen=seen)
    torch.autograd.backward(choice.error.sum())
    for error, is_seen in zip(warped, seen, strict=True):
        assert error.grad is not None
        assert torch.isfinite(error.grad).all()
        assert (error.grad[~is_seen] == 0).all()
        assert (error.grad != 0).any()


@pytest.mark.parametrize("over", ["batch", "image"])
def test_clipped_errors_end_at_the_mean_and_so_many_deviations(over: str) -> None:
    errors = _map(91)
    errors[1] *= 3
    found = clipped(errors, 0.5, over="batch" if over == "batch" else "image")
    for i in range(2):
        group = (errors if over == "batch" else errors[i : i + 1]).numpy()
        limit = group.mean() + 0.5 * group.std(ddof=1)
        np.testing.assert_allclose(found[i], errors[i].clamp(max=float(limit)))
    assert (found < errors).any()


def test_what_is_clipped_gets_no_gradient() -> None:
    errors = _map(91).requires_grad_()
    found = clipped(errors, 0.5)
    (gradient,) = torch.autograd.grad(found.sum(), errors)
    assert torch.equal(gradient, (found == errors).double())


def test_smoothness_is_that_of_loops() -> None:
    values, image = _map(92), _map(93, 3)
    found = edge_aware_smoothness(values, image)
    for i in range(2):
        along_x: list[float] = []
        along_y: list[float] = []
        for v, u in np.ndindex(6, 7):
            for steps, row, column in ((along_x, v, u - 1), (along_y, v - 1, u)):
                if row >= 0 and column >= 0:
                    edge = (image[i, :, v, u] - image[i, :, row, column]).abs().mean()
                    step = (values[i, 0, v, u] - values[i, 0, row, column]).abs()
                    steps.append(float(step * (-edge).exp()))
        assert found[i].item() == pytest.approx(np.mean(along_x) + np.mean(along_y))


def test_smoothness_of_normalized_values_does_not_know_their_scale() -> None:
    values, image = _map(92), _map(93, 3)
    once = edge_aware_smoothness(mean_normalized(values), image)
    torch.testing.assert_close(edge_aware_smoothness(mean_normalized(7 * values), image), once)


def test_sparse_depth_is_the_mean_at_measurements() -> None:
    depth, measured = 9 * _map(94), 9 * _map(95).where(_map(96) > 0.6, 0.0)
    found = sparse_depth(depth, measured, max_depth=5.0)
    for i in range(2):
        pairs = zip(depth[i].flatten().tolist(), measured[i].flatten().tolist(), strict=True)
        errors = [abs(z - min(m, 5.0)) for z, m in pairs if m > 0]
        assert found.values[i].item() == pytest.approx(np.mean(errors))
        assert found.pixels[i] == len(errors)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_what_does_not_count_is_never_seen(bad: float) -> None:
    errors = _map(97)
    weights = _map(98) > 0.4
    weights[1] = False
    spoilt = errors.where(weights, bad).requires_grad_()
    found = masked_mean(spoilt, weights)
    assert found.values[0].item() == pytest.approx(errors[0][weights[0]].mean().item())
    assert found.values[1] == 0
    assert found.pixels.tolist() == [int(weights[0].sum()), 0]
    (gradient,) = torch.autograd.grad(found.values.sum(), spoilt)
    assert torch.isfinite(gradient).all()
    assert (gradient[~weights] == 0).all()
    assert masked_mean(errors).pixels.tolist() == [42, 42]


def test_the_prior_counts_where_it_explains_the_view_as_well() -> None:
    error, prior_error = _map(100), _map(101)
    prior_error[0, 0, 0, 0] = error[0, 0, 0, 0]
    mask = where_prior_explains(error=error, prior_error=prior_error)
    assert torch.equal(mask, prior_error <= error)
    assert mask[0, 0, 0, 0]
    seen = _map(102) > 0.5
    both = where_prior_explains(error=error, prior_error=prior_error, seen=seen)
    assert torch.equal(both, mask & seen)


def test_a_prior_that_explains_nothing_adds_nothing() -> None:
    mask = torch.zeros(2, 1, 6, 7, dtype=torch.bool)
    depth = _map(103).requires_grad_()
    for variant in ("per_image", "released"):
        found = topology_prior(
            depth,
            _map(104),
            mask,
            color=torch.zeros(2),
            variant="released" if variant == "released" else "per_image",
        )
        assert found.values.tolist() == [0.0, 0.0]
        assert found.pixels.tolist() == [0, 0]
        (gradient,) = torch.autograd.grad(found.values.sum(), depth)
        assert (gradient == 0).all()


def test_motions_that_undo_each_other_are_consistent() -> None:
    motion = torch.eye(4).double().repeat(2, 1, 1)
    motion[0, :3, 3] = torch.tensor([0.3, -0.4, 0.0])
    motion[1, :2, :2] = torch.tensor([[0.6, -0.8], [0.8, 0.6]])
    assert pose_consistency(motion, torch.linalg.inv(motion)).abs().max() < 1e-15
    still = torch.eye(4).double().expand(2, 4, 4)
    expected = [(0.3**2 + 0.4**2) / 16, (2 * 0.4**2 + 2 * 0.8**2) / 16]
    np.testing.assert_allclose(pose_consistency(motion, still), expected)


def test_the_velocity_loss_is_that_of_packnet() -> None:
    values = golden("packnet_views.json")
    translation = torch.tensor(values["pose"][:3])
    losses = velocity(
        torch.stack([translation, -translation]),
        torch.linalg.vector_norm(torch.tensor([[0.0, 0, 1], [0.1, 0, -1]]), dim=1),
    )
    assert losses.mean().item() == pytest.approx(values["velocity"], abs=1e-6)


def _color(image: Tensor) -> Tensor:
    return color_error(_map(105, 3), image, channels="sum")


def _structure(image: Tensor) -> Tensor:
    return structure_error(LocalStatistics.of(_map(105, 3)), image, channels="mean")


def _both_images(target: Tensor, image: Tensor) -> Tensor:
    return photometric_error(LocalStatistics.of(target), image)


@pytest.mark.parametrize(
    ("function", "channels"),
    [
        (_color, (3,)),
        (_structure, (3,)),
        (_both_images, (3, 3)),
        (edge_aware_smoothness, (1, 3)),
        (mean_normalized, (1,)),
        (lambda depth: sparse_depth(depth, _map(95)).values, (1,)),
        (lambda *errors: minimum_over_views(errors).error, (1, 1)),
    ],
)
def test_gradients(function: Callable[..., Tensor], channels: tuple[int, ...]) -> None:
    inputs = [
        _map(110 + i, count)[:, :, :3, :3].clone().requires_grad_()
        for i, count in enumerate(channels)
    ]
    assert torch.autograd.gradcheck(lambda *values: function(*map(_full, values)), inputs)


def _full(corner: Tensor) -> Tensor:
    """The map whose corner is checked: all of it would take long."""
    rest = numbers(120, (2, corner.shape[1], 6, 7)).double()
    rest[:, :, :3, :3] = corner
    return rest


def test_gradients_of_motion_losses_at_rest_are_finite() -> None:
    still = torch.zeros(2, 3, requires_grad=True)
    (gradient,) = torch.autograd.grad(velocity(still, torch.ones(2)).sum(), still)
    assert torch.isfinite(gradient).all()
