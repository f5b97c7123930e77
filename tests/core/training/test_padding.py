# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A network of sizes that are multiples of 8 trains and is scored on crops that are not."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.functional import pad, pixel_shuffle, pixel_unshuffle

from depth_completion_core.completer import load_model
from depth_completion_core.data.sample import Sample
from depth_completion_core.data.sampling.augment_geometry import cropped
from depth_completion_core.losses.terms import WeightedLossConfig, l1
from depth_completion_core.metrics import depth_metrics, mean_metrics
from depth_completion_core.models import MODELS
from depth_completion_core.models.base import CompletionModel, ModelInput, ModelOutput, NoSettings
from depth_completion_core.models.needs import ModelNeeds
from depth_completion_core.training.feeds.collating import collate
from depth_completion_core.training.feeds.requirements import Requirements
from depth_completion_core.training.loop.trainer import train
from depth_completion_core.training.objectives.supervised import SupervisedObjective
from depth_completion_core.training.recipes.recipe import RunConfig, ValidationConfig
from depth_completion_core.training.recipes.supervised import SupervisedRecipe
from tests.core.training.tiny import Planes, PlaneSource, in_folder, small_run

_WIDTH_PX, _HEIGHT_PX = 26, 30


class Blocks(CompletionModel):
    """Sees blocks of 8x8 pixels; refuses images that are not made of such."""

    needs = ModelNeeds(size_multiple=8)

    def __init__(self, config: NoSettings | None = None) -> None:
        super().__init__(config)
        self.blend = nn.Conv2d(64, 64, kernel_size=1)

    def forward(self, inputs: ModelInput) -> ModelOutput:
        blocks = self.blend(pixel_unshuffle(inputs.sparse_depth, 8))
        return ModelOutput(depth=3.0 + pixel_shuffle(blocks, 8))


@dataclass(frozen=True, slots=True, kw_only=True)
class _CroppedPlanes(PlaneSource):
    def changed(self, sample: Sample, generator: np.random.Generator) -> Sample:
        return cropped(sample, left=3, top=1, width=_WIDTH_PX, height=_HEIGHT_PX)


@dataclass(frozen=True, slots=True, kw_only=True)
class _BlocksRecipe(SupervisedRecipe):
    model_name: ClassVar[str] = "blocks"

    epochs: int = 4
    batch_size: int = 4
    validate: ValidationConfig = field(default_factory=lambda: ValidationConfig(every_steps=100))
    data: _CroppedPlanes = field(default_factory=_CroppedPlanes)
    validation: _CroppedPlanes = field(
        default_factory=lambda: _CroppedPlanes(planes=Planes.Config(count=3))
    )
    run: RunConfig = field(default_factory=small_run)

    def build_model(self) -> Blocks:
        return Blocks()


def _samples(recipe: _BlocksRecipe) -> list[Sample]:
    """What it is scored on."""
    feed, generator = recipe.held_out(), np.random.default_rng(0)
    dataset = feed.open()
    return [feed.changed(dataset[index], generator) for index in range(len(dataset))]


def test_the_loss_is_of_the_crop_alone() -> None:
    torch.manual_seed(0)
    model = Blocks()
    batch = collate(_samples(_BlocksRecipe()), Requirements())
    sparse, truth = batch.sparse_depth, batch.true_depth
    assert truth.shape == (3, 1, _HEIGHT_PX, _WIDTH_PX)
    report = SupervisedObjective(model, WeightedLossConfig(w_l1=1.0))(batch.to(torch.device("cpu")))
    blocks = pixel_unshuffle(pad(sparse, (0, 32 - _WIDTH_PX, 0, 32 - _HEIGHT_PX)), 8)
    depth = 3.0 + pixel_shuffle(model.blend(blocks), 8)[:, :, :_HEIGHT_PX, :_WIDTH_PX]
    torch.testing.assert_close(report.depth, depth)
    torch.testing.assert_close(report.total, l1(depth, truth))


def test_it_is_scored_by_what_a_completer_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(MODELS, "blocks", f"{__name__}:Blocks")
    recipe = _BlocksRecipe()
    threads = torch.get_num_threads()
    metrics = train(replace(recipe, run=in_folder(recipe.run, tmp_path)), "blocks")
    torch.set_num_threads(threads)
    assert metrics["finished"]
    completer = load_model(str(tmp_path / "final.safetensors"), device="cpu")
    found = []
    for sample in _samples(recipe):
        prediction = completer.complete(sample.frame())
        assert sample.truth is not None
        truth = sample.truth
        found.append(depth_metrics(prediction.depth, prediction.valid, truth.depth, truth.valid))
    assert metrics["scores"] == pytest.approx(mean_metrics(found), rel=1e-5)
