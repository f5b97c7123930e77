# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The losses that NLSPN and CSPN were published with, as weights of the table of terms."""

from __future__ import annotations

from depth_completion_core.losses.terms import WeightedLossConfig

_NO_DEPTH = 1e-4  # metres; both take truth up to this for none

CSPN_LOSS = WeightedLossConfig(w_l1=1.0, reduction="batch_pixels", min_truth=_NO_DEPTH)
"""Absolute error over all valid pixels of a batch (Cheng et al., ECCV 2018)."""


def nlspn_loss(max_depth: float) -> WeightedLossConfig:
    """Absolute and squared error, each image's mean (Park et al., ECCV 2020).

    Args:
        max_depth: where depths are cut off, metres.
    """
    return WeightedLossConfig(
        w_l1=1.0, w_l2=1.0, reduction="valid_pixels", min_truth=_NO_DEPTH, max_depth=max_depth
    )
