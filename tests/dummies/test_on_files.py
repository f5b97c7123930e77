# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Networks of every kind on files: infer and evaluate say what the completer says."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from depth_completion_core.completer import load_model
from depth_completion_core.data import build_dataset
from depth_completion_core.files.input_files import read_image
from depth_completion_core.infer import main as infer
from tests.core.evaluation.made_sets import evaluated, means_in, write_folder_set
from tests.dummies.table import EVERY_KIND, model_argument, register

_FRAMES = 3


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    register(monkeypatch)
    write_folder_set(tmp_path / "data", _FRAMES)
    return tmp_path / "data"


@pytest.mark.parametrize("name", EVERY_KIND)
def test_infer_writes_what_the_completer_says(name: str, data: Path) -> None:
    model = model_argument(name, data)
    completer = load_model(model, device="cpu")
    needs = completer.model.needs
    measured = [str(data / "sparse_depth")] if needs.sparse_depth else []
    flags = ["--model", model, "--device", "cpu", "--out", str(data / "out"), "--save-maps"]
    assert infer([str(data / "image"), *measured, *flags]) == 0
    written = sorted((data / "out" / "output_depth").glob("*.npy"))
    assert len(written) == _FRAMES - needs.earlier_images
    dataset = build_dataset("folder", data, {"triplet_offset": 1 if needs.view_offsets else 0})
    sample = dataset[dataset.names.index(written[-2].stem)]
    if not needs.sparse_depth:
        sample = type(sample)(name=sample.name, image=read_image(data / "image" / "0001.png"))
    expected = completer.complete(sample.frame())
    np.testing.assert_allclose(np.load(written[-2]), expected.along_z.depth, rtol=1e-6)
    for kind, values in expected.maps.items():
        if kind != "elapsed_s":  # files have no time
            found = np.load(data / "out" / "maps" / kind / f"{written[-2].stem}.npy")
            np.testing.assert_allclose(found, values, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", EVERY_KIND)
def test_evaluate_scores_it(name: str, data: Path) -> None:
    flags = ["--set", "triplet_offset=1"] if name == "two_views" else []
    out = data / "evaluation"
    assert evaluated(data, out, "--model", model_argument(name, data), *flags) == 0
    (means,) = means_in(out).values()
    error_mm = means["mae_mm"]
    assert error_mm is not None
    assert np.isfinite(error_mm)


def test_evaluate_says_how_to_get_the_images_that_a_model_needs(
    data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert evaluated(data, data / "evaluation", "--model", "two_views") == 1
    assert "--set triplet_offset=1" in (data / "evaluation" / "table.md").read_text("utf-8")
    capsys.readouterr()


def test_infer_refuses_a_model_that_needs_measurements_without_any(
    data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = [str(data / "image"), "--model", "nearest", "--out", str(data / "out")]
    assert infer(arguments) == 1
    assert "needs points or sparse depth" in capsys.readouterr().err


def test_the_last_image_of_a_drive_is_not_the_one_before_the_next(
    data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_folder_set(data.parent / "other", _FRAMES)
    for kind in ("image", "sparse_depth"):
        files = [
            str(path.relative_to(data.parent))
            for drive in ("data", "other")
            for path in sorted((data.parent / drive / kind).iterdir())
        ]
        (data.parent / f"{kind}.txt").write_text("\n".join(files), encoding="utf-8")
    lists = [str(data.parent / f"{kind}.txt") for kind in ("image", "sparse_depth")]
    flags = ["--root", str(data.parent), "--model", "two_views", "--out", str(data / "out")]
    assert infer([*lists, *flags]) == 0
    assert len(list((data / "out" / "output_depth").glob("*.npy"))) == 2 * (_FRAMES - 1)
    assert capsys.readouterr().err.count("left out: ") == 2
