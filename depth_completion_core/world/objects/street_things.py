# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Families of things on streets. Metres, before they are scaled; facing along x."""

from __future__ import annotations

import math

import numpy as np

from depth_completion_core.world.casting.primitives import Kind
from depth_completion_core.world.objects.family import Body, Family
from depth_completion_core.world.objects.household import HOUSEHOLD
from depth_completion_core.world.objects.parts import (
    Part,
    ball,
    box,
    lathe,
    pillow,
    plate,
    rod,
    turn,
)

_LEAF = (0.06, 0.15, 0.03)
_BARK = (0.1, 0.07, 0.045)
_TYRE = (0.012, 0.012, 0.013)
_GLASS = (0.03, 0.045, 0.06)
_UP = turn(roll=math.pi / 2)


def _wheel(x: float, y: float, r: float, slot: int) -> list[Part]:
    wide = 0.11
    return [
        rod((x, y - wide, r), (x, y + wide, r), r, slot),
        rod((x, y - wide - 0.01, r), (x, y + wide + 0.01, r), r * 0.6, slot + 1),
    ]


def car(random: np.random.Generator) -> Body:
    """A car: rounded body, cabin with windows, wheels, lights, mirrors."""
    long, wide = random.uniform(3.6, 4.9), random.uniform(1.65, 1.9)
    belt, roof = random.uniform(0.8, 0.95), random.uniform(1.4, 1.75)
    x, y, low = long / 2, wide / 2, 0.28
    e = (random.uniform(6, 12), random.uniform(3, 5))
    parts = [pillow((x, y, (belt - low) / 2 + 0.08), 0, 0, (belt + low) / 2, 0, exponents=e)]
    cabin = random.uniform(-0.5, 0.0)
    back = random.uniform(0.27, 0.38) * long
    high = (roof - belt) + 0.25
    parts.append(
        pillow((back, y * 0.86, high / 2), cabin, 0, belt + high / 2 - 0.25, 1, exponents=(6, 3.2))
    )
    parts.append(pillow((back * 0.8, y * 0.78, 0.06), cabin, 0, roof - 0.01, 0, exponents=(6, 2.5)))
    for side in (-1, 1):
        for along in (-0.32, 0.3):
            parts += _wheel(along * long, side * (y - 0.1), 0.33, 2)
        parts.append(box((0.1, 0.22, 0.13), cabin + back * 0.75, side * (y + 0.06), belt + 0.1))
        for along in (0.05, 0.5, -0.45):
            parts.append(
                rod(
                    (cabin + along * back, side * y * 0.82, belt),
                    (cabin + along * back * 0.7, side * y * 0.7, roof),
                    0.035,
                )
            )
        parts.append(box((0.08, 0.36, 0.13), x - 0.06, side * (y - 0.3), 0.68, 4))
        parts.append(box((0.08, 0.3, 0.16), -x + 0.05, side * (y - 0.26), 0.72, 5))
    parts.append(box((0.06, 0.5, 0.11), -x - 0.01, 0, 0.55, 4))
    return Body(parts)


def van(random: np.random.Generator) -> Body:
    """A van, bus or lorry: a tall box with a cab."""
    long, wide, high = random.uniform(4.5, 9.0), random.uniform(1.9, 2.4), random.uniform(2.0, 3.2)
    x, y = long / 2, wide / 2
    parts = [box((long - 1.4, wide, high - 0.45), -0.7, 0, (high + 0.45) / 2)]
    parts.append(
        pillow(
            (0.85, y * 0.97, (high - 0.5) * 0.45),
            x - 0.8,
            0,
            0.45 + (high - 0.5) * 0.42,
            4,
            exponents=(10, 6),
        )
    )
    parts.append(
        box((0.05, wide * 0.8, high * 0.27), x - 0.02, 0, high * 0.6, 1, rotation=turn(pitch=-0.2))
    )
    for side in (-1, 1):
        for along in (-0.3, 0.33):
            parts += _wheel(along * long, side * (y - 0.12), 0.4, 2)
        parts.append(box((0.1, 0.2, 0.3), x - 0.25, side * (y + 0.12), high * 0.62))
        if random.random() < 0.5:
            parts.append(box((long * 0.55, 0.02, high * 0.25), -0.6, side * y, high * 0.65, 1))
    return Body(parts)


