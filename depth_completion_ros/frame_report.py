# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What one frame took."""

from __future__ import annotations

from dataclasses import dataclass

from depth_completion_core.sensing.output_topics import CompletedFrame
from depth_completion_ros.model_in_use import ModelInUse


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class FrameReport:
    """What one frame took.

    Attributes:
        done: the frame and its depth.
        in_use: what it was completed with.
        decode_ms: messages to arrays.
        project_ms: points to sparse depth.
        network_ms: the model and around it, synchronised.
        publish_ms: arrays to messages, and out.
        total_ms: from the complete pair to the last publish.
        age_ms: of the image when its depth was published, by the node's clock.
        holdout_mae_mm: error at withheld measurements; NaN when off.
    """

    done: CompletedFrame
    in_use: ModelInUse
    decode_ms: float
    project_ms: float
    network_ms: float
    publish_ms: float
    total_ms: float
    age_ms: float
    holdout_mae_mm: float
