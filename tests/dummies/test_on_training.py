# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Networks of every kind are trained, interrupted, resumed, and scored by what a completer says."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from depth_completion_core.completer import load_model
from depth_completion_core.data.sample import Sample
from depth_completion_core.frame import View
from depth_completion_core.geometry.camera import CameraModel
from depth_completion_core.inference.z_depth import output_along_z
from depth_completion_core.metrics import depth_metrics, mean_metrics
from depth_completion_core.models import build_model
from depth_completion_core.models.base import CompletionModel, ModelInput, ModelOutput
from depth_completion_core.training.feeds.collating import collate
from depth_completion_core.training.feeds.requirements import Requirements
from depth_completion_core.training.loop.trainer import train
from depth_completion_core.training.recipes.recipe import RunConfig, ValidationConfig
from depth_completion_core.training.recipes.schedule import ScheduleConfig
from depth_completion_core.training.recipes.supervised import SupervisedRecipe
from tests.core.training.tiny import Planes, PlaneSource, in_folder, small_run
from tests.dummies.table import DUMMIES, register


@dataclass(frozen=True, slots=True, kw_only=True)
class _Drive(PlaneSource):
    def changed(self, sample: Sample, generator: np.random.Generator) -> Sample:
        """With the image before, which was half as bright: the pose network sees means alone."""
        del generator
        before = View(offset=-1, image=sample.image // 2, camera=sample.camera)
        return replace(sample, views=(before,))


@dataclass(frozen=True, slots=True, kw_only=True)
class _DummyRecipe(SupervisedRecipe):
    name: str = ""
    model_name: ClassVar[str] = ""

    epochs: int = 1
    batch_size: int = 4
    schedule: ScheduleConfig = field(default_factory=lambda: ScheduleConfig(rate=0.05))
    validate: ValidationConfig = field(default_factory=lambda: ValidationConfig(every_steps=100))
    data: _Drive = field(default_factory=_Drive)
    validation: _Drive = field(default_factory=lambda: _Drive(planes=Planes.Config(count=2)))
    run: RunConfig = field(default_factory=small_run)

    def build_model(self) -> CompletionModel:
        return build_model(self.name)


@pytest.mark.parametrize("name", DUMMIES)
def test_it_is_trained_resumed_and_scored(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    register(monkeypatch)
    monkeypatch.setattr(_DummyRecipe, "model_name", name)
    recipe, threads = _DummyRecipe(name=name), torch.get_num_threads()
    metrics = train(replace(recipe, run=in_folder(recipe.run, tmp_path / "whole")), name)
    stopped = replace(in_folder(recipe.run, tmp_path / "stopped"), max_minutes=1e-9)
    while not train(replace(recipe, run=stopped), name)["finished"]:
        pass
    torch.set_num_threads(threads)
    found, expected = (load_file(tmp_path / f / "final.safetensors") for f in ("stopped", "whole"))
    begun = build_model(name).state_dict()
    assert all(torch.equal(found[key], value) for key, value in expected.items())
    assert not all(torch.equal(begun[key], value) for key, value in expected.items())
    completer = load_model(str(tmp_path / "whole" / "final.safetensors"), device="cpu")
    scores = []
    for index in range(2):
        sample = recipe.validation.changed(Planes(Path())[index], np.random.default_rng())
        depth, truth = completer.complete(sample.frame()).along_z, sample.truth
        assert truth is not None
        scores.append(depth_metrics(depth.depth, depth.valid, truth.depth, truth.valid))
    assert metrics["scores"] == pytest.approx(mean_metrics(scores), rel=1e-4)


def test_range_along_the_rays_of_a_calibration_becomes_depth_along_its_axis() -> None:
    camera = CameraModel(fx=30.0, fy=25.0, cx=15.5, cy=12.0, width=32, height=32)
    sample = replace(Planes(Path())[0], camera=camera)
    batch = collate([sample], Requirements())
    inputs: ModelInput = batch.model_input(build_model("nearest").needs)
    rays, _ = camera.rays()
    lengths = torch.from_numpy(np.linalg.norm(rays, axis=-1)).float()
    along_rays = batch.true_depth * lengths
    output = ModelOutput(depth=along_rays, along="range", farthest=along_rays.max() * lengths)
    found = output_along_z(output, inputs)
    assert found.along == "z"
    torch.testing.assert_close(found.depth, batch.true_depth)
