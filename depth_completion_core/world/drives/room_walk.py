# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A walk through a room: a loop that touches nothing, looking where most is to be seen."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from depth_completion_core.geometry.transforms import Float64Array
from depth_completion_core.world.casting.primitives import Kind
from depth_completion_core.world.drives.clearance import clearance
from depth_completion_core.world.drives.place import Place, candidate_scenes
from depth_completion_core.world.drives.rig import ROOM_RIG
from depth_completion_core.world.drives.trajectory import Trajectory, Wave
from depth_completion_core.world.drives.views import views
from depth_completion_core.world.scene import WorldScene
from depth_completion_core.world.scene_sampling import WorldConfig

_FAMILIES = (
    "table", "round_table", "shelf", "cabinet", "chair", "stool", "sofa", "bed", "crate", "books",
    "bottle", "vase", "cup", "bowl", "lamp", "plant", "cushion", "screen", "frame", "pendant",
    "curtain", "basket",
)  # fmt: skip
_HALF_SIDES_M = (2.0, 4.0)
_FLAT_M = 0.03
_CENTRES, _LOOPS_PER_CENTRE, _LOOPS, _HEADINGS = 12, 8, 4, 8
_STAMPS_NS = np.arange(0, 20_100_000_000, 250_000_000)
_LOOKS_NS = tuple(range(0, 10_000_000_000, 2_500_000_000))
_TOO_NEAR_M, _FAR_M = 1.2, 4.0


def find_room(seed: int) -> Place:
    """A furnished room and a walk of some metres through it.

    Args:
        seed: random seed of both; at least 0.
    """
    return next(_rooms(seed))


def _rooms(seed: int) -> Iterator[Place]:
    random = np.random.default_rng([seed, 1])
    for scene in candidate_scenes(WorldConfig(kind="room", families=_FAMILIES), seed):
        sides = _half_sides(scene)
        if _HALF_SIDES_M[0] <= sides.min() and sides.max() <= _HALF_SIDES_M[1]:
            loops = _free_loops(random, scene, sides)
            if loops:
                yield Place(scene=scene, trajectory=_with_best_view(scene, loops))


def _half_sides(scene: WorldScene) -> Float64Array:
    """(2,) half sides of the floor about the origin."""
    table = scene.table
    floors = (table.owner < 0) & (table.kind == Kind.QUAD) & ~table.centre.any(axis=1)
    sides: Float64Array = table.half[floors][0, :2]
    return sides


def _free_loops(
    random: np.random.Generator, scene: WorldScene, sides: Float64Array
) -> list[Trajectory]:
    """The longest loops about the freest places."""
    places = random.uniform(-sides, sides, (40 * _CENTRES, 2))
    freest = places[np.argsort(-_free(scene, places))[:_CENTRES]]
    loops = [_loop(random, centre) for centre in freest for _ in range(_LOOPS_PER_CENTRE)]
    ways = np.stack([loop.poses(_STAMPS_NS)[1][:, :2] for loop in loops])
    gaps = _free(scene, ways.reshape(-1, 2)).reshape(ways.shape[:2]).min(axis=1)
    gaps = np.minimum(gaps, (sides - np.abs(ways)).min(axis=(1, 2)))
    lengths = np.linalg.norm(np.diff(ways, axis=1), axis=2).sum(axis=1)
    order = np.argsort(-lengths)
    return [loops[n] for n in order if gaps[n] > ROOM_RIG.radius_m][:_LOOPS]


def _free(scene: WorldScene, places: Float64Array) -> Float64Array:
    return clearance(scene.table, places, low_m=_FLAT_M, high_m=ROOM_RIG.height_m)


def _loop(random: np.random.Generator, centre: Float64Array) -> Trajectory:
    """A figure about a place, with the sway of a robot."""
    wide, narrow = random.uniform(0.5, 0.9), random.uniform(0.1, 0.5)
    x, y = (wide, narrow) if random.random() < 0.5 else (narrow, wide)
    phases = random.uniform(0.0, 2.0 * math.pi, 4)
    return Trajectory(
        start=(float(centre[0]), float(centre[1]), 0.0),
        waves=(
            Wave("x", x, 9.0, phases[0]),
            Wave("y", y, 7.0, phases[1]),
            Wave("z", 0.012, 1.1, phases[2]),
            Wave("yaw", 0.4, 8.0, phases[3]),
            Wave("roll", 0.012, 2.3),
            Wave("pitch", 0.018, 1.7),
        ),
    )


def _with_best_view(scene: WorldScene, loops: list[Trajectory]) -> Trajectory:
    """The loop and heading under which the camera always sees many objects, and none too near."""
    headings = np.arange(_HEADINGS) * 2.0 * math.pi / _HEADINGS
    ways = [replace(loop, heading=float(angle)) for loop in loops for angle in headings]
    seen = views(scene, ROOM_RIG, ways, _LOOKS_NS)
    near = (seen.depth < _TOO_NEAR_M).mean(axis=(1, 2))
    far = np.median(seen.depth, axis=(1, 2)).clip(max=_FAR_M)
    return ways[int(np.argmax(seen.objects.min(axis=1) * far * (1.0 - near) ** 8))]