def tree(random: np.random.Generator) -> Body:
    """A trunk, boughs, and leaves as discs about blobs; some bare, some firs."""
    high, r = random.uniform(4.0, 10.0), random.uniform(0.08, 0.3)
    fork = high * random.uniform(0.3, 0.5)
    parts = [
        rod((0, 0, 0), (0, 0, fork), r, 1, taper=0.7),
        rod((0, 0, fork), (0, 0, high * 0.9), r * 0.7, 1, taper=0.2),
    ]
    kind = random.choice(["leafy", "fir", "bare"], p=[0.7, 0.15, 0.15])
    if kind == "fir":
        for z in np.linspace(0.25, 0.85, 7) * high:
            wide = (high - float(z)) * 0.3
            cone = lathe([(float(z), wide), (float(z) + 0.22 * high, 0.02)])
            parts += cone
        return Body(parts)
    for _ in range(int(random.integers(5, 11))):
        a, out = random.uniform(0, 2 * math.pi), random.uniform(0.15, 0.35) * high
        start = random.uniform(0.35, 0.75) * high
        tip = (out * math.cos(a), out * math.sin(a), start + random.uniform(0.1, 0.3) * high)
        parts.append(rod((0, 0, start), tip, r * 0.35, 1, taper=0.3))
        if kind == "bare":
            for _ in range(5):
                dx, dy, dz = random.normal(0, 0.09 * high, 3).tolist()
                twig = (tip[0] + dx, tip[1] + dy, tip[2] + dz)
                parts.append(rod(tip, twig, r * 0.1, 1, taper=0.4))
        else:
            parts += _leaves(random, tip, random.uniform(0.11, 0.2) * high)
    return Body(parts)


def _leaves(random: np.random.Generator, middle: tuple[float, ...], radius: float) -> list[Part]:
    """A dark blob and tufts around it."""
    x, y, z = middle
    parts = [ball((radius * 0.7, radius * 0.7, radius * 0.6), x, y, z)]
    for _ in range(int(random.integers(14, 26))):
        away = random.standard_normal(3)
        away *= random.uniform(0.6, 1.1) * radius / np.linalg.norm(away)
        size = radius * random.uniform(0.15, 0.38)
        spin = turn(*random.uniform(0, 2 * math.pi, 3).tolist())
        at = (x + float(away[0]), y + float(away[1]), z + 0.8 * float(away[2]))
        parts.append(
            plate(
                size,
                size * random.uniform(0.4, 1.0),
                at,
                spin,
                2 + int(random.integers(2)),
                kind=Kind.DISC,
            )
        )
    return parts


def bush(random: np.random.Generator) -> Body:
    """A bush or a stretch of hedge."""
    parts: list[Part] = []
    long = random.uniform(0.0, 2.0)
    for along in np.linspace(-long, long, 1 + int(long * 2)):
        r = random.uniform(0.35, 0.6)
        parts += _leaves(random, (float(along), random.normal(0, 0.1), r * 0.75), r)
    return Body(parts)


def street_lamp(random: np.random.Generator) -> Body:
    """A tapered post with an arm and a lamp."""
    h, reach = random.uniform(4.0, 8.0), random.uniform(0.4, 1.8)
    parts = [
        rod((0, 0, 0), (0, 0, h), random.uniform(0.05, 0.1), taper=0.6),
        *lathe([(0, 0.14), (0.5, 0.11)]),
    ]
    parts.append(rod((0, 0, h), (reach, 0, h + 0.3), 0.035))
    parts.append(pillow((0.35, 0.14, 0.07), reach + 0.2, 0, h + 0.27, 1))
    return Body(parts)


def sign(random: np.random.Generator) -> Body:
    """One or two plates on a post."""
    h = random.uniform(2.0, 3.2)
    parts = [rod((0, 0, 0), (0, 0, h), 0.03, 1)]
    for z in (h - 0.3, h - 0.95)[: int(random.integers(1, 3))]:
        if random.random() < 0.5:
            parts.append(rod((0.02, 0, z), (0.05, 0, z), 0.3))
        else:
            spin = turn(roll=random.choice([0.0, math.pi / 4]))
            parts.append(box((0.02, random.uniform(0.4, 0.8), 0.45), 0.04, 0, z, 2, rotation=spin))
    return Body(parts)


def traffic_light(random: np.random.Generator) -> Body:
    """A post with a box of three lamps with hoods."""
    h = random.uniform(2.6, 3.4)
    parts = [rod((0, 0, 0), (0, 0, h), 0.055, 1), box((0.22, 0.3, 0.9), 0.12, 0, h - 0.3, 1)]
    for number in range(3):
        z = h - 0.02 - 0.28 * number
        parts.append(ball((0.05, 0.1, 0.1), 0.23, 0, z, 2 + number))
        parts.append(
            Part(
                Kind.TUBE, (0.27, 0, z), turn(pitch=math.pi / 2), (0.11, 0.11, 0.07), (1.0, 0.0), 1
            )
        )
    return Body(parts)


def fence(random: np.random.Generator) -> Body:
    """Pickets or bars between two rails."""
    h, long, step = random.uniform(0.8, 1.8), random.uniform(2.0, 4.0), random.uniform(0.1, 0.22)
    flat = random.random() < 0.5
    parts = [box((0.04, long, 0.05), 0, 0, z * h, 1) for z in (0.15, 0.85)]
    for y in np.arange(-long / 2, long / 2, step).tolist():
        if flat:
            parts.append(box((0.02, 0.07, h), 0.03, y, h / 2))
        else:
            parts.append(rod((0, y, 0), (0, y, h), 0.009))
    return Body(parts)


