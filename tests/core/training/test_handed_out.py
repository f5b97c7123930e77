# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What a run writes, others read: checkpoints, shards, TensorBoard, and its own folder."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import yaml
from safetensors.torch import load_file

from depth_completion_core.checkpoints.checkpoint import load_checkpoint
from depth_completion_core.checkpoints.init_weights import load_init_weights
from depth_completion_core.completer import load_model
from depth_completion_core.frame import Frame
from depth_completion_core.join_shards import main as join_main
from depth_completion_core.settings.mapping import config_to_mapping
from depth_completion_core.training.errors import TrainingError
from depth_completion_core.training.feeds.collating import collate
from depth_completion_core.training.feeds.requirements import Requirements
from depth_completion_core.training.loop.batch_pictures import sheet
from depth_completion_core.training.loop.trainer import train
from depth_completion_core.training.objectives.objective import ObjectiveReport
from depth_completion_core.training.recipes.recipe import Recipe
from depth_completion_core.training.recipes.schedule import ScheduleConfig
from tests.core.training.tiny import (
    SCAFFNET,
    Planes,
    TinyFusionNet,
    TinyPose,
    TinyScaffNet,
    in_folder,
)


@pytest.fixture(autouse=True)
def _threads() -> Iterator[None]:
    threads = torch.get_num_threads()
    yield
    torch.set_num_threads(threads)


def _in(recipe: Recipe, folder: Path, **run: Any) -> Recipe:  # noqa: ANN401
    return replace(recipe, run=replace(in_folder(recipe.run, folder), **run))


