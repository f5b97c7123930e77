# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Every recipe of the table, and settings on the command line."""

from __future__ import annotations

import dataclasses
from contextlib import suppress
from pathlib import Path
from typing import Any, get_type_hints

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from depth_completion_core.completer import load_model
from depth_completion_core.losses.terms import loss_values, weighted_sum
from depth_completion_core.models import MODELS
from depth_completion_core.models.fusionnet import FusionNet
from depth_completion_core.settings.descriptions import settings_of
from depth_completion_core.settings.fields import Limits, limits_of
from depth_completion_core.settings.mapping import config_from_mapping, config_to_mapping
from depth_completion_core.train import main
from depth_completion_core.training.errors import TrainingError
from depth_completion_core.training.feeds.bank_feed import BankFeed
from depth_completion_core.training.feeds.dataset_feed import DatasetFeed
from depth_completion_core.training.feeds.world_feed import WorldFeed
from depth_completion_core.training.recipes import (
    RECIPES,
    preset_named,
    presets_of,
    recipe_class,
)
from depth_completion_core.training.recipes.command_line import parsed_recipe
from depth_completion_core.training.recipes.recipe import Recipe
from depth_completion_core.training.recipes.supervised import SupervisedRecipe
from depth_completion_core.world.objects.families import HELD_OUT
from tests.core.data.written_files import random_image, write_image, write_numbers, write_text

_TINY = (
    *("--network.encoder_filters", "4,4,8,8,8", "--network.decoder_filters", "8,8,8,4,4"),
    *("--run.device", "cpu", "--run.progress", "false", "--run.tensorboard", "false"),
)