def bollard(random: np.random.Generator) -> Body:
    """A bollard or hydrant."""
    h, r = random.uniform(0.6, 1.1), random.uniform(0.05, 0.14)
    parts = lathe([(0, r * 1.2), (0.08, r), (h * 0.8, r * 0.9), (h, r * 0.8)])
    parts.append(ball((r * 0.85, r * 0.85, r * 0.7), 0, 0, h, 1))
    if random.random() < 0.3:
        parts.append(rod((0, -r * 1.6, h * 0.6), (0, r * 1.6, h * 0.6), r * 0.45))
    return Body(parts)


def bench(random: np.random.Generator) -> Body:
    """A bench of slats."""
    w = random.uniform(1.2, 2.0)
    parts = [box((0.08, w, 0.03), x, 0, 0.45) for x in (-0.2, -0.1, 0.0, 0.1, 0.2)]
    parts += [box((0.03, w, 0.08), -0.27 - 0.2 * z, 0, 0.55 + z) for z in (0.05, 0.17, 0.29)]
    parts += [box((0.45, 0.05, 0.44), 0, s * w * 0.4, 0.22, 1) for s in (-1, 1)]
    return Body(parts)


def bin_(random: np.random.Generator) -> Body:
    """A rubbish bin: round with a lid, or square on wheels."""
    if random.random() < 0.5:
        r = random.uniform(0.2, 0.3)
        return Body(
            [*lathe([(0, r * 0.85), (0.9, r)]), ball((r, r, 0.15), 0, 0, 0.9, 1, cut=(0.0, 2.0))]
        )
    body = box((0.6, 0.55, 0.9), 0, 0, 0.55)
    lid = pillow((0.33, 0.3, 0.07), 0, 0, 1.03, 1, exponents=(8, 3))
    return Body(
        [
            body,
            lid,
            rod((-0.33, -0.25, 0.98), (-0.33, 0.25, 0.98), 0.02, 1),
            *_wheel(-0.25, 0.25, 0.1, 2),
        ]
    )


def kiosk(random: np.random.Generator) -> Body:
    """A shelter: posts, a roof, panes."""
    w, d, h = random.uniform(2, 4), random.uniform(1.2, 1.8), random.uniform(2.2, 2.6)
    parts = [
        rod((sx * d / 2, sy * w / 2, 0), (sx * d / 2, sy * w / 2, h), 0.04, 1)
        for sx in (-1, 1)
        for sy in (-1, 1)
    ]
    parts += [box((d + 0.3, w + 0.3, 0.1), 0, 0, h), box((0.03, w, h * 0.7), -d / 2, 0, h * 0.5, 2)]
    return Body([*parts, box((0.4, w * 0.8, 0.05), -d / 2 + 0.25, 0, 0.45, 1)])


STREET: dict[str, Family] = {
    "car": Family(build=car, sizes=(3.4, 5.0), curved=True, colours=(None, _GLASS, _TYRE)),
    "van": Family(build=van, sizes=(4.5, 9.0), colours=(None, _GLASS, _TYRE)),
    "tree": Family(build=tree, sizes=(3.0, 11.0), colours=(_LEAF, _BARK, _LEAF, _LEAF)),
    "bush": Family(build=bush, sizes=(0.6, 4.0), colours=(_LEAF, None, _LEAF, _LEAF)),
    "street_lamp": Family(build=street_lamp, sizes=(4.0, 8.0)),
    "sign": Family(build=sign, sizes=(2.0, 3.2)),
    "traffic_light": Family(build=traffic_light, sizes=(2.6, 3.4)),
    "fence": Family(build=fence, sizes=(1.5, 4.0), thin=True),
    "bollard": Family(build=bollard, sizes=(0.6, 1.2), curved=True),
    "bench": Family(build=bench, sizes=(1.2, 2.0)),
    "bin": Family(build=bin_, sizes=(0.8, 1.2)),
    "kiosk": Family(build=kiosk, sizes=(2.2, 4.2)),
    "pedestrian": Family(build=HOUSEHOLD["person"].build, sizes=(1.5, 1.95), curved=True),
    "parked_bicycle": Family(build=HOUSEHOLD["bicycle"].build, sizes=(1.6, 1.9), thin=True),
    "traffic_cone": Family(build=HOUSEHOLD["cone"].build, sizes=(0.4, 0.9), curved=True),
    "cargo": Family(build=HOUSEHOLD["crate"].build, sizes=(0.4, 1.5)),
    "planter": Family(build=HOUSEHOLD["plant"].build, sizes=(0.8, 2.0), colours=(_LEAF, _LEAF)),
}
