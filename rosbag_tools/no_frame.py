# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Why not one frame of a bag could be used, in a sentence."""

from __future__ import annotations

from depth_completion_core.config import PairingConfig
from rosbag_tools.bag_frames import BagFrames
from rosbag_tools.stamp_check import smallest_gap

_MOST_REASONS = 5


def no_frame_done(done: str, images: int, source: BagFrames, pairing: PairingConfig) -> str:
    """The reasons, the most frequent first.

    Args:
        done: what could not be done, such as ``completed``.
        images: how many images the bag holds.
        source: the frames of the bag, all of them read.
        pairing: how images and clouds were paired.
    """
    lines = source.drops.lines[:_MOST_REASONS] + ([source.damage] if source.damage else [])
    if source.best_gap_ns is not None and source.best_gap_ns > pairing.slop_ms * 1e6:
        lines.append(smallest_gap(source.best_gap_ns))
    return f"not one of {images} images could be {done}: {'; '.join(lines) or 'no pairs'}"
