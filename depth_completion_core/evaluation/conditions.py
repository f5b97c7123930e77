# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What becomes of a sample's measurements before a model sees them."""

from __future__ import annotations

from dataclasses import dataclass, replace

from depth_completion_core.data.sample import DataError, DepthDataset, Sample
from depth_completion_core.data.sampling.corrupt import Corruption, corrupted
from depth_completion_core.data.sampling.seeding import generator_for
from depth_completion_core.data.sampling.sparsify import Sparsifier, sparsified, uniform
from depth_completion_core.metrics import Protocol

_MEASURED = "measured:"


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """How the measurements of every sample are drawn and spoiled; the same for the same seed.

    Attributes:
        points: a sparsifier, such as ``uniform:500``, that draws from the truth;
            ``measured:500`` for so many of the measured points; empty for those of the set.
        fallback: the sparsifier for samples that the set gives no measurements with.
        corruption: how they are spoiled, such as ``outliers:0.1``; empty for not at all.
        seed: of both.
    """

    points: str = ""
    fallback: str = ""
    corruption: str = ""
    seed: int = 0

    def __post_init__(self) -> None:
        for text in (self.points, self.fallback):
            if text.startswith(_MEASURED):
                _measured_count(text)
            elif text:
                Sparsifier.from_text(text)
        if self.corruption:
            Corruption.from_text(self.corruption)

    def __str__(self) -> str:
        points = self.points or (f"of the set, else {self.fallback}" if self.fallback else "")
        return " with ".join(filter(None, (points or "of the set", self.corruption)))

    def apply(self, sample: Sample) -> Sample:
        """The sample with the measurements that a model gets.

        Raises:
            DataError: it lacks what is drawn from, or the intrinsics that a sparsifier needs.
        """
        drawn = self._drawn(sample)
        if not self.corruption:
            return drawn
        # Another seed than that of the draw, or the same numbers would choose and spoil.
        return corrupted(drawn, Corruption.from_text(self.corruption), seed=self.seed + 1)

    def _drawn(self, sample: Sample) -> Sample:
        points = self.points or ("" if sample.sparse else self.fallback)
        if not points:
            return sample
        if not points.startswith(_MEASURED):
            return sparsified(sample, Sparsifier.from_text(points), seed=self.seed)
        if sample.sparse is None:
            raise DataError(f"{sample.name}: it has no measurements that {points} could be of")
        random = generator_for(self.seed, sample.name)
        return replace(sample, sparse=uniform(sample.sparse, _measured_count(points), random))


def condition_for(
    dataset: DepthDataset, protocol: Protocol, *, points: str, corruption: str, seed: int
) -> Condition:
    """The condition that is asked for, with what the set or its protocol say of the rest."""
    own = getattr(dataset, "default_sparsifier", "") or protocol.sparsifier
    return Condition(points=points, fallback=own, corruption=corruption, seed=seed)


def _measured_count(text: str) -> int:
    number = text.removeprefix(_MEASURED)
    if not number.isdecimal() or int(number) < 1:
        raise DataError(f"'{text}': expected a number of points, as in {_MEASURED}500")
    return int(number)
