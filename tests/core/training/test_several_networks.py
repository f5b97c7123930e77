# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A run of several networks: each learns as its own settings say, and is handed out."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml
from lightning_fabric import Fabric
from safetensors import safe_open
from safetensors.torch import load_file

from depth_completion_core.checkpoints.checkpoint import load_checkpoint
from depth_completion_core.checkpoints.pose_checkpoint import load_pose_checkpoint
from depth_completion_core.join_shards import main as join_main
from depth_completion_core.models.configs.pose import FUSIONNET_POSES
from depth_completion_core.settings.fields import ConfigError
from depth_completion_core.settings.mapping import config_from_mapping, config_to_mapping
from depth_completion_core.training.errors import TrainingError
from depth_completion_core.training.loop.train_state import TrainState
from depth_completion_core.training.loop.trainer import Trainer, train
from depth_completion_core.training.recipes.networks import NetworkTraining, PoseTraining
from depth_completion_core.training.recipes.recipe import Recipe
from tests.core.training.tiny import TinyPose, TinyScaffNet, in_folder

_FABRIC = Fabric(accelerator="cpu", devices=1)


@pytest.fixture(autouse=True)
def _threads() -> Iterator[None]:
    threads = torch.get_num_threads()
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run of two networks."""
    folder = tmp_path_factory.mktemp("two")
    plain = TinyPose(epochs=2)
    train(replace(plain, run=replace(in_folder(plain.run, folder), shards=True)), "tiny")
    return folder


def _begun(recipe: Recipe) -> dict[str, dict[str, torch.Tensor]]:
    """Weights by network, as the recipe begins with them."""
    shown = TrainState(replace(recipe, average_decay=0.0), _FABRIC).shown_networks()
    networks = {"depth": shown.depth, **shown.beside}
    return {name: network.state_dict() for name, network in networks.items()}


def _changed(folder: Path, recipe: Recipe) -> set[str]:
    """The networks of which something changed, by the files of a run."""
    files = {"depth": "final.safetensors", "pose": "pose/final.safetensors"}
    found = {name: load_file(folder / path) for name, path in files.items()}
    return {
        name
        for name, begun in _begun(recipe).items()
        if not all(torch.equal(found[name][key], value) for key, value in begun.items())
    }


def test_both_learn_and_are_handed_out_in_files_of_their_own(run: Path) -> None:
    assert _changed(run, TinyPose(epochs=2)) == {"depth", "pose"}
    for name in ("final", "best"):
        pose = load_pose_checkpoint(run / "pose" / f"{name}.safetensors")
        assert pose.name == "fusionnet_pose"
        assert pose.provenance["source"] == "trained by depth_completion_core.train tiny"
        assert load_checkpoint(run / f"{name}.safetensors").name == "scaffnet"
    with safe_open(run / "final.safetensors", framework="pt") as file:
        beside = json.loads(file.metadata()["beside"])
    assert beside == {"pose": {"network": "fusionnet_pose", "file": "pose/final.safetensors"}}


def test_the_averaged_weights_of_both_are_handed_out(run: Path) -> None:
    newest = max((run / "checkpoints").glob("step-*.pt"))
    averages = torch.load(newest, weights_only=True)["average"]["values"]
    handed_out = load_file(run / "pose" / "final.safetensors")
    assert all(torch.equal(v, averages[f"beside.pose.{k}"]) for k, v in handed_out.items())


@pytest.mark.parametrize("source", ["pose/final.safetensors", "shards/pose"])
def test_another_run_begins_from_the_pose_network(run: Path, source: str) -> None:
    found = PoseTraining(init_weights=str(run / source)).build().state_dict()
    expected = load_file(run / "pose" / "final.safetensors")
    for key, value in expected.items():
        is_rounded = source.startswith("shards") and value.is_floating_point()
        assert torch.equal(found[key], value.half().float() if is_rounded else value), key


def test_its_shards_become_one_file(run: Path, tmp_path: Path) -> None:
    path = tmp_path / "pose.safetensors"
    assert join_main([str(run / "shards" / "pose"), str(path)]) == 0
    joined = load_pose_checkpoint(path)
    assert joined.provenance == load_pose_checkpoint(run / "shards" / "pose").provenance
    halves = {k: v.half().to(v.dtype) for k, v in load_file(run / "pose/final.safetensors").items()}
    floats = {k: v for k, v in joined.network.state_dict().items() if v.is_floating_point()}
    assert all(torch.equal(value, halves[key]) for key, value in floats.items())


def test_a_pose_network_of_another_kind_is_refused(run: Path) -> None:
    path = str(run / "pose" / "final.safetensors")
    with pytest.raises(TrainingError, match=r"give --pose.network fusionnet_pose"):
        PoseTraining(network="packnet_pose", init_weights=path).build()
    with pytest.raises(TrainingError, match="holds a network for depth"):
        PoseTraining(init_weights=str(run / "final.safetensors")).build()


@pytest.mark.parametrize("encoder", FUSIONNET_POSES)
def test_a_pose_network_is_built_as_its_settings_say(encoder: Any) -> None:  # noqa: ANN401
    built = PoseTraining(encoder=encoder).build()
    assert built.config == FUSIONNET_POSES[encoder]
    assert type(PoseTraining(network="pose_resnet").build()).__name__ == "PoseResNet"


@pytest.mark.parametrize("frozen", ["depth", "pose"])
def test_a_frozen_network_stays_as_it_is(frozen: str, tmp_path: Path) -> None:
    """Statistics of batch norm, which both have, included."""

    class Frozen(TinyPose):
        def network_trainings(self) -> dict[str, NetworkTraining]:
            return {frozen: NetworkTraining(frozen=True)}

    plain = Frozen(epochs=1)
    recipe = replace(plain, run=in_folder(plain.run, tmp_path))
    train(recipe, "tiny")
    assert _changed(tmp_path, recipe) == {"depth", "pose"} - {frozen}


def test_each_network_has_its_own_rates_and_decay(tmp_path: Path) -> None:
    plain = TinyPose(epochs=3)
    trainer = Trainer(replace(plain, run=in_folder(plain.run, tmp_path)), "tiny", _FABRIC)
    optimizer = trainer._state._optimizer_step.optimizer
    decays = {group["network"]: group["weight_decay"] for group in optimizer.param_groups}
    assert decays == {"depth": 0.0, "pose": 0.1}
    rates = []
    for step in range(9):
        trainer._progress.step = step
        rates.append(trainer._rates())
    assert [rate["pose"] for rate in rates] == 3 * [2e-3] + 6 * [1e-3]
    assert rates[0]["depth"] == pytest.approx(5e-3)
    assert rates[8]["depth"] < rates[0]["depth"]


def test_rates_of_a_network_that_make_no_sense_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"of a network's own learning rates: .*'rates'"):
        NetworkTraining(rates=(1e-4, 5e-5), until_epochs=(3,))


def test_a_recipe_that_names_a_network_that_is_not_there_is_refused() -> None:
    class Wrong(TinyScaffNet):
        def network_trainings(self) -> dict[str, NetworkTraining]:
            return {"pose": NetworkTraining()}

    with pytest.raises(TrainingError, match=r"how 'pose' is trained, .* has the networks depth"):
        TrainState(Wrong(), _FABRIC)


def test_a_run_in_which_nothing_learns_is_refused() -> None:
    class Frozen(TinyScaffNet):
        def network_trainings(self) -> dict[str, NetworkTraining]:
            return {"depth": NetworkTraining(frozen=True)}

    with pytest.raises(TrainingError, match="nothing to learn"):
        TrainState(Frozen(), _FABRIC)


def test_its_settings_are_written_down_and_read_back(run: Path) -> None:
    config = yaml.safe_load((run / "config.yaml").read_text())
    expected = TinyPose().pose
    assert config_from_mapping(NetworkTraining, config["pose"], "pose.") == expected
    assert config_to_mapping(expected)["rates"] == list(expected.rates)


def test_a_fresh_run_leaves_no_pose_network_of_the_one_before(tmp_path: Path) -> None:
    plain = TinyPose(epochs=1)
    train(replace(plain, run=in_folder(plain.run, tmp_path)), "tiny")
    alone = TinyScaffNet(epochs=1)
    train(replace(alone, run=replace(in_folder(alone.run, tmp_path), fresh=True)), "tiny")
    assert not (tmp_path / "pose").exists()
