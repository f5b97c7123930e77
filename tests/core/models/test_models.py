# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import torch
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.interpolate import LinearNDInterpolator

from depth_completion_core.models import MODELS, UnknownModelError, build_model
from depth_completion_core.models.base import CompletionModel, ModelInput, ModelOutput
from depth_completion_core.settings.mapping import config_from_mapping, config_to_mapping
from tests.core.models.model_inputs import single_view

Float32Array = npt.NDArray[np.float32]
Float64Array = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]

# What has weights to learn keeps only the contract; these keep the laws, too.
_CLASSICAL = ("nearest", "linear", "morphological", "morphological_kitti")
_GUIDED = ("geodesic", "plane_preserving", "consensus")
_WITHOUT_WEIGHTS = (*_CLASSICAL, "smooth", *_GUIDED)

# Released networks are large; these are smaller ones of the same kind.
_SMALL: dict[str, dict[str, Any]] = {
    "cspn_legacy": {"trunk": "resnet18", "size_px": []},
    "nlspn": {"trunk": "resnet18"},
}

every_model = pytest.mark.parametrize("name", MODELS)
classical_model = pytest.mark.parametrize("name", _CLASSICAL)
filling_model = pytest.mark.parametrize(
    "name", ["nearest", "linear", "smooth", "morphological", *_GUIDED]
)


@functools.cache
def _model(name: str) -> CompletionModel:
    torch.manual_seed(0)
    return build_model(name, _SMALL.get(name))


