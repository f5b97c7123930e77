# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import math
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pytest
import torch

from depth_completion_core.models import build_model
from depth_completion_core.models.configs.checks import Encoder
from depth_completion_core.models.configs.scaffnet import PRESETS, ScaffNetConfig
from depth_completion_core.models.layers.encoders import build_encoder
from depth_completion_core.models.scaffnet import (
    ScaffNet,
    confidence_of,
    depth_of,
    window_maxima,
)
from depth_completion_core.settings.fields import ConfigError
from tests.core.models.scaffnet_twin import (
    model_input,
    parameter_count,
    random_state,
    scaffnet_shapes,
    shapes_of,
    slow_resnet18,
    slow_scaffnet,
    slow_vgg,
    sparse_depth,
)


def _loaded(config: ScaffNetConfig | None = None, seed: int = 0) -> ScaffNet:
    model = ScaffNet(config)
    model.load_state_dict(random_state(shapes_of(model), seed))
    return model.eval()


@pytest.mark.parametrize(("uncertainty", "count"), [(False, 2_870_960), (True, 5_345_872)])
def test_names_shapes_and_count_are_the_releases(uncertainty: bool, count: int) -> None:
    model = ScaffNet(ScaffNetConfig(uncertainty=uncertainty))
    assert shapes_of(model) == scaffnet_shapes(uncertainty=uncertainty)
    assert parameter_count(model) == count
    assert parameter_count(model.spatial_pyramid_pool) == 176
    assert parameter_count(model.encoder) == 395_872
    assert parameter_count(model.decoder) == 2_474_912


def test_presets_are_the_releases() -> None:
    ranges = {
        name: (config.min_predict_depth, config.max_predict_depth)
        for name, config in PRESETS.items()
    }
    assert ranges == {"void": (0.1, 10.0), "kitti": (1.5, 80.0)}
    assert {config.pool_sizes for config in PRESETS.values()} == {(13, 17, 19, 21, 25)}


@pytest.mark.parametrize("size", [(48, 64), (37, 50)])
@pytest.mark.parametrize("preset", PRESETS)
def test_forward_is_the_slow_twin(preset: str, size: tuple[int, int]) -> None:
    config = PRESETS[preset]
    model = _loaded(config)
    sparse = sparse_depth(size, count=2)
    expected = slow_scaffnet(
        sparse, model.state_dict(), near=config.min_predict_depth, far=config.max_predict_depth
    )
    with torch.inference_mode():
        output = model(model_input(sparse))
        exact = model.double().predict_depth(sparse.double())
    assert expected["depth"].std() > 0.01 * expected["depth"].mean()  # weights that do something
    torch.testing.assert_close(exact.double(), expected["depth"], rtol=1e-6, atol=0)
    # Near the far end depth magnifies what float32 rounds off; on average it must not show.
    assert (output.depth / expected["depth"] - 1).abs().mean() < 1e-5
    torch.testing.assert_close(output.depth.double(), expected["depth"], rtol=1e-3, atol=0)
    assert output.valid is None
    assert output.confidence is None


def test_depth_is_not_rounded_to_half_precision() -> None:
    model, sparse = _loaded(PRESETS["void"]), sparse_depth((96, 128), count=2)
    with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16):
        depth = model.predict_depth(sparse)
    assert depth.dtype == torch.float32
    assert len(np.unique(depth.numpy())) > 0.1 * depth.numel()


@pytest.mark.parametrize("encoder", ["vggnet08", "resnet18"])
def test_uncertainty_is_the_slow_twin(encoder: Literal["vggnet08", "resnet18"]) -> None:
    model = _loaded(ScaffNetConfig(encoder=encoder, uncertainty=True), seed=1)
    sparse = sparse_depth((45, 70), seed=3)
    expected = slow_scaffnet(sparse, model.state_dict(), near=0.1, far=10.0)
    model = model.double()
    with torch.inference_mode():
        output, prediction = model(model_input(sparse.double())), model.predict(sparse.double())
    torch.testing.assert_close(output.depth.double(), expected["depth"], rtol=1e-6, atol=0)
    torch.testing.assert_close(prediction.depth, output.depth, rtol=0, atol=0)
    assert prediction.log_error is not None
    torch.testing.assert_close(
        prediction.log_error.double(), expected["log_error"], rtol=1e-5, atol=1e-6
    )
    confidence = 1 / (1 + torch.exp(expected["log_error"]))
    assert confidence.std() > 0.01
    torch.testing.assert_close(output.confidence.double(), confidence, rtol=1e-5, atol=1e-6)


