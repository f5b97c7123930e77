# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A drive along a street, where the lane is free."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from depth_completion_core.world.drives.clearance import clearance
from depth_completion_core.world.drives.place import Place, candidate_scenes
from depth_completion_core.world.drives.rig import STREET_RIG
from depth_completion_core.world.drives.trajectory import Trajectory, Wave
from depth_completion_core.world.drives.views import views
from depth_completion_core.world.scene import WorldScene
from depth_completion_core.world.scene_sampling import WorldConfig

_FLAT_M = 0.03
_START_M, _SPEED = -12.0, 4.0
_SWAY_M, _SWAY_S = 0.2, 9.0
_LANES_M = np.arange(-3.0, 3.01, 0.5)
_NEEDED_M = STREET_RIG.radius_m + 0.2
_LOOKS_NS = range(0, 20_000_000_000, 2_500_000_000)
_MOST_SKY = 0.28
_STAMPS_NS = np.arange(0, 20_100_000_000, 250_000_000)


def find_street(seed: int) -> Place:
    """A street and a drive along it.

    Args:
        seed: random seed of both; at least 0.
    """
    return next(_streets(seed))


def _streets(seed: int) -> Iterator[Place]:
    random = np.random.default_rng([seed, 3])
    for scene in candidate_scenes(WorldConfig(kind="street"), seed):
        lane = _free_lane(random, scene)
        is_sunny = max(scene.light.lamps[0].colour) > 0
        if is_sunny and lane and _sky(scene, lane) < _MOST_SKY:
            yield Place(scene=scene, trajectory=lane)


def _free_lane(random: np.random.Generator, scene: WorldScene) -> Trajectory | None:
    """The widest way along the street, if it is wide enough."""
    phase = random.uniform(0.0, 2.0 * math.pi)
    lanes = [_lane(float(y), phase) for y in _LANES_M]
    ways = np.stack([lane.poses(_STAMPS_NS)[1][:, :2] for lane in lanes])
    gaps = clearance(scene.table, ways.reshape(-1, 2), low_m=_FLAT_M, high_m=STREET_RIG.height_m)
    widest = gaps.reshape(ways.shape[:2]).min(axis=1)
    return lanes[int(widest.argmax())] if widest.max() > _NEEDED_M else None


def _sky(scene: WorldScene, lane: Trajectory) -> float:
    """Share of the image that is open sky where it is most: houses and trees hide the rest."""
    depth = views(scene, STREET_RIG, [lane], _LOOKS_NS).depth
    return float(np.isinf(depth).mean(axis=2).max())


def _lane(y: float, phase: float) -> Trajectory:
    """Along x at 4 m/s, swaying; the heading follows the path."""
    heading = _SWAY_M * 2.0 * math.pi / _SWAY_S / _SPEED
    return Trajectory(
        start=(_START_M, y, 0.0),
        velocity=(_SPEED, 0.0, 0.0),
        waves=(
            Wave("x", 0.8, 8.0),
            Wave("y", _SWAY_M, _SWAY_S, phase),
            Wave("yaw", heading, _SWAY_S, phase + math.pi / 2),
            Wave("z", 0.012, 0.9),
            Wave("pitch", 0.006, 1.3),
            Wave("roll", 0.005, 1.9),
        ),
    )
