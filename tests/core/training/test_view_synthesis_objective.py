# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""FusionNet's own training: the whole loss of a batch, and what is shown of it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor

from depth_completion_core.geometry.multiview.pose_vectors import matrix_from_rotation_vector
from depth_completion_core.losses.view_weights import PriorVariant, ViewSynthesisLossConfig
from depth_completion_core.models.fusionnet import FusionNet
from depth_completion_core.models.pose import build_pose_network
from depth_completion_core.models.pose.base import PoseNetwork
from depth_completion_core.training.feeds.batch import Batch, BatchView
from depth_completion_core.training.objectives.view_synthesis import ViewSynthesisObjective
from tests.core.losses.fusionnet_step_twin import Step, step_loss, step_terms
from tests.core.training.tiny import FUSIONNET

_BATCH, _HEIGHT, _WIDTH = 3, 16, 20
# Wide ranges, so that random weights give depths that differ, and measurements that are capped.
_NETWORK = replace(FUSIONNET, max_predict_depth=4.0, outlier_threshold=0.5)


def _batch(*, with_motion: bool) -> Batch:
    generator = torch.Generator().manual_seed(0)
    # Little contrast in two of the images, so that only their prior counts.
    contrast = torch.tensor([0.2, 0.7, 0.3])[:, None, None, None]

    def image() -> Tensor:
        values = torch.rand((_BATCH, 3, _HEIGHT, _WIDTH), generator=generator)
        return (255 * contrast * values).to(torch.uint8)

    K = torch.tensor([[15.0, 0, 9.2], [0, 15.5, 7.3], [0, 0, 1]]).double().repeat(_BATCH, 1, 1)
    measured = 1.0 + 5.0 * torch.rand((_BATCH, 1, _HEIGHT, _WIDTH), generator=generator)
    measured *= torch.rand(measured.shape, generator=generator) < 0.15
    nothing = torch.zeros_like(measured)

    def view(offset: int, depth: Tensor) -> BatchView:
        vector = 0.1 * torch.randn((2, _BATCH, 3), generator=generator).double()
        motion = matrix_from_rotation_vector(rotation=vector[0], translation=vector[1])
        return BatchView(
            offset=offset,
            image=image(),
            sparse_depth=depth,
            intrinsics=K,
            time_s=torch.full((_BATCH,), 0.1 * offset),
            view_from_target=motion if with_motion and offset else None,
        )

    views = (view(0, measured), view(-1, nothing), view(1, nothing))
    return Batch(names=("a", "b", "c"), skipped=(), views=views, truth=None)


def _network() -> FusionNet:
    torch.manual_seed(0)
    return FusionNet(_NETWORK)


@pytest.mark.parametrize("learns_motion", [False, True])
@pytest.mark.parametrize("prior", ["per_image", "released"])
def test_the_loss_of_a_batch_is_that_of_the_release(
    prior: PriorVariant, learns_motion: bool
) -> None:
    batch, model = _batch(with_motion=not learns_motion), _network()
    pose = _restless_pose_network() if learns_motion else None
    loss = ViewSynthesisLossConfig(prior=prior, prior_threshold=0.45, w_prior=0.7)
    objective = ViewSynthesisObjective(model, loss, pose)
    report = objective(batch)

    image, earlier, later = (view.image.double() / 255 for view in batch.views)
    with torch.no_grad():
        scaffold = model.scaffold(batch.sparse_depth)
        kept = model.without_outliers(batch.sparse_depth)
        depth = model.fuse(image.float(), scaffold, kept)
        if pose is None:
            vectors = [_vector(view.view_from_target) for view in batch.views[1:]]
        else:
            found = pose.vectors(image, [earlier, later])
            both = torch.cat([found.rotation, found.translation], dim=-1)
            vectors = [vector.double().numpy() for vector in both.unbind(1)]
    assert (kept == 0).sum() > (batch.sparse_depth == 0).sum()  # there were outliers
    assert kept.max() > _NETWORK.max_predict_depth  # and some that are capped
    assert batch.target.intrinsics is not None
    step = Step(
        image=image.numpy(),
        earlier=earlier.numpy(),
        later=later.numpy(),
        K=batch.target.intrinsics.double().numpy(),
        to_earlier=vectors[0],
        to_later=vectors[1],
        depth=depth.double().numpy(),
        measured=kept.double().numpy(),
        prior=scaffold.double().numpy(),
        max_depth=_NETWORK.max_predict_depth,
    )
    terms = step_terms(step, prior_threshold=0.45, released=prior == "released")
    assert terms["prior"] > 0
    weights = {name: getattr(loss, f"w_{name}") for name in terms}
    assert report.total.mean().item() == pytest.approx(step_loss(terms, weights), rel=1e-5)
    for name, value in terms.items():
        shown = report.terms[name.replace("_", " ")].value.mean().item()
        # A pixel whose two errors are the same but for rounding may be in the prior's mask or not.
        assert shown == pytest.approx(value, rel=1e-3 if name == "prior" else 1e-5)


def _restless_pose_network() -> PoseNetwork:
    """A random one says that nothing moved."""
    pose = build_pose_network("fusionnet_pose").double().eval()
    *_, last = pose.parameters()
    with torch.no_grad():
        last.mul_(5e4)
    return pose


def _vector(view_from_target: Tensor | None) -> np.ndarray:
    """(B, 6) rotation vector and translation, found by OpenCV."""
    cv2 = pytest.importorskip("cv2")
    assert view_from_target is not None
    matrices = view_from_target.double().numpy()
    return np.array([[*cv2.Rodrigues(m[:3, :3])[0][:, 0], *m[:3, 3]] for m in matrices])


def test_pictures_show_target_views_errors_and_where_the_prior_counts() -> None:
    report = ViewSynthesisObjective(_network(), ViewSynthesisLossConfig())(_batch(with_motion=True))
    size = (_BATCH, 3, _HEIGHT, _WIDTH)
    for name in ("view -1, warped", "view +1, warped", "colour error", "where the prior explains"):
        assert report.pictures[name].shape == size
        assert 0 <= report.pictures[name].min() <= report.pictures[name].max() <= 1
    assert report.pictures["initial depth"].shape == (_BATCH, 1, _HEIGHT, _WIDTH)


def test_all_but_scaffnet_learns_and_a_batch_without_measurements_is_counted() -> None:
    batch = _batch(with_motion=False)
    pose = build_pose_network("fusionnet_pose").double()  # as the batch's intrinsics are
    objective = ViewSynthesisObjective(_network(), ViewSynthesisLossConfig(), pose)
    empty = replace(batch.target, sparse_depth=torch.zeros_like(batch.sparse_depth))
    report = objective(replace(batch, views=(empty, *batch.views[1:])))
    assert report.terms["images without sparse depth"].value.tolist() == [1.0, 1.0, 1.0]
    report.total.sum().backward()
    for name, parameter in objective.named_parameters():
        is_frozen = name.startswith("model.scaffnet.")
        assert (parameter.grad is None) is is_frozen, name
        assert parameter.grad is None or bool(torch.isfinite(parameter.grad).all())


def test_what_a_sample_must_have_depends_on_who_knows_the_motion() -> None:
    loss = ViewSynthesisLossConfig()
    known = ViewSynthesisObjective(_network(), loss).requirements
    learned = ViewSynthesisObjective(_network(), loss, build_pose_network("fusionnet_pose"))
    assert "view_from_target" in known.names
    assert "view_from_target" not in learned.requirements.names
    assert known.view_offsets == learned.requirements.view_offsets == (-1, 1)
    assert "truth" not in known.names
