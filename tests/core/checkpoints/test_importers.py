# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Released weights come in whole, under our names, and compute the same."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import torch

from depth_completion_core.checkpoints.checkpoint import load_checkpoint
from depth_completion_core.checkpoints.errors import CheckpointError
from depth_completion_core.checkpoints.importers import import_released, importable_models
from depth_completion_core.checkpoints.importers.scaffnet import rename_state
from depth_completion_core.completer import DepthCompleter, load_model
from depth_completion_core.import_checkpoint import main
from depth_completion_core.models import MODELS, build_model
from depth_completion_core.models.base import CompletionModel, ModelInput, ModelOutput
from depth_completion_core.models.configs import fusionnet, scaffnet
from depth_completion_core.models.pose import POSE_NETWORKS
from depth_completion_core.settings.mapping import config_to_mapping
from tests.core.checkpoints.released_checkpoints import (
    FUSIONNET,
    POSENET,
    SCAFFNET,
    UNCERTAINTY,
    State,
    flat,
    released_state,
    with_module,
    with_old_names,
)
from tests.core.models.model_inputs import single_view

_RENAMED = {
    "spatial_pyramid_pool_state_dict": "spatial_pyramid_pool",
    "scaffnet_encoder_state_dict": "encoder",
    "scaffnet_decoder_depth_state_dict": "decoder",
    "scaffnet_decoder_uncertainty_state_dict": "decoder_uncertainty",
    "fusionnet_encoder_image_state_dict": "encoder_image",
    "fusionnet_encoder_depth_state_dict": "encoder_depth",
    "fusionnet_decoder_state_dict": "decoder",
}


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    """Hundreds of small tensors: where the cores are busy, threads wait for each other."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


class _Schedule:
    """A class that only the file's authors have."""

    def __init__(self) -> None:
        self.rates = [1e-4, 5e-5]


def _expected(state: State, model: str) -> dict[str, torch.Tensor]:
    """The renaming once more, part by part."""
    inner = "scaffnet." if model == "fusionnet" else ""
    return {
        f"{'' if part.startswith('fusionnet') else inner}{_RENAMED[part]}.{key}": value
        for part, tensors in state.items()
        if isinstance(tensors, OrderedDict)
        for key, value in tensors.items()
    }


def _assert_same(got: Mapping[str, torch.Tensor], expected: Mapping[str, torch.Tensor]) -> None:
    assert got.keys() == expected.keys()
    assert all(torch.equal(got[key], expected[key]) for key in expected)


def _inputs() -> ModelInput:
    random = torch.Generator().manual_seed(1)
    valid = torch.rand(1, 1, 32, 64, generator=random) < 0.05
    depth = torch.where(valid, 1.0 + 5.0 * torch.rand(valid.shape, generator=random), 0.0)
    return single_view(torch.rand(1, 3, 32, 64, generator=random), depth)


@torch.inference_mode()
def _depth(model: CompletionModel) -> torch.Tensor:
    output: ModelOutput = model.eval()(_inputs())
    return output.depth


def _import(file: Path, model: str, *more: str, out: str = "out.safetensors") -> Path:
    path = file.parent / out
    arguments = [str(file), "--model", model, "--preset", "void", "--out", str(path), *more]
    assert main(arguments) == 0
    return path


@pytest.mark.parametrize("change", [dict, with_module, with_old_names, flat])
@pytest.mark.parametrize("model", ["scaffnet", "fusionnet"])
def test_every_spelling_is_renamed_alike(model: str, change: Any) -> None:  # noqa: ANN401
    state = released_state(SCAFFNET if model == "scaffnet" else SCAFFNET | FUSIONNET)
    _assert_same(rename_state(change(state), model), _expected(state, model))


def test_module_is_stripped_anywhere() -> None:
    state = released_state(SCAFFNET)
    flat_module = {f"module.{key}": value for key, value in flat(with_module(state)).items()}
    _assert_same(rename_state(flat_module, "scaffnet"), _expected(state, "scaffnet"))
    renamed = with_old_names(with_module(state))
    _assert_same(rename_state(renamed, "scaffnet"), _expected(state, "scaffnet"))


def test_a_scaffnet_is_taken_out_of_a_fusionnet() -> None:
    both, alone = released_state(SCAFFNET | FUSIONNET), released_state(SCAFFNET)
    _assert_same(rename_state(both, "scaffnet"), _expected(alone, "scaffnet"))


