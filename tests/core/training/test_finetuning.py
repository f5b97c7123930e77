# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Recipes that make trained weights better on any set: what they learn from, and what they tell."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from depth_completion_core.checkpoints.checkpoint import load_checkpoint, save_checkpoint
from depth_completion_core.data import build_dataset
from depth_completion_core.data.sample import DataError, Sample
from depth_completion_core.data.sampling.withholding import with_points_withheld
from depth_completion_core.frame import SparseDepth
from depth_completion_core.inference.model_input import model_view, run_model
from depth_completion_core.losses.terms import WeightedLossConfig
from depth_completion_core.models.base import ModelInput
from depth_completion_core.models.fusionnet import FusionNet
from depth_completion_core.models.scaffnet import ScaffNet
from depth_completion_core.train import main
from depth_completion_core.training.feeds.set_feed import SetFeed
from depth_completion_core.training.objectives.supervised import SupervisedObjective
from depth_completion_core.training.recipes.finetuning import crops, held_out_frames
from tests.core.data.trees import K, write_frame, write_matrix
from tests.core.training.tiny import FUSIONNET, SCAFFNET

_FRAMES = 10
_QUIET = (
    *("--run.device", "cpu", "--run.threads", "1", "--run.progress", "false"),
    *("--run.tensorboard", "false", "--validate.every_steps", "100"),
    *("--data.augmentation.crop_width_px", "32", "--data.augmentation.crop_height_px", "24"),
)


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A set of one sequence, as to_dataset makes of one bag: without test lists."""
    folder = tmp_path_factory.mktemp("set")
    random = np.random.default_rng(0)
    names = [f"{1700000000 + number}.0000" for number in range(_FRAMES)]
    for name in names:
        write_frame(folder / "data" / "drive", name, random)
    write_matrix(folder / "data" / "drive" / "K.txt", K)
    for what in ("image", "sparse_depth", "ground_truth"):
        lines = [f"data/drive/{what}/{name}.png" for name in names]
        (folder / f"train_{what}.txt").write_text("\n".join(lines), encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Small random networks to begin from."""
    torch.manual_seed(0)
    folder = tmp_path_factory.mktemp("weights")
    models = {"scaffnet": ScaffNet(SCAFFNET), "fusionnet": FusionNet(FUSIONNET)}
    paths = {name: folder / f"{name}.safetensors" for name in models}
    for name, model in models.items():
        save_checkpoint(paths[name], name, model, provenance={})
    return paths


def _train(name: str, root: Path, weights: Path, out: Path, *more: str) -> int:
    own = ("--data.root", str(root), "--init_weights", str(weights), "--run.out", str(out))
    return main([f"{name}_finetune", *own, *_QUIET, *more])