def test_confidence_falls_with_the_expected_error_in_metres() -> None:
    errors = [0.0, 0.01, 0.25, 1.0, 4.0, 99.0]
    log_error = torch.tensor(errors).log()
    found = confidence_of(log_error).tolist()
    for error, confidence in zip(errors, found, strict=True):
        assert confidence == pytest.approx(1 / (1 + error), rel=1e-5)
    assert found == sorted(found, reverse=True)
    extreme = confidence_of(torch.tensor([-1e6, 1e6]))
    assert extreme.tolist() == [1.0, 0.0]


def _slow_maximum(depth: npt.NDArray[np.float32], side: int) -> npt.NDArray[np.float32]:
    height, width = depth.shape
    result = np.full(depth.shape, -np.inf, dtype=np.float32)
    for row in range(height):
        for column in range(width):
            for y in range(row - side // 2, row + side // 2 + 1):
                for x in range(column - side // 2, column + side // 2 + 1):
                    if 0 <= y < height and 0 <= x < width:
                        result[row, column] = max(result[row, column], depth[y, x])
    return result


@pytest.mark.parametrize(
    "sides", [(13, 17, 19, 21, 25), (5, 7, 9, 11), (7, 3, 7, 1), (3,)], ids=str
)
@pytest.mark.parametrize("size", [(14, 19), (1, 9), (20, 2)])
def test_pools_are_the_slow_maximum(sides: tuple[int, ...], size: tuple[int, int]) -> None:
    depth = sparse_depth(size, seed=5) - 1.0  # also below 0: what is outside is not a 0
    maxima = window_maxima(depth, sides)
    assert len(maxima) == len(sides)
    for side, maximum in zip(sides, maxima, strict=True):
        np.testing.assert_array_equal(
            maximum[0, 0].numpy(), _slow_maximum(depth[0, 0].numpy(), side)
        )


def test_pyramid_mixes_the_measurements_and_their_maxima_in_order() -> None:
    pyramid = _loaded().spatial_pyramid_pool
    sparse = sparse_depth((16, 21), seed=2)
    plane = sparse[0, 0].numpy()
    channels = [plane, *(_slow_maximum(plane, side) for side in (13, 17, 19, 21, 25))]
    expected = np.stack(channels).astype(np.float64)
    for weight in pyramid.parameters():
        mixing = weight.detach().double().numpy()[:, :, 0, 0]
        expected = np.tensordot(mixing, expected, axes=1)
        expected = np.where(expected > 0, expected, 0.2 * expected)
    with torch.inference_mode():
        found = pyramid(sparse)[0].double().numpy()
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(
    ("near", "far", "fraction", "metres"),
    [
        (0.1, 10.0, 0.0, 10.0),
        (0.1, 10.0, 0.5, 0.19608),
        (0.1, 10.0, 1.0, 0.09901),
        (1.5, 80.0, 0.0, 80.0),
        (1.5, 80.0, 0.5, 2.89157),
        (1.5, 80.0, 1.0, 1.47239),
    ],
)
def test_depth_of_a_fraction(near: float, far: float, fraction: float, metres: float) -> None:
    assert depth_of(torch.tensor(fraction), near, far).item() == pytest.approx(metres, abs=5e-6)


def test_farther_measurements_are_lowered_to_the_range() -> None:
    model = _loaded()
    sparse = sparse_depth((32, 40), far=60.0)
    with torch.inference_mode():
        found = model.predict_depth(sparse)
        lowered = model.predict_depth(sparse.clamp(max=10.0))
    assert sparse.max() > 20
    torch.testing.assert_close(found, lowered, rtol=0, atol=0)


@pytest.mark.parametrize("encoder", ["vggnet08", "vggnet11", "resnet18"])
@pytest.mark.parametrize("size", [(101, 77), (37, 50)])
def test_every_encoder_halves_rounding_up(encoder: Encoder, size: tuple[int, int]) -> None:
    filters = (6, 7, 8, 9, 10)
    network = build_encoder(encoder, 3, filters, batch_norm=False).eval()
    with torch.inference_mode():
        levels = network(torch.rand(2, 3, *size))
    height, width = size
    for channels, level in zip(filters, levels, strict=True):
        height, width = -(-height // 2), -(-width // 2)
        assert level.shape == (2, channels, height, width)


def test_vggnet11_is_as_large_as_published() -> None:
    """VOICED, an older network of the same authors, has these two and 4,276,800 in its decoder."""
    image = build_encoder("vggnet11", 3, (48, 96, 192, 384, 384), batch_norm=False)
    depth = build_encoder("vggnet11", 2, (16, 32, 64, 128, 128), batch_norm=False)
    assert parameter_count(image) + parameter_count(depth) == 10_041_200 - 4_276_800


@pytest.mark.parametrize("encoder", ["vggnet08", "vggnet11", "resnet18"])
def test_encoders_are_their_slow_twins(encoder: Encoder) -> None:
    network = build_encoder(encoder, 3, (6, 7, 7, 9, 10), batch_norm=True).eval()
    state = random_state(shapes_of(network))
    network.load_state_dict(state)
    slow = slow_resnet18 if encoder == "resnet18" else slow_vgg
    images = torch.rand(2, 3, 53, 38, generator=torch.Generator().manual_seed(0))
    named = {f"x.{key}": value.double() for key, value in state.items()}
    with torch.inference_mode():
        levels = network(images)
    for level, expected in zip(levels, slow(images.double(), named, "x"), strict=True):
        torch.testing.assert_close(level.double(), expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("encoder", ["vggnet08", "resnet18"])
@pytest.mark.parametrize("size", [(101, 77), (37, 50), (1, 1), (2, 33)])
def test_any_size_comes_back(
    encoder: Literal["vggnet08", "resnet18"], size: tuple[int, int]
) -> None:
    model = _loaded(ScaffNetConfig(encoder=encoder, uncertainty=True))
    with torch.inference_mode():
        output = model(model_input(sparse_depth(size, count=2)))
    assert output.depth.shape == output.confidence.shape == (2, 1, *size)
    assert output.depth.dtype == torch.float32
    assert output.depth.min() >= 1 / (1 / 0.1 + 1 / 10.0) - 1e-6
    assert output.depth.max() <= 10.0 + 1e-5


def test_a_neighbour_in_the_batch_changes_nothing() -> None:
    model = _loaded()
    sparse = sparse_depth((40, 56), count=3)
    other = sparse.clone()
    other[1:] = sparse_depth((40, 56), count=2, seed=9, far=60.0)
    with torch.inference_mode():
        first, again, third = (model.predict_depth(x) for x in (sparse, sparse, other))
    torch.testing.assert_close(first, again, rtol=0, atol=0)
    torch.testing.assert_close(first[0], third[0], rtol=1e-6, atol=0)


def test_training_moves_the_statistics_and_evaluation_does_not() -> None:
    model = _loaded()
    inputs = model_input(sparse_depth((40, 56), count=2))
    before = {key: value.clone() for key, value in model.named_buffers()}
    model(inputs)
    assert all(torch.equal(value, before[key]) for key, value in model.named_buffers())
    model.train()
    model(inputs)
    assert not any(torch.equal(value, before[key]) for key, value in model.named_buffers())


def test_every_parameter_learns() -> None:
    for encoder in ("vggnet08", "resnet18"):
        model = _loaded(ScaffNetConfig(encoder=encoder, uncertainty=True)).train()
        depth, log_error, _ = model.predict(sparse_depth((40, 56), count=2))
        assert log_error is not None
        torch.autograd.backward(depth.mean() + log_error.mean())
        for name, parameter in model.named_parameters():
            assert parameter.grad is not None, name
            assert parameter.grad.abs().max() > 0, name


def test_new_weights_are_xaviers() -> None:
    torch.manual_seed(0)
    weight = ScaffNet().decoder.deconv4.conv.conv.weight
    expected = math.sqrt(2 / ((384 + 256) * 9))
    assert weight.std().item() == pytest.approx(expected, rel=0.01)


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ({"encoder": "vggnet11"}, "encoder' is one of vggnet08, resnet18, got 'vggnet11'"),
        ({"encoder": "resnet"}, "encoder' is one of vggnet08, resnet18, got 'resnet'"),
        ({"pool_sizes": [13, 16]}, "'pool_sizes' is odd, from 1 to 255.* got 16"),
        ({"pool_sizes": [-3]}, "'pool_sizes' is odd, from 1 to 255.* got -3"),
        ({"pool_sizes": [3] * 65}, "'pool_sizes' is 64 sizes at most, got 65"),
        ({"min_predict_depth": 10.0}, "'min_predict_depth' is above 0 and below"),
        ({"min_predict_depth": 0.0}, "'min_predict_depth' is above 0 and below"),
        ({"max_predict_depth": 0.05}, "got 0.1 and 0.05"),
        ({"encoder_filters": [1, 2, 3, 4]}, "'encoder_filters' is 5 whole numbers from 1"),
        ({"decoder_filters": [1, 2, 3, 4, 0]}, "'decoder_filters' is 5 whole numbers from 1"),
    ],
    ids=str,
)
def test_what_cannot_be_built_is_refused(setting: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        build_model("scaffnet", setting)
