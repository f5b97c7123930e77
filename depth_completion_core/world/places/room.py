# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Furnished rooms."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from depth_completion_core.geometry.camera import CameraModel
from depth_completion_core.world.looks.materials import Palette
from depth_completion_core.world.objects.family import Family
from depth_completion_core.world.objects.placing import View
from depth_completion_core.world.places.room_furnishing import RoomFurnisher
from depth_completion_core.world.places.room_shell import (
    Shell,
    build_shell,
    draw_shell,
    on_wall,
)
from depth_completion_core.world.places.viewpoint import draw_camera, field_half_angle, looking
from depth_completion_core.world.scene import Lamp, Light, SceneBuilder, WorldScene, draw_share

_FIELD_DEG = (35.0, 80.0)


def build_room(
    random: np.random.Generator, families: Mapping[str, Family], height: int, width: int
) -> WorldScene:
    """Draw a room with 20 to 120 objects, and a camera in it.

    Args:
        random: random generator.
        families: what may stand in it.
        height: of the image, pixels.
        width: of the image, pixels.
    """
    shell = draw_shell(random)
    camera = draw_camera(random, height, width, _FIELD_DEG)
    view = _view(random, shell, camera)
    eye_height = float(min(random.uniform(0.3, 2.0), shell.height - 0.2))
    builder = SceneBuilder(random, Palette(random))
    builder.share = draw_share(random)
    build_shell(builder, shell)
    RoomFurnisher(builder, shell, view, families).furnish(eye_height)
    eye = np.array([view.x, view.y, eye_height])
    pitch, roll = random.normal(-10.0, 15.0), random.normal(0.0, 5.0)
    world_from_camera = looking(eye, view.yaw, pitch, roll)
    return WorldScene(
        kind="room",
        table=builder.table(),
        materials=builder.palette.array(),
        families=tuple(builder.families),
        supported=np.array(builder.supported, np.bool_),
        light=_light(random, shell),
        camera=camera,
        world_from_camera=world_from_camera,
        far_m=100.0,
    )


def _view(random: np.random.Generator, shell: Shell, camera: CameraModel) -> View:
    """A place near one side, mostly looking across the room or at the door."""
    x, y = random.uniform(-0.9, 0.9) * shell.half_x, random.uniform(-0.9, 0.9) * shell.half_y
    x = math.copysign(min(abs(x), shell.half_x - 0.25), x)
    y = math.copysign(min(abs(y), shell.half_y - 0.25), y)
    aim_x, aim_y = -0.6 * x, -0.6 * y
    if shell.door >= 0 and random.random() < 0.5:
        aim_x, aim_y, _ = on_wall(shell, shell.door, shell.door_at, 1.0)
    yaw = math.atan2(aim_y - y, aim_x - x) + random.normal(0.0, 0.5)
    return View(x, y, yaw, field_half_angle(camera))


def _light(random: np.random.Generator, shell: Shell) -> Light:
    """Ambient light, and one or two lamps under the ceiling or beside a window."""
    ambient = random.uniform(0.12, 0.5)
    tint = 1.0 + random.normal(0.0, 0.06, 3)
    lamps = []
    for _ in range(int(random.integers(1, 3))):
        x, y = random.uniform(-0.85, 0.85, 2) * (shell.half_x, shell.half_y)
        z = shell.height * random.uniform(0.7, 0.97)
        warm = np.array([1.0, random.uniform(0.8, 1.0), random.uniform(0.6, 1.0)])
        strength = random.uniform(0.5, 1.3)
        red, green, blue = (strength * warm).tolist()
        lamps.append(
            Lamp(
                position=(float(x), float(y), float(z)),
                colour=(red, green, blue),
                half_at_m=random.uniform(1.5, 5.0),
            )
        )
    above = tuple((ambient * tint).tolist())
    below = tuple((ambient * random.uniform(0.4, 0.8) * tint).tolist())
    return Light(lamps=tuple(lamps), above=above, below=below)
