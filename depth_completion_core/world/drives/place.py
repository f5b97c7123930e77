# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A place for a drive: a scene of the world, in quiet colours, and a path through it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import count

import numpy as np

from depth_completion_core.world.drives.appearance import quiet
from depth_completion_core.world.drives.trajectory import Trajectory
from depth_completion_core.world.objects.families import FAMILIES
from depth_completion_core.world.scene import WorldScene
from depth_completion_core.world.scene_sampling import WorldConfig, sample_scene

_MOST_ABOVE_FLOOR_M = 0.25  # a kerb's height is still on the ground


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Place:
    """A scene and a path that runs into nothing there.

    Attributes:
        scene: what stands there; the odometry frame is the world, z up.
        trajectory: the path of base_link.
    """

    scene: WorldScene
    trajectory: Trajectory


def candidate_scenes(config: WorldConfig, seed: int) -> Iterator[WorldScene]:
    """Scenes without end, the same ones for the same seed."""
    for index in count():
        scene = sample_scene(config, seed, index)
        grounded = ~np.isin(scene.table.owner, _floating(scene))
        yield quiet(replace(scene, table=scene.table.take(grounded)))


def _floating(scene: WorldScene) -> list[int]:
    """Objects that neither stand nor hang: things held before a still camera, for training."""
    lowest = np.full(len(scene.families), np.inf)
    owned = scene.table.owner >= 0
    np.minimum.at(lowest, scene.table.owner[owned], scene.table.corners()[owned, :, 2].min(axis=1))
    stands = [FAMILIES[scene.kind][name].place in ("floor", "furniture") for name in scene.families]
    floats = np.array(stands) & ~scene.supported & (lowest > _MOST_ABOVE_FLOOR_M)
    return [int(number) for number in np.flatnonzero(floats)]