@pytest.mark.parametrize("uncertainty", [False, True])
@pytest.mark.parametrize("preset", ["void", "kitti"])
def test_settings_follow_the_preset_and_the_file(preset: str, uncertainty: bool) -> None:
    more = UNCERTAINTY if uncertainty else {}
    for name, presets, parts in (
        ("scaffnet", scaffnet.PRESETS, SCAFFNET),
        ("fusionnet", fusionnet.PRESETS, SCAFFNET | FUSIONNET),
    ):
        state = released_state(parts | more)
        released = import_released(state, name, preset)
        expected = config_to_mapping(presets[preset])
        expected.get("scaffnet", expected)["uncertainty"] = uncertainty
        assert released.config == expected
        model = build_model(name, released.config)
        assert model.state_dict().keys() == released.weights.keys()
        assert "non-commercial" in released.licence


def test_every_importer_is_of_a_network_of_the_tables() -> None:
    assert (
        {"scaffnet", "fusionnet"}
        <= set(importable_models())
        <= MODELS.keys() | POSE_NETWORKS.keys()
    )


@pytest.mark.parametrize("zipped", [True, False], ids=["zip", "legacy"])
@pytest.mark.parametrize("model", ["scaffnet", "fusionnet"])
def test_imported_weights_compute_the_same(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], model: str, zipped: bool
) -> None:
    state = released_state(SCAFFNET if model == "scaffnet" else SCAFFNET | FUSIONNET, seed=3)
    direct = build_model(model)
    direct.load_state_dict(_expected(state, model))
    file = tmp_path / "released.pth"
    odd = {"schedule": _Schedule(), "optimizer_state_dict": {"state": {0: _Schedule()}}}
    torch.save(with_module(state) | odd, file, _use_new_zipfile_serialization=zipped)
    path = _import(file, model)
    said = capsys.readouterr().out
    assert "UCLA Academic Software License, non-commercial use only" in said
    assert f"{sum(parameter.numel() for parameter in direct.parameters()):,} parameters" in said
    completer = load_model(str(path), device="cpu")
    assert type(completer.model) is type(direct)
    alike = DepthCompleter(direct).model
    torch.testing.assert_close(_depth(completer.model), _depth(alike), rtol=0, atol=0)
    checkpoint = load_checkpoint(path, device="cpu")
    assert checkpoint.name == model
    assert checkpoint.provenance["source"] == "released.pth"
    assert checkpoint.provenance["source_sha256"] == hashlib.sha256(file.read_bytes()).hexdigest()
    assert "non-commercial" in checkpoint.provenance["licence"]
    assert "same licence" in checkpoint.provenance["note"]
    assert checkpoint.scores == {}


def test_the_kitti_preset_is_in_the_checkpoint(tmp_path: Path) -> None:
    file = tmp_path / "x.pth"
    torch.save(released_state(SCAFFNET | UNCERTAINTY), file)
    out = tmp_path / "x.safetensors"
    assert main([str(file), "--model", "scaffnet", "--preset", "kitti", "--out", str(out)]) == 0
    config = load_checkpoint(out).model.config
    assert isinstance(config, scaffnet.ScaffNetConfig)
    assert config.max_predict_depth == scaffnet.PRESETS["kitti"].max_predict_depth
    assert config.uncertainty


# What is refused.


def test_other_networks_are_named() -> None:
    scaffnet_state = released_state(SCAFFNET)
    partial = released_state(SCAFFNET | FUSIONNET)
    del partial["spatial_pyramid_pool_state_dict"]
    twice = flat(scaffnet_state) | flat(with_module(scaffnet_state))
    text: State = scaffnet_state | {"scaffnet_encoder_state_dict": {"conv1.conv.weight": "text"}}
    resnet = {f"layer{i}.0.conv1.weight": torch.zeros(1) for i in range(20)}
    for state, model, words in (
        (scaffnet_state, "fusionnet", "a ScaffNet without a FusionNet; import .*--model scaffnet"),
        (released_state(POSENET), "scaffnet", "a PoseNet's file, which only training needs"),
        (released_state(POSENET), "fusionnet", "a PoseNet's file"),
        (partial, "fusionnet", r"'spatial_pyramid_pool_state_dict' not in it.*'train_step'"),
        (resnet, "scaffnet", r"not a scaffnet .*'layer0', 'layer1'.* and 12 more"),
        ({}, "scaffnet", "what is in it is nothing"),
        (twice, "scaffnet", "twice, once with and once without 'module.'"),
        (text, "scaffnet", "conv1.conv.weight' is a str where a tensor was expected"),
        (scaffnet_state, "nlspn", "not 'nlspn'"),
    ):
        with pytest.raises(CheckpointError, match=words):
            rename_state(state, model)
    with pytest.raises(CheckpointError, match="unknown preset 'nyu' of scaffnet; known: void, ki"):
        import_released(scaffnet_state, "scaffnet", "nyu")


