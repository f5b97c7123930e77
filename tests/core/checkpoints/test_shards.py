# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Checkpoints in pieces: others read them, and no piece of another export slips in."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.numpy
import torch

from depth_completion_core.checkpoints.checkpoint import load_checkpoint
from depth_completion_core.checkpoints.checkpoint_file import read_checkpoint_file
from depth_completion_core.checkpoints.errors import CheckpointError
from depth_completion_core.checkpoints.init_weights import load_init_weights
from depth_completion_core.checkpoints.shards import INDEX_NAME, export_shards, read_shards
from depth_completion_core.join_shards import main as join
from tests.core.checkpoints.released_checkpoints import seeded_checkpoint

_MAX_BYTES = 700_000
_METADATA = {"model": "scaffnet", "config": "{}", "provenance": "{}", "scores": "{}"}
_NAMES = [f"model-0000{number}-of-00003.safetensors" for number in (1, 2, 3)]

Weights = dict[str, torch.Tensor]


def _weights(seed: int = 0) -> Weights:
    random = torch.Generator().manual_seed(seed)
    layers = {f"layer{i}": torch.randn(1000, 200, generator=random) for i in range(3)}
    return layers | {"n": torch.tensor(7)}


def _export(folder: Path, weights: Weights | None = None) -> list[Path]:
    weights = _weights() if weights is None else weights
    return export_shards(folder, weights, _METADATA, max_bytes=_MAX_BYTES)


def _halves(weights: Weights) -> Weights:
    return {key: x.half() if x.is_floating_point() else x for key, x in weights.items()}


def _read_by_the_convention(folder: Path) -> dict[str, np.ndarray]:
    """As anybody would who knows the convention, and nothing of this project."""
    index = json.loads((folder / "model.safetensors.index.json").read_text(encoding="utf-8"))
    weights = {}
    for name in set(index["weight_map"].values()):
        piece = safetensors.numpy.load_file(folder / name)
        assert set(piece) == {k for k, holder in index["weight_map"].items() if holder == name}
        weights.update(piece)
    assert index["metadata"]["total_size"] == sum(value.nbytes for value in weights.values())
    return weights


def test_a_reader_of_the_convention_gets_the_same_numbers(tmp_path: Path) -> None:
    _export(tmp_path)
    found, expected = _read_by_the_convention(tmp_path), _halves(_weights())
    assert found.keys() == expected.keys()
    for key, value in expected.items():
        np.testing.assert_array_equal(found[key], value.numpy())
        assert found[key].dtype == value.numpy().dtype


def test_a_writer_of_the_convention_is_told_that_the_model_is_missing(tmp_path: Path) -> None:
    safetensors.numpy.save_file({"a": np.ones(2, np.float16)}, tmp_path / "a.safetensors")
    index = {"metadata": {"total_size": 4}, "weight_map": {"a": "a.safetensors"}}
    (tmp_path / INDEX_NAME).write_text(json.dumps(index), encoding="utf-8")
    with pytest.raises(CheckpointError, match="not for which model: it was not written by this"):
        read_shards(tmp_path)


def test_pieces_are_small_named_and_whole(tmp_path: Path) -> None:
    paths = _export(tmp_path)
    assert [path.name for path in paths] == _NAMES
    assert all(path.stat().st_size <= _MAX_BYTES for path in paths)
    assert sorted(path.name for path in tmp_path.iterdir()) == [*_NAMES, INDEX_NAME]
    file, expected = read_shards(tmp_path), _halves(_weights())
    assert list(file.weights) == list(expected)
    assert all(torch.equal(file.weights[key], value) for key, value in expected.items())
    assert file.metadata.items() >= _METADATA.items()


def test_a_new_export_replaces_the_old_one(tmp_path: Path) -> None:
    _export(tmp_path)
    (only,) = _export(tmp_path, {"n": torch.tensor(7)})
    assert only.name == "model-00001-of-00001.safetensors"
    assert sorted(path.name for path in tmp_path.iterdir()) == [only.name, INDEX_NAME]
    assert read_shards(tmp_path).weights == {"n": torch.tensor(7)}


def test_what_does_not_fit_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="layer goes up to 70000"):
        _export(tmp_path, {"layer": torch.tensor([7e4])})
    with pytest.raises(CheckpointError, match=r"layer alone has \[1000, 500\] numbers"):
        _export(tmp_path, {"layer": torch.zeros(1000, 500)})
    assert list(tmp_path.iterdir()) == []


