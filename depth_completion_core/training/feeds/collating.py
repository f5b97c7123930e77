# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Samples -> a batch: what they lack, and what is put side by side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import numpy as np
import torch
from torch import Tensor

from depth_completion_core.data.layers.depth import DepthLayer
from depth_completion_core.data.layers.image import ImageLayer
from depth_completion_core.data.layers.intrinsics import IntrinsicsLayer
from depth_completion_core.data.layers.layer import Layer
from depth_completion_core.data.layers.pose import PoseLayer
from depth_completion_core.data.layers.time import TimeLayer
from depth_completion_core.data.sample import Sample
from depth_completion_core.frame import SparseDepth, View
from depth_completion_core.training.errors import TrainingError
from depth_completion_core.training.feeds.batch import Batch, BatchView, Skipped
from depth_completion_core.training.feeds.requirements import Requirements

T = TypeVar("T")


def collate(drawn: Sequence[Sample | Skipped], requires: Requirements) -> Batch:
    """Samples side by side; those that lack something required are left out, by name and reason.

    Args:
        drawn: samples of one size, and those that were left out when they were read.
        requires: what each must have; views and layers beyond that are not in the batch.

    Raises:
        TrainingError: the samples are not of one size.
    """
    used: list[Sample] = []
    skipped: list[Skipped] = []
    for each in drawn:
        if isinstance(each, Skipped):
            skipped.append(each)
        elif reason := requires.lacking(each):
            skipped.append(Skipped(each.name, reason))
        else:
            used.append(each)
    if not used:
        return _without_samples(tuple(skipped))
    _check_sizes(used)
    columns = zip(*([_target(sample), *requires.views_of(sample)] for sample in used), strict=True)
    return Batch(
        names=tuple(sample.name for sample in used),
        skipped=tuple(skipped),
        views=tuple(_batch_view(column, used) for column in columns),
        truth=_truth(used),
        layers={
            name: _stacked([sample.layers[name] for sample in used]) for name in requires.layers
        },
    )


def _without_samples(skipped: tuple[Skipped, ...]) -> Batch:
    image = torch.zeros((0, 3, 1, 1), dtype=torch.uint8)
    depth, time_s = torch.zeros((0, 1, 1, 1)), torch.zeros(0)
    target = BatchView(offset=0, image=image, sparse_depth=depth, intrinsics=None, time_s=time_s)
    return Batch(names=(), skipped=skipped, views=(target,), truth=depth)


def _check_sizes(samples: Sequence[Sample]) -> None:
    sizes = {sample.image.shape[:2] for sample in samples}
    if len(sizes) > 1:
        found = ", ".join(f"{width}x{height}" for height, width in sorted(sizes))
        raise TrainingError(
            f"the samples of a batch are of several sizes ({found} pixels): "
            f"{', '.join(sample.name for sample in samples)}; crop them to one size"
        )


def _target(sample: Sample) -> View:
    return View(
        offset=0,
        image=sample.image,
        camera=sample.camera,
        stamp_ns=sample.stamp_ns,
        sparse=sample.sparse,
    )


def _batch_view(views: Sequence[View], samples: Sequence[Sample]) -> BatchView:
    """The views of one offset, one of each sample."""
    seconds = [
        (view.stamp_ns - sample.stamp_ns) / 1e9 for view, sample in zip(views, samples, strict=True)
    ]
    cameras = _where_all_known([view.camera for view in views])
    poses = _where_all_known([view.view_from_target for view in views])
    return BatchView(
        offset=views[0].offset,
        image=_stacked([ImageLayer(view.image) for view in views]),
        sparse_depth=_depths([view.sparse for view in views], samples),
        intrinsics=_stacked([IntrinsicsLayer(camera) for camera in cameras]) if cameras else None,
        time_s=_stacked([TimeLayer(time_s) for time_s in seconds]),
        view_from_target=_stacked([PoseLayer(pose) for pose in poses]) if poses else None,
    )


def _truth(samples: Sequence[Sample]) -> Tensor | None:
    depths = [sample.truth for sample in samples]
    return None if all(depth is None for depth in depths) else _depths(depths, samples)


def _depths(depths: Sequence[SparseDepth | None], samples: Sequence[Sample]) -> Tensor:
    """(B, 1, H, W) float32 metres, 0 where not known."""
    unknown = np.zeros(samples[0].image.shape[:2], dtype=np.float32)
    nothing = SparseDepth(unknown, unknown > 0)
    return _stacked([DepthLayer(nothing if depth is None else depth) for depth in depths])


def _where_all_known(values: Sequence[T | None]) -> list[T]:
    known = [value for value in values if value is not None]
    return known if len(known) == len(values) else []


def _stacked(layers: Sequence[Layer]) -> Tensor:
    return torch.from_numpy(np.stack([layer.array for layer in layers]))
