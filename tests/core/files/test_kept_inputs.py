# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Inputs are never written to, through whatever links and spellings."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from depth_completion_core import export_weights, import_checkpoint, join_shards
from depth_completion_core.checkpoints.checkpoint import save_checkpoint
from depth_completion_core.files.kept_inputs import InputInDangerError, check_inputs_are_kept
from depth_completion_core.models.configs.scaffnet import ScaffNetConfig
from depth_completion_core.models.scaffnet import ScaffNet


@pytest.fixture
def bag(tmp_path: Path) -> Path:
    (tmp_path / "bag" / "deep").mkdir(parents=True)
    (tmp_path / "bag" / "file").write_text("kept", encoding="utf-8")
    (tmp_path / "link").symlink_to(tmp_path / "bag")
    return tmp_path / "bag"


@pytest.mark.parametrize("name", ["bag", "bag/new", "bag/deep/../file", "link", "link/new"])
def test_what_is_read_is_not_written(bag: Path, name: str) -> None:
    with pytest.raises(InputInDangerError, match=rf"--metrics .*{name} would write to the input"):
        check_inputs_are_kept({"--metrics": bag.parent / name}, [None, bag])


@pytest.mark.parametrize("name", ["bag2", "new/bag", ".", "bag.json"])
def test_what_lies_beside_is_written(bag: Path, name: str) -> None:
    check_inputs_are_kept({"--metrics": bag.parent / name, "--preview": None}, [None, bag])


def test_two_results_have_two_names(tmp_path: Path) -> None:
    with pytest.raises(InputInDangerError, match="the output and --metrics are both"):
        check_inputs_are_kept({"the output": tmp_path / "a", "--metrics": tmp_path / "a"}, [])


def _weights(path: Path) -> Path:
    small = ScaffNetConfig(encoder_filters=(2,) * 5, decoder_filters=(2,) * 5)
    save_checkpoint(path, "scaffnet", ScaffNet(small), provenance={})
    return path


def test_checkpoints_are_not_exported_onto_themselves(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = _weights(tmp_path / "a.safetensors")
    before = path.read_bytes()
    assert export_weights.main([str(path), "--out", str(path), "--overwrite"]) == 1
    part = ["--part", f"scaffnet={path}", "--out", str(path), "--overwrite"]
    assert export_weights.main([str(_weights(tmp_path / "b.safetensors")), *part]) == 1
    assert capsys.readouterr().err.count("would write to the input") == 2
    assert path.read_bytes() == before


def test_released_files_are_not_imported_onto_themselves(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "a.safetensors"
    torch.save({}, path)
    before = path.read_bytes()
    flags = ["--model", "scaffnet", "--preset", "void", "--out", str(path), "--overwrite"]
    assert import_checkpoint.main([str(path), *flags]) == 1
    assert "would write to the input" in capsys.readouterr().err
    assert path.read_bytes() == before


def test_shards_are_not_joined_onto_one_of_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = _weights(tmp_path / "model-00001-of-00001.safetensors")
    before = path.read_bytes()
    assert join_shards.main([str(tmp_path), str(path)]) == 1
    assert "would write to the input" in capsys.readouterr().err
    assert path.read_bytes() == before
