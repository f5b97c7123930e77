# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Scores of a network on held-out samples."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import torch

from depth_completion_core.frame import SparseDepth
from depth_completion_core.geometry.arrays import Float32Array
from depth_completion_core.inference.model_input import run_model
from depth_completion_core.inference.z_depth import output_along_z
from depth_completion_core.metrics import DepthMetrics, depth_metrics, mean_metrics, protocol_named
from depth_completion_core.models.base import CompletionModel
from depth_completion_core.training.feeds.batch import Batch
from depth_completion_core.training.feeds.sample_loader import SampleLoader


class ScoredSample(NamedTuple):
    """A held-out sample, what a network said of it, and how far that is from the truth."""

    batch: Batch
    depth: SparseDepth
    metrics: DepthMetrics

    @property
    def name(self) -> str:
        """Of the sample."""
        return self.batch.names[0]


def validated(
    model: CompletionModel, samples: SampleLoader, protocol_name: str, device: torch.device
) -> dict[str, float]:
    """Mean figures over the samples, one by one, as :func:`mean_metrics` gives them.

    Arguments and errors are those of :func:`scored_sample`.
    """
    scored = (
        scored_sample(model, samples, index, protocol_name, device) for index in range(len(samples))
    )
    return mean_metrics([sample.metrics for sample in scored if sample is not None])


@torch.no_grad()
def scored_sample(
    model: CompletionModel,
    samples: SampleLoader,
    index: int,
    protocol_name: str,
    device: torch.device,
) -> ScoredSample | None:
    """One of the samples; None where it lacks something.

    Pixels without a depth above 0 count as 0 metres, whatever the protocol: weights are not the
    better for what they leave out.

    Args:
        model: in evaluation mode on the device.
        samples: with true depth and what the model needs; sampled as in the first epoch.
        index: of the sample.
        protocol_name: which pixels count.
        device: where to run.

    Raises:
        UnknownProtocolError: there is no such protocol.
    """
    batch = samples.batch_of(index)
    if batch.size == 0:
        return None
    inputs = batch.to(device).model_input(model.needs)
    output = output_along_z(run_model(model, inputs), inputs)
    depth = _array(output.depth)
    valid = depth > 0
    if output.valid is not None:
        valid &= output.valid[0, 0].cpu().numpy()
    truth = _array(batch.true_depth)
    protocol = replace(protocol_named(protocol_name), missing="as_zero")
    metrics = depth_metrics(depth, valid, truth, truth > 0, protocol)
    return ScoredSample(batch, SparseDepth(depth, valid), metrics)


def _array(depth: torch.Tensor) -> Float32Array:
    array: Float32Array = depth[0, 0].float().cpu().numpy()
    return array
