# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Points sampled several times: means and deviations over the draws, against separate runs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.core.evaluation.made_sets import evaluated, results_in, write_folder_set

_POINTS = ("--model", "nearest", "linear", "--points", "uniform:30", "--protocol", "nyu")


def _result(folder: Path, model: str) -> dict[str, Any]:
    found: dict[str, Any] = next(
        result for result in results_in(folder)["results"] if result["model"] == model
    )
    return found


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    root = tmp_path_factory.mktemp("repeats")
    write_folder_set(root / "set", 3)
    assert evaluated(root / "set", root / "three", *_POINTS, "--repeats", "3", "--seed", "5") == 0
    return root / "set", root / "three"


def test_means_and_deviations_are_those_of_separate_runs(
    folders: tuple[Path, Path], tmp_path: Path
) -> None:
    data, three = folders
    alone = []
    for seed in (5, 7, 9):
        assert evaluated(data, tmp_path / str(seed), *_POINTS, "--seed", str(seed)) == 0
        alone.append(_result(tmp_path / str(seed), "linear")["mean"])
    found = _result(three, "linear")
    for name in ("rmse_mm", "rel", "delta1", "coverage"):
        values = [mean[name] for mean in alone]
        assert [draw[name] for draw in found["draws"]] == values
        np.testing.assert_allclose(found["mean"][name], np.mean(values), rtol=1e-12)
        np.testing.assert_allclose(found["std_over_draws"][name], np.std(values, ddof=1), rtol=1e-9)
    assert len({mean["rmse_mm"] for mean in alone}) == 3
    assert (found["frames"], found["images"], found["measured_pixels"]) == (3, 3, 30)
    assert json.loads((three / "metrics.json").read_text())["seeds"] == [5, 7, 9]


def test_the_table_says_what_its_deviations_are(folders: tuple[Path, Path]) -> None:
    table = (folders[1] / "table.md").read_text(encoding="utf-8")
    assert "Means over 3 draws of the points. ± is the standard deviation over draws." in table
    headings, _, line = (text.strip("| ").split(" | ") for text in table.splitlines()[2:5])
    cells = dict(zip(headings, line, strict=True))
    found = _result(folders[1], "nearest")
    mean, spread = (found[key]["rel"] for key in ("mean", "std_over_draws"))
    assert cells["REL"].strip("*") == f"{mean:.4f} ± {spread:.4f}"
    assert cells["points"] == "30"


def test_the_first_draw_is_the_run_without_repeats(
    folders: tuple[Path, Path], tmp_path: Path
) -> None:
    data, three = folders
    assert evaluated(data, tmp_path, *_POINTS, "--seed", "5") == 0
    rows = [
        (folder / "linear" / "run.json").read_text(encoding="utf-8") for folder in (tmp_path, three)
    ]
    assert rows[0] == rows[1]
    # A run becomes one of three draws, and keeps what it has.
    assert evaluated(data, tmp_path, *_POINTS, "--seed", "5", "--repeats", "3") == 0
    assert _result(tmp_path, "linear") == _result(three, "linear")


def test_sweeps_have_draws_at_every_value(folders: tuple[Path, Path], tmp_path: Path) -> None:
    sweep = ("--model", "nearest", "--sweep", "points=10,40", "--repeats", "2")
    assert evaluated(folders[0], tmp_path, *sweep) == 0
    results = results_in(tmp_path / "sweep_points")["results"]
    assert [len(result["draws"]) for result in results] == [2, 2]
    assert [result["measured_pixels"] for result in results] == [10, 40]


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (("--model", "nearest"), "--repeats samples the points anew, but these are the data set's"),
        ((*_POINTS, "--predictions", "SET"), "--repeats does not go with --predictions, which"),
        ((*_POINTS, "--save", "kitti"), "--repeats does not go with --save kitti"),
        ((*_POINTS, "--suite", "held_out"), "--repeats does not go with --suite"),
        ((*_POINTS, "--repeats", "0"), "'repeats' lies from 1 to inf, got 0"),
    ],
)
def test_what_cannot_be_repeated_is_said(
    flags: tuple[str, ...],
    words: str,
    folders: tuple[Path, Path],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    named = [word.replace("SET", str(folders[0])) for word in flags]
    more = [] if "--repeats" in named else ["--repeats", "2"]
    assert evaluated(folders[0], tmp_path, *named, *more) == 1
    assert words in capsys.readouterr().err
