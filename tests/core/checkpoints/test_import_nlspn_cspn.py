# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Files as the authors of NLSPN and CSPN write them, made from their lists of names and shapes."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from depth_completion_core.checkpoints.checkpoint import Checkpoint, load_checkpoint
from depth_completion_core.checkpoints.errors import CheckpointError
from depth_completion_core.checkpoints.importers import import_released, importable_models
from depth_completion_core.completer import load_model
from depth_completion_core.config import InferenceConfig
from depth_completion_core.import_checkpoint import main
from depth_completion_core.inference.preprocessing import window_of
from depth_completion_core.models.configs.cspn import CSPNConfig, CSPNLegacyConfig
from depth_completion_core.models.configs.nlspn import PRESETS, NLSPNConfig
from depth_completion_core.models.layers.resnet import resnet_stages
from depth_completion_core.models.nlspn import NLSPN
from tests.golden.filling import released_shapes

State = dict[str, Any]


def _released(network: str) -> dict[str, Tensor]:
    random = torch.Generator().manual_seed(0)
    return {
        name: torch.zeros((), dtype=torch.int64)
        if name.endswith("num_batches_tracked")
        else 0.01 * torch.rand(shape, generator=random)
        for name, shape in released_shapes(network).items()
    }


def _arguments(**changes: object) -> argparse.Namespace:
    """What the training program writes beside the weights."""
    said = {"data_name": "NYU", "network": "resnet34", "prop_time": 18, "prop_kernel": 3}
    said |= {"affinity": "TGASS", "affinity_gamma": 0.5, "conf_prop": True, "gpus": "0,1"}
    return argparse.Namespace(**(said | changes))


def _imported(state: State, folder: Path, model: str, *more: str) -> Checkpoint:
    torch.save(state, folder / "released.pt")
    out = folder / "out.safetensors"
    assert main([str(folder / "released.pt"), "--model", model, "--out", str(out), *more]) == 0
    return load_checkpoint(out)


def test_these_can_be_imported() -> None:
    assert {"nlspn", "cspn", "cspn_legacy"} <= set(importable_models())


@pytest.mark.parametrize(("data_name", "preset"), [("NYU", "nyu"), ("KITTIDC", "kitti")])
def test_an_nlspn_comes_with_what_its_file_says(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], data_name: str, preset: str
) -> None:
    net = _released("nlspn")
    state = {"net": net, "args": _arguments(data_name=data_name, prop_time=6, affinity="TC")}
    checkpoint = _imported(state, tmp_path, "nlspn")
    expected = replace(PRESETS[preset], propagation_steps=6, affinity="TC")
    assert checkpoint.model.config == expected
    assert checkpoint.model.depth_range == (0.1, {"nyu": 10.0, "kitti": 90.0}[preset])
    assert checkpoint.provenance["preset"] == preset
    assert checkpoint.provenance["licence"] == "MIT"
    found = checkpoint.model.state_dict()
    assert found.keys() == net.keys()
    assert all(torch.equal(found[name], net[name]) for name in net)
    said = capsys.readouterr().out
    assert f"settings '{preset}'" in said
    assert "--inference" not in said


@pytest.mark.parametrize(
    ("said", "legacy", "preserve_input"),
    [
        ({}, True, True),
        ({"preserve_input": False}, True, True),  # as its README asks, whatever trained it
        ({"legacy": False, "preserve_input": False}, False, False),
        ({"legacy": False, "preserve_input": True}, False, True),
        ({"legacy": True}, True, True),
    ],
)
def test_a_network_trained_since_the_flag_was_there_is_as_its_file_says(
    said: dict[str, object], legacy: bool, preserve_input: bool
) -> None:
    state = {"net": _released("nlspn"), "args": vars(_arguments(**said))}
    config = import_released(state, "nlspn", "").config
    assert (config["legacy"], config["preserve_input"]) == (legacy, preserve_input)