@pytest.mark.parametrize("name", ["overfit_scaffnet", "overfit_fusionnet"])
def test_overfit_recipes_reach_their_loss_in_their_steps(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recipe = preset_named(name)
    assert recipe.target_loss > 0
    quiet = ("--run.progress", "false", "--run.tensorboard", "false")
    assert main([name, "--run.out", str(tmp_path), *quiet]) == 0
    assert "finished: True" in capsys.readouterr().out
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
        assert parsed_recipe(name, ["--preset", preset] if preset else []) == recipe
        assert recipe.preset == (preset or recipe.preset)


@pytest.mark.parametrize("name", RECIPES)
def test_every_setting_is_a_flag_spelled_as_its_path_and_its_value_as_in_yaml(name: str) -> None:
    default = preset_named(name)
    other = _varied(default)
    before, after = (_leaves(config_to_mapping(recipe)) for recipe in (default, other))
    changed = {path for path in before if before[path] != after[path]}
    assert len(changed) > 0.8 * len(before)
    words = [f"--{path}={_spelled(value)}" for path, value in after.items() if path != "preset"]
    assert parsed_recipe(name, words) == other
    dashed = [word.replace("_", "-") if word.startswith("--") else word for word in _apart(words)]
    assert parsed_recipe(name, dashed) == other


@pytest.mark.parametrize("name", RECIPES)
def test_help_describes_every_setting(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="0"):
        main([name, "--help"])
    text = capsys.readouterr().out
    presets = ", ".join(preset for preset in presets_of(name) if preset) or "none"
    assert f"Presets: {presets}" in text
    for item in settings_of(recipe_class(name)):
        assert item.description, item.path
        assert f"--{item.path.replace('_', '-')} " in text


def _varied(recipe: Recipe) -> Recipe:
    """The recipe with every setting changed that another value fits."""
    for item in settings_of(type(recipe)):
        if item.path == "preset":
            continue
        mapping = config_to_mapping(recipe)
        *groups, key = item.path.split(".")
        place = mapping
        for group in groups:
            place = place[group]
        place[key] = _another(place[key], item.limits)
        with suppress(ValueError):
            recipe = config_from_mapping(type(recipe), mapping)
    return recipe


def _another(value: Any, limits: Limits) -> object:  # noqa: ANN401 - of a setting
    if limits.choices:
        return next(text for text in limits.choices if text != value)
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + 2
    if isinstance(value, float):
        return value / 2 if value else 0.25
    if isinstance(value, list):
        return value[::-1] if len(set(value)) > 1 else [*value, *value] or ["uniform:5", "sofa"]
    return f"{value}x"


def _leaves(mapping: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in mapping.items():
        path = f"{prefix}{key}"
        found |= _leaves(value, f"{path}.") if isinstance(value, dict) else {path: value}
    return found


def _spelled(value: object) -> str:
    if isinstance(value, list):
        return ",".join(map(str, value))
    return str(value).lower() if isinstance(value, bool) else str(value)


def _apart(words: list[str]) -> list[str]:
    """``--flag=value`` as two words, but for texts that are empty."""
    pairs = [word.partition("=") for word in words]
    return [
        part for flag, equals, value in pairs for part in ([flag, value] if value else [f"{flag}="])
    ]


@pytest.mark.parametrize("name", RECIPES)
def test_recipes_keep_the_limits_of_all_recipes(name: str) -> None:
    """A field that is given another default is another field."""
    of_all, found = _limits(Recipe), _limits(recipe_class(name))
    assert {key: found[key] for key in of_all} == of_all


def _limits(recipe: type[Recipe]) -> dict[str, Limits]:
    hints = get_type_hints(recipe)
    return {item.name: limits_of(item, hints[item.name]) for item in dataclasses.fields(recipe)}


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


_RELEASED_LOSS = (0.8848610687304874, 0.6468764275222266)  # |error| / truth, by all pixels
_PAPERS_LOSS = (1.4157777099687798, 1.1089310186095314)  # by valid pixels
_SYNTHETIC_LOSS = (2.319246436310736, 2.2265935545964997)  # log l1 + 2 relative rmse


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("scaffnet_synthetic", {"": _SYNTHETIC_LOSS, "cpu": _SYNTHETIC_LOSS}),
        (
            "fusionnet_synthetic",
            dict.fromkeys(("", "cpu"), (1.5253659320137467, 1.4858924890155742)),
        ),
        ("scaffnet_scenenet", {"pytorch": _RELEASED_LOSS, "paper": _PAPERS_LOSS}),
        ("scaffnet_vkitti", {"pytorch": _RELEASED_LOSS, "paper": _PAPERS_LOSS}),
        ("overfit_scaffnet", {"": _RELEASED_LOSS}),
        ("overfit_fusionnet", {"": (2.640510735101328, 2.4457365449045247)}),
    ],
)
def test_losses_have_the_values_that_the_first_version_gave(
    name: str, expected: dict[str, tuple[float, float]]
) -> None:
    """Whose ScaffNet had one loss by kind, and whose FusionNet had a table of its own."""
    generator = np.random.default_rng(20)
    shape = (2, 1, 6, 8)
    truth = generator.uniform(0.5, 9.0, shape) * (generator.random(shape) < 0.6)
    maps = {"truth": truth, "depth": generator.uniform(0.5, 9.0, shape)}
    for preset, value in expected.items():
        recipe = presets_of(name)[preset]
        assert isinstance(recipe, SupervisedRecipe)
        tensors = {key: torch.from_numpy(array) for key, array in maps.items()}
        found = weighted_sum(recipe.loss.weights(), loss_values(recipe.loss, tensors))
        np.testing.assert_allclose(found, value, rtol=1e-12)


def test_an_uncertainty_decoder_and_its_loss_go_together(
    capsys: pytest.CaptureFixture[str],
) -> None:
    decoder, loss = ("--network.uncertainty", "true"), ("--loss.w_uncertain_l1", "1")
    for words in (decoder, loss):
        with pytest.raises(SystemExit):
            parsed_recipe("scaffnet_scenenet", words)
        error = " ".join(capsys.readouterr().err.split())
        assert "an uncertainty decoder and its loss go together" in error
    recipe = parsed_recipe("scaffnet_scenenet", [*decoder, *loss, "--loss.w_normalized_l1", "0"])
    assert isinstance(recipe, SupervisedRecipe)
    assert recipe.loss.weights() == {"uncertain_l1": 1.0}


