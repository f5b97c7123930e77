# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The command line on small sets: what it writes, what it goes on with, what it refuses."""

from __future__ import annotations

import itertools
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest

from depth_completion_core.data import UnknownDatasetError
from depth_completion_core.data.sample import Sample
from depth_completion_core.evaluate import main
from depth_completion_core.evaluation.command_line import Evaluate
from depth_completion_core.evaluation.predictors import ModelPredictor
from depth_completion_core.evaluation.records import read_records
from depth_completion_core.evaluation.sweep import AXES
from depth_completion_core.files.output_files import write_depth_png
from depth_completion_core.frame import DepthPrediction
from depth_completion_core.metrics import PROTOCOLS
from depth_completion_core.settings.yaml_text import settings_of_texts
from tests.core.evaluation.made_sets import SIZE, evaluated, means_in, results_in, write_folder_set

_NEAREST = ("--model", "nearest")
_TWO = ("--model", "nearest", "morphological")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made")
    write_folder_set(folder, 5)
    return folder


def test_models_side_by_side_are_what_each_is_alone(
    made: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert evaluated(made, tmp_path / "both", *_TWO) == 0
    page = capsys.readouterr().out
    assert (tmp_path / "both" / "table.md").read_text(encoding="utf-8").strip() == page.strip()
    both = means_in(tmp_path / "both")
    for name in ("nearest", "morphological"):
        assert evaluated(made, tmp_path / name, "--model", name) == 0
        assert means_in(tmp_path / name) == {name: both[name]}
    assert both["nearest"] != both["morphological"]


def test_a_setting_that_does_nothing_is_told(
    made: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert evaluated(made, tmp_path / "out", *_NEAREST, "--output.min-confidence", "0.5") == 0
    assert "nearest: output.min_confidence 0.5 does nothing" in capsys.readouterr().err


def test_the_table_names_every_setting_that_is_not_the_default(made: Path, tmp_path: Path) -> None:
    assert evaluated(made, tmp_path / "plain", *_NEAREST) == 0
    assert "Settings" not in (tmp_path / "plain" / "table.md").read_text(encoding="utf-8")
    flags = ("--output.max-depth", "5", "--projection.occlusion.enabled", "false")
    changed = (*flags, "--set", "depth_scale=1000")
    assert evaluated(made, tmp_path / "changed", *_NEAREST, *changed) == 0
    table = (tmp_path / "changed" / "table.md").read_text(encoding="utf-8")
    settings = "projection.occlusion.enabled=False, output.max_depth=5.0"
    assert f"- Settings that are not the default: {settings}.\n" in table
    assert "- Settings of the data set: depth_scale=1000.0.\n" in table


def test_damaged_frames_end_in_3_and_the_rest_is_scored(
    made: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = tmp_path / "broken"
    shutil.copytree(made, broken)
    (broken / "image" / "0002.png").write_bytes(b"")
    assert evaluated(broken, tmp_path / "out", *_TWO) == 3
    assert "1 of 5 frames FAILED (in 2 rows" in capsys.readouterr().err
    (result, _) = results_in(tmp_path / "out")["results"]
    assert (result["images"], result["frames"]) == (4, 5)
    assert "0002.png" in result["failed"]["0002"]
    assert "0002.png" in (tmp_path / "out" / "table.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("damage", "code", "words"),
    [
        ("images", 1, "error: nothing was scored: nearest: 2 of 2 frames FAILED, first 0000: "),
        ("no truth", 0, ""),
        ("no truth, no points", 1, "nothing was scored: no true depth in the data set, and none"),
        ("far", 1, "error: nothing was scored: no true depth that the protocol scores"),
    ],
)
def test_nothing_scored_ends_in_1(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], damage: str, code: int, words: str
) -> None:
    write_folder_set(tmp_path / "set", 2)
    if damage == "images":
        for path in (tmp_path / "set" / "image").iterdir():
            path.write_bytes(b"no image")
    elif damage == "far":
        for path in (tmp_path / "set" / "ground_truth").iterdir():
            np.save(path, np.full(SIZE, 30.0))
    else:
        shutil.rmtree(tmp_path / "set" / "ground_truth")
    if "no points" in damage:
        for path in (tmp_path / "set" / "sparse_depth").iterdir():
            np.save(path, np.zeros(SIZE))
    code_found = evaluated(tmp_path / "set", tmp_path / "out", *_NEAREST, "--protocol", "void")
    assert code_found == code
    assert words in capsys.readouterr().err
    assert (tmp_path / "out" / "table.md").exists()


def test_depth_that_a_png_cannot_hold_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_folder_set(tmp_path / "set", 2)
    for path in (tmp_path / "set" / "sparse_depth").iterdir():
        np.save(path, np.full(SIZE, 300.0, np.float32))
    limits = ("--output.max-depth", "400", "--save")
    for save, is_told in (("npy", False), ("png", True)):
        out = tmp_path / save
        assert evaluated(tmp_path / "set", out, *_NEAREST, *limits, save) == 0
        told = capsys.readouterr().err
        words = f"{out / 'nearest' / 'predictions'}: 1536 pixels (100 % of those with a depth) are"
        assert (words in told) == is_told
    written = cv2.imread(str(out / "nearest" / "predictions" / "0000.png"), -1)
    assert written is not None
    assert not written.any()


def test_the_range_of_depth_is_told_and_doubted_where_it_cannot_be(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Millimetres read as 256 to a metre are 3.9 times as far; read as metres, they cannot be."""
    write_folder_set(tmp_path / "set", 2)
    assert evaluated(tmp_path / "set", tmp_path / "right", *_NEAREST) == 0
    told = capsys.readouterr().out
    assert "last frame: measurements 0.6291 to 6.923 m away, true depth 0.502 to" in told
    assert "--set depth_scale (256 now; 1000 for millimetres)" in told
    assert "implausible" not in told
    for path in (tmp_path / "set" / "ground_truth").iterdir():
        np.save(path, 1000 * np.load(path))
    assert evaluated(tmp_path / "set", tmp_path / "wrong", *_NEAREST) == 0
    told = capsys.readouterr().out
    assert "true depth: half of it is more than 80 m away" in told
    assert "0000: the measurements are 0.001 times as far as the true depth" in told


def test_predictions_in_another_unit_than_the_truth_are_asked_about(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_folder_set(tmp_path / "set", 2)
    for path in (tmp_path / "set" / "ground_truth").iterdir():
        write_depth_png(
            tmp_path / "saved" / f"{path.stem}.png",
            np.load(path),
            np.load(path) > 0,
            depth_scale=1000.0,
        )
    words = "saved (saved): the predictions are 3.906 times as far as the true depth"
    for scale, is_told in (("256", True), ("1000", False)):
        flags = ("--predictions", str(tmp_path / "saved"), "--prediction-scale", scale)
        assert evaluated(tmp_path / "set", tmp_path / scale, *flags) == 0
        assert (words in capsys.readouterr().err) == is_told


def test_frames_that_an_earlier_run_scored_are_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_folder_set(tmp_path / "set", 3)
    words = f"{tmp_path / 'out' / 'nearest'}: 3 frames were scored before; --fresh"
    for flags, is_told in (((), False), ((), True), (("--fresh",), False)):
        assert evaluated(tmp_path / "set", tmp_path / "out", *_NEAREST, *flags) == 0
        assert (words in capsys.readouterr().err) == is_told


def test_a_frame_that_was_repaired_is_scored_by_the_same_command(
    made: Path, tmp_path: Path
) -> None:
    broken = tmp_path / "broken"
    shutil.copytree(made, broken)
    (broken / "image" / "0002.png").write_bytes(b"")
    assert evaluated(broken, tmp_path / "out", *_NEAREST) == 3
    shutil.copy(made / "image" / "0002.png", broken / "image" / "0002.png")
    assert evaluated(broken, tmp_path / "out", *_NEAREST) == 0
    assert evaluated(made, tmp_path / "whole", *_NEAREST) == 0
    assert means_in(tmp_path / "out") == means_in(tmp_path / "whole")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "say what to score"),
        (("--model", "nearst"), "nearst"),
        ((*_NEAREST, "--protocol", "kiti"), "Did you mean 'kitti'"),
        ((*_NEAREST, "--set", "depth_scale"), "expected key=value"),
        ((*_NEAREST, "--set", "depth_scal=256"), "depth_scal"),
        ((*_NEAREST, "--points", "unifrom:5"), "is not a sparsifier"),
        ((*_NEAREST, "--corrupt", "rust:1"), "unknown corruption 'rust'"),
        ((*_NEAREST, "--sweep", "point"), "Did you mean 'points'"),
        (("--model", "nearest", "nearest"), "names two models"),
        (("--predictions", "there_is_no_such"), "there is no folder there_is_no_such"),
    ],
)
def test_what_cannot_be_ends_in_1_with_a_sentence(
    made: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    arguments: tuple[str, ...],
    words: str,
) -> None:
    assert evaluated(made, tmp_path / "out", *arguments) == 1
    told = capsys.readouterr().err
    assert words in told
    assert told.startswith("error: ")
    assert len(told.splitlines()) == 1
    assert not (tmp_path / "out").exists()


def test_a_set_must_be_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--model", "nearest"]) == 1
    assert "--dataset NAME --data FOLDER, or --suite" in capsys.readouterr().err
    assert main(["--model", "nearest", "--dataset", "foldr"]) == 1
    assert "Did you mean 'folder'" in capsys.readouterr().err
    assert issubclass(UnknownDatasetError, ValueError)


def _interrupted(monkeypatch: pytest.MonkeyPatch, at: int) -> None:
    """Ctrl-C where a frame is completed for so many-th time."""
    predict, calls = ModelPredictor.predict, itertools.count(1)

    def interrupted(self: ModelPredictor, sample: Sample) -> tuple[DepthPrediction, float]:
        if next(calls) == at:
            raise KeyboardInterrupt
        return predict(self, sample)

    monkeypatch.setattr(ModelPredictor, "predict", interrupted)


@pytest.mark.parametrize("at", [1, 4, 9])
def test_an_interrupted_run_ends_as_one_that_was_not(
    made: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    at: int,
) -> None:
    out = tmp_path / "out"
    with monkeypatch.context() as patched:
        _interrupted(patched, at)
        assert evaluated(made, out, *_TWO) == 130
    assert "the same command goes on from there" in capsys.readouterr().err
    assert not (out / "metrics.json").exists()
    done = [len(read_records(out / name / "frames.csv")) for name in _TWO[1:]]
    assert sum(done) == at - 1
    assert evaluated(made, out, *_TWO) == 0
    assert evaluated(made, tmp_path / "at_once", *_TWO) == 0
    assert results_in(out) == results_in(tmp_path / "at_once")


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (("--seed", "1"), "condition"),
        (("--protocol", "void"), "protocol"),
        (("--points", "uniform:9"), "condition"),
        (("--set", "depth_scale=1000"), "config"),
        (("--output.max-depth", "3"), "settings"),
    ],
)
def test_another_setting_on_the_same_folder_is_refused(
    made: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    more: tuple[str, ...],
    words: str,
) -> None:
    assert evaluated(made, tmp_path, *_NEAREST) == 0
    before = results_in(tmp_path)
    capsys.readouterr()
    assert evaluated(made, tmp_path, *_NEAREST, *more) == 1
    told = capsys.readouterr().err
    assert f"holds results of another evaluation: its {words} is" in told
    assert "--fresh" in told
    assert results_in(tmp_path) == before


def test_fresh_begins_again(made: Path, tmp_path: Path) -> None:
    assert evaluated(made, tmp_path, *_NEAREST) == 0
    assert evaluated(made, tmp_path, *_NEAREST, "--protocol", "void", "--fresh") == 0
    assert results_in(tmp_path)["protocol"]["name"] == "void"
    assert evaluated(made, tmp_path / "other", *_NEAREST, "--protocol", "void") == 0
    assert means_in(tmp_path) == means_in(tmp_path / "other")


def test_settings_of_the_set_are_nested() -> None:
    found = settings_of_texts(["split=val", "projection.occlusion.window_px=5", "drives=[a, b]"])
    assert found == {
        "split": "val",
        "projection": {"occlusion": {"window_px": 5}},
        "drives": ["a", "b"],
    }


def test_help_names_every_protocol_and_sweep(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])
    text = " ".join(capsys.readouterr().out.replace("│", " ").split())
    for name in (*PROTOCOLS, *AXES):
        assert name in text, name
    assert Evaluate().fresh is False
