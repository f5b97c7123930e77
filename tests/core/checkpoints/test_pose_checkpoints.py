# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Pose networks' weights: as they are released, and as files of ours."""

from __future__ import annotations

import functools
import re
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from depth_completion_core.checkpoints.checkpoint import load_checkpoint
from depth_completion_core.checkpoints.errors import CheckpointError
from depth_completion_core.checkpoints.importers import import_released
from depth_completion_core.checkpoints.pose_checkpoint import (
    load_pose_checkpoint,
    pose_metadata_of,
    save_pose_checkpoint,
)
from depth_completion_core.checkpoints.shards import export_shards
from depth_completion_core.import_checkpoint import main
from depth_completion_core.models.configs.pose import FUSIONNET_POSES
from depth_completion_core.models.layers.imagenet_resnet import ImageNetResNet
from depth_completion_core.models.pose import build_pose_network
from depth_completion_core.settings.mapping import config_to_mapping
from tests.core.checkpoints.released_checkpoints import (
    FUSIONNET,
    SCAFFNET,
    State,
    flat,
    released_state,
    seeded_checkpoint,
    with_module,
)
from tests.golden.filling import released_shapes

_PROVENANCE = {"source": "random", "licence": "Apache-2.0", "note": ""}
_SMALL: dict[str, dict[str, Any]] = {
    "fusionnet_pose": {"filters": [4, 8]},
    "packnet_pose": {"filters": [16, 32], "contexts": 3},
}


class CfgNode(dict[str, Any]):
    """As PackNet-SfM's files hold their settings: a dict with attributes of its own."""

    def __init__(self, values: dict[str, Any]) -> None:
        super().__init__(values)
        self.__dict__["__immutable__"] = True


@functools.cache
def _released(name: str) -> dict[str, Tensor]:
    """Each tensor with a number of its own."""
    return {
        key: torch.full(shape, rank / 1000, dtype=_dtype(key))
        for rank, (key, shape) in enumerate(released_shapes(name).items())
    }


def _posenet_file() -> State:
    """As FusionNet's release writes ``posenet-<step>.pth``."""
    state: State = {"train_step": 5, "optimizer_state_dict": {"state": {}}}
    for key, value in _released("fusionnet_pose").items():
        part, _, name = key.partition(".")
        state.setdefault(part, OrderedDict())[name] = value
    return state


def _packnet_file(name: str, prefix: str = "model.pose_net.") -> State:
    """As PackNet-SfM writes a checkpoint, its depth network with blocks called as PoseNet's."""
    depth = {"conv3.0.conv3.0.weight": torch.ones(2), "conv3.0.weight": torch.ones(3)}
    of_depth = prefix.replace("pose_net.", "depth_net.").replace("pose_network.", "disp_network.")
    tensors = {f"{of_depth}{key}": value for key, value in depth.items()}
    tensors |= {f"{prefix}{key}": value for key, value in _released(name).items()}
    config = CfgNode({"model": CfgNode({"name": "SelfSupModel"})})
    return {"config": config, "epoch": 7, "state_dict": OrderedDict(tensors), "optimizer": {}}


def _imported(content: object, name: str, folder: Path) -> dict[str, Tensor]:
    source, out = folder / "released.ckpt", folder / "pose.safetensors"
    torch.save(content, source)
    assert main([str(source), "--model", name, "--out", str(out)]) == 0
    found = load_pose_checkpoint(out)
    assert found.name == name
    return found.network.state_dict()


@pytest.mark.parametrize("change", [dict, with_module, flat])
def test_a_posenet_of_fusionnets_release(change: Callable[[State], State], tmp_path: Path) -> None:
    found = _imported(change(_posenet_file()), "fusionnet_pose", tmp_path)
    expected = _released("fusionnet_pose")
    assert len(found) == len(expected)
    for key, value in expected.items():
        assert torch.equal(found[key.replace("_state_dict.", ".")], value), key


@pytest.mark.parametrize(
    ("name", "prefix"),
    [
        ("packnet_pose", "model.pose_net."),
        ("packnet_pose", "pose_network."),
        ("pose_resnet", "model.model.pose_network."),
    ],
)
def test_the_pose_network_of_a_packnet_checkpoint(name: str, prefix: str, tmp_path: Path) -> None:
    """PoseNet's ``conv3.0`` is its own, whatever the depth network's is called in older files."""
    found = _imported(_packnet_file(name, prefix), name, tmp_path)
    expected = _released(name)
    assert found.keys() == expected.keys()
    assert all(torch.equal(found[key], value) for key, value in expected.items())


@pytest.mark.parametrize("encoder", FUSIONNET_POSES)
def test_settings_are_told_by_the_shapes(encoder: str) -> None:
    """Of the release's other encoder, too, whose blocks are called otherwise there."""
    config = config_to_mapping(FUSIONNET_POSES[encoder])
    with torch.device("meta"):
        network = build_pose_network("fusionnet_pose", config)
    state: State = {}
    for key, value in network.state_dict().items():
        part, _, name = key.partition(".")
        theirs = re.sub(r"^conv(\d)\.(?=\d)", r"blocks\1.", name) if part == "encoder" else name
        state.setdefault(f"{part}_state_dict", {})[theirs] = torch.zeros(value.shape)
    assert import_released(state, "fusionnet_pose", "").config == config


