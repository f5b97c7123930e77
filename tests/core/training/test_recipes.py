# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Every recipe of the table, and settings on the command line."""

from __future__ import annotations

import dataclasses
import os
import subprocess
import sys
from pathlib import Path
from typing import get_type_hints

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from depth_completion_core.completer import load_model
from depth_completion_core.models import MODELS
from depth_completion_core.models.fusionnet import FusionNet
from depth_completion_core.settings.descriptions import settings_of
from depth_completion_core.settings.fields import ConfigError, Limits, limits_of
from depth_completion_core.settings.mapping import config_from_mapping, config_to_mapping
from depth_completion_core.train import main
from depth_completion_core.training.errors import TrainingError
from depth_completion_core.training.feeds.bank_feed import BankFeed
from depth_completion_core.training.feeds.dataset_feed import DatasetFeed
from depth_completion_core.training.feeds.world_feed import WorldFeed
from depth_completion_core.training.recipes import (
    RECIPES,
    build_recipe,
    presets_of,
    recipe_class,
)
from depth_completion_core.training.recipes.command_line import changes_from, help_text
from depth_completion_core.training.recipes.recipe import Recipe
from depth_completion_core.world.objects.families import HELD_OUT
from tests.core.data.written_files import random_image, write_image, write_numbers, write_text

_ROOT = Path(__file__).resolve().parents[3]
_TINY = (
    *("--network.encoder_filters", "4,4,8,8,8", "--network.decoder_filters", "8,8,8,4,4"),
    *("--run.device", "cpu", "--run.progress", "false", "--run.tensorboard", "false"),
)


def _run(*arguments: str, limit_s: float = 120.0) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "depth_completion_core.train", *arguments],
        cwd=_ROOT,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=limit_s,
    )


@pytest.mark.parametrize("name", ["overfit_scaffnet", "overfit_fusionnet"])
def test_overfit_recipes_reach_their_loss_in_their_steps(name: str, tmp_path: Path) -> None:
    recipe = build_recipe(name)
    assert recipe.target_loss > 0
    began = os.times()
    done = _run(name, "--run.out", str(tmp_path), "--run.threads", "1", "--run.progress", "false")
    assert done.returncode == 0, done.stderr
    ended = os.times()
    # The time of the process, not of the clock: the machines that run this are shared.
    assert ended.children_user - began.children_user < 40
    assert "finished: True" in done.stdout
    assert isinstance(recipe.data, DatasetFeed)
    sample = recipe.data.open()[0]
    completer = load_model(str(tmp_path / "final.safetensors"), device="cpu")
    prediction = completer.complete(recipe.data.changed(sample, np.random.default_rng(0)).frame())
    assert sample.truth is not None
    error = np.abs(prediction.depth - sample.truth.depth)[sample.truth.valid]
    assert np.median(error) < 0.5


@pytest.mark.parametrize("name", RECIPES)
def test_a_recipe_survives_the_way_through_plain_values(name: str) -> None:
    for preset, recipe in presets_of(name).items():
        again = config_from_mapping(recipe_class(name), config_to_mapping(recipe))
        assert again == recipe
        built = build_recipe(name, {"preset": preset} if preset else {})
        assert built == recipe
        assert recipe.preset == (preset or recipe.preset)


@pytest.mark.parametrize("name", RECIPES)
def test_every_setting_is_described_and_can_be_changed(name: str) -> None:
    recipe, text = recipe_class(name), help_text(name)
    changed = {item.path: _another(item.default) for item in settings_of(recipe)}
    words = [f"--{path}={_spelled(value)}" for path, value in changed.items()]
    changes = changes_from(words, recipe)
    for item in settings_of(recipe):
        assert item.description, item.path
        assert f"--{item.path} " in text
        found, expected = changes, changed[item.path]
        for group in item.path.split("."):
            found = found[group]
        assert found == (list(expected) if isinstance(expected, tuple) else expected), item.path


@pytest.mark.parametrize("name", RECIPES)
def test_recipes_keep_the_limits_of_all_recipes(name: str) -> None:
    """A field that is given another default is another field."""
    of_all, found = _limits(Recipe), _limits(recipe_class(name))
    assert {key: found[key] for key in of_all} == of_all


def _limits(recipe: type[Recipe]) -> dict[str, Limits]:
    hints = get_type_hints(recipe)
    return {item.name: limits_of(item, hints[item.name]) for item in dataclasses.fields(recipe)}


def _another(value: object) -> object:
    if isinstance(value, bool):
        return not value
    if isinstance(value, tuple):
        return value[:1]
    return f"{value}x" if isinstance(value, str) else value


