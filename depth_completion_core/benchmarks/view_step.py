# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Where the time of a step of FusionNet without true depth goes: networks, warping, losses."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor

from depth_completion_core.files.json_files import write_json
from depth_completion_core.geometry.multiview.cameras import PinholeCamera
from depth_completion_core.geometry.multiview.conventions import FUSIONNET, OURS, WarpConvention
from depth_completion_core.geometry.multiview.visibility import nearest_depth, visible
from depth_completion_core.geometry.multiview.warping import Warped, warp
from depth_completion_core.inference.timing import Timing, timed_in_turn
from depth_completion_core.losses.terms import weighted_sum
from depth_completion_core.losses.view_synthesis import ViewSynthesis, view_synthesis_terms
from depth_completion_core.losses.view_weights import ViewSynthesisLossConfig
from depth_completion_core.models.fusionnet import FusionNet
from depth_completion_core.models.pose import build_pose_network

_BATCH = 4
_SIZE = (416, 512)
_POINTS = 0.007  # of the pixels: VOID's 1,500
_FARTHEST = 8.0  # metres


class _Images(NamedTuple):
    """What a step is made of, (B, C, H, W) each; ``intrinsics`` (B, 3, 3)."""

    target: Tensor
    views: tuple[Tensor, Tensor]
    measured: Tensor
    intrinsics: Tensor


def measure(*, rounds: int, threads: int, json_file: Path | None) -> None:
    """Measure and print.

    Args:
        rounds: how often each part is run.
        threads: of torch; 0 leaves its choice.
        json_file: where the numbers are written, too.
    """
    if threads:
        torch.set_num_threads(threads)
    title = f"a step of FusionNet, {_BATCH} images of {_SIZE[1]}x{_SIZE[0]}, two views each"
    timings = timed_in_turn(step_parts(_BATCH, _SIZE), rounds=rounds)
    print(f"{title}, {torch.get_num_threads()} threads, torch {torch.__version__}")
    print("\n".join(_table(timings)), flush=True)
    if json_file:
        write_json(json_file, {title: {name: asdict(time) for name, time in timings.items()}})


def step_parts(batch: int, size: tuple[int, int]) -> dict[str, Callable[[], None]]:
    """The parts of a step, forward and backward; the first is all of it.

    Args:
        batch: images.
        size: height and width, pixels.
    """
    torch.manual_seed(0)
    images = _images(batch, size)
    network, pose = FusionNet().train(), build_pose_network("fusionnet_pose").train()
    scaffold = network.scaffold(images.measured)
    kept = network.without_outliers(images.measured)
    depth = network.fuse(images.target, scaffold, kept).detach().requires_grad_()
    motions = pose(images.target, images.views).detach().requires_grad_()
    pushed = torch.rand_like(images.target)  # a gradient of the size of an image
    config = ViewSynthesisLossConfig(prior_threshold=9.0)
    given = _views(images, depth.detach(), motions.detach(), scaffold, FUSIONNET)
    leaves = given._replace(warped=[view.requires_grad_() for view in given.warped], depth=depth)

    def networks() -> tuple[Tensor, Tensor, Tensor]:
        prior = network.scaffold(images.measured)
        fused = network.fuse(images.target, prior, network.without_outliers(images.measured))
        return fused, pose(images.target, images.views), prior

    def networks_alone() -> None:
        fused, motion, _ = networks()
        torch.autograd.backward(fused.mean() + motion.mean())

    def warping(convention: WarpConvention) -> None:
        views = _views(images, depth, motions, scaffold, convention)
        torch.autograd.backward(list(views.warped), [pushed, pushed])

    def losses() -> None:
        torch.autograd.backward(_loss(config, leaves))

    def whole() -> None:
        fused, motion, prior = networks()
        torch.autograd.backward(_loss(config, _views(images, fused, motion, prior, FUSIONNET)))

    return {
        "whole step": whole,
        "networks": networks_alone,
        "warping": lambda: warping(FUSIONNET),
        "losses": losses,
        "warping, with visibility": lambda: warping(OURS),
    }


def _loss(config: ViewSynthesisLossConfig, views: ViewSynthesis) -> Tensor:
    return weighted_sum(config.weights(), view_synthesis_terms(config, views).terms).mean()


def _views(
    images: _Images, depth: Tensor, motions: Tensor, prior: Tensor, convention: WarpConvention
) -> ViewSynthesis:
    camera = PinholeCamera(images.intrinsics, convention)
    points = camera.unproject(depth)
    warped = [
        warp(view, points, motions[:, i], camera, convention) for i, view in enumerate(images.views)
    ]
    with torch.no_grad():
        of_prior = warp(images.views[0], camera.unproject(prior), motions[:, 0], camera, convention)
        seen = [_seen(view, convention) for view in warped] if convention.needs_view else None
    return ViewSynthesis(
        image=images.target,
        warped=[view.image for view in warped],
        depth=depth,
        measured=images.measured,
        prior=prior,
        prior_warped=of_prior.image,
        seen=seen,
    )


def _seen(view: Warped, convention: WarpConvention) -> Tensor:
    height, width = view.image.shape[2:]
    size = {"height": height, "width": width}
    there = nearest_depth(view.pixels, view.depth, **size)
    return visible(view.pixels, view.depth, **size, convention=convention, seen_depth=there)


def _images(batch: int, size: tuple[int, int]) -> _Images:
    shape = (batch, 3, *size)
    depth = 1 + (_FARTHEST - 1) * torch.rand(batch, 1, *size)
    K = torch.tensor([[500.0, 0, size[1] / 2], [0, 500, size[0] / 2], [0, 0, 1]])
    return _Images(
        target=torch.rand(shape),
        views=(torch.rand(shape), torch.rand(shape)),
        measured=depth.where(torch.rand_like(depth) < _POINTS, 0.0),
        intrinsics=K.expand(batch, 3, 3),
    )


def _table(timings: dict[str, Timing]) -> list[str]:
    whole = timings["whole step"].p50_ms
    lines = [f"  {'':32}{'p50 ms':>9}{'p99 ms':>9}{'of the step':>13}"]
    for name, timing in timings.items():
        share = 100 * timing.p50_ms / whole
        lines.append(f"  {name:32}{timing.p50_ms:9.0f}{timing.p99_ms:9.0f}{share:11.1f} %")
    return lines
