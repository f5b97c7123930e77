# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Samples of a reader, with measurements sampled from the truth, and augmented."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np

from depth_completion_core.data import build_dataset
from depth_completion_core.data.sample import DepthDataset, Sample
from depth_completion_core.data.sampling.augmentation import Augmentation
from depth_completion_core.data.sampling.sparsify import Sparsifier
from depth_completion_core.settings.fields import ConfigError, setting
from depth_completion_core.training.feeds.dataset_feed import DatasetFeed
from depth_completion_core.training.feeds.feed import Feed


@dataclass(frozen=True, slots=True, kw_only=True)
class ReaderFeed(DatasetFeed):
    """A reader, sensors and augmentation; what extends it says which reader."""

    root: str = ""
    """The folder of the data set."""
    points: tuple[str, ...] = ()
    """How to sample measurements from the truth, such as uniform:500; one is chosen for each sample
    in each epoch. Empty for the data set's own."""
    sample_from: Literal["image", "crop"] = "image"
    """Whether they are sampled from the whole image, so that crops have its density, or from what
    augmentation leaves of it, so that their number is that of the crop."""
    max_point_depth: float = setting(0.0, low=0.0)
    """Farther measurements are dropped, metres; 0 keeps all."""
    augmentation: Augmentation = field(default_factory=Augmentation)

    def __post_init__(self) -> None:
        for text in self.points:
            Sparsifier.from_text(text)
        if self.points and self.sample_from == "crop" and self.augmentation.remove_max:
            raise ConfigError(
                f"measurements are sampled after {self.augmentation.remove_max:g} of them were "
                "removed; set sample_from to image, or remove_min and remove_max to 0"
            )

    def dataset(self) -> tuple[str, dict[str, Any]]:
        """The name of the reader in the table of data sets, and its settings."""
        raise NotImplementedError

    def open(self) -> DepthDataset:
        """The reader; raises DataError where something of the set is missing."""
        name, settings = self.dataset()
        return build_dataset(name, Path(self.root) if self.root else None, settings)

    def beside(self, trained: Feed) -> ReaderFeed:
        """In the same folder where none of its own is given."""
        if self.root or not isinstance(trained, ReaderFeed):
            return self
        return replace(self, root=trained.root)

    def changed(self, sample: Sample, generator: np.random.Generator) -> Sample:
        """Measure and augment, in the order of ``sample_from``."""
        from depth_completion_core.data.sampling.augment import augment  # noqa: PLC0415 - needs cv2

        if self.sample_from == "crop":
            return self._measured(augment(sample, self.augmentation, generator), generator)
        return augment(self._measured(sample, generator), self.augmentation, generator)

    def _measured(self, sample: Sample, generator: np.random.Generator) -> Sample:
        """With the measurements that are asked for, up to the farthest."""
        if self.points:
            text = self.points[int(generator.integers(len(self.points)))]
            sample = replace(sample, sparse=Sparsifier.from_text(text).draw(sample, generator))
        if self.max_point_depth and sample.sparse is not None:
            near = sample.sparse.depth <= self.max_point_depth
            sample = replace(sample, sparse=sample.sparse.masked(near))
        return sample
