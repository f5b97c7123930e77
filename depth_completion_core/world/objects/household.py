# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Families of things in rooms: what stands, lies, hangs or leans there. Any unit."""

from __future__ import annotations

import math

import numpy as np

from depth_completion_core.world.casting.primitives import Kind
from depth_completion_core.world.objects.family import Body, Family, Top
from depth_completion_core.world.objects.parts import (
    Part,
    ball,
    box,
    cloth,
    lathe,
    pillow,
    plate,
    ring,
    rod,
    table_of,
    towards,
    turn,
)
from depth_completion_core.world.objects.slender_things import (
    bicycle,
    cable,
    cage,
    ladder,
    pipes,
    rack,
    stand,
    tool,
)

_GREEN = (0.05, 0.16, 0.03)
_QUARTER = math.pi / 2


def crate(random: np.random.Generator) -> Body:
    """A closed or open box."""
    x, y, z = random.uniform(0.3, 1.0, 3).tolist()
    if random.random() < 0.5:
        return Body([box((x, y, z), 0, 0, z / 2)], (Top(z, x / 2, y / 2),))
    t = random.uniform(0.01, 0.05)
    sides = [box((t, y, z), s * (x - t) / 2, 0, z / 2) for s in (-1, 1)]
    sides += [box((x, t, z), 0, s * (y - t) / 2, z / 2) for s in (-1, 1)]
    return Body([*sides, box((x, y, t), 0, 0, t / 2, 1)])


def books(random: np.random.Generator) -> Body:
    """Books in a row, one leaning, or in a pile."""
    count, parts, at = int(random.integers(2, 9)), [], 0.0
    piled = random.random() < 0.4
    for number in range(count):
        t, w, h = random.uniform(0.02, 0.06), random.uniform(0.14, 0.2), random.uniform(0.18, 0.3)
        if piled:
            spin = turn(random.normal(0, 0.2))
            parts.append(box((w, h, t), 0, 0, at + t / 2, number % 4, rotation=spin))
        else:
            lean = turn(roll=random.choice([0.0, 0.2], p=[0.8, 0.2]))
            parts.append(
                box(
                    (w, t, h), random.normal(0, 0.006), at + t / 2, h / 2, number % 4, rotation=lean
                )
            )
        at += t + (0.0 if piled else 0.001)
    return Body(parts)


def sphere(random: np.random.Generator) -> Body:
    """A ball, an egg or a lens."""
    x, y, z = random.uniform(0.6, 1.0, 3).tolist() if random.random() < 0.5 else (1.0, 1.0, 1.0)
    return Body([ball((x, y, z), 0, 0, z)])


def bottle(random: np.random.Generator) -> Body:
    """A bottle with a shoulder, a neck and a cap."""
    r, neck = random.uniform(0.12, 0.3), random.uniform(0.25, 0.5)
    body = random.uniform(0.45, 0.7)
    profile = [(0.0, r * 0.9), (0.03, r), (body, r), (body + 0.1, r * 0.8), (body + 0.18, r * neck)]
    label = lathe([(body * 0.25, r * 1.015), (body * 0.8, r * 1.015)], 1)
    cap = lathe([(0.92, r * neck * 1.15), (1.0, r * neck * 1.15)], 2)
    return Body([*lathe([*profile, (0.92, r * neck)]), *label, *cap])


def vase(random: np.random.Generator) -> Body:
    """A turned body of a random profile, with stalks and blossoms in some."""
    heights = np.linspace(0, 1, int(random.integers(5, 9)))
    radii = 0.22 + 0.13 * np.sin(heights * random.uniform(2, 7) + random.uniform(0, 6))
    parts: list[Part] = lathe([(float(h), float(r)) for h, r in zip(heights, radii, strict=True)])
    if random.random() < 0.4:
        for _ in range(int(random.integers(3, 9))):
            x, y = random.normal(0, 0.25, 2).tolist()
            z = random.uniform(1.3, 1.9)
            parts.append(rod((0, 0, 0.9), (x, y, z), 0.012, 1))
            parts.append(ball((0.09, 0.09, 0.07), x, y, z, 2))
    return Body(parts)