@pytest.mark.parametrize("name", ["scaffnet", "fusionnet"])
def test_one_command_lowers_the_error_on_frames_that_were_held_out(
    name: str,
    root: Path,
    weights: dict[str, Path],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    learning = ("--max_steps", "12", "--schedule.rate", "1e-2", "--schedule.restart_warmup_steps")
    assert _train(name, root, weights[name], tmp_path, *learning, "0") == 0
    told = capsys.readouterr().out
    assert "2 frames were not trained on" in told
    assert "\nBETTER on frames" in told
    found = json.loads((tmp_path / "comparison.json").read_text(encoding="utf-8"))
    assert found["is_better"]
    assert (tmp_path / "comparison.png").is_file()
    frames = build_dataset("void", root, {"split": "train"})
    errors = found["figures"]["RMSE"]["per_frame"]
    assert list(errors) == frames.names[-2:]
    for place, path in enumerate((weights[name], tmp_path / "final.safetensors")):
        for index in (_FRAMES - 2, _FRAMES - 1):
            sample = frames[index]
            assert sample.truth is not None
            depth = _raw_depth(path, sample)
            off = (depth - sample.truth.depth)[sample.truth.valid]
            expected = 1000 * np.sqrt(np.mean(off.astype(np.float64) ** 2))
            assert errors[sample.name][place] == pytest.approx(expected, rel=1e-4)


def _raw_depth(path: Path, sample: Sample) -> np.ndarray:
    """What the network itself says, without what a completer makes of it."""
    assert sample.sparse is not None
    model = load_checkpoint(path).model
    image = torch.from_numpy(sample.image).permute(2, 0, 1)[None]
    view = model_view(image, torch.from_numpy(sample.sparse.depth)[None, None])
    with torch.no_grad():
        return run_model(model, ModelInput(views=(view,))).depth[0, 0].numpy()


def test_weights_that_did_not_become_better_are_not_to_be_used(
    root: Path, weights: dict[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    still = ("--max_steps", "1", "--schedule.rate", "0")
    assert _train("scaffnet", root, weights["scaffnet"], tmp_path, *still) == 0
    assert "NOT BETTER" in capsys.readouterr().out
    found = json.loads((tmp_path / "comparison.json").read_text(encoding="utf-8"))
    assert not found["is_better"]


def test_it_is_told_without_validation_on_the_way_too(
    root: Path, weights: dict[str, Path], tmp_path: Path
) -> None:
    steps = ("--max_steps", "1", "--validate.every_steps", "0")
    assert _train("scaffnet", root, weights["scaffnet"], tmp_path, *steps) == 0
    assert (tmp_path / "comparison.json").is_file()


def test_frames_that_can_tell_nothing_are_refused_before_the_first_step(
    root: Path, weights: dict[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    blank = tmp_path / "set"
    shutil.copytree(root, blank)
    for what in ("sparse_depth", "ground_truth"):
        for path in sorted((blank / "data" / "drive" / what).iterdir())[-2:]:
            depth = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
            assert depth is not None
            cv2.imwrite(str(path), np.zeros_like(depth))
    assert _train("scaffnet", blank, weights["scaffnet"], tmp_path / "run") == 1
    assert "no frame that is scored on has a depth" in capsys.readouterr().err
    assert not (tmp_path / "run" / "final.safetensors").exists()


def test_weights_of_another_network_are_refused(
    root: Path, weights: dict[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _train("fusionnet", root, weights["scaffnet"], tmp_path) == 1
    assert "holds weights of 'scaffnet'" in capsys.readouterr().err


def test_frames_are_trained_on_or_scored_on(root: Path) -> None:
    trained = replace(crops(0, 0), root=str(root), held_out=0.3)
    scored = held_out_frames().beside(trained)
    whole = build_dataset("void", root, {"split": "train"})
    assert [*trained.open().names, *scored.open().names] == whole.names
    assert len(scored.open()) == 3
    assert np.array_equal(scored.open()[0].image, whole[7].image)
    all_of_them = replace(trained, frames="all")
    assert all_of_them.open().names == whole.names
    with pytest.raises(DataError, match="held_out"):
        replace(scored, held_out=0.0).open()


def test_a_set_of_one_frame_has_none_to_train_on(root: Path, tmp_path: Path) -> None:
    shutil.copytree(root / "data", tmp_path / "data")
    for listing in root.glob("*.txt"):
        first = listing.read_text(encoding="utf-8").splitlines()[0]
        (tmp_path / listing.name).write_text(first, encoding="utf-8")
    trained = replace(crops(0, 0), root=str(tmp_path))
    with pytest.raises(DataError, match="none is left to train on"):
        trained.open()
    assert len(held_out_frames().beside(trained).open()) == 1


def test_a_set_is_named_with_the_settings_of_its_reader(root: Path) -> None:
    feed = SetFeed(name="real", set=("keep_rows=4", "points="))
    assert feed.dataset() == ("real", {"keep_rows": 4, "points": ""})
    assert SetFeed(name="void", set=("split=test",)).dataset() == ("void", {"split": "test"})
    assert SetFeed(name="void").dataset() == ("void", {"split": "train"})


def _sample(truth: bool) -> Sample:
    random = np.random.default_rng(1)
    depth = random.uniform(1.0, 5.0, (40, 50)).astype(np.float32)
    sparse = SparseDepth(depth, random.random(depth.shape) < 0.5)
    known = SparseDepth(depth + 1, random.random(depth.shape) < 0.3) if truth else None
    return Sample(
        name="one", image=np.zeros((*depth.shape, 3), np.uint8), sparse=sparse, truth=known
    )


@pytest.mark.parametrize("has_truth", [True, False])
def test_measurements_are_shown_or_learned_from(has_truth: bool) -> None:
    sample = _sample(has_truth)
    changed = with_points_withheld(sample, 0.3, np.random.default_rng(0))
    assert sample.sparse is not None
    assert changed.sparse is not None
    assert changed.truth is not None
    withheld = sample.sparse.valid & ~changed.sparse.valid
    assert 0.25 < withheld.sum() / sample.sparse.count < 0.35
    assert not np.any(changed.sparse.valid & ~sample.sparse.valid)
    own = np.zeros_like(withheld) if sample.truth is None else sample.truth.valid
    assert np.array_equal(changed.truth.valid, own | withheld)
    assert np.array_equal(
        changed.truth.depth[~own & withheld], sample.sparse.depth[~own & withheld]
    )
    if sample.truth is not None:
        assert np.array_equal(changed.truth.depth[own], sample.truth.depth[own])


def test_samples_with_truth_are_scored_with_all_their_measurements() -> None:
    scored = held_out_frames()
    with_truth, without = _sample(truth=True), _sample(truth=False)
    generator = np.random.default_rng(0)
    assert scored.changed(with_truth, generator).sparse is with_truth.sparse
    shown = scored.changed(without, generator)
    assert shown.sparse is not None
    assert without.sparse is not None
    assert shown.truth is not None
    assert shown.sparse.count + shown.truth.count == without.sparse.count


def test_batch_norm_keeps_the_statistics_of_the_weights_where_it_is_to() -> None:
    loss = WeightedLossConfig(w_l1=1.0)
    for is_fixed in (True, False):
        model = ScaffNet(SCAFFNET)
        objective = SupervisedObjective(model, loss, fixed_statistics=is_fixed).train()
        norms = [each for each in objective.modules() if isinstance(each, torch.nn.BatchNorm2d)]
        assert norms
        assert all(norm.training is not is_fixed for norm in norms)
        assert objective.training
        assert model.training
