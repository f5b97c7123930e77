# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A checkpoint comes back as it was saved, or a sentence says why not."""

from __future__ import annotations

import json
import pickle
import re
import resource
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from depth_completion_core.checkpoints import checkpoint, default_weights
from depth_completion_core.checkpoints.checkpoint import (
    load_checkpoint,
    save_checkpoint,
)
from depth_completion_core.checkpoints.checkpoint_file import FORMAT_VERSION, weights_checksum
from depth_completion_core.checkpoints.errors import CheckpointError, WeightsError
from depth_completion_core.completer import load_model
from depth_completion_core.models import UnknownModelError, build_model
from depth_completion_core.models.base import CompletionModel
from tests.core.checkpoints.released_checkpoints import seeded_checkpoint

_PROVENANCE = {"source": "nothing", "licence": "Apache-2.0", "note": "random"}
Weights = dict[str, torch.Tensor]
Metadata = dict[str, str]


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    """Hundreds of small tensors: where the cores are busy, threads wait for each other."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return seeded_checkpoint(tmp_path_factory.mktemp("saved") / "x.safetensors", "scaffnet", 5)


def _metadata(path: Path) -> Metadata:
    """Read without the library: eight bytes of length, then JSON."""
    content = path.read_bytes()
    header = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])
    metadata: Metadata = header["__metadata__"]
    return metadata


def _changed(
    saved: Path, folder: Path, change: Callable[[Weights, Metadata], object], *, sign: bool = True
) -> Path:
    """A copy with other weights or metadata, with a right checksum unless ``sign`` is off."""
    weights, metadata = load_file(saved), _metadata(saved)
    change(weights, metadata)
    if sign:
        metadata["checksum"] = weights_checksum(weights)
    path = folder / "changed.safetensors"
    save_file(weights, path, metadata)
    return path


def test_what_was_saved_comes_back(tmp_path: Path) -> None:
    config = {"max_predict_depth": 20.0, "uncertainty": True, "pool_sizes": [3, 5]}
    model = build_model("scaffnet", config)
    for buffer in model.buffers():
        buffer.add_(1)
    path = tmp_path / "x.safetensors"
    scores = {"void": {"mae": 0.04, "count": 3}}
    save_checkpoint(path, "scaffnet", model, provenance=_PROVENANCE, scores=scores)
    assert list(tmp_path.iterdir()) == [path]
    checkpoint = load_checkpoint(path, device="cpu")
    assert (checkpoint.name, checkpoint.provenance) == ("scaffnet", _PROVENANCE)
    assert checkpoint.scores == scores
    assert checkpoint.model.config == model.config
    assert not checkpoint.model.training
    own, theirs = model.state_dict(), checkpoint.model.state_dict()
    assert own.keys() == theirs.keys()
    assert all(torch.equal(own[key], theirs[key]) for key in own)


def test_a_model_without_weights_is_a_checkpoint_too(tmp_path: Path) -> None:
    path = seeded_checkpoint(tmp_path / "x.safetensors", "nearest")
    assert load_checkpoint(path).name == "nearest"
    assert type(load_model(str(path), device="cpu").model) is type(build_model("nearest"))


def test_seeded_checkpoints_are_as_their_seeds(tmp_path: Path, saved: Path) -> None:
    again = seeded_checkpoint(tmp_path / "again.safetensors", "scaffnet", 5)
    assert _metadata(again) == _metadata(saved)
    other = seeded_checkpoint(tmp_path / "again.safetensors", "scaffnet", 6)
    assert _metadata(other)["checksum"] != _metadata(saved)["checksum"]


def test_the_model_is_not_changed_by_saving(tmp_path: Path) -> None:
    model = build_model("scaffnet").train()
    before = weights_checksum(model.state_dict())
    save_checkpoint(tmp_path / "x.safetensors", "scaffnet", model, provenance={})
    assert weights_checksum(model.state_dict()) == before
    assert model.training


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_other_precisions_become_float32(tmp_path: Path, saved: Path, dtype: torch.dtype) -> None:
    def convert(weights: Weights, _: Metadata) -> None:
        for key, value in weights.items():
            weights[key] = value.to(dtype) if value.is_floating_point() else value

    loaded = load_checkpoint(_changed(saved, tmp_path, convert)).model.state_dict()
    original = load_file(saved)
    for key, value in loaded.items():
        assert value.dtype == original[key].dtype
        if value.is_floating_point():
            assert torch.equal(value, original[key].to(dtype).float())


def test_the_checksum_sees_names_shapes_dtypes_and_bytes() -> None:
    weights = {"a": torch.arange(6.0).reshape(2, 3), "b": torch.tensor(1)}
    variants = [
        weights,
        {"c": weights["a"], "b": weights["b"]},
        {"a": weights["a"].reshape(3, 2), "b": weights["b"]},
        {"a": weights["a"].view(torch.int32), "b": weights["b"]},
        {"a": weights["a"] + 1, "b": weights["b"]},
        {"a": weights["a"]},
    ]
    assert len({weights_checksum(variant) for variant in variants}) == len(variants)
    assert weights_checksum(dict(reversed(weights.items()))) == weights_checksum(weights)
    strided = torch.empty(3, 2).t().copy_(weights["a"])
    assert weights_checksum(weights | {"a": strided}) == weights_checksum(weights)


# Writing.


def test_a_full_disk_leaves_what_was_there(tmp_path: Path, saved: Path) -> None:
    path = tmp_path / "x.safetensors"
    path.write_bytes(b"before")
    model = load_checkpoint(saved).model
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, limits[1]))
    try:
        with pytest.raises(CheckpointError, match="cannot be written: File too large"):
            save_checkpoint(path, "scaffnet", model, provenance={})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert [item.name for item in tmp_path.iterdir()] == ["x.safetensors"]
    assert path.read_bytes() == b"before"


def test_what_cannot_be_saved_is_refused(tmp_path: Path) -> None:
    model = build_model("scaffnet")
    path = tmp_path / "x.safetensors"
    with pytest.raises(UnknownModelError, match="unknown model 'scafnet'"):
        save_checkpoint(path, "scafnet", model, provenance={})
    with pytest.raises(CheckpointError, match=r"ends with .safetensors"):
        save_checkpoint(tmp_path / "x.pth", "scaffnet", model, provenance={})
    with pytest.raises(CheckpointError, match="cannot be written: there is no folder"):
        save_checkpoint(tmp_path / "no" / "x.safetensors", "scaffnet", model, provenance={})
    with torch.no_grad():
        next(model.parameters())[0] = torch.inf
    with pytest.raises(CheckpointError, match=r"NaN or infinite: spatial_pyramid_pool.convs.0"):
        save_checkpoint(path, "scaffnet", model, provenance={})
    assert not list(tmp_path.iterdir())


# Reading.


@pytest.mark.parametrize("length", [0x0280, 0x0380, 0x0480, 0x0580])
def test_a_header_whose_length_begins_like_a_pickle_is_read(
    saved: Path, tmp_path: Path, length: int
) -> None:
    """Those lengths begin as pickles of the protocols 2 to 5 do."""
    data = saved.read_bytes()
    size = int.from_bytes(data[:8], "little")
    longer = length + 0x10000 * (size // 0x10000 + 1)  # the same lowest bytes
    header = data[8 : 8 + size].ljust(longer)
    path = tmp_path / "padded.safetensors"
    path.write_bytes(longer.to_bytes(8, "little") + header + data[8 + size :])
    found, expected = load_checkpoint(path), load_checkpoint(saved)
    assert found.provenance == expected.provenance


def test_files_of_other_kinds_are_named(tmp_path: Path, saved: Path) -> None:
    path = tmp_path / "x.safetensors"
    with pytest.raises(CheckpointError, match=r"x\.safetensors does not exist"):
        load_checkpoint(path)
    with pytest.raises(CheckpointError, match="is a folder"):
        load_checkpoint(tmp_path)
    content = saved.read_bytes()
    for damaged, words in (
        (b"", "an empty file"),
        (b"hello, this is text", "not a safetensors file"),
        (b"<!DOCTYPE html><html>", "a web page"),
        (b"version https://git-lfs.github.com/spec/v1\n", "a Git LFS pointer"),
        (pickle.dumps({"a": 1}), "a file of torch.save.*import_checkpoint"),
        (content[:5], "not a safetensors file"),
        (content[:12], "truncated or damaged"),
        (content[:3000], "truncated or damaged"),
        (content[:-1], "truncated or damaged"),
        (content + b"x", "truncated or damaged"),
    ):
        path.write_bytes(damaged)
        with pytest.raises(CheckpointError, match=words):
            load_checkpoint(path)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("model.safetensors", content)
    with pytest.raises(CheckpointError, match=r"a zip file with model\.safetensors in it"):
        load_checkpoint(path)
    for zipped in (True, False):
        torch.save({"a": torch.ones(1)}, path, _use_new_zipfile_serialization=zipped)
        with pytest.raises(CheckpointError, match=r"a file of torch.save.*import_checkpoint"):
            load_checkpoint(path)


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("depth_completion_format", str(FORMAT_VERSION + 1), "has format 2.*update"),
        ("depth_completion_format", "x", "has format x"),
        ("model", "fusionet", "unknown model 'fusionet'.*newer version"),
        ("model", "fusionnet", "fusionnet.*settings?|unknown setting"),
        ("config", "{", "its 'config' cannot be read"),
        ("config", '{"max_predict_depht": 3}', "did you mean 'scaffnet.max_predict_depth'"),
        ("config", '{"max_predict_depth": -3}', "min_predict_depth"),
        ("config", '{"uncertainty": true}', r"missing are decoder_uncertainty\S+,.* and \d+ more"),
        ("config", '{"pool_sizes": [3]}', r"weight \(8, 6, 1, 1\) where \(8, 2, 1, 1\)"),
        ("config", '{"encoder_filters": [9000, 1, 1, 1, 1]}', "5 whole numbers from 1 to 8192"),
        ("config", json.dumps({"encoder_filters": [1] * 10**5}), "got 100000 of them"),
        ("config", '{"pool_sizes": [1001]}', "'pool_sizes' is odd, from 1 to 255"),
        ("config", json.dumps({"pool_sizes": [3] * 10**5}), "64 sizes at most, got 100000"),
        ("config", " " * 2**20 + "{}", "its 'config' has 1048578 characters"),
        ("provenance", "[]", "its 'provenance' cannot be read"),
        ("scores", "", "its 'scores' cannot be read"),
    ],
)
def test_wrong_metadata_is_named(
    tmp_path: Path, saved: Path, key: str, value: str, words: str
) -> None:
    path = _changed(saved, tmp_path, lambda _, metadata: metadata.update({key: value}))
    with pytest.raises(CheckpointError, match=words) as caught:
        load_checkpoint(path)
    assert str(path) in str(caught.value)


def test_no_memory_is_taken_for_a_network_that_the_weights_are_not_of(
    tmp_path: Path, saved: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    devices = []

    def built(name: str, config: dict[str, Any]) -> CompletionModel:
        model = build_model(name, config)
        devices.append(next(model.parameters()).device.type)
        return model

    monkeypatch.setattr(checkpoint, "build_model", built)
    config = json.dumps({"encoder_filters": [300] * 5})
    path = _changed(saved, tmp_path, lambda _, metadata: metadata.update(config=config))
    with pytest.raises(CheckpointError, match=r"where \(300, 8, 5, 5\) was expected"):
        load_checkpoint(path)
    assert devices == ["meta"]
    load_checkpoint(saved)
    assert devices == ["meta", "meta", "cpu"]


def test_weights_without_our_metadata_are_refused(tmp_path: Path, saved: Path) -> None:
    path = _changed(saved, tmp_path, lambda _, metadata: metadata.clear())
    with pytest.raises(CheckpointError, match="not written by this project"):
        load_checkpoint(path)
    save_file({"a": torch.ones(1)}, path)
    with pytest.raises(CheckpointError, match="not written by this project"):
        load_checkpoint(path)


def test_wrong_weights_are_named(tmp_path: Path, saved: Path) -> None:
    name = "encoder.conv1.conv.weight"

    def rename(weights: Weights, _: Metadata) -> None:
        weights["other"] = weights.pop(name)

    def spoil(weights: Weights, _: Metadata) -> None:
        weights[name][0, 0] = torch.nan

    def overflow(weights: Weights, _: Metadata) -> None:
        weights[name] = weights[name].double() * 1e300

    for change, words in (
        (rename, f"missing are {name}, not expected are other"),
        (spoil, f"NaN or infinite: {name}"),
        (overflow, f"NaN or infinite: {name}"),
    ):
        with pytest.raises(CheckpointError, match=re.escape(words)):
            load_checkpoint(_changed(saved, tmp_path, change))


def test_changed_weights_are_noticed(tmp_path: Path, saved: Path) -> None:
    def nudge(weights: Weights, _: Metadata) -> None:
        weights["encoder.conv1.conv.weight"][0, 0, 0, 0] += 1e-3

    with pytest.raises(CheckpointError, match="checksum differs"):
        load_checkpoint(_changed(saved, tmp_path, nudge, sign=False))
    flipped = bytearray(saved.read_bytes())
    flipped[-100] ^= 1
    path = tmp_path / "flipped.safetensors"
    path.write_bytes(flipped)
    with pytest.raises(CheckpointError, match="checksum differs"):
        load_checkpoint(path)


# load_model.


def test_load_model_takes_a_name_or_a_path(
    tmp_path: Path, saved: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = load_file(saved)
    for place in (str(saved), "scaffnet"):
        monkeypatch.setattr(default_weights, "WEIGHTS_FOLDER", tmp_path)
        (tmp_path / "scaffnet.safetensors").write_bytes(saved.read_bytes())
        loaded = load_model(place, device="cpu").model.state_dict()
        assert all(torch.equal(loaded[key], expected[key]) for key in expected)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "linear").mkdir()
    assert type(load_model("linear", device="cpu").model) is type(build_model("linear"))


def test_load_model_says_what_is_wrong(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(default_weights, "WEIGHTS_FOLDER", tmp_path)
    with pytest.raises(WeightsError, match=r"'scaffnet' is a network.*train it, or import"):
        load_model("scaffnet", device="cpu")
    other = tmp_path / "weights.pth"
    other.write_bytes(b"x")
    with pytest.raises(CheckpointError, match=r"does not end with .safetensors.*import_checkpoint"):
        load_model(str(other), device="cpu")
    with pytest.raises(CheckpointError, match="is a folder"):
        load_model(str(tmp_path), device="cpu")
    with pytest.raises(CheckpointError, match="does not exist"):
        load_model(str(tmp_path / "no.safetensors"), device="cpu")
    for name in ("", "lineer", "a\0b", "x" * 5000, str(tmp_path / "no.pth")):
        with pytest.raises(UnknownModelError, match="unknown model"):
            load_model(name, device="cpu")
