# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The results of two runs never stand in one folder."""

from __future__ import annotations

import json
import threading
from pathlib import Path

import numpy as np
import pytest

from depth_completion_core.config import CompletionConfig
from depth_completion_core.file_completion.command_line import Infer
from depth_completion_core.file_completion.frame_files import FrameFiles, frame_files_of
from depth_completion_core.file_completion.results_folder import claim_folder
from depth_completion_core.files.output_files import write_picture
from depth_completion_core.files.run_files import ResultsError
from depth_completion_core.infer import main

_SIZE = (8, 8)


def _inputs(folder: Path, metres: float, names: str = "ab") -> Path:
    sparse = np.zeros(_SIZE, np.float32)
    sparse[::3, ::3] = metres
    (folder / "sparse").mkdir(parents=True)
    for name in names:
        write_picture(folder / "image" / f"{name}.png", np.zeros((*_SIZE, 3), np.uint8))
        np.save(folder / "sparse" / f"{name}.npy", sparse)
    return folder


def _infer(inputs: Path, out: Path, *flags: str) -> int:
    arguments = [str(inputs / "image"), str(inputs / "sparse"), "--out", str(out), *flags]
    return main([*arguments, *(() if "--model" in flags else ("--model", "nearest"))])


def _depths(out: Path) -> dict[str, float]:
    return {path.stem: float(np.load(path).max()) for path in out.glob("output_depth/*.npy")}


@pytest.mark.parametrize(
    ("flags", "told"),
    [
        (["--model", "linear"], "its model is 'nearest', but 'linear' is requested now"),
        (["--output.max-depth", "5"], "its settings is"),
        (["--depth-scale", "1000"], "its depth_scale is 256.0, but 1000.0"),
    ],
)
def test_another_run_is_refused(
    tmp_path: Path, flags: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    inputs, out = _inputs(tmp_path / "in", 3.0), tmp_path / "out"
    assert _infer(inputs, out) == 0
    before = {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}
    assert _infer(inputs, out, *flags) == 1
    assert told in capsys.readouterr().err
    assert {path: path.read_bytes() for path in out.rglob("*") if path.is_file()} == before
    assert _infer(inputs, out) == 0  # the same one may come again


def test_other_inputs_are_refused_or_replace_all(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    assert _infer(_inputs(tmp_path / "one", 3.0, "abc"), out) == 0
    (out / "notes.txt").write_text("mine", encoding="utf-8")
    other = _inputs(tmp_path / "two", 6.0, "bcd")
    assert _infer(other, out) == 1
    assert "results of another run: its image is" in capsys.readouterr().err
    assert _depths(out) == {"a": 3.0, "b": 3.0, "c": 3.0}
    assert _infer(other, out, "--fresh") == 0
    assert _depths(out) == {"b": 6.0, "c": 6.0, "d": 6.0}
    assert not (out / "preview" / "a.png").exists()
    assert (out / "notes.txt").exists()


def test_fresh_takes_no_input_with_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The second run reads what the first one saved."""
    out = tmp_path / "out"
    assert _infer(_inputs(tmp_path / "in", 3.0), out, "--save-inputs") == 0
    saved = [str(out / name) for name in ("image", "sparse_depth")]
    assert main([*saved, "--model", "linear", "--out", str(out), "--fresh"]) == 1
    assert "where inputs lie; give another --out" in capsys.readouterr().err
    assert len([*(out / "image").iterdir(), *(out / "sparse_depth").iterdir()]) == 4


def test_files_of_an_unknown_run_are_left_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    inputs, out = _inputs(tmp_path / "in", 3.0), tmp_path / "out"
    (out / "output_depth").mkdir(parents=True)
    (out / "output_depth" / "z.npy").write_bytes(b"mine")
    assert _infer(inputs, out, "--fresh") == 1
    assert "no run.json tells of which run" in capsys.readouterr().err
    assert [path.name for path in out.rglob("*") if path.is_file()] == ["z.npy"]


def test_a_run_that_wrote_nothing_keeps_nobody_out(tmp_path: Path) -> None:
    inputs, out = _inputs(tmp_path / "in", 3.0), tmp_path / "out"
    good = (inputs / "sparse" / "a.npy").read_bytes()
    for path in (inputs / "sparse").iterdir():
        path.write_bytes(b"")
    assert _infer(inputs, out) == 1
    for path in (inputs / "sparse").iterdir():
        path.write_bytes(good)
    assert _infer(inputs, out, "--model", "linear") == 0


def test_of_runs_that_begin_at_once_one_goes_on(tmp_path: Path) -> None:
    inputs = _inputs(tmp_path / "in", 3.0)
    image, sparse = inputs / "image", inputs / "sparse"
    gate, claimed = threading.Barrier(8), list[str]()

    def claim(model: str, files: list[FrameFiles], wanted: Infer) -> None:
        gate.wait()
        try:
            claim_folder(wanted, files)
        except ResultsError:
            return
        claimed.append(model)

    threads = []
    for number in range(8):
        model = ("nearest", "linear", "smooth", "morphological")[number % 4]
        wanted = Infer(
            image=image,
            sparse_depth=sparse,
            model=model,
            out=tmp_path / "out",
            settings=CompletionConfig(),
        )
        threads.append(threading.Thread(target=claim, args=(model, frame_files_of(wanted), wanted)))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    told = json.loads((tmp_path / "out" / "run.json").read_text(encoding="utf-8"))
    assert set(claimed) == {told["model"]}
