# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import torch
from torch import Tensor, nn

from depth_completion_core.models import build_model
from depth_completion_core.models.base import ModelInput
from depth_completion_core.models.configs.checks import Encoder
from depth_completion_core.models.configs.fusionnet import PRESETS, FusionNetConfig
from depth_completion_core.models.configs.scaffnet import ScaffNetConfig
from depth_completion_core.models.fusionnet import (
    FusionNet,
    match_local_scale,
    remove_outliers,
)
from depth_completion_core.settings.fields import ConfigError
from tests.core.models.scaffnet_twin import (
    fusionnet_shapes,
    model_input,
    parameter_count,
    random_state,
    scaffnet_shapes,
    shapes_of,
    slow_decoder,
    slow_resnet18,
    slow_scaffnet,
    slow_vgg,
    sparse_depth,
)

Float64Array = npt.NDArray[np.float64]

_SMALL = FusionNetConfig(
    image_filters=(6, 7, 8, 9, 9),
    depth_filters=(4, 5, 6, 7, 7),
    decoder_filters=(9, 8, 8, 6, 5),
)


def _loaded(config: FusionNetConfig | None = None, *, correction: float = 0.2) -> FusionNet:
    """With corrections small enough to leave depth inside the range, where it tells something."""
    model = FusionNet(config)
    state = random_state(shapes_of(model))
    state["decoder.output0.conv.weight"] *= correction
    model.load_state_dict(state)
    return model.eval()


def _window(plane: Float64Array, row: int, column: int, side: int) -> list[float]:
    """The values of a centred square that lie in the image."""
    height, width = plane.shape
    reach = side // 2
    return [
        float(plane[y, x])
        for y in range(max(row - reach, 0), min(row + reach + 1, height))
        for x in range(max(column - reach, 0), min(column + reach + 1, width))
    ]


def _slow_outliers(sparse: Float64Array, side: int, threshold: float) -> Float64Array:
    """As described: empty pixels count as ten times the farthest of the whole batch."""
    filled = np.where(sparse > 0, sparse, 10 * sparse.max())
    kept: Float64Array = np.array(sparse)
    for index, _, row, column in np.argwhere(sparse > 0):
        nearest = min(_window(filled[index, 0], row, column, side))
        if nearest < sparse[index, 0, row, column] - threshold:
            kept[index, 0, row, column] = 0.0
    return kept


def _slow_match(scaffold: Float64Array, sparse: Float64Array, side: int) -> Float64Array:
    ratio: Float64Array = np.zeros(sparse.shape)
    for place in np.ndindex(sparse.shape):
        if sparse[place] > 0:
            ratio[place] = sparse[place] / scaffold[place]
        if ratio[place] > 2:
            ratio[place] = 0.0
    matched: Float64Array = np.array(scaffold)
    for index, _, row, column in np.ndindex(sparse.shape):
        scale = max(_window(ratio[index, 0], row, column, side))
        matched[index, 0, row, column] *= scale or 1.0
    return matched


def _slow_fusion(
    output: Float64Array, matched: Float64Array, config: FusionNetConfig
) -> Float64Array:
    depth = np.zeros_like(matched)
    low, high = config.min_multiplier, config.max_multiplier
    for index, _, row, column in np.ndindex(matched.shape):
        first, second = (float(x) for x in output[index, :, row, column])
        multiplier = low + (high - low) / (1 + math.exp(-first))
        if config.log_multiplier:
            multiplier = min(max(math.exp(0.1 * first), low), high)
        residual = min(max(second, -config.max_residual), config.max_residual)
        value = multiplier * matched[index, 0, row, column] + residual
        value = min(max(value, config.min_predict_depth), config.max_predict_depth)
        depth[index, 0, row, column] = value
    return depth


def _slow_fusionnet(
    inputs: ModelInput, state: Mapping[str, Tensor], config: FusionNetConfig
) -> Tensor:
    """In float64, from the weights and their names alone."""
    in_scaffnet = {key: value for key, value in state.items() if key.startswith("scaffnet.")}
    near, far = config.scaffnet.min_predict_depth, config.scaffnet.max_predict_depth
    scaffold = slow_scaffnet(
        inputs.sparse_depth, in_scaffnet, near=near, far=far, part="scaffnet."
    )["depth"].numpy()
    sparse = inputs.sparse_depth.double().numpy()
    kept = _slow_outliers(sparse, config.outlier_kernel_px, config.outlier_threshold)
    kept = np.minimum(kept, config.max_predict_depth)
    matched = scaffold
    if config.scale_match == "local_scale":
        matched = _slow_match(scaffold, kept, config.scale_match_kernel_px)
    elif config.scale_match == "replace":
        matched = np.where(kept > 0, kept, scaffold)
    state = {key: value.double() for key, value in state.items()}
    encode = slow_resnet18 if config.encoder == "resnet18" else slow_vgg
    of_image = encode(inputs.image.double(), state, "encoder_image")
    depths = torch.from_numpy(np.concatenate([matched, kept], 1))
    of_depth = encode(depths, state, "encoder_depth")
    levels = [torch.cat(pair, dim=1) for pair in zip(of_image, of_depth, strict=True)]
    size = (inputs.image.shape[2], inputs.image.shape[3])
    finest = torch.cat([inputs.image.double(), depths], 1) if config.full_size_skip else None
    output = slow_decoder(levels, finest, size, state, "decoder")
    return torch.from_numpy(_slow_fusion(output.numpy(), matched, config))


