# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Pose networks say what the releases' code says of the same weights and images.

Reference: values of PackNet-SfM's networks on a CPU (tests/golden/pose.json); for FusionNet's, of
which there are none, its layers written down one by one.
"""

from __future__ import annotations

import functools
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from depth_completion_core.geometry.multiview.pose_vectors import PoseVector
from depth_completion_core.models.pose import (
    POSE_NETWORKS,
    UnknownPoseNetworkError,
    build_pose_network,
)
from depth_completion_core.models.pose.base import PoseNetwork
from tests.golden.filling import filled, golden, numbers, released_shapes

_GOLDEN = golden("pose.json")
_RESNET18: dict[str, Any] = {
    "encoder": "resnet18",
    "filters": [16, 32, 64, 128, 256],
    "decoder_filters": [256, 256],
}
_COUNTS = {"fusionnet_pose": 1_587_776, "packnet_pose": 1_592_684, "pose_resnet": 13_013_492}
_TURNS = {"fusionnet_pose": "vector", "packnet_pose": "euler", "pose_resnet": "euler"}


@functools.cache
def _network(name: str, is_resnet18: bool = False) -> PoseNetwork:
    """With weights by formula, which release and reference share."""
    with torch.device("meta"):  # random weights take longer than the network
        network = build_pose_network(name, _RESNET18 if is_resnet18 else None).eval()
    shapes = {key: tuple(value.shape) for key, value in network.state_dict().items()}
    network.load_state_dict(filled(shapes), assign=True)
    return network


def _images(count: int, size: tuple[int, int] = (64, 96)) -> list[Tensor]:
    return [numbers(index, (1, 3, *size)) for index in range(count)]


@pytest.mark.parametrize("name", POSE_NETWORKS)
def test_names_and_numbers_of_weights_are_those_of_the_release(name: str) -> None:
    network = _network(name)
    ours = {key: tuple(value.shape) for key, value in network.state_dict().items()}
    released = {
        key.replace("_state_dict.", "."): shape for key, shape in released_shapes(name).items()
    }
    assert ours == released
    assert sum(parameter.numel() for parameter in network.parameters()) == _COUNTS[name]


@pytest.mark.parametrize("name", _GOLDEN)
def test_vectors_are_those_of_packnet(name: str) -> None:
    target, *contexts = _images(3)
    with torch.no_grad():
        found = _network(name).vectors(target, contexts)
    together = torch.cat([found.translation, found.rotation], dim=-1)
    torch.testing.assert_close(together[0], torch.tensor(_GOLDEN[name]), atol=1e-7, rtol=1e-5)


def test_fusionnets_pose_network_is_its_layers_one_by_one() -> None:
    network, (target, context) = _network("fusionnet_pose"), _images(2)
    state = {key: value.double() for key, value in network.state_dict().items()}
    features = torch.cat([target, context], dim=1).double()
    for number, kernel_px in enumerate((7, 5, 3, 3, 3, 3, 3), 1):
        key = f"encoder.conv{number}"
        features = functional.conv2d(
            features, state[f"{key}.conv.weight"], stride=2, padding=kernel_px // 2
        )
        mean, var, scale, shift = (
            state[f"{key}.batch_norm.{name}"][:, None, None]
            for name in ("running_mean", "running_var", "weight", "bias")
        )
        features = ((features - mean) / (var + 1e-5).sqrt() * scale + shift).clamp(min=0)
    output = torch.einsum("oi,bihw->bohw", state["decoder.conv.conv.weight"][..., 0, 0], features)
    expected = 0.01 * output.mean(dim=(2, 3))[0]
    with torch.no_grad():
        found = network(target, [context])[0, 0]
    rotation = torch.linalg.matrix_exp(_cross(expected[:3]))
    torch.testing.assert_close(found[:3, :3].double(), rotation, atol=1e-6, rtol=0)
    torch.testing.assert_close(found[:3, 3].double(), expected[3:], atol=1e-7, rtol=1e-4)


@pytest.mark.parametrize("name", POSE_NETWORKS)
def test_matrices_are_rotations_by_the_networks_own_parameters(name: str) -> None:
    turn, shift = torch.tensor([0.3, -0.7, 0.5]).double(), torch.tensor([1.0, 2.0, 3.0]).double()
    found = _network(name).matrices(PoseVector(rotation=turn, translation=shift))
    about_axes = [torch.linalg.matrix_exp(_cross(axis)) for axis in torch.diag(turn)]
    expected = {
        "vector": torch.linalg.matrix_exp(_cross(turn)),
        "euler": about_axes[0] @ about_axes[1] @ about_axes[2],
    }
    torch.testing.assert_close(found[:3, :3], expected[_TURNS[name]])
    torch.testing.assert_close(found[:, 3], torch.tensor([1.0, 2.0, 3.0, 1.0]).double())


@pytest.mark.parametrize(
    ("name", "is_resnet18"),
    [("fusionnet_pose", False), ("fusionnet_pose", True), ("pose_resnet", False)],
)
def test_networks_of_pairs_take_any_number_of_contexts(name: str, is_resnet18: bool) -> None:
    target, *contexts = (image.repeat(2, 1, 1, 1) for image in _images(4, (33, 65)))
    network = _network(name, is_resnet18)
    with torch.no_grad():
        both, one = network(target, contexts), network(target, contexts[2:])
    assert (both.shape, both.dtype) == ((2, 3, 4, 4), torch.float32)
    torch.testing.assert_close(both[:, 2:], one)
    assert not torch.equal(both[:, 0], both[:, 1])


def test_a_network_of_all_images_at_once_takes_its_own_number_of_contexts() -> None:
    target, *contexts = _images(4, (33, 65))
    with pytest.raises(ValueError, match=r"sees 2 images around the target at once, got 3"):
        _network("packnet_pose")(target, contexts)
    with torch.no_grad():
        assert build_pose_network("packnet_pose", {"contexts": 3})(target, contexts).shape[1] == 3


@pytest.mark.parametrize("name", POSE_NETWORKS)
def test_an_untrained_network_hardly_moves_and_all_that_learns_gets_gradients(name: str) -> None:
    torch.manual_seed(0)
    network = build_pose_network(name)
    target, *contexts = (torch.rand(2, 3, 64, 64) for _ in range(3))
    motion = network(target, contexts)
    assert (motion - torch.eye(4)).abs().max() < 0.1
    motion.square().sum().backward()
    learned = {key: value for key, value in network.named_parameters() if value.requires_grad}
    assert all(value.grad is not None for value in learned.values())
    frozen = {key.split(".")[-2] for key, _ in network.named_parameters() if key not in learned}
    assert frozen == ({"fc"} if name == "pose_resnet" else set())


def test_a_name_that_is_not_in_the_table_lists_the_known_ones() -> None:
    with pytest.raises(UnknownPoseNetworkError, match=r"known are .*packnet_pose.*'pose_resnet'"):
        build_pose_network("pose_resnet18")


def _cross(vector: Tensor) -> Tensor:
    x, y, z = vector.tolist()
    return torch.tensor([[0, -z, y], [z, 0, -x], [-y, x, 0]], dtype=torch.float64)