def cup(random: np.random.Generator) -> Body:
    """A hollow cup with a handle."""
    wide = random.uniform(0.7, 1.2)
    wall = lathe([(0.03, 0.4 * min(wide, 1.0)), (1.0, 0.4)], 0, lids=False)
    floor = lathe([(0.0, 0.4 * min(wide, 1.0)), (0.05, 0.4 * min(wide, 1.0))])
    handle = ring(0.28, 0.05, 0.42, 0, 0.5, slot=0, rotation=turn(roll=_QUARTER))
    return Body([*wall, *floor, handle])


def bowl(random: np.random.Generator) -> Body:
    """A bowl or dish, some with fruit."""
    height, parts = random.uniform(0.25, 0.8), []
    parts.append(ball((0.5, 0.5, height), 0, 0, height, 0, cut=(-1.0, 0.0)))
    for _ in range(int(random.integers(0, 6))):
        r, a, d = random.uniform(0.09, 0.16), random.uniform(0, 7), random.uniform(0, 0.25)
        parts.append(ball((r, r, r), d * math.cos(a), d * math.sin(a), height * 0.5 + r, 1))
    return Body(parts)


def lamp(random: np.random.Generator) -> Body:
    """A foot, a rod and a shade."""
    tall, r = random.uniform(0.9, 4.0), random.uniform(0.3, 0.5)
    foot = lathe([(0.0, 0.25), (0.06, 0.1)])
    shade = lathe([(tall, r), (tall + 0.5, r * random.uniform(0.4, 1.0))], 1, lids=False)
    stem = rod((0, 0, 0.05), (0, 0, tall + 0.2), 0.025)
    return Body([*foot, stem, *shade, ball((0.1, 0.1, 0.12), 0, 0, tall + 0.25, 2)])


def plant(random: np.random.Generator) -> Body:
    """A pot with leaves on stalks."""
    pot = lathe([(0.0, 0.16), (0.35, 0.24), (0.38, 0.24)], 2)
    parts: list[Part] = [*pot]
    long = random.uniform(0.12, 0.3)
    for _ in range(int(random.integers(12, 40))):
        angle, lift = random.uniform(0, 2 * math.pi), random.uniform(0.2, 1.4)
        out = np.array([math.cos(angle), math.sin(angle), lift])
        tip = np.array([0.0, 0.0, 0.36]) + out * random.uniform(0.15, 0.55)
        leaf = turn(angle, random.uniform(-0.9, 0.6), random.normal(0, 0.4))
        parts.append(plate(long, long * 0.35, tuple(tip.tolist()), leaf, 0, kind=Kind.DISC))
        if random.random() < 0.4:
            parts.append(rod((0, 0, 0.36), tuple(tip.tolist()), 0.008, 1))
    return Body(parts)


def cushion(random: np.random.Generator) -> Body:
    """A cushion, bean bag or sack."""
    x, y, z = random.uniform(0.3, 0.5), random.uniform(0.3, 0.5), random.uniform(0.1, 0.4)
    e = (random.uniform(2.2, 8), random.uniform(1.7, 3))
    return Body([pillow((x, y, z), 0, 0, z, 0, exponents=e)])


def donut(random: np.random.Generator) -> Body:
    """A ring, or a pile of them: tyres, toys, hoses."""
    t = random.uniform(0.08, 0.3)
    count = int(random.choice([1, 1, 2, 4]))
    if count == 1 and random.random() < 0.5:
        return Body([ring(1.0, t, 0, 0, 1.0, slot=0, rotation=turn(roll=_QUARTER))])
    return Body([ring(1.0 - 0.07 * n, t, 0, 0, t * (2 * n + 1), slot=n % 3) for n in range(count)])


def cone(random: np.random.Generator) -> Body:
    """A cone on a plate, or a pyramid of rings."""
    r = random.uniform(0.2, 0.45)
    tip = random.uniform(0.02, 0.3) * r
    middle = (r + tip) / 2
    return Body([*lathe([(0.04, r), (0.5, middle)]), *lathe([(0.5, middle), (1.0, tip)], 1),
                 box((2.3 * r, 2.3 * r, 0.05), 0, 0, 0.025)])  # fmt: skip


def screen(random: np.random.Generator) -> Body:
    """A monitor, television or tablet on a foot."""
    w, h = 1.0, random.uniform(0.5, 0.75)
    lift = random.uniform(0.05, 0.3)
    tilt = turn(pitch=random.uniform(-0.25, 0.05))
    panel = [
        box((0.03, w, h), 0, 0, lift + h / 2, 0, rotation=tilt),
        box((0.032, w * 0.94, h * 0.9), 0.003, 0, lift + h / 2, 1, rotation=tilt),
    ]
    foot = [
        box((0.3, 0.4, 0.015), -0.02, 0, 0.0075),
        rod((-0.03, 0, 0), (-0.03, 0, lift + h / 3), 0.03),
    ]
    return Body([*panel, *foot])


