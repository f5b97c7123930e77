# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What a scene builder hands over."""

from __future__ import annotations

from dataclasses import dataclass

from depth_completion_core.data.synthetic.shading import Lighting
from depth_completion_core.data.synthetic.shapes import SceneObject
from depth_completion_core.data.synthetic.trajectory import Trajectory


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """A place, its light, and a path through it that runs into nothing.

    Attributes:
        objects: what stands there; the odometry frame is the world, z up.
        lighting: its light.
        trajectory: the path of base_link.
    """

    objects: tuple[SceneObject, ...]
    lighting: Lighting
    trajectory: Trajectory