def _spelled(value: object) -> str:
    if isinstance(value, tuple):
        return ",".join(map(str, value))
    return str(value).lower() if isinstance(value, bool) else str(value)


@pytest.mark.parametrize("name", RECIPES)
def test_models_are_those_of_the_table(name: str) -> None:
    assert recipe_class(name).model_name in MODELS


def test_presets_hold_the_published_settings() -> None:
    """reference: learning rates, epochs, batch, crop and range of both releases."""
    found = {
        (name, preset): (
            recipe.schedule.rates,
            recipe.schedule.until_epochs,
            recipe.epochs,
            recipe.batch_size,
        )
        for name in ("scaffnet_scenenet", "scaffnet_vkitti")
        for preset, recipe in presets_of(name).items()
        if preset
    }
    assert found == {
        ("scaffnet_scenenet", "pytorch"): ((1e-4, 5e-5), (4, 10), 10, 12),
        ("scaffnet_vkitti", "pytorch"): ((1e-4, 5e-5), (4, 10), 10, 12),
        ("scaffnet_scenenet", "paper"): ((5e-5, 2.5e-5, 1e-5), (2, 4, 5), 5, 8),
        ("scaffnet_vkitti", "paper"): ((4e-4, 3e-4, 2e-4, 1e-4), (8, 20, 30, 50), 50, 8),
    }


