# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Materials of objects, sampled independently of their shape."""

from __future__ import annotations

import colorsys
import math
from dataclasses import dataclass, field

import numpy as np

from depth_completion_core.world.casting.primitives import Float64Array
from depth_completion_core.world.looks.textures import pattern_numbers

PLAIN_SHARE = 0.15
"""Share of materials without any texture."""

COLUMNS = (
    "r0", "g0", "b0", "r1", "g1", "b1", "r2", "g2", "b2",
    "pattern", "period", "angle", "shift_u", "shift_v",
    "grain", "grain_period", "grain_pattern", "specular", "shininess", "emission",
)  # fmt: skip
"""Numbers of a material: three linear colours that a pattern runs through, the pattern and the
metres after which it repeats, how it is turned and moved, a second pattern that makes it lighter
and darker (strength, metres), highlights, and light of its own."""

_PATTERNS = pattern_numbers()
_CALM = [*_PATTERNS["noise"], *_PATTERNS["wood"], *_PATTERNS["weave"]]
_LOUD = [number for numbers in _PATTERNS.values() for number in numbers]


@dataclass(slots=True)
class Palette:
    """The materials of one scene, growing while it is furnished.

    Attributes:
        random: random generator.
        rows: one tuple of :data:`COLUMNS` each.
    """

    random: np.random.Generator
    rows: list[tuple[float, ...]] = field(default_factory=list)

    def new(self, *, calm: float = 0.35, scale: float = 1.0, emission: float = 0.0) -> int:
        """Draw one more material.

        Args:
            calm: probability of a quiet pattern of similar colours, as walls have.
            scale: factor on the size of its pattern.
            emission: light of its own, as a share of white.
        """
        random = self.random
        plain, quiet = random.random() < PLAIN_SHARE, random.random() < calm
        first = _colour(random)
        second = _near(random, first) if quiet else _colour(random)
        third = _near(random, second) if quiet or random.random() < 0.5 else _colour(random)
        if plain:
            second = third = first
        grain_pattern = float(random.choice(_PATTERNS["noise"]))
        shiny = calm < 0.8 and random.random() < 0.25
        return self.add(
            *first, *second, *third,
            float(random.choice(_CALM if quiet else _LOUD)),
            scale * math.exp(random.normal(-0.3, 0.7)),
            float(random.choice([0.0, math.pi / 2, random.uniform(0, math.pi)])),
            random.random(), random.random(),
            0.0 if plain else float(random.choice([0.0, 0.12, 0.25, 0.5])),
            scale * math.exp(random.normal(-0.5, 0.7)), grain_pattern,
            random.uniform(0.15, 0.9) if shiny else 0.0,
            float(2.0 ** random.uniform(3, 8)), emission,
        )  # fmt: skip

    def fixed(self, colour: tuple[float, float, float], *, grain: float = 0.2) -> int:
        """A material of a known colour (linear), such as leaves, tyres or asphalt."""
        random = self.random
        tint = np.clip(np.asarray(colour) * random.uniform(0.7, 1.3, 3), 0.005, 0.95)
        second = np.clip(tint * random.uniform(0.6, 1.5), 0.005, 0.95)
        return self.add(
            *tint, *second, *second, float(random.choice(_PATTERNS["noise"])),
            random.uniform(0.3, 1.5), 0.0, random.random(), random.random(), grain,
            random.uniform(0.2, 0.8), float(random.choice(_PATTERNS["noise"])), 0.0, 16.0, 0.0,
        )  # fmt: skip

    def add(self, *numbers: float) -> int:
        """A material from all its numbers."""
        self.rows.append(tuple(float(number) for number in numbers))
        return len(self.rows) - 1

    def array(self) -> Float64Array:
        """(M, 20) the columns of all."""
        return np.array(self.rows, np.float64).reshape(len(self.rows), len(COLUMNS))


def _colour(random: np.random.Generator) -> tuple[float, float, float]:
    """A linear colour; most things in the world are greyish or brownish."""
    vivid = random.random() < 0.3
    hue = random.random() if random.random() < 0.6 else random.normal(0.08, 0.04) % 1.0
    saturation = random.uniform(0.4, 0.95) if vivid else random.beta(1.3, 4.0)
    value = random.beta(2.2, 1.6) * 0.9 + 0.05
    red, green, blue = colorsys.hsv_to_rgb(hue, saturation, value)
    return red**2.2, green**2.2, blue**2.2


def _near(
    random: np.random.Generator, colour: tuple[float, float, float]
) -> tuple[float, float, float]:
    """A lighter or darker shade."""
    factor = math.exp(random.normal(0.0, 0.3))
    red, green, blue = (min(part * factor * random.uniform(0.93, 1.07), 0.95) for part in colour)
    return red, green, blue
