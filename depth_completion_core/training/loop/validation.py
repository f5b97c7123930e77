# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Scores of a network on held-out samples."""

from __future__ import annotations

from dataclasses import replace

import torch

from depth_completion_core.geometry.arrays import Float32Array
from depth_completion_core.inference.model_input import run_model
from depth_completion_core.inference.z_depth import output_along_z
from depth_completion_core.metrics import DepthMetrics, depth_metrics, mean_metrics, protocol_named
from depth_completion_core.models.base import CompletionModel
from depth_completion_core.training.feeds.sample_loader import SampleLoader


@torch.no_grad()
def validated(
    model: CompletionModel, samples: SampleLoader, protocol_name: str, device: torch.device
) -> dict[str, float]:
    """Mean figures over the samples, one by one, as :func:`mean_metrics` gives them.

    Pixels without a depth above 0 count as 0 metres, whatever the protocol: weights are not the
    better for what they leave out.

    Args:
        model: in evaluation mode on the device.
        samples: with true depth and what the model needs; sampled as in the first epoch.
        protocol_name: which pixels count.
        device: where to run.

    Raises:
        UnknownProtocolError: there is no such protocol.
    """
    protocol = replace(protocol_named(protocol_name), missing="as_zero")
    scores: list[DepthMetrics] = []
    for index in range(len(samples)):
        batch = samples.batch_of(index)
        if batch.size == 0:
            continue
        inputs = batch.to(device).model_input(model.needs)
        output = output_along_z(run_model(model, inputs), inputs)
        depth = _array(output.depth)
        valid = depth > 0
        if output.valid is not None:
            valid &= output.valid[0, 0].cpu().numpy()
        truth = _array(batch.true_depth)
        scores.append(depth_metrics(depth, valid, truth, truth > 0, protocol))
    return mean_metrics(scores)


def _array(depth: torch.Tensor) -> Float32Array:
    array: Float32Array = depth[0, 0].float().cpu().numpy()
    return array