def test_a_change_keeps_what_the_preset_says_beside_it() -> None:
    changes = {"preset": "paper", "network": {"uncertainty": True}}
    recipe = build_recipe("scaffnet_scenenet", changes)
    expected = config_to_mapping(presets_of("scaffnet_scenenet")["paper"])
    expected["network"]["uncertainty"] = True
    assert config_to_mapping(recipe) == expected


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["scafnet_synthetic"], "Did you mean 'scaffnet_synthetic'?"),
        (["scaffnet_synthetic", "--epoch", "3"], "did you mean 'epochs'?"),
        (["scaffnet_synthetic", "--network.encoders", "x"], "did you mean 'network.encoder'?"),
        (["scaffnet_synthetic", "--data.augmentation.flp=1"], "mean 'data.augmentation.flip'?"),
        (["scaffnet_synthetic", "--epochs", "many"], "'epochs' is a whole number, got 'many'"),
        (["scaffnet_synthetic", "--epochs"], "'--epochs' has no value"),
        (["scaffnet_synthetic", "epochs=3"], "expected --setting value"),
        (["scaffnet_synthetic", "--run.fresh", "1"], "'run.fresh' is true or false, got '1'"),
        (["scaffnet_synthetic", "--precision", "8"], "'precision' is one of 32, bf16-mixed"),
        (["scaffnet_synthetic", "--preset", "paper"], "has no preset 'paper'"),
        (["scaffnet_scenenet", "--preset", "tf"], "it has 'pytorch', 'paper'"),
        (["scaffnet_scenenet", "--data.points", "unifrom:5"], "'unifrom:5' is no sparsifier"),
        (["scaffnet_synthetic", "--data.without", "sofaa"], "unknown family 'sofaa'"),
        (["scaffnet_scenenet"], "needs its folder"),
        (["fusionnet_synthetic"], "train scaffnet_synthetic first"),
    ],
)
def test_what_is_wrong_is_said(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    if arguments == ["fusionnet_synthetic"]:
        arguments = [*arguments, "--validate.every_steps", "0"]
    assert main(arguments) == 1
    error = capsys.readouterr().err
    assert error.startswith("error: ")
    assert message in error


def test_help_names_recipes_and_settings(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0
    shown = capsys.readouterr().out
    assert all(name in shown for name in RECIPES)
    assert main(["scaffnet_vkitti", "--help"]) == 0
    assert "presets: pytorch, paper" in capsys.readouterr().out


def test_numbers_are_read_as_people_write_them() -> None:
    recipe = recipe_class("scaffnet_synthetic")
    words = ["--schedule.rate", "1e-4", "--init-weights=a=b", "--data.without", "[sofa, van]"]
    assert changes_from(words, recipe) == {
        "schedule": {"rate": 1e-4},
        "init_weights": "a=b",
        "data": {"without": ["sofa", "van"]},
    }


def test_limits_hold_for_changes() -> None:
    with pytest.raises(ConfigError, match="'batch_size' lies from 1"):
        build_recipe("scaffnet_synthetic", {"batch_size": 0})
    with pytest.raises(TrainingError, match="known are scaffnet_synthetic"):
        build_recipe("nothing")


def _write_scenenet(root: Path) -> None:
    for sequence in ("train/0/9", "train/1/10", "val/0/1"):
        for number in (0, 25):
            write_image(root / sequence / f"photo/{number}.jpg", random_image(number, 240, 320))
            depth = np.full((240, 320), 2000 + 40 * number)
            write_numbers(root / sequence / f"depth/{number}.png", depth)


def _write_vkitti1(root: Path) -> None:
    for world in ("0001", "0020"):
        for number in (0, 1):
            name = f"{world}/clone/{number:05d}.png"
            write_image(root / "vkitti_1.3.1_rgb" / name, random_image(number, 375, 1242))
            depth = np.full((375, 1242), 2000)
            depth[:50] = 65535
            write_numbers(root / "vkitti_1.3.1_depthgt" / name, depth)


def _write_vkitti2(root: Path) -> None:
    for scene in ("Scene01", "Scene20"):
        rows = ["frame cameraID K[0,0] K[1,1] K[0,2] K[1,2]"]
        for number in (0, 1):
            for camera in (0, 1):
                rows.append(f"{number} {camera} 725 725 620.5 187")
                below = root / scene / "clone/frames"
                photo = below / f"rgb/Camera_{camera}/rgb_{number:05d}.jpg"
                write_image(photo, random_image(number, 375, 1242))
                depth = np.full((375, 1242), 2000)
                depth[:50] = 65535
                place = below / f"depth/Camera_{camera}/depth_{number:05d}.png"
                write_numbers(place, depth)
        write_text(root / scene / "clone/intrinsic.txt", "\n".join(rows) + "\n")


@pytest.mark.parametrize(
    ("name", "preset", "write"),
    [
        ("scaffnet_scenenet", "pytorch", _write_scenenet),
        ("scaffnet_scenenet", "paper", _write_scenenet),
        ("scaffnet_vkitti", "pytorch", _write_vkitti2),
        ("scaffnet_vkitti", "paper", _write_vkitti1),
    ],
)
def test_recipes_run_where_their_data_stand(
    name: str, preset: str, write: object, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert callable(write)
    write(tmp_path / "data")
    arguments = ["--preset", preset, "--data.root", str(tmp_path / "data"), *_TINY]
    arguments += ["--batch_size", "2", "--max_steps", "1", "--run.out", str(tmp_path / "out")]
    assert main([name, *arguments]) == 0, capsys.readouterr().err
    assert (tmp_path / "out" / "best.safetensors").is_file()


def test_the_weights_that_are_handed_out_come_from_these_commands(tmp_path: Path) -> None:
    """ScaffNet in two pieces, the second from shards alone, FusionNet around it, then scores."""
    small = (
        *("--preset", "cpu", "--data.frames", "8", "--batch_size", "4", "--max_steps", "2"),
        *("--data.width_px", "64", "--data.height_px", "64", "--validation.world.frames", "2"),
        *("--validation.world.width_px", "64", "--validation.world.height_px", "64"),
        *("--run.device", "cpu", "--run.progress", "false", "--run.tensorboard", "false"),
        *("--run.shards", "true"),
    )
    first, second, fusion = (tmp_path / name for name in ("first", "scaffnet", "fusionnet"))
    assert main(["scaffnet_synthetic", *small, "--run.out", str(first)]) == 0
    begin = ("--init_weights", str(first / "shards"), "--seed", "1")
    assert main(["scaffnet_synthetic", *small, *begin, "--run.out", str(second)]) == 0
    weights = ("--scaffnet_weights", str(second / "shards"))
    assert main(["fusionnet_synthetic", *small, *weights, "--run.out", str(fusion)]) == 0
    files = [str(folder / "final.safetensors") for folder in (second, fusion)]
    completer = load_model(files[1], device="cpu")
    assert isinstance(completer.model, FusionNet)
    given = load_file(files[0])
    inside = completer.model.scaffnet.state_dict()
    assert all(torch.equal(inside[key], value.half().float()) for key, value in given.items())


def test_what_is_trained_on_shows_nothing_that_is_held_out() -> None:
    for name in ("scaffnet_synthetic", "fusionnet_synthetic"):
        for recipe in presets_of(name).values():
            data, validation = recipe.data, recipe.held_out()
            assert isinstance(data, BankFeed)
            assert isinstance(validation, WorldFeed)
            assert data.without == validation.world.without == HELD_OUT
            assert data.world_seed != validation.world.seed


def test_recipes_are_values() -> None:
    recipe: Recipe = build_recipe("overfit_scaffnet", {"epochs": 3})
    assert recipe.epochs == 3
    assert build_recipe("overfit_scaffnet", {"epochs": 3}) == recipe
