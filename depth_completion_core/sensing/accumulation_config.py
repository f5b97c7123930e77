# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Which sweeps make true depth; see :mod:`depth_completion_core.sensing.accumulated_depth`."""

from __future__ import annotations

from dataclasses import dataclass, field

from depth_completion_core.config import OcclusionConfig


@dataclass(frozen=True, slots=True, kw_only=True)
class AccumulationConfig:
    """Which sweeps make the truth of an image, and what of them is left out."""

    sweeps_before: int = 5
    """Sweeps before the image that are used; KITTI's truth has 5."""
    sweeps_after: int = 5
    """Sweeps after the image that are used; KITTI's truth has 5."""
    min_depth: float = 0.5
    """Nearer points are left out, metres: they are of the vehicle itself."""
    max_depth: float = 100.0
    """Farther points are left out, metres."""
    reject_moving: bool = True
    """Leave out points through which a ray of another sweep has passed."""
    margin: float = 0.2
    """How far behind a point a ray must have ended to have passed through it, metres."""
    margin_ratio: float = 0.01
    """And this times its distance."""
    occlusion: OcclusionConfig = field(default_factory=lambda: OcclusionConfig(window_px=7))
    """Which points are hidden from the camera, by their neighbours in the image. Where enabled,
    points behind what the sweep nearest to the image has hit are left out too."""
