# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Walls, floor and ceiling of a room, its door to a second room, its windows."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from depth_completion_core.world.objects.parts import Part, box, plate, turn
from depth_completion_core.world.scene import SceneBuilder

_QUARTER = math.pi / 2
_WALL = 0.12


@dataclass(frozen=True, slots=True, kw_only=True)
class Shell:
    """A room about the origin, floor at z = 0.

    Attributes:
        half_x: metres from the middle to a wall. Likewise half_y.
        height: metres.
        door: number of the wall with an open door, or -1; walls are +x, +y, -x, -y.
        door_at: where along that wall its middle is, metres.
        second_depth: metres that the second room reaches behind the door.
    """

    half_x: float
    half_y: float
    height: float
    door: int
    door_at: float
    second_depth: float


DOOR_WIDTH = 0.95
DOOR_HEIGHT = 2.05


def draw_shell(random: np.random.Generator) -> Shell:
    """Sides log-uniform from 2.5 to 12 m; a door in half of the rooms."""
    sides = np.exp(random.uniform(math.log(2.5), math.log(12.0), 2))
    wall = int(random.integers(4)) if random.random() < 0.5 else -1
    length = float(sides[1 if wall in (0, 2) else 0])
    return Shell(
        half_x=float(sides[0]) / 2,
        half_y=float(sides[1]) / 2,
        height=max(float(random.normal(2.7, 0.35)), 2.25),
        door=wall,
        door_at=random.uniform(-0.5, 0.5) * max(length - DOOR_WIDTH - 0.6, 0.0),
        second_depth=random.uniform(1.5, 6.0),
    )


def build_shell(builder: SceneBuilder, shell: Shell) -> None:
    """Add the room to the scene."""
    random, palette = builder.random, builder.palette
    wall, second = palette.new(calm=0.85, scale=1.5), palette.new(calm=0.85, scale=1.5)
    floor, ceiling = palette.new(calm=0.45, scale=1.3), palette.new(calm=0.95, scale=2.0)
    trim, glass = palette.new(calm=0.9), palette.new(calm=0.8, emission=random.uniform(0.5, 2.5))
    builder.shared += [wall, wall, floor, trim]
    x, y, h = shell.half_x, shell.half_y, shell.height
    parts = [plate(x, y, (0, 0, 0), slot=1), plate(x, y, (0, 0, h), slot=2)]
    parts = [part._replace(shadow=False) for part in parts]
    accent = int(random.integers(4)) if random.random() < 0.3 else -1
    skirting = random.random() < 0.7
    for number in range(4):
        slot = 5 if number == accent else 0
        parts += _wall(shell, number, slot, trimmed=skirting)
    if shell.door >= 0:
        parts += _second_room(shell)
    for _ in range(int(random.integers(0, 4))):
        parts += _window(random, shell)
    parts += _details(random, shell)
    builder.structure(parts, [wall, floor, ceiling, trim, glass, palette.new(calm=0.2), second])


def wall_frame(shell: Shell, number: int) -> tuple[float, float, float]:
    """Half length of a wall, its distance from the middle, and the yaw of its outward normal."""
    along_x = number in (0, 2)
    half = shell.half_y if along_x else shell.half_x
    away = shell.half_x if along_x else shell.half_y
    return half, away, number * _QUARTER


def on_wall(
    shell: Shell, number: int, along: float, z: float, inward: float = 0.0
) -> tuple[float, float, float]:
    """A place on a wall: metres along it from its middle, height, and metres into the room."""
    _, away, yaw = wall_frame(shell, number)
    c, s = math.cos(yaw), math.sin(yaw)
    return (away - inward) * c - along * s, (away - inward) * s + along * c, z


def _wall(shell: Shell, number: int, slot: int, *, trimmed: bool) -> list[Part]:
    half, _, yaw = wall_frame(shell, number)
    upright = turn(yaw) @ turn(pitch=_QUARTER)
    if number != shell.door:
        pieces = [(0.0, half, shell.height / 2, shell.height / 2)]
    else:
        left, right = shell.door_at - DOOR_WIDTH / 2, shell.door_at + DOOR_WIDTH / 2
        over = (shell.height - DOOR_HEIGHT) / 2
        pieces = [
            ((left - half) / 2, (left + half) / 2, shell.height / 2, shell.height / 2),
            ((right + half) / 2, (half - right) / 2, shell.height / 2, shell.height / 2),
            (shell.door_at, DOOR_WIDTH / 2, DOOR_HEIGHT + over, over),
        ]
    parts = []
    for along, wide, z, high in pieces:
        at = on_wall(shell, number, along, z)
        parts.append(plate(high, wide, at, upright, slot))
        if trimmed and z < DOOR_HEIGHT:
            base = on_wall(shell, number, along, 0.05, 0.008)
            parts.append(box((0.016, 2 * wide, 0.1), *base, 3, rotation=turn(yaw)))
    return parts


