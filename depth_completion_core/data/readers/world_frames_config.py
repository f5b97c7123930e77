# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Which frames of the synthetic world to read; in its own file, as recipes need no torch."""

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
    """Seed of the world; different seeds share no scene."""
    first: int = setting(0, low=0)
    """Number of the first frame."""
    frames: int = setting(100, low=1)
    """Number of frames."""
    sensor: str = "any"
    """any: another for every frame. Otherwise uniform, corners, lidar, rosette, zones, rgbd, or how
    to sample the clean truth, such as uniform:500."""
    amount: int = setting(0, low=0)
    """Number of points (uniform, corners, rosette), lines (lidar) or zones per side (zones); 0 for
    a random number in every frame."""
    families: tuple[str, ...] = ()
    """Only objects of these families; empty for all."""
    without: tuple[str, ...] = ()
    """No objects of these families."""
    width_px: int = setting(320, low=16)
    """Width of the images."""
    height_px: int = setting(240, low=16)
    """Height of the images."""
    device: str = "cpu"
    """torch device on which rays are cast."""
