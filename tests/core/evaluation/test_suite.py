# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from depth_completion_core.evaluate import main
from depth_completion_core.evaluation.suite import ROOT_VARIABLE
from depth_completion_core.files.output_files import write_picture
from depth_completion_core.geometry.transforms import RigidTransform
from tests.core.data.trees import (
    SIZE,
    K,
    write_matrix,
    write_numbers,
    write_rig,
    write_sweep,
)

_RANDOM = np.random.default_rng(0)
_CAMERA_FROM_LIDAR = RigidTransform(
    np.array([[0.0, -1.0, 0.0], [0.0, 0.0, -1.0], [1.0, 0.0, 0.0]]), np.array([0.0, -0.2, 0.0])
)
_MODELS = ("nearest", "morphological")


def _rgbd(root: Path, *depth_folders: str) -> None:
    for name in ("a", "b"):
        write_picture(
            root / "rgb" / f"{name}.png", _RANDOM.integers(0, 255, (*SIZE, 3), dtype=np.uint8)
        )
        for folder in depth_folders:
            depth = _RANDOM.integers(500, 5000, SIZE).astype(np.uint16)
            depth[_RANDOM.random(SIZE) < 0.3] = 0
            write_numbers(root / folder / f"{name}.png", depth)
    write_matrix(root / "K.txt", K)


def _lidar(root: Path) -> None:
    """16 lines on a wall 8 metres ahead, tilted."""
    elevation, azimuth = np.meshgrid(
        np.radians(np.linspace(-15, 15, 16)), np.linspace(-0.4, 0.4, 99)
    )
    points = np.stack(
        [np.ones_like(azimuth), np.tan(azimuth), np.tan(elevation) / np.cos(azimuth)], axis=-1
    )
    points *= 8.0 + 3.0 * azimuth[..., None]
    image = _RANDOM.integers(0, 255, (*SIZE, 3), dtype=np.uint8)
    write_picture(root / "image" / "0.png", image)
    write_sweep(root / "points" / "0.bin", points.reshape(-1, 3).astype(np.float32))
    write_rig(root / "calib" / "0.json", _CAMERA_FROM_LIDAR)


@pytest.fixture(scope="module")
def recordings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("recordings")
    _rgbd(root / "open" / "flat", "depth")
    _rgbd(root / "glass", "depth_raw", "depth_gt")
    _lidar(root / "open" / "road")
    return root


def _suite(root: Path, out: Path, *more: str) -> int:
    where = ["--data", str(root), "--out", str(out), "--device", "cpu", "--sheets", "0"]
    return main(["--suite", "real", "--model", *_MODELS, *where, *more])