def test_imagenets_weights_go_into_the_trunk() -> None:
    """Of two equal images, each half as heavy, the first layer says what it said of one."""
    torch.manual_seed(0)
    classifier = ImageNetResNet("resnet18")
    released = import_released(classifier.state_dict(), "pose_resnet", "")
    network = build_pose_network("pose_resnet", released.config)
    network.load_state_dict(released.weights)
    image = torch.rand(1, 3, 32, 32)
    with torch.no_grad():
        expected = classifier.eval()(image)[-1]
        both = network.eval().get_submodule("encoder.encoder")(torch.cat([image, image], dim=1))
    torch.testing.assert_close(both[-1], expected, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize(
    ("content", "name", "message"),
    [
        (lambda: released_state(SCAFFNET), "fusionnet_pose", "give the file posenet-<step>.pth"),
        (lambda: released_state(FUSIONNET), "fusionnet_pose", "give the file posenet-<step>.pth"),
        (lambda: _packnet_file("packnet_pose"), "pose_resnet", "--model packnet_pose imports it"),
        (lambda: _packnet_file("pose_resnet"), "packnet_pose", "--model pose_resnet imports it"),
        (
            lambda: {"state_dict": {"model.depth_net.conv1.weight": torch.ones(2)}},
            "packnet_pose",
            "a depth network without a pose network",
        ),
        (_posenet_file, "scaffnet", "--model fusionnet_pose imports it"),
        (_posenet_file, "pose_resnet", "--model fusionnet_pose imports its posenet-<step>.pth"),
        (lambda: {"pose_pred.weight": torch.ones(5)}, "packnet_pose", "no PoseNet of PackNet"),
        (lambda: {"encoder_state_dict": {"conv1.conv.weight": 3}}, "fusionnet_pose", "is a int"),
    ],
)
def test_files_of_other_networks_are_refused(
    content: Callable[[], State],
    name: str,
    message: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    source, out = tmp_path / "other.pth", tmp_path / "out.safetensors"
    torch.save(content(), source)
    assert main([str(source), "--model", name, "--out", str(out)]) == 1
    assert message in capsys.readouterr().err
    assert not out.exists()


@pytest.mark.parametrize("name", _SMALL)
def test_a_network_is_written_and_read_whole_and_in_pieces(name: str, tmp_path: Path) -> None:
    network = build_pose_network(name, _SMALL[name])
    path, pieces = tmp_path / "pose.safetensors", tmp_path / "shards"
    save_pose_checkpoint(path, name, network, provenance=_PROVENANCE)
    metadata = pose_metadata_of(name, network, provenance=_PROVENANCE)
    export_shards(pieces, network.state_dict(), metadata)
    for source in (path, pieces):
        found = load_pose_checkpoint(source)
        assert (found.name, found.provenance) == (name, _PROVENANCE)
        assert config_to_mapping(found.network.config) == config_to_mapping(network.config)
        for key, value in network.state_dict().items():
            halves = value.half() if value.is_floating_point() else value
            expected = halves.to(value.dtype) if source == pieces else value
            assert torch.equal(found.network.state_dict()[key], expected), key


def test_depth_and_pose_are_not_taken_for_each_other(tmp_path: Path) -> None:
    pose, depth = tmp_path / "pose.safetensors", tmp_path / "depth.safetensors"
    network = build_pose_network("packnet_pose", _SMALL["packnet_pose"])
    save_pose_checkpoint(pose, "packnet_pose", network, provenance=_PROVENANCE)
    with pytest.raises(CheckpointError, match=r"holds a pose network .* --pose.init_weights"):
        load_checkpoint(pose)
    seeded_checkpoint(depth, "scaffnet", settings={"encoder_filters": [2, 2, 2, 2, 2]})
    with pytest.raises(CheckpointError, match=r"holds a network for depth \('scaffnet'\)"):
        load_pose_checkpoint(depth)


def test_settings_of_another_network_are_refused_before_memory_is_taken(tmp_path: Path) -> None:
    """A network of such settings would take 17 GB."""
    network = build_pose_network("packnet_pose", _SMALL["packnet_pose"])
    with torch.device("meta"):
        huge = build_pose_network("packnet_pose", {"filters": [8192] * 8})
    metadata = pose_metadata_of("packnet_pose", huge, provenance=_PROVENANCE)
    export_shards(tmp_path, network.state_dict(), metadata)
    with pytest.raises(CheckpointError, match="another network or another configuration"):
        load_pose_checkpoint(tmp_path)


def test_released_layers_that_do_not_fit_are_refused_before_memory_is_taken(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A network with that many channels would take 17 GB; the file has 3 MB."""
    first = torch.zeros(8192, 6, 1, 1)
    encoder = {f"conv{number}.conv.weight": torch.zeros(8192, 1, 1, 1) for number in range(2, 9)}
    source, out = tmp_path / "posenet.pth", tmp_path / "out.safetensors"
    torch.save({"encoder_state_dict": {"conv1.conv.weight": first, **encoder}}, source)
    assert main([str(source), "--model", "fusionnet_pose", "--out", str(out)]) == 1
    assert "another network or another configuration" in capsys.readouterr().err


def _dtype(key: str) -> torch.dtype:
    return torch.int64 if key.endswith("num_batches_tracked") else torch.float32
