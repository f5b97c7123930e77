# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Things of bars, wires and rods. Any unit."""

from __future__ import annotations

import itertools
import math

import numpy as np

from depth_completion_core.world.casting.primitives import Kind
from depth_completion_core.world.objects.family import Body
from depth_completion_core.world.objects.parts import ball, box, pillow, plate, ring, rod, turn

_QUARTER = math.pi / 2


def stand(random: np.random.Generator) -> Body:
    """A coat stand, tripod or microphone stand: rods from a middle."""
    r = random.uniform(0.008, 0.015)
    parts = [rod((0, 0, 0.2), (0, 0, 1.0), r)]
    for number in range(3):
        a = number * 2.1 + random.uniform(0, 0.3)
        parts.append(rod((0, 0, 0.25), (0.28 * math.cos(a), 0.28 * math.sin(a), 0), r))
        parts.append(rod((0, 0, 0.95), (0.13 * math.cos(a), 0.13 * math.sin(a), 1.03), r * 0.7, 1))
    return Body(parts)


def rack(random: np.random.Generator) -> Body:
    """A clothes horse, dish rack or grille: parallel thin bars in a frame."""
    bars, r = int(random.integers(5, 14)), random.uniform(0.005, 0.009)
    h, deep = random.uniform(0.5, 1.0), random.uniform(0.1, 0.5)
    parts = []
    for side in (-1, 1):
        x = side * deep / 2
        parts += [rod((x, s * 0.5, 0), (x * 0.3, s * 0.5, h), r * 1.4) for s in (-1, 1)]
        for z in np.linspace(0.15, 1.0, bars // 2 + 1):
            at = x * (1 - 0.7 * float(z))
            parts.append(rod((at, -0.5, float(z) * h), (at, 0.5, float(z) * h), r, 1))
    return Body(parts)


def cage(random: np.random.Generator) -> Body:
    """A wire basket: bars upright around rings."""
    count, r = int(random.integers(10, 22)), 0.007
    low, high, h = random.uniform(0.25, 0.4), random.uniform(0.35, 0.5), random.uniform(0.4, 1.0)
    angles = np.linspace(0, 2 * math.pi, count + 1)[:-1]
    spokes = [(math.cos(a), math.sin(a)) for a in angles]
    bars = [rod((c * low, s * low, 0.01), (c * high, s * high, h), r) for c, s in spokes]
    rings = [
        ring(low + (high - low) * z + 0.02, 0.02, 0, 0, z * h + 0.015) for z in (0.0, 0.5, 1.0)
    ]
    return Body([*bars, *rings])


def ladder(random: np.random.Generator) -> Body:
    """A ladder that leans."""
    wide, lean = random.uniform(0.16, 0.25), random.uniform(0.1, 0.35)
    rails = [rod((0, s * wide / 2, 0), (-lean, s * wide / 2, 1.0), 0.011) for s in (-1, 1)]
    steps = [
        rod((-lean * float(z), -wide / 2, float(z)), (-lean * float(z), wide / 2, float(z)), 0.008)
        for z in np.linspace(0.1, 0.95, int(random.integers(4, 9)))
    ]
    return Body([*rails, *steps])


def tool(random: np.random.Generator) -> Body:
    """A broom, a bat, a club: a stick with a head, leaning."""
    lean = random.uniform(0.05, 0.3)
    end = (-lean, random.normal(0, 0.05), 1.0)
    head = random.choice(["brush", "blade", "knob"])
    parts = [rod((0, 0, 0.05), end, random.uniform(0.008, 0.014))]
    if head == "brush":
        parts.append(box((0.05, 0.28, 0.08), 0, 0, 0.04, 1))
    elif head == "blade":
        parts.append(plate(0.09, 0.13, (0, 0, 0.13), turn(pitch=_QUARTER), 1, kind=Kind.DISC))
    else:
        parts.append(ball((0.05, 0.05, 0.07), 0, 0, 0.07, 1))
    return Body(parts)


def cable(random: np.random.Generator) -> Body:
    """A cable or hose that lies in curls."""
    turns, r = random.uniform(1.0, 3.0), random.uniform(0.006, 0.012)
    angles = np.linspace(0, turns * 2 * math.pi, 26)
    radius = 0.15 + 0.35 * angles / angles[-1] + 0.05 * np.sin(angles * random.uniform(0.3, 1.4))
    height = r + np.abs(0.03 * np.sin(angles * 1.7))
    points = np.stack([radius * np.cos(angles), radius * np.sin(angles), height], axis=1).tolist()
    return Body(
        [rod(tuple(a), tuple(b), r, 0, kind=Kind.CAPSULE) for a, b in itertools.pairwise(points)]
    )


def pipes(random: np.random.Generator) -> Body:
    """A radiator or a bundle of pipes on the wall."""
    count, r, h = (
        int(random.integers(3, 14)),
        random.uniform(0.012, 0.035),
        random.uniform(0.4, 1.0),
    )
    y = np.linspace(-0.5, 0.5, count)
    bars = [rod((0.08, float(v), 0.05), (0.08, float(v), h), r, 0, kind=Kind.CAPSULE) for v in y]
    return Body(
        [*bars, *(rod((0.08, -0.52, z), (0.08, 0.52, z), r * 1.2) for z in (0.08, h - 0.04))]
    )


def bicycle(random: np.random.Generator) -> Body:
    """A bicycle."""
    up, r = turn(roll=_QUARTER), 0.017
    wheels = [ring(0.34, 0.022, x, 0, 0.34, slot=1, rotation=up) for x in (-0.52, 0.52)]
    spokes = [
        rod((x, 0, 0.34), (x + 0.31 * math.cos(a), 0, 0.34 + 0.31 * math.sin(a)), 0.004, 2)
        for x in (-0.52, 0.52)
        for a in np.linspace(0, 6.28, int(random.integers(7, 15)))[:-1]
    ]
    a, b, c, d, e = (
        (-0.52, 0, 0.34),
        (-0.02, 0, 0.3),
        (-0.2, 0, 0.85),
        (0.38, 0, 0.82),
        (0.52, 0, 0.34),
    )
    bars = [rod(*ends, r) for ends in ((a, b), (b, c), (c, d), (b, d), (a, c), (d, e))]
    seat = pillow((0.13, 0.07, 0.03), -0.22, 0, 0.92, 3)
    handle = rod((0.36, -0.27, 0.98), (0.36, 0.27, 0.98), 0.012, 3)
    return Body(
        [
            *wheels,
            *spokes,
            *bars,
            seat,
            handle,
            rod(d, (0.36, 0, 0.98), r),
            rod(c, (-0.22, 0, 0.92), r),
        ]
    )
