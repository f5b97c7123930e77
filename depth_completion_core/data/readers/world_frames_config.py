# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Which frames of the drawn world there are to read; apart from them, for recipes need no torch."""

from __future__ import annotations

from dataclasses import dataclass

from depth_completion_core.settings.fields import setting
from depth_completion_core.world.objects.families import SceneKind


@dataclass(frozen=True, slots=True, kw_only=True)
class WorldFramesConfig:
    """Which frames, and what is measured on them."""

    kind: SceneKind = "mixed"
    """Which scenes; mixed has 40 % streets."""
    seed: int = setting(0, low=0)
    """Of the world; other seeds share no scene."""
    first: int = setting(0, low=0)
    """Number of the first frame."""
    frames: int = setting(100, low=1)
    """How many."""
    sensor: str = "any"
    """any: drawn for every frame. Else uniform, corners, lidar, rosette, zones, rgbd, or how
    points are drawn from the clean truth, as uniform:500."""
    amount: int = setting(0, low=0)
    """Points of uniform, corners and rosette, lines of lidar, zones along a side of zones; 0
    draws it for every frame."""
    families: tuple[str, ...] = ()
    """Only objects of these families; all where empty."""
    without: tuple[str, ...] = ()
    """No objects of these families."""
    width_px: int = setting(320, low=16)
    """Width of the images."""
    height_px: int = setting(240, low=16)
    """Height of the images."""
    device: str = "cpu"
    """Where rays are cast, as torch names it."""