def _sparse(size: tuple[int, int], share: float, seed: int) -> tuple[Float32Array, BoolArray]:
    rng = np.random.default_rng(seed)
    valid = rng.random(size) < share
    valid[size[0] // 2, size[1] // 3] = True
    depth = np.where(valid, rng.uniform(2.0, 40.0, size), 0.0)
    return depth.astype(np.float32), valid


def _inputs(depth: npt.NDArray[np.floating], valid: BoolArray) -> ModelInput:
    """From (B, H, W) arrays."""
    count, height, width = depth.shape
    image = np.random.default_rng(0).random((count, 3, height, width), dtype=np.float32)
    K = torch.tensor([[60.0, 0, width / 2], [0, 60.0, height / 2], [0, 0, 1]])
    return single_view(
        torch.from_numpy(image),
        torch.from_numpy(np.where(valid, depth, 0.0).astype(np.float32))[:, None],
        validity_map=torch.from_numpy(valid)[:, None],
        intrinsics=K.expand(count, 3, 3),
    )


def _one_of(inputs: ModelInput, index: int) -> ModelInput:
    """A batch of one frame of a batch."""
    assert inputs.intrinsics is not None
    one = slice(index, index + 1)
    return single_view(
        inputs.image[one],
        inputs.sparse_depth[one],
        validity_map=inputs.validity_map[one],
        intrinsics=inputs.intrinsics[one],
    )


def _run(model: CompletionModel, inputs: ModelInput) -> ModelOutput:
    with torch.inference_mode():
        output: ModelOutput = model.eval()(inputs)
    return output


def _complete(
    name: str, depth: npt.NDArray[np.floating], valid: BoolArray
) -> tuple[Float32Array, BoolArray]:
    output = _run(_model(name), _inputs(depth[None], valid[None]))
    answered = np.ones_like(valid) if output.valid is None else output.valid[0, 0].numpy()
    return output.depth[0, 0].numpy(), answered


@every_model
@pytest.mark.parametrize("size", [(33, 47), (48, 64), (17, 101), (1, 9), (7, 1), (1, 1)])
@pytest.mark.parametrize("share", [0.01, 0.2, 1.0])
def test_output_keeps_the_contract(name: str, size: tuple[int, int], share: float) -> None:
    model = _model(name)
    multiple = model.needs.size_multiple
    padded = tuple(-(-length // multiple) * multiple for length in size)
    depths, valids = zip(
        *(_sparse((padded[0], padded[1]), share, seed) for seed in range(2)), strict=True
    )
    inputs = _inputs(np.stack(depths), np.stack(valids))
    before = inputs.sparse_depth.clone()
    output = _run(model, inputs)
    assert output.depth.shape == inputs.sparse_depth.shape
    assert output.depth.dtype == torch.float32
    assert torch.equal(inputs.sparse_depth, before)
    answered = torch.ones_like(inputs.validity_map) if output.valid is None else output.valid
    assert answered.shape == output.depth.shape
    assert answered.dtype == torch.bool
    assert answered.any()
    assert torch.isfinite(output.depth[answered]).all()
    if output.confidence is not None:
        assert output.confidence.shape == output.depth.shape
        assert ((output.confidence >= 0) & (output.confidence <= 1)).all()


@pytest.mark.parametrize("name", _WITHOUT_WEIGHTS)
@pytest.mark.parametrize("share", [0.003, 0.05, 0.5, 1.0])
def test_nothing_lies_outside_what_was_measured(name: str, share: float) -> None:
    for seed in range(3):
        sparse, valid = _sparse((33, 47), share, seed)
        depth, answered = _complete(name, sparse, valid)
        assert depth[answered].min() >= sparse[valid].min() - 1e-3
        assert depth[answered].max() <= sparse[valid].max() + 1e-3


@every_model
def test_a_batch_is_its_images_one_by_one(name: str) -> None:
    model = _model(name)
    depths, valids = zip(
        *(_sparse((32, 64), s, i) for i, s in enumerate((0.01, 0.1, 0.5))), strict=True
    )
    inputs = _inputs(np.stack(depths), np.stack(valids))
    batch = _run(model, inputs)
    for index in range(len(depths)):
        single = _run(model, _one_of(inputs, index))
        for whole, part in (
            (batch.depth, single.depth),
            (batch.valid, single.valid),
            (batch.confidence, single.confidence),
        ):
            assert (whole is None) == (part is None)
            if whole is not None and part is not None:
                torch.testing.assert_close(whole[index], part[0], rtol=1e-5, atol=1e-5)


@every_model
def test_settings_survive_a_file(name: str) -> None:
    config = _model(name).config
    written = yaml.safe_load(yaml.safe_dump(config_to_mapping(config)))
    assert config_from_mapping(type(config), written) == config
    assert build_model(name, written).config == config


@pytest.mark.parametrize("name", _WITHOUT_WEIGHTS)
def test_an_image_without_measurements_has_no_answer_and_harms_no_other(name: str) -> None:
    depth, valid = _sparse((32, 64), 0.1, 0)
    empty = np.zeros_like(depth)
    inputs = _inputs(np.stack([empty, depth]), np.stack([np.zeros_like(valid), valid]))
    output = _run(_model(name), inputs)
    assert output.valid is not None
    assert not output.valid[0].any()
    alone = _run(_model(name), _one_of(inputs, 1))
    assert alone.valid is not None
    answered = alone.valid[0]
    assert torch.equal(output.valid[1], answered)
    assert torch.equal(output.depth[1][answered], alone.depth[0][answered])


@pytest.mark.parametrize("name", _WITHOUT_WEIGHTS)
@pytest.mark.parametrize("metres", [0.3, 7.0, 90.0, 250.0])
@pytest.mark.parametrize("share", [0.005, 0.2])
def test_constant_depth_stays_constant(name: str, metres: float, share: float) -> None:
    _, valid = _sparse((40, 55), share, 3)
    depth, answered = _complete(name, np.where(valid, metres, 0.0), valid)
    assert answered.any()
    np.testing.assert_allclose(depth[answered], metres, rtol=1e-5, atol=1e-4)


@classical_model
@pytest.mark.parametrize(("scale", "shift"), [(1.0, 12.0), (1.5, 0.0), (0.5, 3.0)])
def test_other_units_and_origin_change_only_the_numbers(
    name: str, scale: float, shift: float
) -> None:
    """Filling is blind to depth itself: it commutes with every increasing straight line."""
    depth, valid = _sparse((37, 50), 0.06, 5)
    expected, expected_answered = _complete(name, depth, valid)
    found, answered = _complete(name, np.where(valid, scale * depth + shift, 0.0), valid)
    np.testing.assert_array_equal(answered, expected_answered)
    np.testing.assert_allclose(
        found[answered], (scale * expected + shift)[answered], rtol=1e-4, atol=1e-3
    )


@pytest.mark.parametrize("name", ["morphological", "morphological_kitti"])
def test_left_and_right_are_the_same_to_a_filter(name: str) -> None:
    depth, valid = _sparse((38, 51), 0.08, 6)
    expected, _ = _complete(name, depth, valid)
    for axis in (0, 1) if name == "morphological" else (1,):
        found, _ = _complete(name, np.flip(depth, axis).copy(), np.flip(valid, axis).copy())
        np.testing.assert_allclose(np.flip(found, axis), expected, atol=1e-3)


@filling_model
def test_one_measurement_fills_the_image(name: str) -> None:
    for row, column in ((0, 0), (11, 20), (22, 40)):
        valid = np.zeros((23, 41), dtype=np.bool_)
        valid[row, column] = True
        depth, answered = _complete(name, np.where(valid, 6.5, 0.0), valid)
        assert answered.all()
        np.testing.assert_allclose(depth, 6.5, atol=1e-4)


@filling_model
@pytest.mark.parametrize(
    "pixels",
    [
        [(3, 4), (20, 30)],
        [(10, 0), (10, 40)],
        [(5, 5), (6, 6)],
        [(2, 7), (9, 7), (20, 7), (21, 7)],
        [(k, 2 * k) for k in range(20)],
    ],
    ids=["two", "two on the border", "two neighbours", "column", "slanted line"],
)
def test_measurements_without_a_triangle_fill_the_image(
    name: str, pixels: list[tuple[int, int]]
) -> None:
    valid = np.zeros((23, 41), dtype=np.bool_)
    rows, columns = np.array(pixels).T
    valid[rows, columns] = True
    sparse = np.zeros(valid.shape)
    sparse[rows, columns] = np.linspace(5.0, 9.0, len(pixels))
    depth, answered = _complete(name, sparse, valid)
    assert answered.all()
    assert depth.min() >= 5.0 - 1e-4
    assert depth.max() <= 9.0 + 1e-4


@settings(max_examples=30)
@given(
    st.tuples(st.integers(1, 22), st.integers(1, 30)),
    st.floats(0.003, 0.6),
    st.integers(0, 10_000),
)
def test_nearest_is_the_brute_force_nearest(size: tuple[int, int], share: float, seed: int) -> None:
    sparse, valid = _sparse(size, share, seed)
    depth, answered = _complete("nearest", sparse, valid)
    assert answered.all()
    np.testing.assert_array_equal(depth[valid], sparse[valid])
    measured = np.argwhere(valid)
    for row, column in np.ndindex(size):
        distance = np.hypot(*(measured - (row, column)).T)
        # Borgefors' 5x5 mask is within 3 % of Euclid: so must be the pixel that it chose.
        allowed = distance <= distance.min() * 1.06 + 1e-6
        assert depth[row, column] in {float(sparse[r, c]) for r, c in measured[allowed]}


@pytest.mark.parametrize("seed", range(4))
def test_linear_is_scipys_inside_the_hull(seed: int) -> None:
    sparse, valid = _sparse((29, 43), 0.04, seed)
    output = _run(build_model("linear"), _inputs(sparse[None], valid[None]))
    assert output.confidence is not None
    rows, columns = np.nonzero(valid)
    v, u = np.mgrid[0:29, 0:43]
    reference = LinearNDInterpolator(
        np.stack([columns, rows], axis=-1).astype(np.float64), sparse[valid].astype(np.float64)
    )(np.stack([u, v], axis=-1))
    inside = np.isfinite(reference)
    assert inside.mean() > 0.5
    np.testing.assert_array_equal(output.confidence[0, 0].numpy() == 1.0, inside)
    np.testing.assert_array_equal(output.confidence[0, 0].numpy() == 0.0, ~inside)
    depth = output.depth[0, 0].numpy()
    np.testing.assert_allclose(depth[inside], reference[inside], rtol=1e-5)
    nearest, _ = _complete("nearest", sparse, valid)
    np.testing.assert_array_equal(depth[~inside], nearest[~inside])


@pytest.mark.parametrize("seed", range(4))
def test_linear_fills_holes_as_if_all_pixels_were_corners(seed: int) -> None:
    """On a paraboloid, on which corners on one circle lie in a plane: no tie can be broken."""
    v, u = np.mgrid[0:40, 0:56]
    depth = 5.0 + 0.02 * u - 0.03 * v + 1e-3 * (u**2 + v**2)
    random = np.random.default_rng(seed)
    valid = random.random(depth.shape) > 0.02 * seed
    for _ in range(5):
        row, column = random.integers(0, depth.shape)
        valid[row : row + random.integers(2, 14), column : column + random.integers(2, 14)] = False
    rows, columns = np.nonzero(valid)
    everything = LinearNDInterpolator(np.stack([columns, rows], axis=-1), depth[valid])
    reference = everything(np.stack([u, v], axis=-1))
    inside = np.isfinite(reference)
    completed, _ = _complete("linear", np.where(valid, depth, 0.0), valid)
    np.testing.assert_allclose(completed[inside], reference[inside], rtol=1e-5)


@pytest.mark.parametrize("on_grid", [True, False])
def test_linear_is_exact_on_a_plane(on_grid: bool) -> None:
    v, u = np.mgrid[0:31, 0:46]
    plane = 9.0 + 0.11 * u - 0.07 * v
    valid = np.zeros(plane.shape, dtype=np.bool_)
    if on_grid:
        valid[::6, ::5] = True
    else:
        valid = np.random.default_rng(0).random(plane.shape) < 0.05
        valid[[0, 0, -1, -1], [0, -1, 0, -1]] = True
    depth, _ = _complete("linear", np.where(valid, plane, 0.0), valid)
    np.testing.assert_allclose(depth, plane, rtol=1e-5)


@filling_model
def test_better_than_the_mean_on_a_slanted_plane(name: str) -> None:
    v, _ = np.mgrid[0:60, 0:80]
    plane = 4.0 + 0.3 * v
    valid = np.random.default_rng(0).random(plane.shape) < 0.05
    depth, answered = _complete(name, np.where(valid, plane, 0.0), valid)
    assert answered.all()
    blind = np.abs(plane - plane[valid].mean()).mean()
    assert np.abs(depth - plane).mean() < 0.25 * blind


def _windowed(
    values: Float64Array, mask: BoolArray, choose: Callable[[Float64Array], float]
) -> Float64Array:
    """``choose`` over the part of a centred window that lies in the image, pixel by pixel."""
    reach = mask.shape[0] // 2
    result = np.empty_like(values)
    height, width = values.shape
    for row, column in np.ndindex(height, width):
        top, left = max(row - reach, 0), max(column - reach, 0)
        part = values[top : row + reach + 1, left : column + reach + 1]
        cut_top, cut_left = top - (row - reach), left - (column - reach)
        window = mask[cut_top : cut_top + part.shape[0], cut_left : cut_left + part.shape[1]]
        result[row, column] = choose(part[window])
    return result


def _full(size: int) -> BoolArray:
    return np.ones((size, size), dtype=np.bool_)


_DIAMOND = np.array(
    [[0, 0, 1, 0, 0], [0, 1, 1, 1, 0], [1, 1, 1, 1, 1], [0, 1, 1, 1, 0], [0, 0, 1, 0, 0]],
    dtype=bool,
)


def _max(window: Float64Array) -> float:
    return float(window.max())


def _slow_ip_basic(sparse: Float32Array, valid: BoolArray) -> tuple[Float64Array, BoolArray]:
    """ip_basic's fill_in_fast with extrapolation and Gaussian blur, as its paper lists the steps.

    The last two steps are written for an image that is full by then.
    """
    inverted = np.where(valid, 100.0 - sparse.astype(np.float64), 0.0)
    inverted = _windowed(inverted, _DIAMOND, _max)
    closed = _windowed(inverted, _full(5), _max)
    inverted = _windowed(closed, _full(5), lambda window: float(window.min()))
    inverted = np.where(inverted > 0, inverted, _windowed(inverted, _full(7), _max))
    for column in range(inverted.shape[1]):
        filled = np.flatnonzero(inverted[:, column] > 0)
        if filled.size:
            inverted[: filled[0], column] = inverted[filled[0], column]
    inverted = np.where(inverted > 0, inverted, _windowed(inverted, _full(31), _max))
    is_filled = inverted > 0
    padded = np.pad(inverted, 2, mode="edge")
    height, width = inverted.shape
    median = np.array(
        [[np.median(padded[r : r + 5, c : c + 5]) for c in range(width)] for r in range(height)]
    )
    binomial = np.array([1.0, 4.0, 6.0, 4.0, 1.0]) / 16.0
    padded = np.pad(median, 2, mode="reflect")
    blurred = np.array(
        [
            [binomial @ padded[r : r + 5, c : c + 5] @ binomial for c in range(width)]
            for r in range(height)
        ]
    )
    return np.where(is_filled, 100.0 - blurred, 0.0), is_filled


@pytest.mark.parametrize(("share", "seed"), [(0.03, 0), (0.1, 1), (0.4, 2)])
def test_morphological_kitti_is_the_slow_ip_basic(share: float, seed: int) -> None:
    sparse, valid = _sparse((34, 45), share, seed)
    valid[:12] = False  # the sky, for the extension to the top
    expected, is_filled = _slow_ip_basic(sparse, valid)
    assert is_filled.all()
    depth, answered = _complete("morphological_kitti", sparse, valid)
    np.testing.assert_array_equal(answered, is_filled)
    np.testing.assert_allclose(depth, expected, atol=1e-3)


def test_morphological_kitti_leaves_what_no_kernel_reaches() -> None:
    valid = np.zeros((40, 90), dtype=np.bool_)
    valid[20, 5] = True
    depth, answered = _complete("morphological_kitti", np.where(valid, 8.0, 0.0), valid)
    _, expected = _slow_ip_basic(np.where(valid, 8.0, 0.0).astype(np.float32), valid)
    np.testing.assert_array_equal(answered, expected)
    assert 0 < answered.sum() < answered.size
    np.testing.assert_allclose(depth[answered], 8.0, atol=1e-3)


def test_unknown_model_names_the_known_ones() -> None:
    with pytest.raises(UnknownModelError, match="Did you mean 'morphological'") as caught:
        build_model("morphologic")
    for name in MODELS:
        assert name in str(caught.value)
