# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""FusionNet learned from images, on small trees of each layout: to the end, stopped, scored."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from depth_completion_core.evaluate import main as evaluate
from depth_completion_core.train import main
from depth_completion_core.training.feeds.requirements import Requirements
from depth_completion_core.training.loop.trainer import train
from depth_completion_core.training.recipes import preset_named
from depth_completion_core.training.recipes.command_line import parsed_recipe
from depth_completion_core.training.recipes.fusionnet_kitti import KittiTripletFeed
from depth_completion_core.training.recipes.fusionnet_views import FusionNetViewsRecipe
from tests.core.data.kitti_trees import HEIGHT, WIDTH
from tests.core.data.published_trees import write_kitti_depth, write_kitti_raw
from tests.core.data.trees import SIZE, K, write_frame, write_matrix
from tests.core.data.written_files import random_image, write_image, write_numbers

_NETWORK = (
    *("--network.scaffnet.encoder_filters", "4,4,8,8,8", "--network.scaffnet.pool_sizes", "3,5"),
    *("--network.scaffnet.decoder_filters", "8,8,8,4,4", "--scaffnet_weights", "random"),
    *("--network.image_filters", "4,4,8,8,8", "--network.depth_filters", "4,4,8,8,8"),
    *("--network.decoder_filters", "8,8,8,4,4"),
)
_SMALL = (
    *("--epochs", "1", "--batch_size", "2", "--validate.every_steps", "2", "--validation.limit"),
    *("1", "--data.limit", "4", "--run.device", "cpu", "--run.threads", "1", "--run.workers", "0"),
    *("--run.progress", "false", "--run.tensorboard", "false"),
    *("--data.augmentation.crop_width_px", "32", "--data.augmentation.crop_height_px", "24"),
)
_VOID = (
    *("--data.frames.triplet_offset", "1", "--data.frames.skip_start", "1"),
    *("--data.frames.skip_end", "1"),
)
_UNCUT = ("--validation.reader.crop", "none")
_UNCUT_VAL = ("--set", "split=val", "crop=none")
_TRIPLETS = ("--data.neighbours", "triplets", "--data.triplets.lists", "training/some_train")


def _write_void(root: Path) -> None:
    random = np.random.default_rng(0)
    for split, sequence, count in (("train", "lab", 7), ("test", "hall", 1)):
        names = [f"{1552096515 + number}.0227" for number in range(count)]
        for name in names:
            write_frame(root / "data" / sequence, name, random)
        write_matrix(root / "data" / sequence / "K.txt", K)
        lines = [f"data/{sequence}/image/{name}.png" for name in names]
        (root / f"{split}_image.txt").write_text("\n".join(lines), encoding="utf-8")


def _write_triplets(root: Path, height: int, width: int) -> None:
    """Three images side by side, with lists, as the release's set-up writes them."""
    random = np.random.default_rng(0)
    paths: dict[str, list[str]] = {"images": [], "sparse_depth": [], "intrinsics": []}
    for number in range(4):
        image, depth = f"triplets/{number}.png", f"depth/{number}.png"
        write_image(root / image, random_image(number, height, 3 * width))
        measured = random.random((height, width)) < 0.2
        numbers = random.integers(400, 1000, (height, width)) * measured
        write_numbers(root / depth, numbers)
        np.save(root / "K.npy", K)
        for what, path in zip(paths, (image, depth, "K.npy"), strict=True):
            paths[what].append(path)
    (root / "training").mkdir()
    for what, lines in paths.items():
        listing = root / "training" / f"some_train_{what}.txt"
        listing.write_text("\n".join(lines), encoding="utf-8")


def _write_void_triplets(root: Path) -> None:
    _write_void(root)
    _write_triplets(root, *SIZE)


def _write_kitti(root: Path) -> None:
    write_kitti_depth(root, range(5, 8))
    write_kitti_raw(root / "kitti_raw", range(4, 9))
    for listing in root.rglob("timestamps.txt"):  # all of one time; without, 10 per second
        listing.unlink()


def _write_kitti_triplets(root: Path) -> None:
    _write_kitti(root)
    _write_triplets(root, HEIGHT, WIDTH)


_LAYOUTS: dict[str, tuple[str, Callable[[Path], None], tuple[str, ...]]] = {
    "void": ("fusionnet_void", _write_void, _VOID),
    "void triplets": (
        "fusionnet_void",
        _write_void_triplets,
        (*_TRIPLETS, "--data.triplets.suffix", ""),
    ),
    "kitti": ("fusionnet_kitti", _write_kitti, _UNCUT),
    "kitti triplets": ("fusionnet_kitti", _write_kitti_triplets, (*_TRIPLETS, *_UNCUT)),
}


@pytest.fixture(autouse=True)
def _threads() -> Iterator[None]:
    threads = torch.get_num_threads()
    yield
    torch.set_num_threads(threads)