def test_names_shapes_and_count_are_the_releases() -> None:
    model = FusionNet()
    inner = {f"scaffnet.{key}": shape for key, shape in scaffnet_shapes().items()}
    assert shapes_of(model) == fusionnet_shapes() | inner
    assert parameter_count(model) - parameter_count(model.scaffnet) == 6_751_088
    assert parameter_count(model.encoder_image) == 2_201_616
    assert parameter_count(model.encoder_depth) == 245_024
    assert parameter_count(model.decoder) == 4_304_448


def test_presets_are_the_releases() -> None:
    ranges = {
        name: (
            (config.min_predict_depth, config.max_predict_depth),
            (config.scaffnet.min_predict_depth, config.scaffnet.max_predict_depth),
        )
        for name, config in PRESETS.items()
    }
    assert ranges == {"void": ((0.1, 8.0), (0.1, 10.0)), "kitti": ((1.5, 100.0), (1.5, 80.0))}
    for config in PRESETS.values():
        assert (config.min_multiplier, config.max_multiplier) == (0.25, 4.0)
        assert config.max_residual == 1000.0
        assert (config.outlier_kernel_px, config.outlier_threshold) == (7, 1.5)
        assert (config.scale_match, config.scale_match_kernel_px) == ("local_scale", 5)


@pytest.mark.parametrize(
    ("config", "size", "correction"),
    [
        (PRESETS["void"], (32, 48), 0.2),
        (PRESETS["kitti"], (37, 50), 0.2),
        (replace(_SMALL, encoder="vggnet11", scale_match="replace"), (37, 50), 0.01),
        (
            replace(
                _SMALL,
                encoder="resnet18",
                scale_match="none",
                outlier_kernel_px=1,
                scaffnet=ScaffNetConfig(encoder="resnet18"),
            ),
            (45, 38),
            0.001,
        ),
        (
            replace(
                _SMALL,
                scale_match="none",
                log_multiplier=True,
                max_residual=0.0,
                batch_norm=True,
                full_size_skip=True,
            ),
            (37, 50),
            0.2,
        ),
    ],
    ids=["void", "kitti", "vggnet11", "resnet18", "own"],
)
def test_forward_is_the_slow_twin(
    config: FusionNetConfig, size: tuple[int, int], correction: float
) -> None:
    model = _loaded(config, correction=correction)
    inputs = model_input(sparse_depth(size, count=2))
    exact = model_input(sparse_depth(size, count=2).double())
    expected = _slow_fusionnet(inputs, model.state_dict(), config)
    inside = (expected > config.min_predict_depth) & (expected < config.max_predict_depth)
    assert inside.double().mean() > 0.2  # not all at the ends of the range
    with torch.inference_mode():
        output, found = model(inputs), model.double()(exact)
    torch.testing.assert_close(found.depth.double(), expected, rtol=1e-5, atol=0)
    assert (output.depth / expected - 1).abs().mean() < 1e-4
    assert output.valid is None
    assert output.confidence is None


@pytest.mark.parametrize(("side", "threshold"), [(7, 1.5), (3, 0.5), (1, 0.0)])
@pytest.mark.parametrize("size", [(15, 22), (1, 9), (5, 1)])
def test_outliers_are_those_of_the_slow_twin(
    side: int, threshold: float, size: tuple[int, int]
) -> None:
    sparse = sparse_depth(size, count=3, seed=4)
    sparse[2] = 0.0  # a frame without measurements
    before = sparse.clone()
    kept = remove_outliers(sparse, side, threshold)
    expected = _slow_outliers(sparse.double().numpy(), side, threshold)
    np.testing.assert_array_equal(kept.double().numpy(), expected)
    assert torch.equal(sparse, before)
    if size == (15, 22):
        assert (kept > 0).any()
        assert ((kept > 0).sum() < (sparse > 0).sum()) == (side > 1)


