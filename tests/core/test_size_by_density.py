# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The size at which a model sees an image of few measurements, and how its answer comes back."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
import torch

from depth_completion_core.completer import DepthCompleter
from depth_completion_core.config import CompletionConfig, InferenceConfig, OutputConfig
from depth_completion_core.frame import Frame, SparseDepth
from depth_completion_core.inference.preprocessing import window_of
from depth_completion_core.models import build_model
from depth_completion_core.models.base import CompletionModel, ModelInput, ModelOutput
from depth_completion_core.models.needs import ModelNeeds

_SIZE = (192, 256)
_WANTED = InferenceConfig(measured_share=0.01)


def _valid(count: int, seed: int = 0) -> npt.NDArray[np.bool_]:
    valid = np.zeros(_SIZE, dtype=np.bool_)
    chosen = np.random.default_rng(seed).choice(valid.size, count, replace=False)
    valid.reshape(-1)[chosen] = True
    return valid


@pytest.mark.parametrize("count", [20, 60, 120, 300, 480])
def test_the_wanted_share_of_the_smaller_image_is_measured(count: int) -> None:
    window = window_of(_SIZE, _WANTED, ModelNeeds(), _valid(count))
    share = count / (window.model_width * window.model_height)
    is_smallest = min(window.model_width, window.model_height) == 64
    assert window.is_by_density == window.is_resized
    assert window.model_width / window.model_height == pytest.approx(256 / 192, rel=0.02)
    if not is_smallest and window.is_resized:
        # Sizes are steps of a fourth root of 2, shares of its square.
        assert 2**-0.27 < share / 0.01 < 2**0.27
    else:
        assert is_smallest or share > 0.01 * 2**-0.27


def test_few_sizes_serve_a_stream_and_enough_measurements_change_nothing() -> None:
    sizes = {window_of(_SIZE, _WANTED, ModelNeeds(), _valid(n)) for n in range(200, 240)}
    assert len(sizes) <= 2
    whole = window_of(_SIZE, InferenceConfig(), ModelNeeds())
    for count in (600, 30_000, 0):
        assert window_of(_SIZE, _WANTED, ModelNeeds(), _valid(count)) == whole


def test_settings_come_before_what_the_weights_ask_for() -> None:
    needs, valid = ModelNeeds(measured_share=0.01), _valid(120)
    asked = window_of(_SIZE, InferenceConfig(), needs, valid)
    assert asked.is_by_density
    assert asked == window_of(_SIZE, _WANTED, ModelNeeds(), valid)
    for settings in (InferenceConfig(measured_share=0.0), InferenceConfig(width_px=100)):
        assert not window_of(_SIZE, settings, needs, valid).is_by_density
    fixed = ModelNeeds(measured_share=0.01, fixed_size_px=(64, 48))
    assert not window_of(_SIZE, InferenceConfig(), fixed, valid).is_by_density


@pytest.mark.parametrize("name", ["scaffnet", "fusionnet"])
def test_a_network_asks_for_the_share_of_its_settings(name: str) -> None:
    assert build_model(name).needs.measured_share == 0.0
    assert build_model(name, {"measured_share": 0.008}).needs.measured_share == 0.008


class _TwoWalls(CompletionModel):
    """2 m where the image is dark and 4 m where it is bright, a tenth too far; keeps the sizes."""

    needs = ModelNeeds(measured_share=0.01)

    def __init__(self) -> None:
        super().__init__()
        self.sizes: list[tuple[int, ...]] = []

    def forward(self, inputs: ModelInput) -> ModelOutput:
        self.sizes.append(tuple(inputs.image.shape[-2:]))
        depth = torch.where(inputs.image[:, :1] > 0.5, 4.4, 2.2)
        return ModelOutput(depth=depth, valid=torch.ones_like(inputs.validity_map))


def _walls(count: int, seed: int) -> Frame:
    """A border at column 101, which no small pixel keeps to; measured where ``_valid`` says."""
    is_bright = np.broadcast_to(np.arange(_SIZE[1]) >= 101, _SIZE)
    image = np.repeat(np.where(is_bright, 220, 30)[..., None], 3, axis=2).astype(np.uint8)
    depth = np.where(_valid(count, seed), np.where(is_bright, 4.0, 2.0), 0).astype(np.float32)
    return Frame(image=image, camera=None, sparse=SparseDepth.from_depth(depth))


def test_the_answer_comes_back_along_the_edges_and_close_to_the_measurements() -> None:
    model = _TwoWalls()
    found = DepthCompleter(model).complete(_walls(120, 0))
    truth = np.where(np.arange(_SIZE[1]) >= 101, 4.0, 2.0)
    assert model.sizes == [(96, 128)] or min(model.sizes[0]) < 192
    assert found.depth.shape == _SIZE
    assert found.valid.all()
    off = np.abs(found.depth / truth - 1)
    # The model is 10 % off everywhere; between the walls, flying pixels would be 25 % off.
    assert off.max() < 0.05


def test_frames_that_are_seen_at_different_sizes_share_a_batch_with_nobody() -> None:
    model = _TwoWalls()
    completer = DepthCompleter(model)
    frames = [_walls(120, 0), _walls(480, 1), _walls(125, 2), _walls(2000, 3)]
    batch = completer.complete_batch(frames)
    assert len(set(model.sizes)) == len(model.sizes)
    for frame, together in zip(frames, batch, strict=True):
        np.testing.assert_allclose(together.depth, completer.complete(frame).depth, rtol=1e-5)


def test_limits_and_support_are_applied_at_the_size_of_the_image() -> None:
    config = CompletionConfig(output=OutputConfig(support_radius_px=3.0, max_depth=3.0))
    found = DepthCompleter(_TwoWalls(), config=config).complete(_walls(120, 0))
    assert not found.valid[:, 101:].any()
    assert 0 < found.valid[:, :101].mean() < 0.2
