# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Why a frame has no measurement, live or of a bag: each cause has its own remedy."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from depth_completion_core.sensing.placed_frame import PlacedFrame

DEPTH_IS_EMPTY = "(depth is empty)"
"""Every reason ends so."""


class EmptyFrame(NamedTuple):
    """Why depth is empty.

    Attributes:
        reason: in a few words, the same for all frames of a kind.
        sentence: what was found, and what to do.
    """

    reason: str
    sentence: str


def why_empty(placed: PlacedFrame, max_depth: float) -> EmptyFrame:
    """The cause, for a frame of which no measurement was kept.

    Args:
        placed: the frame.
        max_depth: points are dropped beyond it, metres (``projection.max_depth``).
    """
    measured, missing = len(placed.sensor_points), placed.points_without_measurement
    if placed.frame.points is None:
        return _empty(
            "depth image without a measurement",
            "no pixel of the depth image holds a measurement: all are 0, negative, NaN or infinite",
        )
    if not measured + missing:
        return _empty(
            "cloud without points",
            "the cloud holds no points at all. Is the sensor running, or does a filter take them?",
        )
    if not measured:
        return _empty(
            "no point is a measurement",
            f"all {missing} points of the cloud are NaN, infinite or at 0 0 0, as where nothing "
            "came back. Is the sensor covered, or is its driver set up for another model?",
        )
    middle = float(np.median(np.linalg.norm(placed.sensor_points, axis=1)))
    if middle > max_depth:
        return _empty(
            "points too far",
            f"half of the {measured} points are more than {middle:.4g} m away, and "
            f"projection.max_depth is {max_depth:g} m. Are they in millimetres or "
            "centimetres? Clouds are in metres (REP 103)",
        )
    return _empty(
        "no point in view",
        f"none of {measured} points lies in the image. Is the frame_id of the images the optical "
        "frame (z forward), and that of the clouds the sensor's own? (bags: inspect --align; live: "
        "doctor)",
    )


def _empty(reason: str, sentence: str) -> EmptyFrame:
    return EmptyFrame(f"{reason} {DEPTH_IS_EMPTY}", sentence)