@pytest.fixture(scope="module")
def scaffnet(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a finished run."""
    folder = tmp_path_factory.mktemp("scaffnet")
    recipe = TinyScaffNet(epochs=40, schedule=ScheduleConfig(rate=2e-2))
    train(_in(recipe, folder, shards=True), "tiny")
    return folder


def _frame() -> Frame:
    return Planes(Path())[3].frame()


@pytest.mark.parametrize("name", ["final", "best"])
def test_a_completer_reads_the_weights(scaffnet: Path, name: str) -> None:
    path = scaffnet / f"{name}.safetensors"
    completer = load_model(str(path), device="cpu")
    prediction = completer.complete(_frame())
    assert prediction.depth.shape == _frame().image.shape[:2]
    assert prediction.valid.all()
    checkpoint = load_checkpoint(path)
    assert checkpoint.name == "scaffnet"
    assert config_to_mapping(checkpoint.model.config) == config_to_mapping(SCAFFNET)
    assert checkpoint.provenance["source"] == "trained by depth_completion_core.train tiny"
    assert np.isfinite(checkpoint.scores["all"]["rmse_mm"])


def test_it_has_learned_something(scaffnet: Path) -> None:
    metrics = json.loads((scaffnet / "metrics.json").read_text())
    assert metrics["finished"]
    assert metrics["loss"] < 0.5 * metrics["first_loss"]
    assert metrics["best"] <= metrics["scores"]["rmse_mm"]


def test_the_averaged_weights_are_handed_out(scaffnet: Path) -> None:
    newest = max((scaffnet / "checkpoints").glob("step-*.pt"))
    state = torch.load(newest, weights_only=True)
    handed_out = load_file(scaffnet / "final.safetensors")
    averages = state["average"]["values"]
    assert all(torch.equal(v, averages[f"model.{k}"]) for k, v in handed_out.items())
    last = {key: state["objective"][f"model.{key}"] for key in handed_out}
    assert not all(torch.equal(handed_out[key], value) for key, value in last.items())


def test_the_folder_says_what_was_run(scaffnet: Path) -> None:
    config = yaml.safe_load((scaffnet / "config.yaml").read_text())
    assert config["recipe"] == "tiny"
    assert config["epochs"] == 40
    assert config["network"] == config_to_mapping(SCAFFNET)
    environment = json.loads((scaffnet / "environment.json").read_text())
    assert environment["packages"]["torch"] == torch.__version__
    assert environment["processes"] == 1
    assert set(environment) >= {"revision", "python", "gpus", "threads"}


def test_fusionnet_keeps_the_scaffnet_that_it_was_given(scaffnet: Path, tmp_path: Path) -> None:
    recipe = TinyFusionNet(scaffnet_weights=str(scaffnet / "final.safetensors"))
    train(_in(recipe, tmp_path), "tiny")
    given, trained = (load_file(f / "final.safetensors") for f in (scaffnet, tmp_path))
    assert all(torch.equal(trained[f"scaffnet.{key}"], value) for key, value in given.items())
    torch.manual_seed(recipe.seed)
    begun = recipe.build_model().state_dict()
    changed = {key.split(".")[0] for key in begun if not torch.equal(begun[key], trained[key])}
    assert changed == {"encoder_image", "encoder_depth", "decoder"}
    prediction = load_model(str(tmp_path / "final.safetensors"), device="cpu").complete(_frame())
    assert prediction.valid.all()


def test_fusionnet_refuses_a_scaffnet_of_other_settings(scaffnet: Path, tmp_path: Path) -> None:
    """The shapes of the weights would not tell."""
    plain = TinyFusionNet(scaffnet_weights=str(scaffnet / "final.safetensors"))
    other = replace(SCAFFNET, max_predict_depth=20.0)
    recipe = replace(plain, network=replace(plain.network, scaffnet=other))
    with pytest.raises(TrainingError, match=r"max_predict_depth 10.0 where 20.0 was expected"):
        train(_in(recipe, tmp_path), "tiny")
    with pytest.raises(TrainingError, match="--scaffnet_weights"):
        train(_in(TinyFusionNet(scaffnet_weights=""), tmp_path), "tiny")


@pytest.mark.parametrize("begin", ["final.safetensors", "shards"])
def test_a_run_begins_from_weights_alone(scaffnet: Path, tmp_path: Path, begin: str) -> None:
    """With no rate at all, what comes out is what went in, in half precision from shards."""
    plain = TinyScaffNet(epochs=1, init_weights=str(scaffnet / begin), average_decay=0.0)
    recipe = replace(plain, schedule=replace(plain.schedule, rate=0.0))
    train(_in(recipe, tmp_path), "tiny")
    given, found = (load_file(f / "final.safetensors") for f in (scaffnet, tmp_path))
    for key, value in given.items():
        if "running" in key or "tracked" in key:
            continue  # statistics are taken on
        expected = value.half().float() if begin == "shards" else value
        assert torch.equal(found[key], expected), key


def test_shards_become_the_checkpoint_that_they_were_made_of(
    scaffnet: Path, tmp_path: Path
) -> None:
    path = tmp_path / "joined.safetensors"
    assert join_main([str(scaffnet / "shards"), str(path)]) == 0
    joined, final = load_checkpoint(path), load_checkpoint(scaffnet / "final.safetensors")
    assert (joined.name, joined.provenance, joined.scores) == (
        final.name,
        final.provenance,
        final.scores,
    )
    assert config_to_mapping(joined.model.config) == config_to_mapping(final.model.config)
    expected = final.model.state_dict()
    for key, value in joined.model.state_dict().items():
        halves = expected[key].half() if value.is_floating_point() else expected[key]
        assert torch.equal(value, halves.to(value.dtype)), key


def test_a_stop_by_the_clock_writes_shards(tmp_path: Path) -> None:
    train(_in(TinyScaffNet(), tmp_path, shards=True, max_minutes=1e-9), "tiny")
    newest = torch.load(tmp_path / "checkpoints" / "step-000000001.pt", weights_only=True)
    found = load_init_weights(tmp_path / "shards", "scaffnet")
    for key, value in newest["average"]["values"].items():
        halves = value.half() if value.is_floating_point() else value
        assert torch.equal(found[key.removeprefix("model.")], halves)


def test_bf16_trains_float32_weights(tmp_path: Path) -> None:
    metrics = train(_in(TinyScaffNet(epochs=3, precision="bf16-mixed"), tmp_path), "tiny")
    assert metrics["finished"]
    weights = load_file(tmp_path / "final.safetensors")
    assert {value.dtype for value in weights.values()} == {torch.float32, torch.int64}


def test_tensorboard_shows_numbers_with_units_pictures_and_counts(tmp_path: Path) -> None:
    accumulator = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    train(_in(TinyScaffNet(epochs=2), tmp_path, tensorboard=True, log_steps=2), "tiny")
    events = accumulator.EventAccumulator(str(tmp_path / "tensorboard"))
    events.Reload()
    tags = events.Tags()
    assert all(
        tag.endswith("]") for kind in ("scalars", "images", "histograms") for tag in tags[kind]
    )
    assert {"loss/total [1]", "time/data [ms]", "time/compute [ms]"} <= set(tags["scalars"])
    assert "validation/rmse [mm]" in tags["scalars"]
    assert [event.step for event in events.Scalars("loss/absolute error [m]")] == [2, 4, 6]
    assert tags["images"] == ["samples/depth and error [m]"]
    assert "input/points per sample [count]" in tags["histograms"]


def test_tensorboard_shows_the_terms_of_an_objective_with_their_units(tmp_path: Path) -> None:
    accumulator = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    train(_in(TinyPose(epochs=1), tmp_path, tensorboard=True, log_steps=1), "tiny")
    events = accumulator.EventAccumulator(str(tmp_path / "tensorboard"))
    events.Reload()
    assert [event.step for event in events.Scalars("loss/motion [m]")] == [1, 2, 3]
    (image,) = events.Images("samples/depth and error [m]")
    assert image.width > 7 * 256  # two panels more than the five of every sheet, and two bars


def test_pictures_of_an_objective_have_panels_of_their_own() -> None:
    batch = collate([Planes(Path())[index] for index in range(2)], Requirements())
    red = torch.zeros(2, 3, 32, 32).index_fill(1, torch.tensor([0]), 1.0)
    plain = ObjectiveReport(total=torch.zeros(2), depth=batch.true_depth)
    shown = plain._replace(pictures={"red": red, "initial depth": batch.true_depth})
    narrow, wide = sheet(batch, plain), sheet(batch, shown)
    assert wide.shape == (narrow.shape[0], narrow.shape[1] + 2 * 256, 3)
    panels = np.split(wide[:, : 6 * 256], 6, axis=1)  # image, points, truth, ours, prediction
    assert panels[3][150, 128].tolist() == [255, 0, 0]
    np.testing.assert_array_equal(panels[4][60:200], panels[2][60:200])
