# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What goes wrong ends a run with a sentence, and leaves the last good checkpoint."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from depth_completion_core.data.sample import DataError
from depth_completion_core.training.errors import TrainingError
from depth_completion_core.training.feeds.sample_order import SampleOrder
from depth_completion_core.training.loop.trainer import train
from tests.core.training.tiny import Planes, PlaneSource, TinyScaffNet, in_folder
from tests.file_size_limit import file_size_limit
from tests.waiting_process import process_doing


@pytest.fixture(autouse=True)
def _threads() -> Iterator[None]:
    threads = torch.get_num_threads()
    yield
    torch.set_num_threads(threads)


def _recipe(folder: Path, planes: Planes.Config, **changes: Any) -> TinyScaffNet:  # noqa: ANN401
    plain = TinyScaffNet()
    return replace(
        plain, data=PlaneSource(planes=planes), run=in_folder(plain.run, folder), **changes
    )


def _first_epoch(seed: int) -> list[list[int]]:
    plan = SampleOrder(seed=seed, samples=12, batch_size=4, epochs=1)
    return [[draw.index for draw in plan.draws(step)] for step in range(3)]


def test_a_loss_that_is_nan_names_its_sample_and_its_batch(tmp_path: Path) -> None:
    batch = _first_epoch(0)[2]
    recipe = _recipe(tmp_path, Planes.Config(poisoned=(batch[1],)))
    with pytest.raises(TrainingError, match="stopped in step 3") as caught:
        train(recipe, "tiny")
    names = ", ".join(f"plane/{index}" for index in batch)
    # Batch norm has spread it over all of them; the input tells where it came from.
    expected = f"for {names} (in the input of plane/{batch[1]}); the batch was {names}."
    assert expected in str(caught.value)
    assert str(tmp_path / "checkpoints" / "step-000000002.pt") in str(caught.value)
    state = torch.load(tmp_path / "checkpoints" / "step-000000002.pt", weights_only=True)
    assert all(bool(torch.isfinite(value).all()) for value in state["objective"].values())


def test_a_full_disk_stops_the_run_with_the_last_checkpoint_whole(tmp_path: Path) -> None:
    recipe = _recipe(tmp_path, Planes.Config(), epochs=2)
    train(replace(recipe, run=replace(recipe.run, out=str(tmp_path / "whole"))), "tiny")
    stopped = replace(recipe, run=replace(recipe.run, max_minutes=1e-9))
    train(stopped, "tiny")
    newest = tmp_path / "checkpoints" / "step-000000001.pt"
    content = newest.read_bytes()
    with file_size_limit(20_000), pytest.raises(TrainingError, match="File too large") as caught:
        train(recipe, "tiny")
    batch = ", ".join(f"plane/{index}" for index in _first_epoch(0)[1])
    assert f"The last batch was {batch}; the last good checkpoint is {newest}" in str(caught.value)
    assert [path.name for path in newest.parent.iterdir()] == [newest.name]
    assert newest.read_bytes() == content
    assert train(recipe, "tiny")["finished"]
    found, expected = (load_file(tmp_path / name / "final.safetensors") for name in ("", "whole"))
    assert all(torch.equal(found[key], value) for key, value in expected.items())


def test_what_cannot_be_learned_from_is_skipped_and_counted(tmp_path: Path) -> None:
    planes = Planes.Config(without_points=(3,), without_truth=(5, 6))
    metrics = train(_recipe(tmp_path, planes, epochs=4), "tiny")
    assert metrics["samples_skipped"] == 4 * 3
    assert json.loads((tmp_path / "metrics.json").read_text())["samples_skipped"] == 4 * 3


def test_a_skipped_sample_leaves_no_trace(tmp_path: Path) -> None:
    """A step of four samples, one of them empty, is the step of the other three."""
    first = _first_epoch(0)[0]
    empty = _recipe(tmp_path / "a", Planes.Config(without_points=(first[0],)), max_steps=1)
    truthless = _recipe(tmp_path / "b", Planes.Config(without_truth=(first[0],)), max_steps=1)
    train(empty, "tiny")
    train(truthless, "tiny")
    one, other = (load_file(tmp_path / run / "final.safetensors") for run in "ab")
    assert all(torch.equal(one[key], other[key]) for key in one)


def test_a_step_without_any_sample_changes_nothing(tmp_path: Path) -> None:
    first, *others = _first_epoch(0)
    planes = Planes.Config(without_truth=tuple(index for step in others for index in step))
    short = _recipe(tmp_path / "a", planes, max_steps=1, average_decay=0.0)
    whole = _recipe(tmp_path / "b", planes, epochs=1, average_decay=0.0)
    assert train(short, "tiny")["samples_skipped"] == 0
    assert train(whole, "tiny")["samples_skipped"] == 12 - len(first)
    one, other = (load_file(tmp_path / run / "final.safetensors") for run in "ab")
    assert all(torch.equal(one[key], other[key]) for key in one)


def test_a_run_that_learned_nothing_hands_nothing_out(tmp_path: Path) -> None:
    """Nor does it when it is started again."""
    nothing = Planes.Config(without_truth=tuple(range(12)))
    recipe = _recipe(tmp_path, nothing, epochs=1)
    for _ in range(2):
        with pytest.raises(TrainingError, match="nothing was learned: all 12 samples"):
            train(recipe, "tiny")
    assert not (tmp_path / "final.safetensors").exists()


def test_a_second_run_in_the_same_folder_is_told(tmp_path: Path) -> None:
    hold = (
        "from pathlib import Path\n"
        "from depth_completion_core.files.process_lock import ProcessLock\n"
        "lock = ProcessLock(Path(sys.argv[1]))"
    )
    recipe = _recipe(tmp_path, Planes.Config(), epochs=1)
    with process_doing(hold, tmp_path / "run.lock") as other:
        with pytest.raises(TrainingError, match=rf"another run trains in .*process {other.pid} on"):
            train(recipe, "tiny")
        assert [path.name for path in tmp_path.iterdir()] == ["run.lock"]
    assert train(recipe, "tiny")["finished"]


@pytest.mark.parametrize("workers", [0, 1])
def test_a_damaged_sample_is_named(tmp_path: Path, workers: int) -> None:
    recipe = _recipe(tmp_path, Planes.Config(unreadable=(4,)))
    with pytest.raises(DataError, match=r"^plane/4 is damaged; get it again$"):
        train(replace(recipe, run=replace(recipe.run, workers=workers)), "tiny")


def test_a_demand_that_is_not_met_fails_the_run(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match=r"after 3 steps the loss is .*, not below 1e-06"):
        train(_recipe(tmp_path, Planes.Config(), epochs=1, target_loss=1e-6), "tiny")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"batch_size": 16}, "takes 16 samples, but the data set has 12"),
        ({"passes": 3}, "4 samples cannot be divided evenly over 1 processes with 3 passes"),
        ({"precision": "16-mixed"}, "needs a GPU"),
        ({"init_weights": "/nowhere.safetensors"}, "does not exist"),
    ],
)
def test_what_cannot_start_says_why(tmp_path: Path, changes: dict[str, Any], message: str) -> None:
    with pytest.raises(TrainingError, match=message):
        train(_recipe(tmp_path, Planes.Config(), **changes), "tiny")
