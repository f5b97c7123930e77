# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Networks that see a scene in multiples of its size: scaling what goes in scales the depth."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from depth_completion_core.models.base import ModelInput
from depth_completion_core.models.configs.fusionnet import FusionNetConfig
from depth_completion_core.models.configs.scaffnet import ScaffNetConfig
from depth_completion_core.models.fusionnet import FusionNet
from depth_completion_core.models.layers.anchoring import interpolated
from depth_completion_core.models.scaffnet import ScaffNet
from tests.core.models.model_inputs import single_view
from tests.core.models.scaffnet_twin import random_state, shapes_of, sparse_depth

_RELATIVE = {"min_predict_depth": 0.02, "max_predict_depth": 50.0, "scale_free": True}


def _scaffnet(**changes: bool | float) -> ScaffNet:
    model = ScaffNet(ScaffNetConfig(**changes)).double()  # type: ignore[arg-type]
    model.load_state_dict(random_state(shapes_of(model), 3))
    return model.eval()


def _fusionnet() -> FusionNet:
    config = FusionNetConfig(
        scaffnet=ScaffNetConfig(**_RELATIVE),  # type: ignore[arg-type]
        outlier_threshold=1e9,
        **_RELATIVE,  # type: ignore[arg-type]
    )
    model = FusionNet(config).double()
    model.load_state_dict(random_state(shapes_of(model), 3))
    return model.eval()


def _input(sparse: Tensor) -> ModelInput:
    count, _, height, width = sparse.shape
    generator = torch.Generator().manual_seed(1)
    image = torch.rand((count, 3, height, width), generator=generator).double()
    return single_view(image, sparse)


@pytest.mark.parametrize("factor", [0.1, 7.0])
@pytest.mark.parametrize("uncertainty", [False, True])
@pytest.mark.parametrize("interpolation", [False, True])
def test_scaffnet_scales_with_its_measurements(
    factor: float, uncertainty: bool, interpolation: bool
) -> None:
    model = _scaffnet(**_RELATIVE, uncertainty=uncertainty, interpolation=interpolation)
    sparse = sparse_depth((48, 64), count=2).double()
    with torch.inference_mode():
        one, other = model.predict(sparse), model.predict(sparse * factor)
        alone = model.predict_depth(sparse * factor)
    assert one.depth.std() > 0.01 * one.depth.mean()
    torch.testing.assert_close(other.depth, one.depth * factor, rtol=1e-5, atol=0)
    torch.testing.assert_close(alone, other.depth, rtol=0, atol=0)
    torch.testing.assert_close(other.farthest, one.farthest * factor, rtol=1e-9, atol=0)
    if one.log_error is not None and other.log_error is not None:
        expected = one.log_error.exp() * factor
        torch.testing.assert_close(other.log_error.exp(), expected, rtol=1e-4, atol=0)


@pytest.mark.parametrize("factor", [0.1, 7.0])
def test_fusionnet_scales_with_its_measurements(factor: float) -> None:
    model, sparse = _fusionnet(), sparse_depth((48, 64), count=2).double()
    with torch.inference_mode():
        one, other = model(_input(sparse)), model(_input(sparse * factor))
    assert one.depth.std() > 0.01 * one.depth.mean()
    torch.testing.assert_close(other.depth, one.depth * factor, rtol=1e-4, atol=0)


def test_an_output_of_zero_is_the_interpolation() -> None:
    model = _scaffnet(**_RELATIVE, interpolation=True)
    torch.nn.init.zeros_(model.decoder.output0.conv.weight)
    sparse = sparse_depth((48, 64), count=2).double()
    with torch.inference_mode():
        found = model.predict_depth(sparse)
    torch.testing.assert_close(found, interpolated(sparse), rtol=1e-12, atol=0)


def test_other_networks_see_metres() -> None:
    model, sparse = _scaffnet(max_predict_depth=50.0), sparse_depth((48, 64), count=2).double()
    with torch.inference_mode():
        one, other = model.predict(sparse), model.predict(sparse * 7)
    assert (other.depth / one.depth - 7).abs().max() > 0.1
    assert one.farthest.item() == other.farthest.item() == 50.0


def test_an_image_without_measurements_has_a_depth() -> None:
    with torch.inference_mode():
        depth = _scaffnet(**_RELATIVE).predict_depth(torch.zeros((1, 1, 48, 64)).double())
    assert torch.isfinite(depth).all()
