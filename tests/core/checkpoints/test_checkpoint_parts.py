# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Half precision, and networks inside a model whose weights another file holds."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from depth_completion_core.checkpoints.checkpoint import (
    load_checkpoint,
    save_checkpoint,
)
from depth_completion_core.checkpoints.checkpoint_file import (
    read_checkpoint_file,
    write_checkpoint_file,
)
from depth_completion_core.checkpoints.errors import CheckpointError
from depth_completion_core.export_weights import main
from depth_completion_core.models import build_model
from depth_completion_core.models.base import CompletionModel
from tests.core.checkpoints.released_checkpoints import seeded_checkpoint

_SMALL = {"encoder_filters": [2, 2, 2, 2, 2], "decoder_filters": [2, 2, 2, 2, 2]}
_FUSION = {
    "scaffnet": _SMALL,
    "image_filters": [2, 2, 2, 2, 2],
    "depth_filters": [2, 2, 2, 2, 2],
    "decoder_filters": [2, 2, 2, 2, 2],
}


def _small_scaffnet(path: Path, *, seed: int) -> Path:
    torch.manual_seed(seed)
    model = build_model("scaffnet", _SMALL)
    save_checkpoint(path, "scaffnet", model, provenance={"licence": "Apache-2.0"})
    return path


def _handed_on(folder: Path) -> tuple[Path, Path, CompletionModel]:
    """ScaffNet's file, FusionNet's that names it, and FusionNet as it was."""
    whole = _small_scaffnet(folder / "run.safetensors", seed=3)
    assert main([str(whole), "--out", str(folder / "scaffnet.safetensors")]) == 0
    scaffnet = load_checkpoint(folder / "scaffnet.safetensors").model
    fusionnet = build_model("fusionnet", _FUSION)
    fusionnet.get_submodule("scaffnet").load_state_dict(scaffnet.state_dict())
    out = folder / "fusionnet.safetensors"
    parts = {"scaffnet": folder / "scaffnet.safetensors"}
    provenance = {"licence": "Apache-2.0"}
    save_checkpoint(out, "fusionnet", fusionnet, provenance=provenance, half=True, parts=parts)
    return parts["scaffnet"], out, fusionnet


def test_half_precision_is_rounded_and_half_the_size(tmp_path: Path) -> None:
    whole = seeded_checkpoint(tmp_path / "run.safetensors", "scaffnet", 3)
    half = tmp_path / "half.safetensors"
    assert main([str(whole), "--out", str(half)]) == 0
    assert half.stat().st_size < 0.51 * whole.stat().st_size
    before, after = load_file(whole), load_checkpoint(half).model.state_dict()
    for key, value in before.items():
        expected = value.half().float() if value.is_floating_point() else value
        assert torch.equal(after[key], expected)


def test_what_is_beyond_half_precision_is_refused(tmp_path: Path) -> None:
    model = build_model("scaffnet", _SMALL)
    with torch.no_grad():
        next(model.parameters())[0] = 1e5
    with pytest.raises(CheckpointError, match="NaN or infinite"):
        save_checkpoint(tmp_path / "x.safetensors", "scaffnet", model, provenance={}, half=True)


def test_a_part_is_named_and_comes_back(tmp_path: Path) -> None:
    scaffnet, out, fusionnet = _handed_on(tmp_path)
    file = read_checkpoint_file(out)
    assert not any(key.startswith("scaffnet.") for key in file.weights)
    checksum = read_checkpoint_file(scaffnet).checksum
    assert file.mapping("parts") == {"scaffnet": {"file": scaffnet.name, "checksum": checksum}}
    loaded = load_checkpoint(out).model.state_dict()
    for key, value in fusionnet.state_dict().items():
        expected = value.half().float() if value.is_floating_point() else value
        assert torch.equal(loaded[key], expected)


def test_the_command_takes_parts(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    scaffnet, out, _ = _handed_on(tmp_path)
    again = tmp_path / "again.safetensors"
    arguments = [str(out), "--out", str(again)]
    assert main([*arguments, "--part", f"scaffnet={scaffnet}"]) == 0
    assert "again.safetensors: fusionnet, 0.0 MB, Apache-2.0" in capsys.readouterr().out
    first, second = read_checkpoint_file(out), read_checkpoint_file(again)
    assert first.metadata == second.metadata
    assert main(arguments) == 1
    assert "exists; choose another name or give --overwrite" in capsys.readouterr().err
    assert main([*arguments, "--overwrite", "--part", "scaffnet"]) == 1
    assert "--part is NAME=FILE" in capsys.readouterr().err


def test_a_checkpoint_without_a_licence_is_handed_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "own.safetensors"
    save_checkpoint(path, "scaffnet", build_model("scaffnet", _SMALL), provenance={})
    assert main([str(path), "--out", str(tmp_path / "half.safetensors")]) == 0
    assert "no licence is stated" in capsys.readouterr().out


def test_another_part_is_refused_when_writing(tmp_path: Path) -> None:
    scaffnet, _, fusionnet = _handed_on(tmp_path)
    out = tmp_path / "x.safetensors"

    def save(part: Path, name: str = "scaffnet") -> None:
        save_checkpoint(out, "fusionnet", fusionnet, provenance={}, half=True, parts={name: part})

    with pytest.raises(CheckpointError, match="not those of 'scafnet' in the model"):
        save(scaffnet, "scafnet")
    (tmp_path / "in").mkdir()
    with pytest.raises(CheckpointError, match="lies in another folder"):
        save(tmp_path / "in" / "scaffnet.safetensors")
    other = _small_scaffnet(tmp_path / "other.safetensors", seed=4)
    with pytest.raises(CheckpointError, match="train it with that file"):
        save(other)
    assert not out.exists()


def test_a_part_that_is_missing_or_another_is_named(tmp_path: Path) -> None:
    scaffnet, out, _ = _handed_on(tmp_path)
    kept = scaffnet.read_bytes()
    scaffnet.unlink()
    with pytest.raises(CheckpointError, match=r"needs the weights of its 'scaffnet'.*not exist"):
        load_checkpoint(out)
    _small_scaffnet(scaffnet, seed=4)
    with pytest.raises(CheckpointError, match=r"trained with another scaffnet\.safetensors"):
        load_checkpoint(out)
    scaffnet.write_bytes(kept)
    load_checkpoint(out)


@pytest.mark.parametrize(
    "reference",
    [
        {"file": "../scaffnet.safetensors", "checksum": ""},
        {"file": "/scaffnet.safetensors", "checksum": ""},
        {"file": "..", "checksum": ""},
        {"file": "", "checksum": ""},
        {"file": "scaffnet.safetensors"},
        "scaffnet.safetensors",
    ],
)
def test_a_part_stays_in_its_folder(tmp_path: Path, reference: object) -> None:
    _, out, _ = _handed_on(tmp_path)
    file = read_checkpoint_file(out)
    metadata = file.metadata | {"parts": json.dumps({"scaffnet": reference})}
    (tmp_path / "in").mkdir()
    changed = tmp_path / "in" / "fusionnet.safetensors"
    write_checkpoint_file(changed, file.weights, metadata)
    with pytest.raises(CheckpointError, match="its 'parts' cannot be read"):
        load_checkpoint(changed)
