# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Families of furniture: what stands on the floor of a room and bears other things. Metres."""

from __future__ import annotations

import math
from functools import partial

import numpy as np

from depth_completion_core.world.casting.primitives import Kind
from depth_completion_core.world.objects.family import Body, Family, Top
from depth_completion_core.world.objects.parts import Part, box, lathe, pillow, rod


def _legs(
    random: np.random.Generator, dx: float, dy: float, height: float, thick: float
) -> list[Part]:
    """Four legs, square or round, upright or splayed."""
    splay = random.choice([0.0, 0.12]) * height
    corners = [(sx, sy) for sx in (-1, 1) for sy in (-1, 1)]
    if random.random() < 0.5 and splay == 0.0:
        return [box((thick, thick, height), sx * dx, sy * dy, height / 2, 1) for sx, sy in corners]
    return [
        rod(
            (sx * (dx + splay), sy * (dy + splay), 0.0), (sx * dx, sy * dy, height), thick / 2, 1
        )
        for sx, sy in corners
    ]  # fmt: skip


def table(random: np.random.Generator) -> Body:
    """A table or desk; some round, some with drawers or a low board."""
    x, y = random.uniform(0.7, 2.0), random.uniform(0.45, 1.0)
    height, thick = random.uniform(0.35, 0.85), random.uniform(0.015, 0.06)
    stout = random.uniform(0.025, 0.08)
    legs = _legs(random, x / 2 - 0.06, y / 2 - 0.06, height - thick, stout)
    parts = [box((x, y, thick), 0, 0, height - thick / 2), *legs]
    tops = [Top(height, x / 2, y / 2)]
    if random.random() < 0.35:
        low = random.uniform(0.12, 0.3) * height
        parts.append(box((x * 0.9, y * 0.85, 0.02), 0, 0, low))
        tops.append(Top(low + 0.01, x * 0.42, y * 0.4))
    elif random.random() < 0.5:
        parts.append(box((0.4 * x, 0.9 * y, 0.6 * height), 0.27 * x, 0, 0.62 * height, 2))
    return Body(parts, tuple(tops))


def round_table(random: np.random.Generator) -> Body:
    """A round top on one foot."""
    radius, height = random.uniform(0.25, 0.75), random.uniform(0.4, 0.95)
    foot = lathe([(0, radius * 0.6), (0.04, 0.08), (height * 0.5, 0.035), (height - 0.03, 0.07)], 1)
    top = lathe([(height - 0.03, radius), (height, radius)])
    return Body([*foot, *top], (Top(height, radius * 0.7, radius * 0.7),))


def shelf(random: np.random.Generator) -> Body:
    """An open shelf, with or without a back."""
    width, depth = random.uniform(0.4, 1.4), random.uniform(0.22, 0.45)
    height, boards = random.uniform(0.8, 2.2), int(random.integers(3, 7))
    levels = np.linspace(0.06, height, boards)
    parts = [box((depth, width, 0.025), 0, 0, float(z) - 0.0125) for z in levels]
    parts += [box((depth, 0.025, height), 0, side * width / 2, height / 2) for side in (-1, 1)]
    if random.random() < 0.6:
        parts.append(box((0.01, width, height), -depth / 2, 0, height / 2, 1))
    return Body(parts, tuple(Top(float(z), depth / 2, width / 2) for z in levels))


def wire_shelf(random: np.random.Generator) -> Body:
    """A rack of round bars with thin boards."""
    width, depth = random.uniform(0.5, 1.3), random.uniform(0.3, 0.5)
    height = random.uniform(0.9, 2.0)
    posts = [
        rod((sx * depth / 2, sy * width / 2, 0), (sx * depth / 2, sy * width / 2, height), 0.012, 1)
        for sx in (-1, 1)
        for sy in (-1, 1)
    ]
    levels = np.linspace(0.1, height * 0.97, int(random.integers(3, 6)))
    boards = [box((depth, width, 0.012), 0, 0, float(z)) for z in levels]
    return Body(
        [*posts, *boards], tuple(Top(float(z) + 0.006, depth / 2, width / 2) for z in levels)
    )


def cabinet(random: np.random.Generator) -> Body:
    """A chest with drawers or doors that stand out, and knobs."""
    depth, width = random.uniform(0.35, 0.65), random.uniform(0.4, 1.6)
    height = random.choice([random.uniform(0.45, 1.1), random.uniform(1.6, 2.1)], p=[0.75, 0.25])
    rows, columns = int(random.integers(1, 5)), int(random.integers(1, 4))
    parts = [box((depth, width, height), 0, 0, height / 2)]
    for row in range(rows):
        for column in range(columns):
            y = (column + 0.5) / columns * width - width / 2
            z = 0.06 + (row + 0.5) / rows * (height - 0.1)
            front = (0.03, width / columns - 0.03, (height - 0.1) / rows - 0.03)
            parts.append(box(front, depth / 2 + 0.01, y, z, 1))
            grip = depth / 2 + 0.045
            parts.append(rod((grip, y - 0.05, z), (grip, y + 0.05, z), 0.009, 2, kind=Kind.CAPSULE))
    return Body(parts, (Top(height, depth / 2, width / 2),))


