# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What goes wrong with measured depth: points that are missing, wrong, noisy or misplaced.

Like a sparsifier, a corruption is named by a short text:

=================== ================================================================================
``dropouts:0.5``    each point is lost with probability 0.5
``blocks:0.5``      squares of 64 pixels are lost, each with probability 0.5; ``blocks:0.5:32``: 32
``outliers:0.1``    a tenth of the points gets a depth from anywhere between nearest and farthest
``noise:0.02``      Gaussian noise of 2 % of the depth; ``noise:0.02:0.01``: and of 0.01 metres
``misplaced:1.5``   points lie off by Gaussian noise of 1.5 pixels in both directions
``shuffled:1``      all points exchange their depths at random; ``shuffled:0.2``: a fifth of them
=================== ================================================================================
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from depth_completion_core.data.sample import DataError, Sample
from depth_completion_core.data.sampling.seeding import generator_for
from depth_completion_core.frame import SparseDepth

_BLOCK_PX = 64


class CorruptionError(ValueError):
    """A text that names no corruption; the message lists the known ones."""


@dataclass(frozen=True, slots=True)
class Corruption:
    """A way to spoil measurements, and how much; see the table of this module.

    Attributes:
        kind: a name of :data:`CORRUPTIONS`.
        amount: the first number.
        detail: the second; 0 for its default.
    """

    kind: str
    amount: float
    detail: float = 0.0

    def __post_init__(self) -> None:
        if self.kind not in CORRUPTIONS:
            raise CorruptionError(
                f"unknown corruption '{self.kind}'; known are {', '.join(CORRUPTIONS)}"
            )
        largest = 1.0 if self.kind in _SHARES else math.inf
        if not (0.0 <= self.amount <= largest and 0.0 <= self.detail < math.inf):
            raise CorruptionError(
                f"'{self.kind}' takes numbers from 0 to {largest:g}, got {self.amount:g} and "
                f"{self.detail:g}"
            )

    @classmethod
    def from_text(cls, text: str) -> Corruption:
        """From ``kind:amount`` or ``kind:amount:detail``; raises CorruptionError."""
        kind, *numbers = text.strip().split(":")
        try:
            values = [float(number) for number in numbers]
        except ValueError:
            values = []
        if kind in CORRUPTIONS and not 1 <= len(values) <= 2:
            raise CorruptionError(f"'{text}': expected one or two numbers, as in {kind}:0.1")
        return cls(kind, *values) if values else cls(kind, 0.0)

    def __str__(self) -> str:
        detail = f":{self.detail:g}" if self.detail else ""
        return f"{self.kind}:{self.amount:g}{detail}"

    def apply(self, sparse: SparseDepth, generator: np.random.Generator) -> SparseDepth:
        """Spoiled measurements; those that were given stay as they are."""
        return CORRUPTIONS[self.kind](sparse, self.amount, self.detail, generator)


def corrupted(sample: Sample, corruption: Corruption, *, seed: int) -> Sample:
    """The sample with spoiled measurements; the same for the same seed and name.

    Raises:
        DataError: it has no sparse depth.
    """
    if sample.sparse is None:
        raise DataError(f"{sample.name}: it has no sparse depth to be spoiled by {corruption}")
    generator = generator_for(seed, sample.name)
    return replace(sample, sparse=corruption.apply(sample.sparse, generator))


def dropouts(sparse: SparseDepth, share: float, generator: np.random.Generator) -> SparseDepth:
    """Each point lost with probability ``share``."""
    return sparse.masked(generator.random(sparse.valid.shape) >= share)


def block_dropouts(
    sparse: SparseDepth,
    share: float,
    generator: np.random.Generator,
    *,
    block_px: int = _BLOCK_PX,
) -> SparseDepth:
    """Squares of a grid lost with probability ``share`` each: glass, black paint, sunlight."""
    height, width = sparse.valid.shape
    blocks = generator.random((-(-height // block_px), -(-width // block_px))) >= share
    pixels = blocks.repeat(block_px, axis=0).repeat(block_px, axis=1)
    return sparse.masked(pixels[:height, :width])


def outliers(sparse: SparseDepth, share: float, generator: np.random.Generator) -> SparseDepth:
    """Exactly a ``share`` of the points (rounded) with a random depth between the extremes."""
    index = np.flatnonzero(sparse.valid)
    chosen = generator.permutation(index)[: round(share * len(index))]
    if len(chosen) == 0:
        return sparse
    measured = sparse.depth[sparse.valid]
    depth = sparse.depth.copy()
    wrong = generator.uniform(measured.min(), measured.max(), len(chosen))
    depth.reshape(-1)[chosen] = wrong.astype(np.float32)
    return SparseDepth(depth, sparse.valid)


def depth_noise(
    sparse: SparseDepth,
    generator: np.random.Generator,
    *,
    relative: float = 0.0,
    absolute: float = 0.0,
) -> SparseDepth:
    """Gaussian noise of both kinds added; what becomes 0 or less is not valid.

    Args:
        sparse: measurements.
        generator: of the noise.
        relative: standard deviation as a share of the depth.
        absolute: standard deviation in metres.
    """
    first, second = generator.standard_normal((2, *sparse.depth.shape))
    noisy = sparse.depth * (1.0 + relative * first) + absolute * second
    return SparseDepth.from_depth(np.where(sparse.valid, noisy, 0.0))


def misplaced(sparse: SparseDepth, sigma_px: float, generator: np.random.Generator) -> SparseDepth:
    """Points moved to a pixel nearby with the depth they had; the nearest wins, some leave."""
    row, column = np.nonzero(sparse.valid)
    offset = np.rint(generator.normal(0.0, sigma_px, (2, len(row)))).astype(np.int64)
    return SparseDepth.nearest_at(
        sparse.depth[row, column], row + offset[0], column + offset[1], sparse.depth.shape
    )


def shuffled(sparse: SparseDepth, share: float, generator: np.random.Generator) -> SparseDepth:
    """Exactly a ``share`` of the points (rounded) with their depths in random order."""
    index = np.flatnonzero(sparse.valid)
    chosen = generator.permutation(index)[: round(share * len(index))]
    depth = sparse.depth.copy()
    depth.reshape(-1)[np.sort(chosen)] = sparse.depth.reshape(-1)[chosen]
    return SparseDepth(depth, sparse.valid)


_Apply = Callable[[SparseDepth, float, float, np.random.Generator], SparseDepth]

CORRUPTIONS: dict[str, _Apply] = {
    "dropouts": lambda sparse, share, _, generator: dropouts(sparse, share, generator),
    "blocks": lambda sparse, share, side, generator: block_dropouts(
        sparse, share, generator, block_px=round(side) or _BLOCK_PX
    ),
    "outliers": lambda sparse, share, _, generator: outliers(sparse, share, generator),
    "noise": lambda sparse, relative, absolute, generator: depth_noise(
        sparse, generator, relative=relative, absolute=absolute
    ),
    "misplaced": lambda sparse, sigma_px, _, generator: misplaced(sparse, sigma_px, generator),
    "shuffled": lambda sparse, share, _, generator: shuffled(sparse, share, generator),
}
"""Every kind of corruption, by name."""

_SHARES = ("dropouts", "blocks", "outliers", "shuffled")