def test_a_checkpoint_comes_back_in_half_precision(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = seeded_checkpoint(tmp_path / "whole.safetensors", "scaffnet", 3)
    whole = read_checkpoint_file(path)
    export_shards(tmp_path / "shards", whole.weights, whole.metadata)
    joined = tmp_path / "joined.safetensors"
    assert join([str(tmp_path / "shards"), str(joined)]) == 0
    assert "joined.safetensors: scaffnet, 11.5 MB" in capsys.readouterr().out
    first, second = load_checkpoint(path), load_checkpoint(joined)
    assert (first.name, first.provenance) == (second.name, second.provenance)
    assert first.model.config == second.model.config
    halves = _halves(first.model.state_dict())
    for key, value in second.model.state_dict().items():
        assert torch.equal(value, halves[key].to(value.dtype))


# What is refused.


def test_pieces_of_two_exports_are_not_mixed(tmp_path: Path) -> None:
    paths = _export(tmp_path)
    content = paths[0].read_bytes()
    _export(tmp_path, _weights(seed=1))
    paths[0].write_bytes(content)
    with pytest.raises(CheckpointError, match=r"the 3 pieces .* not of one export \(checksum"):
        read_shards(tmp_path)
    paths[0].write_bytes(paths[1].read_bytes())
    with pytest.raises(CheckpointError, match=rf"{_NAMES[0]} holds other weights than"):
        read_shards(tmp_path)


def test_a_piece_that_is_missing_or_damaged_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    paths = _export(tmp_path)
    content = paths[1].read_bytes()
    paths[1].write_bytes(content[:-1])
    with pytest.raises(CheckpointError, match=rf"{_NAMES[1]} cannot be read.*truncated"):
        read_shards(tmp_path)
    paths[1].unlink()
    assert join([str(tmp_path), str(tmp_path / "x.safetensors")]) == 1
    assert f"names {_NAMES[1]}, which is not there" in capsys.readouterr().err
    (tmp_path / INDEX_NAME).unlink()
    assert join([str(tmp_path), str(tmp_path / "x.safetensors")]) == 1
    assert f"holds no {INDEX_NAME}" in capsys.readouterr().err
    assert not (tmp_path / "x.safetensors").exists()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda index: index.pop("weight_map"), "KeyError"),
        (lambda index: index.update(weight_map=["layer0"]), "AttributeError"),
        (lambda index: index.update(metadata=3), "AttributeError"),
        (lambda index: index["metadata"].pop("depth_completion_format"), "not for which model"),
        (lambda index: index["metadata"].update(depth_completion_format="9"), "has format 9"),
        (lambda index: index["metadata"].update(checksum="0"), "checksum differs"),
        (lambda index: index["weight_map"].pop("layer1"), "the 2 pieces .*checksum differs"),
        (lambda index: index["weight_map"].pop("n"), "holds other weights"),
        (lambda index: index["weight_map"].update(layer9=_NAMES[0]), "holds other weights"),
        (lambda index: index["weight_map"].update(layer1=7), "lies in 7; expected"),
    ],
)
def test_an_index_that_says_something_else_is_refused(
    tmp_path: Path, change: Callable[[dict[str, Any]], object], words: str
) -> None:
    _export(tmp_path)
    path = tmp_path / INDEX_NAME
    index = json.loads(path.read_text(encoding="utf-8"))
    change(index)
    path.write_text(json.dumps(index), encoding="utf-8")
    with pytest.raises(CheckpointError, match=words) as caught:
        read_shards(tmp_path)
    assert str(tmp_path) in str(caught.value)


@pytest.mark.parametrize("text", ["", "{", "[1]", "null", "[" * 100_000, '"text"', "\x00"])
def test_an_index_that_is_none_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / INDEX_NAME).write_text(text, encoding="utf-8")
    with pytest.raises(CheckpointError, match="cannot be read as an index of weights"):
        read_shards(tmp_path)


@pytest.mark.parametrize(
    "name",
    [
        *("../secret.safetensors", "/secret.safetensors", "in/secret.safetensors", "..\\a"),
        *("..", "", ".safetensors", "secret.pth", "a\0.safetensors", "-a.safetensors"),
    ],
)
def test_a_weight_stays_in_its_folder(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "shards"
    _export(folder)
    (tmp_path / "secret.safetensors").write_bytes((folder / _NAMES[0]).read_bytes())
    path = folder / INDEX_NAME
    index = json.loads(path.read_text(encoding="utf-8"))
    index["weight_map"]["layer0"] = name
    path.write_text(json.dumps(index), encoding="utf-8")
    with pytest.raises(CheckpointError, match=r"expected was the name of a \.safetensors file"):
        read_shards(folder)


def test_a_huge_index_is_not_read(tmp_path: Path) -> None:
    with (tmp_path / INDEX_NAME).open("wb") as file:
        file.truncate(10**9)
    with pytest.raises(CheckpointError, match="more than 16777216 bytes"):
        read_shards(tmp_path)


def test_weights_of_another_network_are_not_begun_from(tmp_path: Path) -> None:
    _export(tmp_path)
    assert load_init_weights(tmp_path, "scaffnet").keys() == _weights().keys()
    with pytest.raises(CheckpointError, match=r"weights of 'scaffnet', but .* trains 'fusionnet'"):
        load_init_weights(tmp_path, "fusionnet")
