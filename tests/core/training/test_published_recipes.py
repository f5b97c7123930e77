# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""NLSPN and CSPN on the data sets that they were published on: settings, samples, an epoch."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from depth_completion_core.completer import load_model
from depth_completion_core.data.sample import DataError
from depth_completion_core.data.sampling.augmentation import Augmentation
from depth_completion_core.models.base import CompletionModel
from depth_completion_core.models.scaffnet import ScaffNet
from depth_completion_core.settings.fields import ConfigError
from depth_completion_core.train import main
from depth_completion_core.training.feeds.reader_feed import ReaderFeed
from depth_completion_core.training.loop.trainer import train
from depth_completion_core.training.recipes import preset_named, presets_of
from depth_completion_core.training.recipes.command_line import parsed_recipe
from depth_completion_core.training.recipes.nyu_feeds import nyu_train_feed
from depth_completion_core.training.recipes.recipe import Recipe
from depth_completion_core.training.recipes.schedule import learning_rate
from depth_completion_core.training.recipes.supervised import SupervisedRecipe
from tests.core.data.kitti_trees import HEIGHT, PROJECTIONS, WIDTH
from tests.core.data.published_trees import (
    h5_frame,
    write_h5,
    write_kitti_depth,
    write_kitti_raw,
    write_nyu,
    write_odometry,
)
from tests.core.training.tiny import SCAFFNET

pytest.importorskip("h5py")

_CROP = ("--data.augmentation.crop_width_px", "32", "--data.augmentation.crop_height_px", "24")
_SMALL = (
    *("--epochs", "1", "--batch_size", "2", "--validation.limit", "1", *_CROP),
    *("--run.device", "cpu", "--run.threads", "1", "--run.workers", "0", "--run.keep_last", "1"),
    *("--run.progress", "false", "--run.tensorboard", "false"),
)
_SMALL_VALIDATION = (
    *("--validation.augmentation.crop_width_px", "32"),
    *("--validation.augmentation.crop_height_px", "24"),
)
_SHALLOW = ("--data.reader.cut_top_px", "10", "--validation.reader.cut_top_px", "10")
_BENCHMARK = ("--preset", "depth_completion", "--epochs", "2", *_SMALL_VALIDATION)


def _write_kitti(root: Path) -> None:
    write_kitti_depth(root)
    write_kitti_raw(root / "kitti_raw")


_RUNS: dict[str, tuple[str, Callable[[Path], object], tuple[str, ...]]] = {
    "nlspn_nyu": ("nlspn_nyu", write_nyu, ("--preset", "folders")),
    "nlspn_kitti": (
        "nlspn_kitti",
        _write_kitti,
        ("--preset", "folders", *_SHALLOW, *_SMALL_VALIDATION),
    ),
    "cspn_nyu": ("cspn_nyu", write_nyu, ()),
    "cspn_kitti": ("cspn_kitti", write_odometry, _SMALL_VALIDATION),
    "cspn_kitti benchmark": ("cspn_kitti", _write_kitti, _BENCHMARK),
}


def _with_a_small_network(recipe: Recipe) -> Recipe:
    """The same training of a network whose checkpoints are written in no time."""
    original = type(recipe)

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Small(original):  # type: ignore[valid-type, misc]
        model_name: ClassVar[str] = "scaffnet"

        def build_model(self) -> CompletionModel:
            return ScaffNet(SCAFFNET)

    values = {item.name: getattr(recipe, item.name) for item in fields(recipe)}
    small: Recipe = Small(**values)
    return small


@pytest.fixture(autouse=True)
def _threads() -> Iterator[None]:
    threads = torch.get_num_threads()
    yield
    torch.set_num_threads(threads)