def _second_room(shell: Shell) -> list[Part]:
    """Jambs, and a plain room behind the door."""
    number, deep = shell.door, shell.second_depth
    _, _, yaw = wall_frame(shell, number)
    spin = turn(yaw)
    upright = spin @ turn(pitch=_QUARTER)
    half = 1.2 + 0.35 * deep
    parts = []
    for side in (-1, 1):
        edge = shell.door_at + side * (DOOR_WIDTH / 2 + 0.035)
        parts.append(
            box(
                (_WALL + 0.04, 0.07, DOOR_HEIGHT + 0.07),
                *on_wall(shell, number, edge, DOOR_HEIGHT / 2, -_WALL / 2),
                3,
                rotation=spin,
            )
        )
        sideways = spin @ turn(_QUARTER) @ turn(pitch=_QUARTER)
        wall = on_wall(shell, number, shell.door_at + side * half, shell.height / 2, -deep / 2)
        parts.append(plate(shell.height / 2, deep / 2, wall, sideways, 6))
    lintel = on_wall(shell, number, shell.door_at, DOOR_HEIGHT + 0.035, -_WALL / 2)
    parts.append(box((_WALL + 0.04, DOOR_WIDTH, 0.07), *lintel, 3, rotation=spin))
    end = on_wall(shell, number, shell.door_at, shell.height / 2, -deep)
    parts.append(plate(shell.height / 2, half, end, upright, 6))
    for z, slot in ((0.0, 1), (shell.height, 2)):
        parts.append(
            plate(deep / 2, half, on_wall(shell, number, shell.door_at, z, -deep / 2), spin, slot)
        )
    return parts


def _window(random: np.random.Generator, shell: Shell) -> list[Part]:
    """A bright pane with a frame, bars and a sill; it may also be a lit screen or a hatch."""
    number = int(random.choice([n for n in range(4) if n != shell.door]))
    half, _, yaw = wall_frame(shell, number)
    w, h = min(random.uniform(0.5, 2.0), 1.6 * half), random.uniform(0.6, 1.3)
    along = random.uniform(-1, 1) * max(half - w / 2 - 0.15, 0)
    z = random.uniform(0.9, max(shell.height - h / 2 - 0.25, 0.95))
    spin = turn(yaw)
    parts = [box((0.01, w, h), *on_wall(shell, number, along, z, 0.005), 4, rotation=spin)]
    for side in (-1, 0, 1):
        at = on_wall(shell, number, along + side * w / 2, z, 0.03)
        parts.append(box((0.06, 0.05, h + 0.05), *at, 3, rotation=spin))
        if side:
            at = on_wall(shell, number, along, z + side * h / 2, 0.03)
            parts.append(box((0.06, w, 0.05), *at, 3, rotation=spin))
    sill = on_wall(shell, number, along, z - h / 2 - 0.03, 0.08)
    return [*parts, box((0.16, w + 0.15, 0.03), *sill, 3, rotation=spin)]


def _details(random: np.random.Generator, shell: Shell) -> list[Part]:
    """Beams, a column, a step in the wall: rooms are seldom bare boxes."""
    parts, x, y, h = [], shell.half_x, shell.half_y, shell.height
    if random.random() < 0.2:
        deep = random.uniform(0.1, 0.25)
        places = np.linspace(-0.8, 0.8, int(random.integers(2, 6))) * x
        wide = random.uniform(0.1, 0.2)
        parts += [box((wide, 2 * y, deep), at, 0, h - deep / 2, 3) for at in places.tolist()]
    if random.random() < 0.35:
        wide, deep = random.uniform(0.3, 1.2), random.uniform(0.15, 0.5)
        sx, sy = random.choice([-1, 1], 2).tolist()
        corner = (sx * (x - deep / 2), sy * (y - wide / 2), h / 2)
        parts.append(box((deep, wide, h), *corner, 0))
    if random.random() < 0.2:
        slope = turn(roll=random.uniform(0.5, 0.9))
        # Down to the wall, and above all cameras: 0.25 m from walls, 0.2 m from ceilings.
        at = (0.0, -y + 0.25, h - 0.15)
        parts.append(plate(x, 1.1, at, slope, 2))
    return parts