def chair(random: np.random.Generator) -> Body:
    """A chair with a back of slats or a board."""
    seat, width = random.uniform(0.38, 0.5), random.uniform(0.36, 0.5)
    back, half = random.uniform(0.3, 0.6), width / 2
    parts = _legs(random, half - 0.03, half - 0.03, seat - 0.03, random.uniform(0.025, 0.05))
    soft = random.random() < 0.4
    parts.append(
        pillow((half, half, 0.05), 0, 0, seat - 0.02) if soft
        else box((width, width, 0.04), 0, 0, seat - 0.02)
    )  # fmt: skip
    rear = -half + 0.02
    parts += [
        rod(
            (rear, s * (half - 0.03), seat), (rear - 0.06, s * (half - 0.03), seat + back), 0.016, 1
        )
        for s in (-1, 1)
    ]
    if random.random() < 0.5:
        parts.append(box((0.025, width, back * 0.5), rear - 0.045, 0, seat + back * 0.72))
    else:
        slats = np.linspace(-0.75, 0.75, int(random.integers(3, 6))) * half
        parts += [
            rod((rear, float(y), seat), (rear - 0.06, float(y), seat + back), 0.009, 1)
            for y in slats
        ]
        parts.append(box((0.03, width, 0.05), rear - 0.06, 0, seat + back))
    return Body(parts, (Top(seat, half * 0.7, half * 0.7),))


def stool(random: np.random.Generator) -> Body:
    """A stool, or a bar stool with a ring for the feet."""
    radius, height = random.uniform(0.14, 0.22), random.uniform(0.4, 0.8)
    parts = lathe([(height - 0.05, radius * 0.95), (height, radius)])
    for angle in np.linspace(0, 2 * math.pi, int(random.integers(3, 5)) + 1)[:-1]:
        c, s = math.cos(angle), math.sin(angle)
        parts.append(
            rod(
                (c * radius * 1.15, s * radius * 1.15, 0),
                (c * radius * 0.6, s * radius * 0.6, height - 0.05),
                0.014,
                1,
            )
        )
    return Body(parts, (Top(height, radius * 0.6, radius * 0.6),))


def sofa(random: np.random.Generator) -> Body:
    """An upholstered seat for one to three."""
    seats = int(random.integers(1, 4))
    width, depth, seat = 0.65 * seats, random.uniform(0.7, 0.95), random.uniform(0.36, 0.45)
    padded = partial(pillow, exponents=(random.uniform(4, 9), random.uniform(3, 7)))
    parts = [padded((depth / 2, width / 2 + 0.12, seat * 0.45), 0, 0, seat * 0.5)]
    parts.append(padded((0.14, width / 2 + 0.1, 0.25), -depth / 2 + 0.1, 0, seat + 0.2))
    parts += [
        padded((depth / 2, 0.11, 0.16), 0, side * (width / 2 + 0.08), seat + 0.06)
        for side in (-1, 1)
    ]
    for number in range(seats):
        y = (number + 0.5) * 0.65 - width / 2
        parts.append(pillow((depth * 0.4, 0.31, 0.09), 0.04, y, seat + 0.02, 1))
    return Body(parts, (Top(seat + 0.1, depth * 0.25, width * 0.4),))


def bed(random: np.random.Generator) -> Body:
    """A bed with pillows and a blanket."""
    width, height = random.uniform(0.8, 1.8), random.uniform(0.3, 0.55)
    parts = [box((2.0, width, height * 0.5), 0, 0, height * 0.35)]
    mattress = (0.98, width / 2, height * 0.28)
    parts.append(pillow(mattress, 0, 0, height * 0.72, 1, exponents=(14, 5)))
    parts.append(
        box((0.06, width + 0.06, height + random.uniform(0.2, 0.7)), -1.0, 0, height * 0.7, 0)
    )
    blanket = (0.62, width / 2 + 0.03, height * 0.2)
    parts.append(pillow(blanket, 0.36, 0, height * 0.84, 2, exponents=(9, 3)))
    sleepers = (-0.25, 0.25) if width > 1.2 else (0.0,)
    parts += [pillow((0.2, 0.3, 0.09), -0.72, y * width, height + 0.07, 3) for y in sleepers]
    return Body(parts, (Top(height + 0.02, 0.5, width * 0.4, 0.3),))


FURNITURE: dict[str, Family] = {
    "table": Family(build=table, sizes=(0.5, 2.2), place="furniture"),
    "round_table": Family(build=round_table, sizes=(0.4, 1.4), place="furniture", curved=True),
    "shelf": Family(build=shelf, sizes=(0.7, 2.3), place="furniture"),
    "wire_shelf": Family(build=wire_shelf, sizes=(0.8, 2.0), place="furniture", thin=True),
    "cabinet": Family(build=cabinet, sizes=(0.5, 2.2), place="furniture"),
    "chair": Family(build=chair, sizes=(0.6, 1.15), place="furniture"),
    "stool": Family(build=stool, sizes=(0.35, 0.85), place="furniture"),
    "sofa": Family(build=sofa, sizes=(0.8, 2.3), place="furniture", curved=True),
    "bed": Family(build=bed, sizes=(1.4, 2.3), place="furniture"),
}