@pytest.mark.parametrize("case", _RUNS)
def test_a_run_that_is_stopped_ends_as_one_that_is_not(case: str, tmp_path: Path) -> None:
    name, write, own = _RUNS[case]
    write(tmp_path / "data")
    parsed = parsed_recipe(name, [*_SMALL, *own, "--data.root", str(tmp_path / "data")])
    recipe = _with_a_small_network(parsed)
    folders = [tmp_path / "whole", tmp_path / "stopped"]
    whole, stopped = (replace(recipe, run=replace(recipe.run, out=str(f))) for f in folders)
    metrics = train(whole, name)
    assert metrics["finished"]
    assert metrics["epochs"] == recipe.epochs
    assert metrics["steps"] > recipe.epochs
    assert not train(replace(stopped, run=replace(stopped.run, max_minutes=1e-9)), name)["finished"]
    assert train(stopped, name)["finished"]
    for file in ("final.safetensors", "best.safetensors"):
        expected, found = (load_file(folder / file) for folder in folders)
        assert all(torch.equal(found[key], value) for key, value in expected.items())


@pytest.mark.parametrize("name", ["nlspn_kitti", "cspn_nyu"])
def test_the_commands_train_the_networks(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _, write, own = _RUNS[name]
    write(tmp_path / "data")
    network = ("--network.trunk", "resnet18", "--network.propagation_steps", "2")
    one_step = (*network, "--max_steps", "1", "--validate.every_epochs", "0")
    schedule = ("--schedule.kind", "cosine")  # a plateau would need scores
    out = ("--data.root", str(tmp_path / "data"), "--run.out", str(tmp_path / "out"))
    assert main([name, *_SMALL, *own, *one_step, *schedule, *out]) == 0, capsys.readouterr().err
    completer = load_model(str(tmp_path / "out" / "final.safetensors"), device="cpu")
    assert completer.model.needs_weights


def _feed(name: str, root: Path, *arguments: str) -> ReaderFeed:
    feed = parsed_recipe(name, ["--data.root", str(root), *arguments]).data
    assert isinstance(feed, ReaderFeed)
    return feed


def test_rooms_are_seen_as_the_papers_show_them(tmp_path: Path) -> None:
    """A plane 4 m away is 4 m over the zoom away, in every pixel that is no hole; exactly 500
    points are of the crop."""
    depth = np.full((480, 640), 4.0, dtype=np.float32)
    write_h5(tmp_path / "train/den/00001.h5", h5_frame(0, 480, 640)[0], depth)
    feed = _feed("nlspn_nyu", tmp_path, "--preset", "folders")
    seen = set()
    for seed in range(8):
        sample = feed.changed(feed.open()[0], np.random.default_rng(seed))
        assert sample.image.shape == (228, 304, 3)
        assert sample.truth is not None
        assert sample.sparse is not None
        assert sample.sparse.count == 500
        zoom = 4.0 / float(np.median(sample.truth.depth[sample.truth.valid]))
        assert 1.0 <= zoom <= 1.5
        seen.add(round(zoom, 3))
        assert sample.camera is not None
        np.testing.assert_allclose(sample.camera.fx, 518.858 / 2 * zoom, rtol=5e-3)
    assert len(seen) == 8


def test_streets_are_seen_as_the_papers_show_them(tmp_path: Path) -> None:
    """The rows at the top are gone; depth is over the zoom; density stays when enlarged."""
    _write_kitti(tmp_path)
    cut = ("--data.reader.cut_top_px", "20")
    feed = _feed("nlspn_kitti", tmp_path, "--preset", "folders", *cut, *_CROP)
    dataset = feed.open()
    before = dataset[0]
    assert before.image.shape == (HEIGHT - 20, WIDTH, 3)
    assert before.camera is not None
    assert before.camera.cy == pytest.approx(PROJECTIONS[2][1, 2] - 20)
    assert before.sparse is not None
    shares = []
    for seed in range(12):
        after = feed.changed(before, np.random.default_rng(seed))
        assert after.image.shape == (24, 32, 3)
        assert after.sparse is not None
        assert after.camera is not None
        shares.append(after.sparse.valid.mean())
        zoom = after.camera.fx / before.camera.fx
        metres = after.sparse.depth[after.sparse.valid] * zoom
        known = np.unique(before.sparse.depth[before.sparse.valid])
        nearest = np.abs(known - metres[:, None]).min(axis=1)
        # The picture is of whole pixels, so the zoom is known to a hundredth.
        assert np.median(nearest / metres) < 0.02
    assert abs(np.mean(shares) - before.sparse.valid.mean()) < 0.05


def test_settings_are_those_of_the_papers() -> None:
    """NLSPN's and CSPN's own command lines."""
    found = {
        name: (recipe.epochs, recipe.batch_size, recipe.optimizer.name, recipe.schedule.kind)
        for name in ("nlspn_nyu", "nlspn_kitti", "cspn_nyu", "cspn_kitti")
        for recipe in presets_of(name).values()
    }
    nlspn, cspn = (20, 12, "adam", "piecewise"), (40, 8, "sgd", "plateau")
    assert found == {
        "nlspn_nyu": nlspn,
        "nlspn_kitti": nlspn,
        "cspn_nyu": cspn,
        "cspn_kitti": cspn,
    }
    for name, farthest in (("nlspn_nyu", 10.0), ("nlspn_kitti", 90.0)):
        recipe = preset_named(name)
        assert isinstance(recipe, SupervisedRecipe)
        assert recipe.loss.max_depth == farthest
        rates = [
            learning_rate(
                recipe.schedule, step, steps_per_epoch=100, total_steps=2000, is_restart=False
            )
            for step in (0, 99, 100, 999, 1000, 1499, 1500, 1999)
        ]
        expected = [1e-3 / 101, 1e-3 * 100 / 101, 1e-3, 1e-3, 2e-4, 2e-4, 4e-5, 4e-5]
        np.testing.assert_allclose(rates, expected, rtol=1e-12)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("nlspn_nyu", r"there is no list .*nyu.json; python -m depth_completion_core.prepare"),
        ("nlspn_kitti", r"there is no list .*kitti_dc.json; python -m depth_completion_core.pre"),
        ("cspn_nyu", r"train holds no .h5 files; unpack nyudepthv2.tar.gz"),
        ("cspn_kitti", r"train holds no .h5 files; unpack kitti.tar.gz"),
    ],
)
def test_data_that_are_not_there(name: str, words: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=words):
        _feed(name, tmp_path).open()