@pytest.mark.parametrize(
    ("preset", "image", "seen"),
    [
        ("nyu", (480, 640), (240, 320)),
        ("nyu", (720, 1280), (240, 427)),
        ("nyu", (228, 304), (228, 304)),  # as evaluation cuts it out
        ("kitti", (375, 1242), (375, 1242)),
        ("kitti", (352, 1216), (352, 1216)),
    ],
)
def test_the_size_that_an_nlspn_sees_goes_with_its_weights(
    preset: str, image: tuple[int, int], seen: tuple[int, int]
) -> None:
    with torch.device("meta"):
        needs = NLSPN(PRESETS[preset]).needs
    window = window_of(image, InferenceConfig(), needs)
    assert (window.model_height, window.model_width) == seen
    assert (window.height, window.width) == image
    asked = window_of(image, InferenceConfig(width_px=200, height_px=100), needs)
    assert (asked.model_height, asked.model_width) == (100, 200)
    # A part of the image is seen at the same scale.
    height, width = image
    part = window_of(image, InferenceConfig(roi_px=(0, 0, width // 2, height // 2)), needs)
    assert part.model_width == pytest.approx(seen[1] / 2, abs=1)


def test_an_nlspn_without_a_command_line_shows_what_it_is(tmp_path: Path) -> None:
    net = {f"module.{name}": value for name, value in _released("nlspn").items()}
    config = _imported(net, tmp_path, "nlspn", "--preset", "kitti").model.config
    assert config == PRESETS["kitti"]
    without = {name: value for name, value in net.items() if ".cf_dec" not in name}
    assert import_released(without, "nlspn", "").config["confidence"] is False


def test_nothing_of_the_command_line_is_run_or_believed(tmp_path: Path) -> None:
    net = _released("nlspn")
    with pytest.raises(CheckpointError, match=r"cannot be followed.*propagation_kernel"):
        import_released({"net": net, "args": {"prop_kernel": 1000}}, "nlspn", "")
    assert import_released({"net": net, "args": [1]}, "nlspn", "").preset == "nyu"
    torch.save({"net": net, "args": _arguments(hook=print)}, tmp_path / "x.pt")
    out = tmp_path / "x.safetensors"
    assert main([str(tmp_path / "x.pt"), "--model", "nlspn", "--out", str(out)]) == 0


def test_a_cspn_of_the_release_comes_without_what_it_never_calls(tmp_path: Path) -> None:
    released = _released("cspn_resnet18")
    old = {
        f"module.{name}": value
        for name, value in released.items()
        if not name.endswith("num_batches_tracked")
    }
    # What the first pass adds to the file.
    old["module.post_process_layer.sum_conv.weight"] = torch.ones(1, 8, 1, 1, 1)
    checkpoint = _imported(old, tmp_path, "cspn_legacy", "--preset", "kitti")
    assert checkpoint.model.config == CSPNLegacyConfig(
        trunk="resnet18", size_px=(912, 228), first_step_px=(15, 58)
    )
    assert checkpoint.model.needs.fixed_size_px == (912, 228)
    found = checkpoint.model.state_dict()
    assert sum(item.numel() for item in checkpoint.model.parameters()) == 23_608_512
    assert torch.equal(found["unet.layer1.0.conv1.weight"], released["layer1.0.conv1.weight"])
    turned = released["gud_up_proj_layer1.conv1.weight"].flip(-2, -1).transpose(0, 1)
    assert torch.equal(found["unet.gud_up_proj_layer1.conv1.weight"], turned)
    assert not any("up_proj_layer7" in name or ".conv3." in name for name in found)


def test_a_cspns_trunk_decides_on_its_preset() -> None:
    cspn = _released("cspn_resnet18")
    assert import_released(cspn, "cspn_legacy", "").preset == "kitti"
    with pytest.raises(CheckpointError, match=r"trunk in the file is a resnet18.*--preset kitti"):
        import_released(cspn, "cspn_legacy", "nyu_positive")
    # The release's own resnet18: its decoder is made for another trunk.
    unfit = cspn | {"gud_up_proj_layer1.conv1.weight": torch.zeros(8, 2048, 5, 5)}
    with pytest.raises(CheckpointError, match=r"takes 2048: the release's code .* cannot run"):
        import_released(unfit, "cspn_legacy", "")


def test_files_of_others_are_told_apart(tmp_path: Path) -> None:
    nlspn, cspn = _released("nlspn"), _released("cspn_resnet18")
    for state, model, preset, words in (
        (cspn, "nlspn", "", "no NLSPN of the authors' release"),
        (nlspn, "cspn_legacy", "", r"no CSPN of the authors' release.*--model cspn"),
        (cspn, "cspn", "", r"ImageNet classifier.*--model cspn_legacy"),
        (
            {"net": nlspn, "args": {"data_name": "KITTIDC"}},
            "nlspn",
            "nyu",
            "says data_name KITTIDC, which is --preset kitti, not nyu; leave --preset out",
        ),
        (nlspn, "nlspn", "void", "unknown preset 'void' of nlspn; known: nyu, kitti"),
        (cspn, "cspn_legacy", "void", "unknown preset 'void' of cspn_legacy; known: nyu, nyu_pos"),
    ):
        with pytest.raises(CheckpointError, match=words):
            import_released(state, model, preset)
    torch.save(cspn, tmp_path / "x.pth")
    wrong = ["--model", "cspn_legacy", "--preset", "nyu", "--out", str(tmp_path / "x.safetensors")]
    assert main([str(tmp_path / "x.pth"), *wrong]) == 1
    assert not (tmp_path / "x.safetensors").exists()


@pytest.mark.parametrize(("model", "trunk"), [("nlspn", "resnet34"), ("cspn", "resnet18")])
def test_imagenets_weights_become_the_trunk(tmp_path: Path, model: str, trunk: Any) -> None:  # noqa: ANN401
    classifier = {"conv1.weight": torch.zeros(64, 3, 7, 7), "fc.weight": torch.zeros(10, 512)}
    classifier |= {f"bn1.{name}": torch.full((64,), 0.5) for name in ("weight", "bias")}
    for number, stage in enumerate(resnet_stages(trunk), start=1):
        classifier |= {f"layer{number}.{key}": value for key, value in stage.state_dict().items()}
    checkpoint = _imported(classifier, tmp_path, model)
    assert checkpoint.model.config == (
        NLSPNConfig(trunk=trunk) if model == "nlspn" else CSPNConfig(trunk=trunk)
    )
    found = checkpoint.model.state_dict()
    for number in range(1, 5):
        place = f"conv{number + 1}" if model == "nlspn" else f"unet.layer{number}"
        name = f"{'0.conv1' if number == 1 else '0.downsample.0'}.weight"
        assert torch.equal(found[f"{place}.{name}"], classifier[f"layer{number}.{name}"])
    assert "random" in checkpoint.provenance["note"]
    assert load_model(str(tmp_path / "out.safetensors"), device="cpu").model.needs_weights


def test_a_resnet_that_no_trunk_is_like_is_refused() -> None:
    other = {"fc.weight": torch.zeros(1), "layer4.0.conv1.weight": torch.zeros(1)}
    other |= {"layer1.0.conv1.weight": torch.zeros(1)}
    other |= {f"layer3.{number}.conv1.weight": torch.zeros(1) for number in range(23)}
    with pytest.raises(CheckpointError, match="23 blocks in its third stage"):
        import_released(other, "cspn", "")
