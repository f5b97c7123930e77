# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Measurements that a network is to predict without having seen them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from depth_completion_core.data.sample import Sample
from depth_completion_core.frame import SparseDepth


def with_points_withheld(sample: Sample, share: float, generator: np.random.Generator) -> Sample:
    """The sample with some of its measurements as truth in place of measurements.

    Where its own truth is known, that stays.

    Args:
        sample: it stays as it is; one without measurements is given back.
        share: probability of each measured pixel to be withheld.
        generator: of the draw.
    """
    if sample.sparse is None:
        return sample
    is_shown = generator.random(sample.sparse.valid.shape) >= share
    truth = sample.sparse.masked(~is_shown)
    if sample.truth is not None:
        truth = SparseDepth.from_depth(
            np.where(sample.truth.valid, sample.truth.depth, truth.depth)
        )
    return replace(sample, sparse=sample.sparse.masked(is_shown), truth=truth)
