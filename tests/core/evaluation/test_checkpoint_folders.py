# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A folder of checkpoints: a row for each step, and a curve."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from depth_completion_core.checkpoints.checkpoint import save_checkpoint
from depth_completion_core.data.sample import DataError
from depth_completion_core.evaluation.predictors import checkpoints_in, model_sources, told_apart
from depth_completion_core.models import build_model
from tests.core.evaluation.made_sets import evaluated, means_in, results_in, write_folder_set

_SMALL = {
    "encoder_filters": [4, 4, 4, 4, 4],
    "decoder_filters": [4, 4, 4, 4, 4],
    "pool_sizes": [3, 5],
}
_STEPS = (0, 500, 1000, 1500, 2000)


@pytest.fixture(autouse=True, scope="module")
def _one_thread() -> Iterator[None]:
    """Small tensors: where the cores are busy, threads wait for each other."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def _save(path: Path, seed: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        model = build_model("scaffnet", _SMALL)
    save_checkpoint(path, "scaffnet", model, provenance={"source": "random"})


@pytest.fixture(scope="module")
def training(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Names that do not sort by step, and one without a step."""
    folder = tmp_path_factory.mktemp("training")
    for step in _STEPS:
        _save(folder / f"scaffnet-{step}.safetensors", step)
    _save(folder / "best.safetensors", 500)
    (folder / "log-3000.txt").touch()
    return folder


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made")
    write_folder_set(folder, 2)
    return folder


@pytest.mark.parametrize(
    ("chosen", "steps"),
    [
        ({}, [*_STEPS, None]),
        ({"first": 500}, [500, 1000, 1500, 2000]),
        ({"last": 1000}, [0, 500, 1000]),
        ({"every": 1000}, [0, 1000, 2000]),
        ({"first": 500, "every": 1000}, [500, 1500]),
        ({"first": 500, "every": 500, "last": 1500}, [500, 1000, 1500]),
    ],
)
def test_first_every_last(training: Path, chosen: dict[str, int], steps: list[int | None]) -> None:
    assert [source.step for source in checkpoints_in(training, **chosen)] == steps


@pytest.mark.parametrize("chosen", [{"first": 9000}, {"first": 1, "every": 7}])
def test_steps_that_there_are_not(training: Path, chosen: dict[str, int]) -> None:
    with pytest.raises(DataError, match=r"holds 6 checkpoints .* none of a requested"):
        checkpoints_in(training, **chosen)


def test_a_row_for_each_step_and_a_curve(training: Path, made: Path, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    steps = ("--checkpoint-first", "500", "--checkpoint-every", "500", "--checkpoint-last", "1500")
    assert evaluated(made, tmp_path / "all", "--model", str(training), "nearest", *steps) == 0
    rows = [row["model"] for row in results_in(tmp_path / "all")["results"]]
    assert rows == ["nearest", "scaffnet-500", "scaffnet-1000", "scaffnet-1500"]
    assert (tmp_path / "all" / "curve.png").is_file()
    alone = str(training / "scaffnet-1000.safetensors")
    assert evaluated(made, tmp_path / "alone", "--model", alone) == 0
    assert not (tmp_path / "alone" / "curve.png").exists()
    means = means_in(tmp_path / "all")
    assert means["scaffnet-1000"] == means_in(tmp_path / "alone")["scaffnet-1000"]
    assert len({row["mae_mm"] for row in means.values()}) == 4


def test_the_same_weights_score_the_same(training: Path, made: Path, tmp_path: Path) -> None:
    assert evaluated(made, tmp_path, "--model", str(training)) == 0
    means = means_in(tmp_path)
    assert list(means)[-1] == "best"
    assert means["best"] == means["scaffnet-500"]


def test_two_trainings_have_a_curve_each(training: Path, made: Path, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    other = tmp_path / "longer"
    for step in _STEPS[1:3]:
        _save(other / f"scaffnet-{step}.safetensors", step + 1)
    last = ("--checkpoint-first", "500", "--checkpoint-last", "1000")
    out = tmp_path / "out"
    assert evaluated(made, out, "--model", str(training), str(other), *last) == 0
    rows = [row["model"] for row in results_in(out)["results"]]
    assert rows == [
        *(f"{training.name}-scaffnet-{step}" for step in (500, 1000)),
        *(f"longer-scaffnet-{step}" for step in (500, 1000)),
    ]
    assert (out / "curve.png").is_file()


def test_other_weights_in_the_same_file_are_not_gone_on_with(
    made: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "x.safetensors"
    for seed, code in ((0, 0), (1, 1)):
        _save(file, seed)
        assert evaluated(made, tmp_path / "out", "--model", str(file)) == code
    assert "its weights is" in capsys.readouterr().err


def test_files_of_one_name_are_told_apart_by_their_folder() -> None:
    sources = told_apart(
        model_sources(["a/x.safetensors", "b/x.safetensors", "nearest", "c/y.safetensors"])
    )
    assert [source.label for source in sources] == ["a-x", "b-x", "nearest", "y"]