def frame(random: np.random.Generator) -> Body:
    """A picture, a poster or a mirror on the wall."""
    w, h, border = 1.0, random.uniform(0.5, 1.5), random.uniform(0.0, 0.08)
    parts = [box((0.012, w, h), 0.006, 0, h / 2, 1)]
    if border > 0.02:
        parts += [box((0.03, w + border, border), 0.015, 0, z) for z in (0.0, h)]
        parts += [box((0.03, border, h), 0.015, s * w / 2, h / 2) for s in (-1, 1)]
    return Body(parts)


def pendant(random: np.random.Generator) -> Body:
    """A lamp or fan that hangs; its top is z = 0."""
    drop, r = random.uniform(0.3, 1.0), random.uniform(0.15, 0.35)
    cord = rod((0, 0, -drop), (0, 0, 0), 0.006)
    if random.random() < 0.3:
        blades = [
            box(
                (0.75, 0.12, 0.012),
                0.4 * math.cos(a),
                0.4 * math.sin(a),
                -drop,
                1,
                rotation=turn(a, 0, 0.2),
            )
            for a in np.arange(4) * _QUARTER
        ]
        return Body([cord, *blades, ball((0.1, 0.1, 0.08), 0, 0, -drop)])
    shade = ball((r, r, r * 0.8), 0, 0, -drop, 1, cut=(0.0, 0.98))
    return Body([cord, shade, ball((r * 0.3,) * 3, 0, 0, -drop + 0.05, 2)])


def blanket(random: np.random.Generator) -> Body:
    """A rug with folds, or a heap of cloth."""
    high = random.uniform(0.02, 0.12)
    half = (0.5, random.uniform(0.25, 0.5), high)
    return Body([cloth(half, (0, 0, high * 0.9), random.uniform(3, 12), random.uniform(0, 6))])


def curtain(random: np.random.Generator) -> Body:
    """Folds that hang on a rod before a wall."""
    w, upright = random.uniform(0.3, 0.9), turn(pitch=_QUARTER) @ turn(_QUARTER)
    hung = cloth(
        (w / 2, 0.5, 0.03), (0.08, 0, 0.5), random.uniform(10, 26), random.uniform(0, 6), upright
    )
    return Body([hung, rod((0.08, -w / 2 - 0.1, 1.01), (0.08, w / 2 + 0.1, 1.01), 0.01, 1)])


def person(random: np.random.Generator) -> Body:
    """A figure, standing or sitting, of one to two metres."""
    stride, arm = random.uniform(0.0, 0.3), random.uniform(-0.4, 0.5)
    capsule = Kind.CAPSULE
    parts = [ball((0.1, 0.085, 0.13), 0, 0, 1.62, 2), rod((0, 0, 1.45), (0, 0, 1.55), 0.05, 2)]
    parts.append(pillow((0.13, 0.2, 0.3), 0, 0, 1.18, 0, exponents=(2.6, 3.0)))
    for side in (-1, 1):
        parts.append(
            rod((0, side * 0.09, 0.92), (side * stride, side * 0.1, 0.07), 0.075, 1, kind=capsule)
        )
        elbow = (arm * side * 0.4, side * 0.28, 1.1)
        parts.append(rod((0, side * 0.21, 1.4), elbow, 0.048, 0, kind=capsule))
        parts.append(
            rod(elbow, (arm * side * 0.4 + 0.12, side * 0.27, 0.88), 0.04, 2, kind=capsule)
        )
        parts.append(pillow((0.13, 0.05, 0.05), side * stride + 0.05, side * 0.1, 0.05, 3))
    return Body(parts)