def test_only_what_is_farther_than_the_threshold_behind_goes() -> None:
    sparse = torch.zeros(1, 1, 9, 9)
    sparse[0, 0, 4, 4], sparse[0, 0, 4, 1], sparse[0, 0, 1, 4] = 2.0, 3.5, 3.75
    sparse[0, 0, 8, 8] = 9.0  # out of reach of the near one
    kept = remove_outliers(sparse, 7, 1.5)[0, 0]
    assert kept[4, 4] == 2.0
    assert kept[4, 1] == 3.5
    assert kept[1, 4] == 0.0
    assert kept[8, 8] == 9.0


@pytest.mark.parametrize("side", [5, 3, 1])
def test_scale_match_is_the_slow_twin(side: int) -> None:
    rng = np.random.default_rng(1)
    sparse = sparse_depth((17, 23), count=2, seed=6).double()
    scaffold = torch.from_numpy(rng.uniform(0.5, 9.0, sparse.shape))
    found = match_local_scale(scaffold, sparse, side)
    expected = _slow_match(scaffold.numpy(), sparse.numpy(), side)
    np.testing.assert_allclose(found.numpy(), expected, rtol=1e-12)
    ratio = (sparse / scaffold)[sparse > 0]
    assert (ratio > 2).any()
    assert ((ratio > 0) & (ratio <= 2)).any()


def test_the_greatest_believable_scale_wins() -> None:
    scaffold = torch.full((1, 1, 1, 12), 4.0)
    sparse = torch.zeros_like(scaffold)
    sparse[..., 2], sparse[..., 4], sparse[..., 9] = 2.0, 6.0, 8.5  # 0.5, 1.5; 2.125 is too much
    matched = match_local_scale(scaffold, sparse, 5)
    expected = [2.0, 2.0, 6.0, 6.0, 6.0, 6.0, 6.0, 4.0, 4.0, 4.0, 4.0, 4.0]
    torch.testing.assert_close(matched[0, 0, 0], torch.tensor(expected))


class _Fixed(nn.Module):
    """In place of the decoder."""

    def __init__(self, output: Tensor) -> None:
        super().__init__()
        self.output = output

    def forward(self, levels: list[Tensor], size: tuple[int, int], finest: Tensor | None) -> Tensor:
        del levels, size, finest
        return self.output


@pytest.mark.parametrize(
    "config",
    [
        replace(_SMALL, scale_match="none"),
        replace(
            _SMALL,
            scale_match="none",
            max_residual=0.5,
            min_multiplier=0.8,
            max_multiplier=1.25,
            min_predict_depth=1.5,
            max_predict_depth=100.0,
        ),
        replace(
            _SMALL,
            scale_match="none",
            log_multiplier=True,
            max_residual=0.5,
            min_multiplier=0.5,
            max_multiplier=1.5,
        ),
    ],
    ids=["void", "narrow", "log"],
)
def test_fusion_is_the_slow_formula(config: FusionNetConfig) -> None:
    rng = np.random.default_rng(2)
    scaffold = rng.uniform(0.2, 60.0, (2, 1, 12, 14))
    output = np.concatenate(
        [rng.normal(0, 3, scaffold.shape), rng.normal(0, 20, scaffold.shape)], 1
    )
    output[0, :, 0, :6] = [[0, 0, 80, -80, 0, 0], [0, 5000, 0, 0, -5000, -1000]]
    model = FusionNet(config)
    model.decoder = _Fixed(torch.from_numpy(output).float())  # type: ignore[assignment]
    with torch.inference_mode():
        found = model.fuse(
            torch.rand(2, 3, 12, 14), torch.from_numpy(scaffold).float(), torch.zeros(2, 1, 12, 14)
        )
    expected = _slow_fusion(output, scaffold, config)
    np.testing.assert_allclose(found.numpy(), expected, rtol=1e-4, atol=1e-4)
    assert (expected == config.min_predict_depth).any()
    assert (expected < config.max_predict_depth).any()


def test_a_decoder_of_zeros_multiplies_by_the_middle() -> None:
    model = FusionNet(replace(_SMALL, scale_match="none")).eval()
    nn.init.zeros_(model.decoder.output0.conv.weight)
    scaffold = torch.full((1, 1, 16, 16), 2.0)
    found = model.fuse(torch.rand(1, 3, 16, 16), scaffold, torch.zeros(1, 1, 16, 16))
    torch.testing.assert_close(found, torch.full_like(found, 2.125 * 2.0))


def test_a_decoder_of_zeros_leaves_the_depth_where_it_predicts_logarithms() -> None:
    model = FusionNet(replace(_SMALL, scale_match="none", log_multiplier=True)).eval()
    nn.init.zeros_(model.decoder.output0.conv.weight)
    scaffold = 0.5 + torch.rand(1, 1, 16, 16)
    found = model.fuse(torch.rand(1, 3, 16, 16), scaffold, torch.zeros(1, 1, 16, 16))
    torch.testing.assert_close(found, scaffold)


