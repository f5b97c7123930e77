# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""FusionNet's loss of a whole batch: against loops over pixels, and what has no pixel."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from depth_completion_core.geometry.multiview.cameras import PinholeCamera
from depth_completion_core.geometry.multiview.conventions import FUSIONNET
from depth_completion_core.geometry.multiview.pose_vectors import matrix_from_rotation_vector
from depth_completion_core.geometry.multiview.warping import warp
from depth_completion_core.losses.terms import weighted_sum
from depth_completion_core.losses.view_synthesis import ViewSynthesis, view_synthesis_terms
from depth_completion_core.losses.view_weights import VIEW_TERM_UNITS, ViewSynthesisLossConfig
from depth_completion_core.settings.fields import ConfigError
from tests.core.losses.fusionnet_step_twin import Array, Step, step_loss, step_terms
from tests.golden.filling import numbers

_BATCH, _HEIGHT, _WIDTH = 3, 10, 13
_FARTHEST = 6.0


def _array(number: int, channels: int) -> Array:
    values: Array = numbers(number, (_BATCH, channels, _HEIGHT, _WIDTH)).double().numpy()
    return values


def _step() -> Step:
    """Images with more and more contrast, so that their colour errors differ."""
    contrast = np.array([0.2, 0.5, 0.9])[:, None, None, None]
    K = np.array([[12.0, 0, 6.2], [0, 11, 4.7], [0, 0, 1]])
    motion = numbers(75, (2, _BATCH, 6)).double().numpy() - 0.5
    return Step(
        image=contrast * _array(70, 3),
        earlier=contrast * _array(71, 3),
        later=contrast * _array(72, 3),
        K=np.stack([K, K + np.eye(3) * (1, 1, 0), K]),
        to_earlier=0.4 * motion[0],
        to_later=0.4 * motion[1],
        depth=0.5 + 5 * _array(73, 1),
        measured=np.where(_array(74, 1) > 0.8, 8 * _array(76, 1), 0.0),
        prior=0.5 + 5 * _array(77, 1),
        max_depth=_FARTHEST,
    )


def _views(step: Step, *, depth: Tensor | None = None) -> ViewSynthesis:
    """As an objective puts it together."""
    depth = torch.from_numpy(step.depth) if depth is None else depth
    image, earlier, later = map(torch.from_numpy, (step.image, step.earlier, step.later))
    camera = PinholeCamera(torch.from_numpy(step.K), FUSIONNET)
    motions = [
        matrix_from_rotation_vector(rotation=vector[:, :3], translation=vector[:, 3:])
        for vector in map(torch.from_numpy, (step.to_earlier, step.to_later))
    ]
    points = camera.unproject(depth)
    prior = torch.from_numpy(step.prior)
    return ViewSynthesis(
        image=image,
        warped=[
            warp(view, points, motion, camera, FUSIONNET).image
            for view, motion in zip((earlier, later), motions, strict=True)
        ],
        depth=depth,
        measured=torch.from_numpy(step.measured).clamp(max=_FARTHEST),
        prior=prior,
        prior_warped=warp(earlier, camera.unproject(prior), motions[0], camera, FUSIONNET).image,
    )


@pytest.mark.parametrize("released", [False, True])
@pytest.mark.parametrize("threshold", [0.45, 0.6, 9.0])
def test_the_loss_of_a_batch_is_that_of_the_release(threshold: float, released: bool) -> None:
    config = ViewSynthesisLossConfig(
        prior="released" if released else "per_image", prior_threshold=threshold
    )
    step = _step()
    report = view_synthesis_terms(config, _views(step))
    expected = step_terms(step, prior_threshold=threshold, released=released)
    for name, value in expected.items():
        assert report.terms[name].mean().item() == pytest.approx(value, abs=1e-6), name
    total = weighted_sum(config.weights(), report.terms).mean().item()
    assert total == pytest.approx(step_loss(expected, config.weights()), rel=1e-5)


def test_the_thresholds_of_that_comparison_open_for_none_some_and_all() -> None:
    errors = view_synthesis_terms(ViewSynthesisLossConfig(), _views(_step())).color_error
    each = errors.mean(dim=(1, 2, 3))
    assert [int((each < threshold).sum()) for threshold in (0.45, 0.6, 9.0)] == [1, 2, 3]
    assert 0.45 < each.mean() < 0.6


