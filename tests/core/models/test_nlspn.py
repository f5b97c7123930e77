# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""NLSPN says what the official code says of the same weights and inputs.

Reference: values of the authors' model on a CPU (tests/golden/nlspn.json), whose propagation was
replaced by an exact bilinear gather there. With random affinities depth grows with every step, so
depth is compared in parts of its largest value.
"""

from __future__ import annotations

import functools
import math
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor

from depth_completion_core.models.configs.nlspn import Affinity, NLSPNConfig
from depth_completion_core.models.layers.nonlocal_propagation import NonLocalPropagation
from depth_completion_core.models.nlspn import NLSPN, Refinement
from tests.core.models.model_inputs import single_view
from tests.golden.filling import filled, golden, numbers, released_shapes, sparse_input

_GOLDEN = golden("nlspn.json")
# What the official constructor gives these, and the literal rule of filling would not.
_SCALES = {"TGASS": 4.0, "TC": 8.0, "ASS": 1.0, "AS": 1.0}
_CONSTANTS = {
    "prop_layer.aff_scale_const": torch.full((1,), 4.0),
    "prop_layer.b": torch.zeros(1),
    "prop_layer.w": torch.ones(1, 1, 3, 3),
    "prop_layer.w_conf": torch.ones(1, 1, 1, 1),
}
_QUARTERS = (0.0, 0.25, 0.5, 0.75, 1.0)
# Loss of digits over 18 growing steps; one step has all of them.
_TIGHT, _LOOSE = 1e-5, 3e-5


@functools.cache
def _state(*shapes: tuple[str, tuple[int, ...]]) -> dict[str, Tensor]:
    return filled(dict(shapes))


def _network(config: NLSPNConfig, *, keeps_constants: bool = True) -> NLSPN:
    with torch.device("meta"):  # random weights take longer than the network
        network = NLSPN(config).eval()
    shapes = ((name, tuple(value.shape)) for name, value in network.state_dict().items())
    state = dict(_state(*shapes))
    if keeps_constants:
        state |= _CONSTANTS
        state["prop_layer.aff_scale_const"] = torch.full((1,), _SCALES[config.affinity])
    network.load_state_dict(state, assign=True)
    return network


def _inputs(first: int, height: int, width: int, batch: int = 1) -> tuple[Tensor, Tensor]:
    image = 2 * numbers(first, (batch, 3, height, width)) - 1
    sparse = sparse_input(first + 1, first + 2, (batch, 1, height, width), above=0.95)
    return image, sparse


def _compare(value: Tensor, expected: dict[str, Any], tolerance: float) -> None:
    flat = value.double().flatten()
    largest = max(abs(expected["min"]), abs(expected["max"]), 1e-9)
    points = [flat[math.floor(q * (len(flat) - 1))].item() for q in _QUARTERS]
    assert points == pytest.approx(expected["points"], rel=0, abs=tolerance * largest)
    assert flat.mean().item() == pytest.approx(expected["mean"], rel=0, abs=tolerance * largest)
    deviation = flat.std(correction=0).item()
    assert deviation == pytest.approx(expected["std"], rel=0, abs=tolerance * largest)


def _check(refined: Refinement, expected: dict[str, Any]) -> None:
    center = torch.zeros_like(refined.offset_px[:, :1])
    offset = torch.cat([refined.offset_px[:, :4], center, refined.offset_px[:, 4:]], dim=1)
    own = 1 - refined.affinity.sum(dim=1, keepdim=True)
    affinity = torch.cat([refined.affinity[:, :4], own, refined.affinity[:, 4:]], dim=1)
    _compare(refined.states[0], expected["pred_init"], _TIGHT)
    _compare(refined.guidance, expected["guidance"], _TIGHT)
    _compare(offset.flatten(1, 2), expected["offset"], _TIGHT)
    _compare(affinity, expected["aff"], _TIGHT)
    _compare(refined.states[1], expected["first_step"], _TIGHT)
    _compare(refined.states[-1].clamp(min=0), expected["pred"], _LOOSE)
    assert (refined.confidence is None) == ("confidence" not in expected)
    if refined.confidence is not None:
        _compare(refined.confidence, expected["confidence"], _TIGHT)


@pytest.fixture(scope="module", params=[True, False], ids=["constants kept", "all filled"])
def full(request: pytest.FixtureRequest) -> tuple[NLSPN, Refinement, Tensor, str]:
    """What all cases have in common: all but the propagation is the same."""
    network = _network(NLSPNConfig(), keeps_constants=request.param)
    image, sparse = _inputs(0, 64, 96)
    assert int((sparse > 0).sum()) == 295
    with torch.inference_mode():
        refined = network.refine(image, sparse)
    return network, refined, sparse, "B_buffers_kept" if request.param else "A_all_filled"


@pytest.mark.parametrize("affinity", ["TGASS", "TC", "ASS", "AS"])
@pytest.mark.parametrize("legacy", [False, True])
@pytest.mark.parametrize("preserve", [False, True])
def test_every_kind_of_propagation(
    full: tuple[NLSPN, Refinement, Tensor, str], affinity: Affinity, legacy: bool, preserve: bool
) -> None:
    network, common, sparse, filling = full
    config = NLSPNConfig(affinity=affinity, legacy=legacy, preserve_input=preserve)
    propagation = type(network.prop_layer)(config)
    kept = network.prop_layer.state_dict()
    if filling == "B_buffers_kept":
        del kept["aff_scale_const"]
        assert propagation.aff_scale_const.item() == _SCALES[affinity]
    propagation.load_state_dict(kept, strict=False)
    with torch.inference_mode():
        states, offset, weights = propagation(
            common.states[0], common.guidance, common.confidence, sparse
        )
    refined = common._replace(states=states, offset_px=offset, affinity=weights)
    expected = _GOLDEN["cases"][f"{filling}/{affinity}/legacy={legacy}/preserve={preserve}"]
    _check(refined, expected)


@pytest.mark.parametrize(
    ("case", "config", "inputs"),
    [
        (
            "odd57x75/TC/legacy=True/preserve=True",
            NLSPNConfig(affinity="TC", legacy=True, preserve_input=True),
            (20, 57, 75),
        ),
        ("odd57x75/TGASS/legacy=False", NLSPNConfig(), (20, 57, 75)),
        ("batch2/TGASS/legacy=False/strides_honoured", NLSPNConfig(), (30, 32, 48, 2)),
        ("resnet18/TGASS", NLSPNConfig(trunk="resnet18"), (0, 64, 96)),
        ("no_conf/TGASS", NLSPNConfig(confidence=False), (0, 64, 96)),
        ("batch2/TGASS/legacy=True/strides_honoured", NLSPNConfig(legacy=True), (30, 32, 48, 2)),
    ],
)
def test_whole_network(case: str, config: NLSPNConfig, inputs: tuple[int, ...]) -> None:
    image, sparse = _inputs(*inputs)
    with torch.inference_mode():
        _check(_network(config).refine(image, sparse), _GOLDEN["further"][case])


def test_names_and_shapes_are_the_released_ones() -> None:
    with torch.device("meta"):
        network = NLSPN()
    found = {name: tuple(value.shape) for name, value in network.state_dict().items()}
    assert found == released_shapes("nlspn")
    assert sum(parameter.numel() for parameter in network.parameters()) == 26_231_790
    learned = sum(item.numel() for item in network.parameters() if item.requires_grad)
    assert learned == 26_231_779


@pytest.mark.parametrize("preserve", [False, True])
def test_an_untrained_network_does_not_propagate(preserve: bool) -> None:
    network = NLSPN(NLSPNConfig(trunk="resnet18", preserve_input=preserve)).eval()
    image, sparse = _inputs(0, 24, 32)
    with torch.inference_mode():
        states = network.refine(image, sparse).states
    expected = torch.where(sparse > 0, sparse, states[0]) if preserve else states[0]
    torch.testing.assert_close(states[-1], expected)


@pytest.mark.parametrize("kernel", [3, 5])
def test_other_settings_run_and_keep_weights_that_sum_to_one(kernel: int) -> None:
    config = NLSPNConfig(trunk="resnet18", propagation_kernel=kernel, propagation_steps=2)
    network = NLSPN(config).eval()
    torch.nn.init.normal_(network.prop_layer.conv_offset_aff.weight, std=0.1)
    image, sparse = _inputs(0, 24, 32)
    with torch.inference_mode():
        refined = network.refine(image, sparse)
    assert refined.states.shape == (3, 1, 1, 24, 32)
    assert refined.offset_px.shape == (1, kernel**2 - 1, 2, 24, 32)
    # Constant depth stays constant where no neighbour is outside, which an image with a wide border
    # has in its middle.
    flat = torch.full((1, 1, 24, 32), 5.0)
    small = 0.01 * refined.guidance
    with torch.inference_mode():
        states, _, _ = network.prop_layer(flat, small, refined.confidence, sparse)
    torch.testing.assert_close(states[-1][..., 8:-8, 8:-8], flat[..., 8:-8, 8:-8])


def test_a_correction_of_an_interpolation_scales_with_the_scene() -> None:
    network = NLSPN(replace(NLSPNConfig(trunk="resnet18"), interpolation=True)).eval()
    image, sparse = numbers(0, (1, 3, 24, 32)), _inputs(0, 24, 32)[1]
    with torch.inference_mode():
        near = network(single_view(image, sparse)).depth
        far = network(single_view(image, 10 * sparse)).depth
    torch.testing.assert_close(far, 10 * near, rtol=1e-3, atol=1e-3)


def test_without_measurements_the_answer_is_finite() -> None:
    for interpolation in (False, True):
        network = NLSPN(NLSPNConfig(trunk="resnet18", interpolation=interpolation)).eval()
        image = numbers(0, (1, 3, 24, 32))
        with torch.inference_mode():
            output = network(single_view(image, torch.zeros(1, 1, 24, 32)))
        assert torch.isfinite(output.depth).all()


@pytest.mark.parametrize("affinity", ["TGASS", "TC", "ASS", "AS"])
@pytest.mark.parametrize("missing", ["confidence", "guidance"])
def test_without_confidence_or_guidance_depth_stays(affinity: Affinity, missing: str) -> None:
    torch.manual_seed(0)
    propagation = NonLocalPropagation(NLSPNConfig(affinity=affinity))
    torch.nn.init.normal_(propagation.conv_offset_aff.weight, std=0.1)
    depth, guidance = 10 * numbers(0, (1, 1, 9, 11)), 2 * numbers(1, (1, 8, 9, 11)) - 1
    confidence = numbers(2, (1, 1, 9, 11)).requires_grad_()
    if missing == "confidence":
        confidence = torch.zeros_like(confidence, requires_grad=True)
    else:
        guidance = torch.zeros_like(guidance)
    states, _, affinities = propagation(depth, guidance, confidence, torch.zeros_like(depth))
    torch.testing.assert_close(states[-1], depth)
    assert not affinities.any()
    states[-1].sum().backward()
    assert confidence.grad is not None
    assert torch.isfinite(confidence.grad).all()


@pytest.mark.parametrize("size", [(1, 1), (3, 17), (33, 20)])
def test_images_of_any_size_are_taken(size: tuple[int, int]) -> None:
    torch.manual_seed(0)
    network = NLSPN(NLSPNConfig(trunk="resnet18")).eval()
    torch.nn.init.normal_(network.prop_layer.conv_offset_aff.weight, std=0.1)
    image, sparse = _inputs(0, *size)
    with torch.inference_mode():
        depth = network.refine(image, sparse).states[-1]
    assert depth.shape == sparse.shape
    assert torch.isfinite(depth).all()


def test_all_of_it_learns() -> None:
    network = NLSPN(NLSPNConfig(trunk="resnet18"))
    # Where affinities are 0, offsets and confidence have no say.
    torch.nn.init.normal_(network.prop_layer.conv_offset_aff.weight, std=0.01)
    image, sparse = _inputs(0, 24, 32, 2)
    network.refine(image, sparse).states[-1].square().mean().backward()  # type: ignore[no-untyped-call]
    idle = [
        name
        for name, parameter in network.named_parameters()
        if parameter.requires_grad and (parameter.grad is None or not parameter.grad.any())
    ]
    assert idle == []
