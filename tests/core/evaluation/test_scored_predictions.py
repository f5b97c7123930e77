# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Predictions on disk score as the model that wrote them."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest

from depth_completion_core.files.input_files import read_depth
from depth_completion_core.metrics import METRIC_NAMES
from tests.core.data.trees import write_numbers
from tests.core.evaluation.made_sets import evaluated, means_in, write_folder_set

_ERRORS_MM = ("mae_mm", "rmse_mm")
_HALF_STEP_MM = 1000.0 / 256.0 / 2


def _direct_and_again(folder: Path, save: str) -> list[dict[str, float | None]]:
    write_folder_set(folder / "set")
    direct, again = folder / "direct", folder / "again"
    assert evaluated(folder / "set", direct, "--model", "linear", "--save", save) == 0
    predictions = str(direct / "linear" / "predictions")
    assert evaluated(folder / "set", again, "--predictions", predictions) == 0
    return [means_in(direct)["linear"], means_in(again)["linear (saved)"]]


def test_npy_exactly(tmp_path: Path) -> None:
    direct, again = _direct_and_again(tmp_path, "npy")
    assert direct == again


def test_png_within_half_of_its_step(tmp_path: Path) -> None:
    direct, again = _direct_and_again(tmp_path, "png")
    assert direct != again
    for name in _ERRORS_MM:
        before, after = direct[name], again[name]
        assert before is not None
        assert after == pytest.approx(before, abs=_HALF_STEP_MM), name
    for name in METRIC_NAMES:
        assert again[name] == pytest.approx(direct[name], rel=0.02), name
    for name in ("coverage", "pixels", "truth_pixels"):
        assert again[name] == direct[name], name


def test_png_are_the_npy_rounded(tmp_path: Path) -> None:
    write_folder_set(tmp_path / "set", 1)
    depths = []
    for save in ("npy", "png"):
        out = tmp_path / save
        assert evaluated(tmp_path / "set", out, "--model", "linear", "--save", save) == 0
        file = out / "linear" / "predictions" / f"0000.{save}"
        depths.append(read_depth(file, depth_scale=256.0).depth)
    exact, rounded = depths
    assert np.abs(rounded - exact).max() <= 0.5 / 256.0
    assert np.array_equal(rounded * 256.0, np.rint(rounded * 256.0))


def test_predictions_beside_the_model(tmp_path: Path) -> None:
    write_folder_set(tmp_path / "set")
    model = ("--model", "nearest")
    assert evaluated(tmp_path / "set", tmp_path / "first", *model, "--save", "npy") == 0
    saved = str(tmp_path / "first" / "nearest" / "predictions")
    assert evaluated(tmp_path / "set", tmp_path / "both", *model, "--predictions", saved) == 0
    means = means_in(tmp_path / "both")
    assert means["nearest"] == means["nearest (saved)"]


def test_predictions_that_were_written_again_are_not_taken_for_the_old(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_folder_set(tmp_path / "set")
    saved = tmp_path / "mine"
    saved.mkdir()
    for number in range(4):
        np.save(saved / f"{number:04d}.npy", np.full((24, 32), 2.0))
    scored = (tmp_path / "set", tmp_path / "out", "--predictions", str(saved))
    assert evaluated(*scored) == 0
    assert evaluated(*scored) == 0
    time.sleep(0.01)  # file systems count time in steps
    np.save(saved / "0001.npy", np.full((24, 32), 3.0))
    assert evaluated(*scored) == 1
    assert "holds results of another evaluation" in capsys.readouterr().err
    assert evaluated(*scored, "--fresh") == 0


def test_millimetres(tmp_path: Path) -> None:
    write_folder_set(tmp_path / "set")
    saved = tmp_path / "mine"
    saved.mkdir()
    for number in range(4):
        np.save(saved / f"{number:04d}.npy", np.full((24, 32), 2.0))
    assert evaluated(tmp_path / "set", tmp_path / "npy", "--predictions", str(saved)) == 0
    for number in range(4):
        (saved / f"{number:04d}.npy").unlink()
        write_numbers(saved / f"{number:04d}.png", np.full((24, 32), 2000, dtype=np.uint16))
    scored = ("--predictions", str(saved), "--prediction-scale", "1000")
    assert evaluated(tmp_path / "set", tmp_path / "png", *scored) == 0
    assert means_in(tmp_path / "npy") == means_in(tmp_path / "png")
