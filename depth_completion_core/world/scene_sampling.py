# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""From a seed and a number to a scene."""

from __future__ import annotations

from dataclasses import dataclass
from typing import get_args

import numpy as np

from depth_completion_core.world.objects.families import SceneKind, chosen_families
from depth_completion_core.world.places.room import build_room
from depth_completion_core.world.places.street import build_street
from depth_completion_core.world.scene import WorldScene

KINDS = ("room", "street")


@dataclass(frozen=True, slots=True, kw_only=True)
class WorldConfig:
    """Which scenes are sampled, and how large their images are.

    Attributes:
        height: of the images, pixels. Likewise width.
        kind: room, street, or mixed.
        street_share: of mixed scenes.
        families: only objects of these families; all where empty.
        without: no objects of these.
    """

    height: int = 240
    width: int = 320
    kind: SceneKind = "mixed"
    street_share: float = 0.4
    families: tuple[str, ...] = ()
    without: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        known = get_args(SceneKind)
        if self.kind not in known:
            raise ValueError(f"no kind of scene '{self.kind}'; known are {', '.join(known)}")
        if self.height < 16 or self.width < 16:
            raise ValueError(f"images are at least 16x16 pixels, got {self.width}x{self.height}")


def frame_generator(seed: int, index: int, stream: int) -> np.random.Generator:
    """The random numbers of one frame, the same on every machine.

    Args:
        seed: of the world, at least 0.
        index: number of the frame, at least 0.
        stream: what they are for: 0 the scene, 1 the camera's flaws, 2 the sensor.

    Raises:
        ValueError: a number is negative.
    """
    if min(seed, index) < 0:
        raise ValueError(f"seed and index are at least 0, got {seed} and {index}")
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, index, stream, 6])))


def sample_scene(config: WorldConfig, seed: int, index: int) -> WorldScene:
    """Draw a scene.

    Args:
        config: which scenes.
        seed: of the world, at least 0.
        index: number of the frame, at least 0.

    Raises:
        FamilyError: a family is not known, or none is left.
        ValueError: a number is negative.
    """
    random = frame_generator(seed, index, 0)
    draw = random.random()
    kind = config.kind
    if kind == "mixed":
        kind = "street" if draw < config.street_share else "room"
    families = chosen_families(kind, config.families, config.without)
    build = build_street if kind == "street" else build_room
    return build(random, families, config.height, config.width)