def test_scaffnet_sees_the_outliers_and_the_rest_does_not() -> None:
    model = _loaded()
    inputs = model_input(sparse_depth((40, 56)))
    kept = model.without_outliers(inputs.sparse_depth)
    assert (kept > 0).sum() < (inputs.sparse_depth > 0).sum()
    with torch.inference_mode():
        scaffold = model.scaffnet.predict_depth(inputs.sparse_depth)
        expected = model.fuse(inputs.image, scaffold, kept)
        found = model(inputs).depth
        unfiltered = model.fuse(inputs.image, scaffold, inputs.sparse_depth)
    torch.testing.assert_close(found, expected, rtol=0, atol=0)
    assert not torch.equal(found, unfiltered)


@pytest.mark.parametrize("encoder", ["vggnet08", "vggnet11", "resnet18"])
@pytest.mark.parametrize("size", [(101, 77), (37, 50), (1, 1)])
def test_any_size_comes_back(encoder: Encoder, size: tuple[int, int]) -> None:
    model = _loaded(FusionNetConfig(encoder=encoder))
    with torch.inference_mode():
        depth = model(model_input(sparse_depth(size, count=2))).depth
    assert depth.shape == (2, 1, *size)
    assert depth.dtype == torch.float32
    assert depth.min() >= 0.1
    assert depth.max() <= 8.0


def test_a_neighbour_in_the_batch_changes_nothing() -> None:
    model = _loaded()
    sparse = sparse_depth((40, 56), count=3)
    other = sparse.clone()
    other[1:] = sparse_depth((40, 56), count=2, seed=9, far=60.0)
    with torch.inference_mode():
        first, again, third = (model(model_input(x)).depth for x in (sparse, sparse, other))
    torch.testing.assert_close(first, again, rtol=0, atol=0)
    torch.testing.assert_close(first[0], third[0], rtol=1e-5, atol=0)


def test_scaffnet_stays_as_it_is_while_the_rest_learns() -> None:
    model = _loaded().train()
    assert model.training
    assert model.decoder.training
    assert not any(module.training for module in model.scaffnet.modules())
    before = {key: value.clone() for key, value in model.scaffnet.state_dict().items()}
    depth = model(model_input(sparse_depth((40, 56), count=2))).depth
    torch.autograd.backward(depth.mean())
    for name, parameter in model.named_parameters():
        if name.startswith("scaffnet."):
            assert parameter.grad is None, name
            assert not parameter.requires_grad, name
        else:
            assert parameter.grad is not None, name
            assert parameter.grad.abs().max() > 0, name
    for key, value in model.scaffnet.state_dict().items():
        assert torch.equal(value, before[key]), key
    assert not model.eval().training


def test_a_scaffnet_with_uncertainty_fits_in() -> None:
    config = replace(_SMALL, scaffnet=ScaffNetConfig(uncertainty=True))
    model = _loaded(config)
    inner = {f"scaffnet.{key}" for key in scaffnet_shapes(uncertainty=True)}
    assert inner == {key for key in shapes_of(model) if key.startswith("scaffnet.")}
    with torch.inference_mode():
        assert model(model_input(sparse_depth((20, 30)))).confidence is None


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ({"encoder": "vggnet13"}, "encoder' is one of vggnet08, vggnet11, resnet18, got"),
        (
            {"scaffnet": {"encoder": "vggnet11"}},
            "scaffnet.encoder' is one of vggnet08, resn",
        ),
        ({"scaffnet": {"pool": [3]}}, "unknown setting 'fusionnet.scaffnet.pool'"),
        ({"outlier_kernel_px": 6}, "'outlier_kernel_px' is odd, from 1 to 255"),
        ({"scale_match_kernel_px": 0}, "'scale_match_kernel_px' is odd, from 1 to 255"),
        ({"scale_match": "global"}, "scale_match' is one of local_scale, replace, none"),
        ({"min_predict_depth": 8.0}, "'min_predict_depth' is above 0 and below"),
        ({"min_multiplier": 4.0}, "'min_multiplier' is above 0 and below"),
        ({"max_residual": -1.0}, "are not negative, got -1.0 and 1.5"),
        ({"outlier_threshold": -1.0}, "are not negative, got 1000.0 and -1.0"),
        ({"image_filters": [8]}, "'image_filters' is 5 whole numbers from 1"),
        ({"depth_filters": [8, 8, 8, 8, -8]}, "'depth_filters' is 5 whole numbers from 1"),
    ],
    ids=str,
)
def test_what_cannot_be_built_is_refused(setting: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        build_model("fusionnet", setting)