@pytest.mark.parametrize("is_first", [True, False])
def test_a_change_keeps_what_the_preset_says_beside_it(is_first: bool) -> None:
    preset, change = ["--preset", "paper"], ["--network.min_predict_depth", "0.2"]
    words = [*preset, *change] if is_first else [*change, *preset]
    expected = config_to_mapping(preset_named("scaffnet_scenenet", "paper"))
    expected["network"]["min_predict_depth"] = 0.2
    assert config_to_mapping(parsed_recipe("scaffnet_scenenet", words)) == expected


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["scafnet_synthetic"], "Did you mean 'scaffnet_synthetic'?"),
        (["scaffnet_synthetic", "--preset", "paper"], "has no preset 'paper'"),
        (["scaffnet_scenenet", "--preset", "tf"], "it has 'pytorch', 'paper'"),
        (["scaffnet_synthetic", "--batch_size", "0"], "'batch_size' lies from 1 to inf, got 0"),
        (["scaffnet_vkitti", "--data.augmentation.flip", "2"], "'data.augmentation.flip' lies"),
        (["scaffnet_scenenet"], "needs its folder"),
        (["fusionnet_synthetic"], "train scaffnet_synthetic first"),
    ],
)
def test_what_cannot_be_trained_is_said(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    if arguments == ["fusionnet_synthetic"]:
        arguments = [*arguments, "--validate.every_steps", "0"]
    assert main(arguments) == 1
    error = capsys.readouterr().err
    assert error.startswith("error: ")
    assert message in error


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["scaffnet_synthetic", "--epoch", "3"], "--epochs INT"),
        (["scaffnet_synthetic", "--network.encoders", "x"], "--network.encoder {"),
        (["scaffnet_scenenet", "--data.augmentation.flp=1"], "--data.augmentation.flip FLOAT"),
        (["scaffnet_synthetic", "--epochs", "many"], "expected a whole number, got 'many'"),
        (["scaffnet_synthetic", "--epochs"], "Missing value for argument '--epochs"),
        (["scaffnet_synthetic", "epochs=3"], "Unrecognized options: epochs=3"),
        (["scaffnet_synthetic", "--run.fresh", "1"], "expected true or false, got '1'"),
        (["scaffnet_synthetic", "--precision", "8"], "('32', 'bf16-mixed', '16-mixed')"),
        (["scaffnet_scenenet", "--data.points", "unifrom:5"], "'unifrom:5' is not a sparsifier"),
        (["scaffnet_synthetic", "--data.without", "sofaa"], "unknown family 'sofaa'"),
    ],
)
def test_a_command_line_that_cannot_be_read_says_why(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(arguments)
    error = " ".join(capsys.readouterr().err.replace("│", " ").split())
    assert message in error


@pytest.mark.parametrize("arguments", [[], ["--help"], ["-h"]])
def test_help_lists_the_recipes(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 0
    shown = capsys.readouterr().out
    assert all(f"  {name} " in shown for name in RECIPES)


@pytest.mark.parametrize("spelled", ["[sofa, van]", "sofa,van", "sofa van"])
def test_values_are_read_as_people_write_them(spelled: str) -> None:
    listed = [spelled] if "," in spelled else spelled.split()
    words = ["--schedule.rate", "1e-4", "--init-weights=a=b", "--data.without", *listed]
    recipe = parsed_recipe("scaffnet_synthetic", words)
    assert isinstance(recipe.data, BankFeed)
    assert (recipe.schedule.rate, recipe.init_weights) == (1e-4, "a=b")
    assert recipe.data.without == ("sofa", "van")


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
    recipe = parsed_recipe("overfit_scaffnet", ["--epochs", "3"])
    assert recipe.epochs == 3
    assert parsed_recipe("overfit_scaffnet", ["--epochs", "3"]) == recipe
    with pytest.raises(TrainingError, match="known are scaffnet_synthetic"):
        preset_named("nothing")