def test_the_masks_of_the_released_prior_mix() -> None:
    config = ViewSynthesisLossConfig(prior_threshold=9.0)
    views = _views(_step())
    own = view_synthesis_terms(config, views).terms["prior"]
    mixed = view_synthesis_terms(replace(config, prior="released"), views).terms["prior"]
    assert (own - mixed).abs().min() > 1e-3
    alone = ViewSynthesis(
        image=views.image[:1],
        warped=[view[:1] for view in views.warped],
        depth=views.depth[:1],
        measured=views.measured[:1],
        prior=views.prior[:1],
        prior_warped=views.prior_warped[:1],
    )
    first = view_synthesis_terms(replace(config, prior="released"), alone).terms["prior"]
    torch.testing.assert_close(first, own[:1])


def test_terms_without_a_weight_are_left_out() -> None:
    views = _views(_step())
    for name in VIEW_TERM_UNITS:
        weights: dict[str, Any] = {f"w_{other}": float(other == name) for other in VIEW_TERM_UNITS}
        config = ViewSynthesisLossConfig(**weights)
        assert list(view_synthesis_terms(config, views).terms) == [name]


def test_a_loss_without_any_weight_is_refused() -> None:
    weights: dict[str, Any] = {f"w_{name}": 0.0 for name in VIEW_TERM_UNITS}
    with pytest.raises(ConfigError, match=r"--loss\.w_color"):
        view_synthesis_terms(ViewSynthesisLossConfig(**weights), _views(_step()))


def test_images_without_a_pixel_add_nothing_and_are_counted() -> None:
    depth = torch.from_numpy(_step().depth).requires_grad_()
    views = _views(_step(), depth=depth)
    measured = views.measured.clone()
    measured[1] = 0.0
    nowhere = torch.zeros(_BATCH, 1, _HEIGHT, _WIDTH, dtype=torch.bool)
    nowhere[0] = True
    seen = [nowhere, nowhere]
    config = ViewSynthesisLossConfig(w_smoothness=0.0, prior_threshold=9.0)
    report = view_synthesis_terms(config, views._replace(measured=measured, seen=seen))
    for name in ("color", "structure", "prior"):
        assert report.terms[name][0] > 0
        assert report.terms[name][1:].tolist() == [0.0, 0.0]
        assert (report.pixels[name] == 0).tolist() == [False, True, True]
    assert report.terms["sparse_depth"][1] == 0
    assert (report.pixels["sparse_depth"] == 0).sum() == 1
    torch.autograd.backward(weighted_sum(config.weights(), report.terms).sum())
    assert depth.grad is not None
    assert torch.isfinite(depth.grad).all()
    assert depth.grad[0].abs().sum() > 0
    assert depth.grad[1].abs().sum() == 0


def test_the_prior_gets_no_gradient() -> None:
    views = _views(_step())
    prior = views.prior.clone().requires_grad_()
    depth = views.depth.clone().requires_grad_()
    config = ViewSynthesisLossConfig(prior_threshold=9.0)
    report = view_synthesis_terms(config, views._replace(prior=prior, depth=depth))
    torch.autograd.backward(report.terms["prior"].sum())
    assert prior.grad is None
    assert depth.grad is not None
    assert depth.grad.abs().sum() > 0


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_the_terms_are_the_same_on_a_gpu() -> None:
    views = _views(_step())
    config = ViewSynthesisLossConfig(prior_threshold=9.0)
    there = ViewSynthesis(
        image=views.image.float().cuda(),
        warped=[view.float().cuda() for view in views.warped],
        depth=views.depth.float().cuda(),
        measured=views.measured.float().cuda(),
        prior=views.prior.float().cuda(),
        prior_warped=views.prior_warped.float().cuda(),
    )
    found = view_synthesis_terms(config, there).terms
    for name, value in view_synthesis_terms(config, views).terms.items():
        torch.testing.assert_close(found[name].cpu(), value.float(), atol=1e-4, rtol=1e-4)