def test_measurements_that_are_sampled_afterwards_cannot_have_been_removed() -> None:
    feed = nyu_train_feed("uniform:500", split_file="")
    with pytest.raises(ConfigError, match=r"sampled after 0\.5 of them were removed"):
        replace(feed, augmentation=Augmentation(remove_max=0.5))


def test_a_rate_that_follows_scores_needs_some() -> None:
    recipe = parsed_recipe("cspn_nyu", ["--validate.every_epochs", "0"])
    with pytest.raises(ConfigError, match="a plateau schedule follows the scores of validation"):
        recipe.validation_steps(10)
    assert preset_named("cspn_nyu").validation_steps(10) == 10


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nlspn_nyu", "--validate.every_steps", "5"], "every 5 steps and every 1 epochs; set one"),
        (
            ["scaffnet_synthetic", "--data.augmentation.resampling", "bilinear"],
            "depth of a bank's frames is never blended",
        ),
    ],
)
def test_settings_that_do_not_fit_together(
    arguments: list[str], words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_nyu(tmp_path, scenes=1)
    small = ["--batch_size", "2", "--run.device", "cpu", "--run.out", str(tmp_path / "out")]
    name, *flags = arguments
    root = ["--data.root", str(tmp_path)] if name != "scaffnet_synthetic" else []
    with suppress(SystemExit):
        assert main([name, *root, *small, *flags]) == 1
    assert words in " ".join(capsys.readouterr().err.replace("│", " ").split())
