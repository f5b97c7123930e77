# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A world of drawn rooms and streets, rendered with exact depth on any device.

>>> frames = render_frames(WorldConfig(), seed=0, indices=[0, 1])
>>> frames.image.shape, frames.depth.shape
"""

from __future__ import annotations

from depth_completion_core.world.objects.families import FAMILIES, HELD_OUT, FamilyError
from depth_completion_core.world.render import RenderedFrames, render_frames
from depth_completion_core.world.scene_sampling import WorldConfig, sample_scene

__all__ = [
    "FAMILIES",
    "HELD_OUT",
    "FamilyError",
    "RenderedFrames",
    "WorldConfig",
    "render_frames",
    "sample_scene",
]