def _report(out: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((out / "metrics.json").read_text(encoding="utf-8"))
    return found


def _rows(out: Path) -> list[tuple[str, str, str]]:
    return [(row["set"], row["measurements"], row["model"]) for row in _report(out)["results"]]


_EXPECTED = [
    *(("flat", f"{count} points") for count in (150, 500, 1500)),
    ("glass", "raw depth"),
    *(("road", f"every {nth} line") for nth in ("2nd", "4th")),
]


def test_every_set_in_every_reading(recordings: Path, tmp_path: Path) -> None:
    assert _suite(recordings, tmp_path, "--sheets", "1") == 0
    expected = [(*labels, model) for labels in _EXPECTED for model in _MODELS]
    assert _rows(tmp_path) == expected
    page = (tmp_path / "table.md").read_text(encoding="utf-8")
    lines = [line.strip("| ").split(" | ")[:3] for line in page.splitlines() if line[:1] == "|"]
    assert lines[2:] == [list(row) for row in expected]
    by_row = {(row["set"], row["measurements"]): row for row in _report(tmp_path)["results"][::2]}
    drawn = [by_row["flat", f"{count} points"] for count in (150, 500, 1500)]
    counts = [row["measured_pixels"] for row in drawn]
    truth = drawn[0]["mean"]["truth_pixels"]
    assert counts == [150, 500, pytest.approx(truth)]  # these images have no 1500 pixels
    second, fourth = (by_row["road", f"every {nth} line"] for nth in ("2nd", "4th"))
    assert fourth["measured_pixels"] < second["measured_pixels"]
    assert fourth["mean"]["truth_pixels"] > second["mean"]["truth_pixels"]
    assert all(row["images"] == row["frames"] for row in by_row.values())
    for labels in _EXPECTED:
        folder = tmp_path / labels[0] / labels[1].replace(" ", "_")
        assert (folder / "nearest" / "best.png").is_file()


def test_truth_that_is_too_far_is_counted(tmp_path: Path) -> None:
    _rgbd(tmp_path / "set" / "far", "depth")
    for path in (tmp_path / "set" / "far" / "depth").iterdir():
        numbers = np.full(SIZE, 2000, np.uint16)
        numbers[: SIZE[0] // 4] = 12000
        write_numbers(path, numbers)
    assert _suite(tmp_path / "set", tmp_path / "out", "--model", "nearest") == 0
    words = "far: 25 % of the true depth lies beyond max_depth (10 m) and is not scored."
    assert f"- {words}\n" in (tmp_path / "out" / "table.md").read_text(encoding="utf-8")
    assert _report(tmp_path / "out")["remarks"] == [words]


def test_the_seed_draws_the_points(recordings: Path, tmp_path: Path) -> None:
    flat, out = recordings / "open" / "flat", tmp_path
    for seed, name in (("0", "a"), ("0", "b"), ("1", "c")):
        assert _suite(flat, out / name, "--seed", seed) == 0
    first, again, other = (
        [row["mean"]["mae_mm"] for row in _report(out / name)["results"]] for name in "abc"
    )
    assert first == again
    assert first[:4] != other[:4]


def test_a_set_that_cannot_be_read_is_named_and_the_others_are_scored(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = tmp_path / "recordings"
    _rgbd(root / "good", "depth")
    _rgbd(root / "hollow", "depth")
    for image in (root / "hollow" / "rgb").iterdir():
        image.unlink()
    _lidar(root / "torn")
    (root / "torn" / "points" / "0.bin").write_bytes(b"123")
    assert _suite(root, tmp_path / "out") == 3
    assert list(_report(tmp_path / "out")["unreadable"]) == ["hollow"]
    told = capsys.readouterr().err
    assert re.search(r"problem: .*hollow/rgb holds no images", told)
    assert re.search(r"problem: torn.*0\.bin", told)
    scored = {row["set"] for row in _report(tmp_path / "out")["results"] if row["images"]}
    assert scored == {"good"}


def test_sets_of_one_name_are_told_apart(tmp_path: Path) -> None:
    root = tmp_path / "recordings"
    for parent in ("home", "work"):
        _rgbd(root / parent / "desk", "depth")
    _rgbd(root / "shelf", "depth")
    assert _suite(root, tmp_path / "out") == 0
    names = list(dict.fromkeys(row[0] for row in _rows(tmp_path / "out")))
    assert sorted(names) == ["home-desk", "shelf", "work-desk"]


def test_the_folder_may_come_from_the_environment(
    recordings: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    command = ["--suite", "real", "--model", "nearest", "--device", "cpu", "--out", str(tmp_path)]
    monkeypatch.delenv(ROOT_VARIABLE, raising=False)
    assert main(command) == 1
    assert ROOT_VARIABLE in capsys.readouterr().err
    monkeypatch.setenv(ROOT_VARIABLE, str(recordings / "glass"))
    assert main(command) == 0
    assert _rows(tmp_path) == [("glass", "raw depth", "nearest")]


def test_a_folder_without_sets(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert _suite(tmp_path, tmp_path / "out") == 1
    assert "contains no real recordings; docs/datasets.md" in capsys.readouterr().err


def test_goes_on_where_it_was(recordings: Path, tmp_path: Path) -> None:
    assert _suite(recordings, tmp_path) == 0
    first = _report(tmp_path)
    assert _suite(recordings, tmp_path) == 0
    assert _report(tmp_path) == first  # times too: nothing was run again
