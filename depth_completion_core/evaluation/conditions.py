# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""How a sample's measurements are changed before a model sees them."""

from __future__ import annotations

from dataclasses import dataclass, replace

from depth_completion_core.data.sample import DataError, DepthDataset, Sample
from depth_completion_core.data.sampling.corrupt import Corruption, corrupted
from depth_completion_core.data.sampling.seeding import generator_for
from depth_completion_core.data.sampling.sparsify import Sparsifier, sparsified, uniform
from depth_completion_core.metrics import Protocol

_MEASURED = "measured:"
_OWN = "the data set's own"


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """How the measurements of every sample are sampled and corrupted, determined by the seed.

    Attributes:
        points: a sparsifier, such as ``uniform:500``, that samples the truth; ``measured:500``
            for that many of the measurements; empty for the data set's own measurements.
        fallback: the sparsifier for samples that come without measurements.
        corruption: how to corrupt them, such as ``outliers:0.1``; empty for no corruption.
        seed: seed of both.
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
        own = f"{_OWN}, else {self.fallback}" if self.fallback else _OWN
        return " with ".join(filter(None, (self.points or own, self.corruption)))

    def apply(self, sample: Sample) -> Sample:
        """The sample with the measurements that a model sees.

        Raises:
            DataError: the sample has nothing to sample from, or lacks the intrinsics that a
                sparsifier needs.
        """
        measured = self._measured(sample)
        if not self.corruption:
            return measured
        # A seed of its own, or the same random numbers would choose and corrupt the points.
        return corrupted(measured, Corruption.from_text(self.corruption), seed=self.seed + 1)

    def _measured(self, sample: Sample) -> Sample:
        points = self.points or ("" if sample.sparse else self.fallback)
        if not points:
            return sample
        if not points.startswith(_MEASURED):
            return sparsified(sample, Sparsifier.from_text(points), seed=self.seed)
        if sample.sparse is None:
            raise DataError(f"{sample.name}: it has no measurements that {points} could sample")
        random = generator_for(self.seed, sample.name)
        return replace(sample, sparse=uniform(sample.sparse, _measured_count(points), random))


def condition_for(
    dataset: DepthDataset, protocol: Protocol, *, points: str, corruption: str, seed: int
) -> Condition:
    """The requested condition, completed with defaults of the data set or its protocol."""
    own = getattr(dataset, "default_sparsifier", "") or protocol.sparsifier
    return Condition(points=points, fallback=own, corruption=corruption, seed=seed)


def _measured_count(text: str) -> int:
    number = text.removeprefix(_MEASURED)
    if not number.isdecimal() or int(number) < 1:
        raise DataError(f"'{text}': expected a number of points, as in {_MEASURED}500")
    return int(number)