@pytest.mark.parametrize("layout", _LAYOUTS)
def test_a_run_on_each_layout_resumes_and_is_scored(layout: str, tmp_path: Path) -> None:
    name, write, own = _LAYOUTS[layout]
    root = tmp_path / "data"
    write(root)
    recipe = parsed_recipe(name, [*_NETWORK, *_SMALL, *own, "--data.root", str(root)])
    assert isinstance(recipe, FusionNetViewsRecipe)
    folders = [tmp_path / "whole", tmp_path / "stopped"]
    whole, stopped = (replace(recipe, run=replace(recipe.run, out=str(f))) for f in folders)
    metrics = train(whole, name)
    assert (metrics["finished"], metrics["epochs"], metrics["samples_skipped"]) == (True, 1, 0)
    assert not train(replace(stopped, run=replace(stopped.run, max_minutes=1e-9)), name)["finished"]
    assert train(stopped, name)["finished"]
    for file in ("final.safetensors", "pose/final.safetensors"):
        expected, found = (load_file(folder / file) for folder in folders)
        assert all(torch.equal(found[key], value) for key, value in expected.items())

    if layout in ("void", "kitti"):  # others are scored on the same frames
        _score(folders[0], layout, root, tmp_path / "scores")


def _score(run: Path, layout: str, root: Path, out: Path) -> None:
    """All that a run handed out."""
    settings = ("void", "--set", "split=test") if layout == "void" else ("kitti_depth", *_UNCUT_VAL)
    data = ("--data", str(root), "--limit", "1", "--protocol", "all", "--dataset", *settings)
    quiet = ("--out", str(out), "--sheets", "0", "--device", "cpu")
    assert evaluate(["--model", str(run), *data, *quiet]) == 0
    table = (out / "table.md").read_text(encoding="utf-8")
    assert "final" in table
    assert "best" in table


def test_the_command_shows_views_and_masks_in_tensorboard(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    accumulator = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    _write_void(tmp_path / "data")
    monkeypatch.chdir(tmp_path)
    shown = ("--run.tensorboard", "true", "--max_steps", "1", "--validate.every_steps", "0")
    own = ("--data.root", "data", "--run.out", "run", "--poses", "set")
    assert main(["fusionnet_void", *_NETWORK, *_SMALL, *_VOID, *own, *shown]) == 0
    events = accumulator.EventAccumulator("run/tensorboard")
    events.Reload()
    assert events.Tags()["images"] == ["samples/depth and error [m]"]
    for tag in ("color [1]", "structure [1]", "sparse depth [m]", "smoothness [m]", "prior [m]"):
        assert f"loss/{tag}" in events.Tags()["scalars"]
    assert not (tmp_path / "run" / "pose").exists()


@pytest.mark.parametrize("name", ["fusionnet_void", "fusionnet_kitti"])
def test_presets_are_the_releases(name: str) -> None:
    pytorch, paper = (preset_named(name, preset) for preset in ("pytorch", "paper"))
    assert isinstance(pytorch, FusionNetViewsRecipe)
    assert isinstance(paper, FusionNetViewsRecipe)
    settings = [
        (each.batch_size, each.epochs, each.schedule.rates, each.schedule.until_epochs)
        for each in (pytorch, paper)
    ]
    weights = [
        (each.loss.w_sparse_depth, each.loss.w_smoothness, each.loss.prior_threshold)
        for each in (pytorch, paper)
    ]
    if name == "fusionnet_void":
        assert settings[0] == (12, 20, (1e-4, 5e-5), (10, 20))
        assert settings[1] == (8, 10, (5e-5, 2.5e-5, 1e-5), (6, 8, 10))
        assert weights == [(1.0, 1.0, 0.3), (1.0, 0.4, 0.3)]
        assert pytorch.network.max_predict_depth == 8.0
    else:
        assert settings == [(8, 30, (2e-4, 1e-4, 5e-5), (18, 24, 30))] * 2
        assert weights == [(0.1, 0.01, 0.3), (0.1, 0.01, 0.4)]
        assert pytorch.network.max_predict_depth == 100.0
    for each in (pytorch, paper):
        terms = each.loss.weights()
        assert (terms["color"], terms["structure"], terms["prior"]) == (0.2, 0.8, 0.1)


def test_frames_of_a_car_that_stands_still_are_left_out_by_a_list(tmp_path: Path) -> None:
    _write_kitti(tmp_path / "data")
    feed = KittiTripletFeed(root=str(tmp_path / "data"))
    requires = Requirements(names=(), view_offsets=(-1, 1))

    def count() -> int:
        return len(feed.stream(seed=0, batch_size=1, device=torch.device("cpu"), requires=requires))

    everything = count()
    listing = tmp_path / "static.txt"
    listing.write_text("2011_09_26 2011_09_26_drive_0001_sync 0000000006\n", encoding="utf-8")
    feed = replace(feed, leave_out=str(listing))
    assert count() == everything - 2  # of both cameras
