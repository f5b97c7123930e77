# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Depth learned from a moving camera: what lowers the loss, and what learns when."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import Tensor, nn

from depth_completion_core.losses.motion_weights import MotionLossConfig
from depth_completion_core.losses.terms import WeightedLossConfig
from depth_completion_core.models.base import CompletionModel, ModelInput, ModelOutput
from depth_completion_core.models.pose import build_pose_network
from depth_completion_core.training.feeds.batch import Batch, BatchView
from depth_completion_core.training.objectives.motion import PHOTOMETRIC, MotionObjective

_SIZE, _FOCAL, _DEPTH = 32, 32.0, 2.0
_WITHHELD = WeightedLossConfig(w_log_l1=1.0, reduction="valid_pixels")


class _Constant(CompletionModel):
    """One depth everywhere, which is learned."""

    def __init__(self, depth: float) -> None:
        super().__init__(None)
        self.log_depth = nn.Parameter(torch.tensor(depth).log())

    def forward(self, inputs: ModelInput) -> ModelOutput:
        depth = self.log_depth.exp().expand_as(inputs.sparse_depth)
        return ModelOutput(depth=depth, maps={"initial_depth": torch.full_like(depth, _DEPTH)})


def _batch(*, motion: bool = True, truth: bool = True) -> Batch:
    """A wall at 2 m, and a camera that moves right by as much as shifts it by 2 pixels."""
    generator = torch.Generator().manual_seed(1)
    wide = 255 * torch.rand((1, 3, _SIZE, _SIZE + 8), generator=generator)
    smooth = nn.functional.avg_pool2d(wide, (1, 5), stride=1)  # (1, 3, S, S + 4)
    K = torch.tensor([[_FOCAL, 0, 15.5], [0, _FOCAL, 15.5], [0, 0, 1]])[None]
    step = 2 * _DEPTH / _FOCAL

    def view(offset: int) -> BatchView:
        left = 2 + 2 * offset
        view_from_target = torch.eye(4)[None].clone()
        view_from_target[0, 0, 3] = -offset * step
        return BatchView(
            offset=offset,
            image=smooth[..., left : left + _SIZE].round().to(torch.uint8),
            sparse_depth=torch.zeros((1, 1, _SIZE, _SIZE)),
            intrinsics=K,
            time_s=torch.zeros(1),
            view_from_target=view_from_target if motion and offset else None,
        )

    known = torch.zeros((1, 1, _SIZE, _SIZE))
    known[..., ::7, ::7] = _DEPTH
    views = (view(0), view(-1), view(1))
    return Batch(names=("wall",), skipped=(), views=views, truth=known if truth else None)


def _loss_at(depth: float) -> dict[str, float]:
    objective = MotionObjective(_Constant(depth), _WITHHELD, MotionLossConfig())
    report = objective(_batch())
    return {"total": report.total.item()} | {
        name: term.value.item() for name, term in report.terms.items()
    }


def test_the_true_depth_has_the_least_error() -> None:
    errors = {depth: _loss_at(depth)[PHOTOMETRIC] for depth in (1.3, 1.7, 2.0, 2.4, 3.2)}
    assert min(errors, key=lambda depth: errors[depth]) == _DEPTH
    assert errors[_DEPTH] < 0.01 < errors[1.7]
    assert _loss_at(_DEPTH)["withheld log l1"] == pytest.approx(0.0, abs=1e-6)


@pytest.mark.parametrize("start", [1.6, 2.5])
def test_images_alone_find_it(start: float) -> None:
    model = _Constant(start)
    objective = MotionObjective(model, _WITHHELD, MotionLossConfig(w_prior=0.0, w_smoothness=0.0))
    optimizer = torch.optim.Adam(objective.parameters(), lr=0.02)
    for _ in range(40):
        optimizer.zero_grad()
        objective(_batch(truth=False)).total.sum().backward()
        optimizer.step()
    assert model.log_depth.exp().item() == pytest.approx(_DEPTH, rel=0.03)


def test_pixels_that_move_along_are_left_out() -> None:
    batch = _batch()
    still = tuple(replace(view, image=batch.image) for view in batch.views[1:])
    found = {}
    for auto_mask in (True, False):
        objective = MotionObjective(
            _Constant(1.0), _WITHHELD, MotionLossConfig(auto_mask=auto_mask)
        )
        report = objective(replace(batch, views=(batch.target, *still)))
        found[auto_mask] = report.terms[PHOTOMETRIC].value.item()
    assert found[True] == pytest.approx(0.0, abs=1e-6)
    assert found[False] > 0.05


def test_a_view_that_sees_nothing_is_counted_and_adds_nothing() -> None:
    batch = _batch()
    turned = torch.diag(torch.tensor([-1.0, 1, -1, 1]))[None]
    away = tuple(replace(view, view_from_target=turned) for view in batch.views[1:])
    objective = MotionObjective(_Constant(_DEPTH), _WITHHELD, MotionLossConfig())
    report = objective(replace(batch, views=(batch.target, *away)))
    assert report.terms["images that no view sees"].value.item() == 1.0
    assert report.terms[PHOTOMETRIC].value.item() == 0.0
    assert bool(torch.isfinite(report.total).all())


def _twice(batch: Batch) -> Batch:
    def doubled(view: BatchView) -> BatchView:
        assert view.intrinsics is not None
        return replace(
            view,
            image=view.image.repeat(2, 1, 1, 1),
            sparse_depth=view.sparse_depth.repeat(2, 1, 1, 1),
            intrinsics=view.intrinsics.repeat(2, 1, 1),
            time_s=view.time_s.repeat(2),
        )

    views = tuple(doubled(view) for view in batch.views)
    truth = batch.true_depth.repeat(2, 1, 1, 1)
    return replace(batch, names=batch.names * 2, views=views, truth=truth)


def _gradients(objective: MotionObjective, batch: Batch) -> dict[str, bool]:
    """Which networks get some."""
    objective.zero_grad()
    objective(batch).total.sum().backward()

    def moves(module: nn.Module) -> bool:
        return any(
            each.grad is not None and bool(each.grad.abs().max() > 0)
            for each in module.parameters()
        )

    return {name: moves(network) for name, network in objective.networks.items()}


def test_the_pose_network_learns_alone_at_first() -> None:
    torch.manual_seed(0)
    pose = build_pose_network("fusionnet_pose")
    objective = MotionObjective(
        _Constant(1.5), _WITHHELD, MotionLossConfig(), pose, pose_first_steps=2
    )
    objective.train()
    batch = _twice(_batch(motion=False))  # batch norm needs more than one
    learned = [_gradients(objective, batch) for _ in range(3)]
    assert learned[0] == learned[1] == {"depth": False, "pose": True}
    assert learned[2] == {"depth": True, "pose": True}
    again = MotionObjective(_Constant(1.5), _WITHHELD, MotionLossConfig(), pose, pose_first_steps=2)
    again.train()
    again.load_state_dict(objective.state_dict())
    assert _gradients(again, batch)["depth"]  # a resumed run knows where it was


def test_scored_or_trained_the_depth_is_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    del capsys
    objective = MotionObjective(_Constant(1.5), _WITHHELD, MotionLossConfig())
    with torch.no_grad():
        one, other = objective.train()(_batch()), objective.eval()(_batch())
    assert _same(one.total, other.total)
    assert one.terms.keys() == other.terms.keys()


def _same(one: Tensor, other: Tensor) -> bool:
    return bool(torch.equal(one, other))