def _refused(file: Path, capsys: pytest.CaptureFixture[str], **changes: str) -> str:
    flags = {"model": "scaffnet", "preset": "void", "out": str(file.parent / "o.safetensors")}
    before = sorted(file.parent.iterdir())
    arguments = [text for key, value in (flags | changes).items() for text in (f"--{key}", value)]
    assert main([str(file), *arguments]) == 1
    assert sorted(file.parent.iterdir()) == before
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("error: ")
    return said.err


@pytest.mark.parametrize(
    "name",
    [
        *("fusionnet.ckpt", "fusionnet.ckpt-80000", "x.ckpt-8.index", "x.meta", "checkpoint"),
        *("x.ckpt-8.data-00000-of-00001", "graph.pb"),
    ],
)
def test_tensorflow_files_are_sent_to_the_other_release(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    (tmp_path / name).write_bytes(b"\x00\x01tensorflow")
    assert "is of the TensorFlow release" in _refused(tmp_path / name, capsys)
    (tmp_path / "model-5.index").touch()
    said = _refused(tmp_path / "model-5", capsys)  # a prefix, as TensorFlow's users know it
    assert "PyTorch release" in said


def test_a_torch_file_may_be_named_ckpt(tmp_path: Path) -> None:
    torch.save(released_state(SCAFFNET), tmp_path / "last.ckpt")
    assert _import(tmp_path / "last.ckpt", "scaffnet").is_file()


def test_files_that_are_no_release_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "x.pth"
    assert "x.pth does not exist" in _refused(file, capsys)
    assert "is a folder" in _refused(tmp_path, capsys, out=str(tmp_path / "o.safetensors"))
    state = released_state(SCAFFNET)
    torch.save(state, file)
    whole = file.read_bytes()
    assert (
        "no importer makes 'linear'; they make cspn, cspn_legacy, fusionnet, fusionnet_pose, nlspn"
        in _refused(file, capsys, model="linear")
    )
    assert "unknown preset 'nyu'" in _refused(file, capsys, preset="nyu")
    assert "ends with .safetensors" in _refused(file, capsys, out=str(tmp_path / "o.pth"))
    assert "cannot be written" in _refused(file, capsys, out=str(tmp_path / "no/o.safetensors"))
    assert "x.pth: this file holds a ScaffNet" in _refused(file, capsys, model="fusionnet")
    file.write_bytes(whole[: len(whole) // 2])
    assert "truncated" in _refused(file, capsys)
    file.write_bytes(b"something else")
    assert "is of an unknown kind" in _refused(file, capsys)
    torch.save({"conv1.weight": torch.zeros(1), "bn1.bias": torch.zeros(1)}, file)
    assert "what is in it is 'conv1', 'bn1'" in _refused(file, capsys)


def test_wrong_weights_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "x.pth"
    state = released_state(SCAFFNET)
    encoder = state["scaffnet_encoder_state_dict"]
    right = encoder["conv1.conv.weight"]
    encoder["conv1.conv.weight"] = torch.zeros(16, 8, 3, 3)
    torch.save(state, file)
    said = _refused(file, capsys)
    assert "encoder.conv1.conv.weight (16, 8, 3, 3) where (16, 8, 5, 5) was expected" in said
    encoder["conv1.conv.weight"] = right * torch.nan
    torch.save(state, file)
    assert "NaN or infinite: encoder.conv1.conv.weight" in _refused(file, capsys)
    encoder["conv1.conv.weight"] = right
    encoder["conv9.weight"] = encoder.pop("conv1.batch_norm.bias")
    torch.save(state, file)
    said = _refused(file, capsys)
    assert (
        "missing are encoder.conv1.batch_norm.bias, not expected are encoder.conv9.weight" in said
    )


def test_an_output_is_only_replaced_when_asked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "x.pth"
    torch.save(released_state(SCAFFNET), file)
    out = tmp_path / "out.safetensors"
    out.write_text("mine")
    assert "exists; give another --out, or --overwrite" in _refused(file, capsys, out=str(out))
    assert out.read_text() == "mine"
    _import(file, "scaffnet", "--overwrite")
    assert load_checkpoint(out).name == "scaffnet"


def test_a_file_that_is_not_there_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    flags = ["--model", "scaffnet", "--preset", "void", "--out", str(tmp_path / "x.safetensors")]
    assert main([str(tmp_path / "no.pth"), *flags]) == 1
    said = capsys.readouterr()
    assert (said.out, said.err) == ("", f"error: {tmp_path / 'no.pth'} does not exist\n")
