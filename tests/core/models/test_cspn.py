# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""CSPN, as released and as it is meant to be.

Reference: values of the released code on a CPU (tests/golden/cspn.json). The large network of it
takes a gigabyte and is compared only where the environment variable below is set.
"""

from __future__ import annotations

import os
from dataclasses import replace
from typing import Any, Literal

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn.functional import conv2d

from depth_completion_core.checkpoints.importers.cspn_legacy import import_released
from depth_completion_core.models.configs.cspn import PRESETS, CSPNConfig, CSPNLegacyConfig
from depth_completion_core.models.cspn import CSPN
from depth_completion_core.models.cspn_legacy import CSPNLegacy, folded
from depth_completion_core.models.layers.convolutional_propagation import affinities
from depth_completion_core.models.layers.cspn_unet import Enlargement
from depth_completion_core.models.propagation.engine import Anchors, propagate
from tests.core.models.model_inputs import single_view
from tests.golden.filling import filled, golden, numbers, released_shapes, sparse_input

_LARGE = "DEPTH_COMPLETION_LARGE_TESTS"
_GOLDEN = golden("cspn.json")
# Where the eight guidances of a pixel are fetched from; and what the release calls them.
_SHIFTS = ((1, 1), (1, 0), (1, -1), (0, 1), (0, -1), (-1, 1), (-1, 0), (-1, -1))

Norm = Literal["8sum", "8sum_abs"]


def _compare(value: Tensor, expected: dict[str, Any], tolerance: float = 1e-5) -> None:
    flat = value.detach().double().flatten()
    points = [flat[index].item() for index in expected["idx"]]
    assert points == pytest.approx(expected["points"], rel=0, abs=tolerance)
    assert flat.mean().item() == pytest.approx(expected["mean"], rel=0, abs=tolerance)
    deviation = flat.std(correction=0).item()
    assert deviation == pytest.approx(expected["std_pop"], rel=0, abs=tolerance)


def _module_inputs() -> tuple[Tensor, Tensor, Tensor]:
    guidance, depth = 2 * numbers(3, (1, 8, 24, 32)) - 1, 10 * numbers(4, (1, 1, 24, 32))
    return guidance, depth, sparse_input(5, 6, (1, 1, 24, 32), above=0.9)


def _released(guidance: Tensor, depth: Tensor, norm: Norm, steps: int, where: Tensor) -> Tensor:
    taps, _, own = affinities(guidance, norm, least_sum=0.0)
    anchors = Anchors(where=where, value=depth, when="after")
    return propagate(depth, taps, steps=steps, added=own * depth, anchors=anchors)[-1]


@pytest.mark.parametrize("norm", ["8sum", "8sum_abs"])
@pytest.mark.parametrize("steps", [1, 24])
@pytest.mark.parametrize("measured", ["sparse", "nosparse"])
def test_propagation_has_the_released_values(norm: Norm, steps: int, measured: str) -> None:
    guidance, depth, sparse = _module_inputs()
    where = sparse > 0 if measured == "sparse" else torch.zeros_like(sparse, dtype=torch.bool)
    found = _released(guidance, depth, norm, steps, where)
    _compare(found, _GOLDEN["module"][f"{norm}_steps{steps}_{measured}"])


@pytest.mark.parametrize("norm", ["8sum", "8sum_abs"])
def test_gradients_have_the_released_values(norm: Norm) -> None:
    guidance, depth, sparse = _module_inputs()
    guidance.requires_grad_()
    depth.requires_grad_()
    found = _released(guidance, depth, norm, 24, sparse > 0)
    (found * numbers(10, (1, 1, 24, 32))).sum().backward()  # type: ignore[no-untyped-call]
    assert guidance.grad is not None
    assert depth.grad is not None
    _compare(guidance.grad, _GOLDEN["gradients"][norm]["d_guidance"])
    _compare(depth.grad, _GOLDEN["gradients"][norm]["d_blur"])


@pytest.mark.parametrize("norm", ["8sum", "8sum_abs"])
def test_a_step_is_that_of_a_loop_over_pixels(norm: Norm) -> None:
    guidance, depth, _ = _module_inputs()
    guidance, depth = guidance[..., :5, :6], depth[..., :5, :6]
    nowhere = torch.zeros_like(depth, dtype=torch.bool)
    found = _released(guidance, depth, norm, 1, nowhere)[0, 0]
    said = guidance[0].double().numpy()
    said = np.abs(said) if norm == "8sum_abs" else said
    start = depth[0, 0].double().numpy()
    for row, column in np.ndindex(5, 6):
        heard = []
        for number, (down, right) in enumerate(_SHIFTS):
            place = row + down, column + right
            if 0 <= place[0] < 5 and 0 <= place[1] < 6:
                heard.append((said[number][place], start[place]))
        total = sum(abs(weight) for weight, _ in heard)
        own = 1 - sum(weight / total for weight, _ in heard)
        expected = own * start[row, column] + sum(w / total * value for w, value in heard)
        assert found[row, column].item() == pytest.approx(expected, rel=1e-5, abs=1e-5)


@pytest.mark.parametrize("kernel_px", [3, 5])
@pytest.mark.parametrize("size", [(10, 14), (9, 13), (7, 14)])
def test_an_enlargement_is_zeros_between_the_pixels_and_a_convolution(
    kernel_px: int, size: tuple[int, int]
) -> None:
    torch.manual_seed(0)
    features, layer = torch.randn(2, 3, 5, 7), Enlargement(3, 4, kernel_px=kernel_px)
    apart = torch.zeros(2, 3, *size)
    apart[..., ::2, ::2] = features[..., : (size[0] + 1) // 2, : (size[1] + 1) // 2]
    turned = layer.weight.flip(-2, -1).transpose(0, 1)
    expected = conv2d(apart, turned, padding=kernel_px // 2)
    torch.testing.assert_close(layer.enlarge(features, size), expected, rtol=1e-5, atol=1e-6)


def _network(name: str, norm: Norm) -> tuple[CSPNLegacy, tuple[int, int]]:
    preset = "kitti" if name == "cspn_resnet18" else "nyu"
    released = import_released(filled(released_shapes(name)), "cspn_legacy", preset)
    config = replace(PRESETS[preset], norm=norm)
    with torch.device("meta"):
        network = CSPNLegacy(config).eval()
    network.load_state_dict(released.weights, assign=True)
    width, height = config.size_px
    return network, (height, width)


def _check_network(name: str, norm: Norm, reference: str) -> None:
    network, size = _network(name, norm)
    image = numbers(0, (1, 3, *size))
    with torch.inference_mode():
        found = network.refine(image, sparse_input(1, 2, (1, 1, *size), above=0.99))
    _compare(found.states[-1], _GOLDEN["networks"][f"{reference}/{norm}"])


@pytest.mark.parametrize("norm", ["8sum", "8sum_abs"])
def test_the_small_network_has_the_released_values(norm: Norm) -> None:
    _check_network("cspn_resnet18", norm, "kitti_resnet18_pr25")


@pytest.mark.skipif(_LARGE not in os.environ, reason=f"{_LARGE} is not set")
@pytest.mark.parametrize("norm", ["8sum", "8sum_abs"])
def test_the_large_network_has_the_released_values(norm: Norm) -> None:
    _check_network("cspn_resnet50", norm, "nyu_resnet50")


def test_the_large_network_has_the_released_shapes() -> None:
    with torch.device("meta"):
        network = CSPNLegacy()
        shapes = released_shapes("cspn_resnet50")
        state = {name: torch.empty(shape) for name, shape in shapes.items()}
    assert len(state) == 489
    weights = import_released(state, "cspn_legacy", "nyu").weights
    found = {name: value.shape for name, value in network.state_dict().items()}
    assert {name: value.shape for name, value in weights.items()} == found
    assert sum(item.numel() for item in network.parameters()) == 218_121_920


def test_folded_colours_are_the_released_ones() -> None:
    table = _GOLDEN["folded"]
    for value, expected in table.items():
        found = folded(torch.full((1, 3, 1, 1), int(value) / 255))
        assert (found * 255).round().flatten().int().tolist() == expected


def test_a_patch_without_guidance_spreads_as_released_and_harms_nothing_as_meant() -> None:
    guidance, depth, _ = _module_inputs()
    guidance[..., 8:12, 8:12] = 0
    nowhere = torch.zeros_like(depth, dtype=torch.bool)
    for steps in (1, 2, 3):  # from the four pixels that nothing is said to, by one pixel a step
        released = _released(guidance, depth, "8sum", steps, nowhere)
        assert int((~torch.isfinite(released)).sum()) == (2 * steps) ** 2
    taps, _, own = affinities(guidance, "8sum", least_sum=1e-6)
    meant = propagate(depth, taps, steps=24, added=own * depth)[-1]
    assert torch.isfinite(meant).all()
    # Nothing is said to a pixel in the middle of the patch.
    assert torch.equal(meant[..., 9:11, 9:11], depth[..., 9:11, 9:11])


def test_no_guidance_at_all_leaves_the_depth() -> None:
    _, depth, _ = _module_inputs()
    taps, _, own = affinities(torch.zeros(1, 8, 24, 32), "8sum", least_sum=1e-6)
    assert torch.equal(propagate(depth, taps, steps=24, added=own * depth)[-1], depth)


@pytest.mark.parametrize("size", [(1, 1), (3, 17), (33, 20)])
def test_images_of_any_size_are_taken(size: tuple[int, int]) -> None:
    torch.manual_seed(0)
    sparse = sparse_input(1, 2, (1, 1, *size), above=0.5)
    config = CSPNLegacyConfig(trunk="resnet18", size_px=())
    for network in (CSPN().eval(), CSPNLegacy(config).eval()):
        with torch.inference_mode():
            depth = network(single_view(numbers(0, (1, 3, *size)), sparse)).depth
        assert depth.shape == sparse.shape
        # As released, a pixel whose neighbours have no guidance has no depth; one alone has none.
        assert torch.isfinite(depth).all() or (size == (1, 1) and not isinstance(network, CSPN))


def test_measured_depth_is_the_answer_where_it_was_measured() -> None:
    torch.manual_seed(0)
    network = CSPN().eval()
    sparse = sparse_input(1, 2, (2, 1, 40, 56), above=0.9)
    with torch.inference_mode():
        output = network(single_view(numbers(0, (2, 3, 40, 56)), sparse))
    assert torch.equal(output.depth[sparse > 0], sparse[sparse > 0])
    assert not torch.equal(output.maps["initial_depth"][sparse > 0], sparse[sparse > 0])
    assert (output.depth >= 0).all()


def test_as_released_its_own_depth_is_the_answer_where_something_was_measured() -> None:
    torch.manual_seed(0)
    network = CSPNLegacy(CSPNLegacyConfig(trunk="resnet18", size_px=())).eval()
    sparse = sparse_input(1, 2, (1, 1, 40, 56), above=0.9)
    with torch.inference_mode():
        output = network(single_view(numbers(0, (1, 3, 40, 56)), sparse))
    assert torch.equal(output.depth[sparse > 0], output.maps["initial_depth"][sparse > 0])


def test_without_measurements_the_answer_is_finite() -> None:
    torch.manual_seed(0)
    for interpolation in (False, True):
        network = CSPN(CSPNConfig(interpolation=interpolation)).eval()
        with torch.inference_mode():
            output = network(single_view(numbers(0, (1, 3, 40, 56)), torch.zeros(1, 1, 40, 56)))
        assert torch.isfinite(output.depth).all()


def test_all_of_it_learns() -> None:
    torch.manual_seed(0)
    network = CSPN()
    sparse = sparse_input(1, 2, (2, 1, 40, 56), above=0.9)
    network(single_view(numbers(0, (2, 3, 40, 56)), sparse)).depth.square().mean().backward()
    idle = [name for name, item in network.named_parameters() if item.grad is None]
    assert idle == []