def sculpture(random: np.random.Generator) -> Body:
    """A heap of any solids, turned anyhow: shapes that belong to no thing."""
    parts, z = [], 0.0
    for number in range(int(random.integers(2, 7))):
        half = tuple((random.uniform(0.08, 0.3, 3)).tolist())
        kind = Kind(int(random.choice([0, 1, 2, 4, 5, 6])))
        shape = {Kind.ELLIPSOID: (-2.0, 2.0), Kind.FRUSTUM: (random.random(), 0.0)}.get(kind)
        shape = shape or {Kind.CAPSULE: (0.4, 0.0), Kind.TORUS: (0.3, 0.0)}.get(kind, (3.0, 2.4))
        spin = towards(random.standard_normal(3))
        at = (random.normal(0, 0.12), random.normal(0, 0.12), z + half[2])
        parts.append(Part(kind, at, spin, half, shape, number % 4))
        z += half[2] * random.uniform(0.8, 1.6)
    least = float(table_of(parts).bounds()[0][2])
    lifted = [p._replace(centre=(p.centre[0], p.centre[1], p.centre[2] - least)) for p in parts]
    return Body(lifted)


def basket(random: np.random.Generator) -> Body:
    """A bin or bucket, open above."""
    r = random.uniform(0.25, 0.45)
    low = r * random.uniform(0.65, 1.0)
    handle = ring(r, 0.02, 0, 0, 0.8, slot=1, rotation=turn(roll=_QUARTER + random.normal(0, 0.4)))
    wall = lathe([(0.02, low), (0.8, r)], 0, lids=False)
    return Body([*wall, *lathe([(0.0, low), (0.02, low)]), handle])


def wedge(random: np.random.Generator) -> Body:
    """Boards that lean on each other: tents, sandwich boards, open books."""
    slope, h = random.uniform(0.2, 0.9), 1.0
    t = random.uniform(0.012, 0.04)
    boards = [
        box(
            (t, random.uniform(0.5, 1.0), h),
            s * h * math.sin(slope) / 2,
            0,
            h * math.cos(slope) / 2,
            n,
            rotation=turn(pitch=-s * slope),
        )
        for n, s in enumerate((-1, 1))
    ]
    return Body(boards)


HOUSEHOLD: dict[str, Family] = {
    "crate": Family(build=crate, sizes=(0.08, 1.0)),
    "books": Family(build=books, sizes=(0.15, 0.5)),
    "sphere": Family(build=sphere, sizes=(0.05, 0.9), curved=True),
    "bottle": Family(build=bottle, sizes=(0.12, 0.4), curved=True),
    "vase": Family(build=vase, sizes=(0.12, 0.8), curved=True),
    "cup": Family(build=cup, sizes=(0.07, 0.2), curved=True),
    "bowl": Family(build=bowl, sizes=(0.1, 0.5), curved=True),
    "lamp": Family(build=lamp, sizes=(0.3, 1.8), curved=True, colours=(None, None, None)),
    "plant": Family(build=plant, sizes=(0.2, 1.8), colours=(_GREEN, _GREEN)),
    "cushion": Family(build=cushion, sizes=(0.2, 1.0), curved=True),
    "donut": Family(build=donut, sizes=(0.08, 0.9), curved=True),
    "cone": Family(build=cone, sizes=(0.1, 0.9), curved=True),
    "screen": Family(build=screen, sizes=(0.25, 1.3)),
    "frame": Family(build=frame, sizes=(0.15, 1.4), place="wall"),
    "stand": Family(build=stand, sizes=(0.5, 2.0), thin=True),
    "rack": Family(build=rack, sizes=(0.3, 1.5), thin=True),
    "cage": Family(build=cage, sizes=(0.2, 0.9), thin=True),
    "ladder": Family(build=ladder, sizes=(0.8, 2.6), thin=True),
    "tool": Family(build=tool, sizes=(0.25, 1.6), thin=True),
    "cable": Family(build=cable, sizes=(0.2, 1.2), thin=True),
    "pendant": Family(build=pendant, sizes=(0.25, 1.2), place="ceiling", curved=True),
    "blanket": Family(build=blanket, sizes=(0.3, 2.0), curved=True),
    "curtain": Family(build=curtain, sizes=(0.8, 2.4), place="wall", curved=True),
    "pipes": Family(build=pipes, sizes=(0.4, 1.5), place="wall"),
    "bicycle": Family(build=bicycle, sizes=(0.9, 1.8), thin=True),
    "person": Family(build=person, sizes=(0.25, 1.9), curved=True),
    "sculpture": Family(build=sculpture, sizes=(0.06, 1.2)),
    "basket": Family(build=basket, sizes=(0.15, 0.7), curved=True),
    "wedge": Family(build=wedge, sizes=(0.15, 1.2)),
}
