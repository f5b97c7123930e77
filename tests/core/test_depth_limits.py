# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from depth_completion_core.completer import DepthCompleter
from depth_completion_core.config import CompletionConfig, OutputConfig
from depth_completion_core.frame import Frame, SparseDepth
from depth_completion_core.inference.depth_limits import with_limits
from depth_completion_core.metrics import DepthMetrics, depth_metrics
from depth_completion_core.models import build_model
from depth_completion_core.models.base import CompletionModel
from depth_completion_core.models.nearest import Nearest

_SIZE = (32, 48)


def _scores(model: CompletionModel, depth: float, output: OutputConfig) -> DepthMetrics:
    image, measured = np.zeros((*_SIZE, 3), np.uint8), np.zeros(_SIZE, np.float32)
    measured[::8, ::8] = depth
    frame = Frame(image=image, camera=None, sparse=SparseDepth.from_depth(measured))
    completer = DepthCompleter(model, config=CompletionConfig(output=output))
    found, truth = completer.complete(frame), np.full(_SIZE, depth, np.float32)
    return depth_metrics(found.depth, found.valid, truth, truth > 0)


def _saturated(name: str, fraction: float, **config: Any) -> CompletionModel:  # noqa: ANN401
    """A network whose decoder says the same everywhere, as at the ends of its sigmoid."""
    model = build_model(name, config)
    decoder = model.decoder
    assert isinstance(decoder, nn.Module)

    def say(module: nn.Module, inputs: object, output: torch.Tensor) -> torch.Tensor:
        return torch.full_like(output, fraction)

    decoder.register_forward_hook(say)
    return model.eval()


@pytest.mark.parametrize(
    ("config", "fraction", "depth"),
    [
        ({}, 1.0, 0.1 / (1 + 0.1 / 10)),
        ({}, 0.0, 10.0),
        ({"min_predict_depth": 0.01, "max_predict_depth": 1000.0}, 1.0, 0.01 / (1 + 1e-5)),
        ({"min_predict_depth": 0.01, "max_predict_depth": 1000.0}, 0.0, 1000.0),
    ],
)
def test_all_that_scaffnet_can_say_is_kept(
    config: dict[str, Any], fraction: float, depth: float
) -> None:
    scores = _scores(_saturated("scaffnet", fraction, **config), depth, OutputConfig())
    assert scores.coverage == 1.0
    assert scores.mae_mm < 1e-2 * max(depth, 0.1)


def test_limits_that_are_asked_for_stay() -> None:
    model = _saturated("scaffnet", 1.0)
    assert _scores(model, 0.0990099, OutputConfig(min_depth=0.1)).coverage == 0.0
    assert _scores(Nearest(), 250.0, OutputConfig(max_depth=300.0)).coverage == 1.0
    assert _scores(Nearest(), 0.01, OutputConfig(min_depth=0.0)).coverage == 1.0


@pytest.mark.parametrize(("depth", "coverage"), [(0.09, 0), (0.11, 1), (199, 1), (201, 0)])
def test_models_without_a_range_have_the_default_limits(depth: float, coverage: float) -> None:
    assert _scores(Nearest(), depth, OutputConfig()).coverage == coverage


def test_networks_that_see_multiples_state_no_range() -> None:
    for name in ("scaffnet", "fusionnet"):
        assert build_model(name, {"scale_free": True}).depth_range is None
    assert build_model("scaffnet", {"interpolation": True}).depth_range is None
    assert build_model("fusionnet").depth_range == (0.1, 8.0)
    limits = with_limits(OutputConfig(), (1.5, 80.0))
    assert (limits.min_depth, limits.max_depth) == (0.1, 200.0)
