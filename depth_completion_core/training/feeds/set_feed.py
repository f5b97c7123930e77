# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Any data set that a reader knows, by its name; what is measured can be what is learned from."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np

from depth_completion_core.data import build_dataset, dataset_class
from depth_completion_core.data.part_of_set import PartOfSet
from depth_completion_core.data.sample import DataError, DepthDataset, Sample
from depth_completion_core.data.sampling.withholding import with_points_withheld
from depth_completion_core.settings.fields import setting
from depth_completion_core.settings.yaml_text import settings_of_texts
from depth_completion_core.training.feeds.feed import Feed
from depth_completion_core.training.feeds.reader_feed import ReaderFeed


@dataclass(frozen=True, slots=True, kw_only=True)
class SetFeed(ReaderFeed):
    """A data set by the name of its reader."""

    name: str = "void"
    """Name of the data set; void reads those that to_dataset makes, docs/datasets.md has more."""
    set: tuple[str, ...] = ()
    """Settings of its reader, such as keep_rows=4; split=train goes without saying."""
    frames: Literal["all", "first", "last"] = "first"
    """Which of its frames: all, the last ones that held_out says, or the first, without those."""
    held_out: float = setting(0.2, low=0.0, high=0.9)
    """Share of its frames, the last ones, that is scored on and not trained on."""
    view_gap: int = setting(0, low=0)
    """How many frames before and after are the images that a sample is compared with; 0 for no
    such images."""
    uses_truth: bool = True
    """Whether true depth of the set is learned from; false for measurements alone."""
    withhold: float = setting(0.3, low=0.0, high=0.99)
    """Share of the measurements that the network does not see and is to predict, other ones in
    each epoch."""
    withhold_beside_truth: bool = True
    """Whether measurements are withheld where a sample has true depth, too."""

    def dataset(self) -> tuple[str, dict[str, Any]]:
        """See the base class; a reader that has the split train reads that."""
        settings = settings_of_texts(self.set)
        config = dataset_class(self.name).Config
        if any(field.name == "split" for field in dataclasses.fields(config)):
            settings.setdefault("split", "train")
        if self.view_gap:
            settings.setdefault("triplet_offset", self.view_gap)
        return self.name, settings

    def open(self) -> DepthDataset:
        """The frames that were chosen; raises DataError where something of the set is missing."""
        name, settings = self.dataset()
        whole = build_dataset(name, Path(self.root) if self.root else None, settings)
        if self.frames == "all":
            return whole
        count = len(whole)
        last = min(max(round(count * self.held_out), 1), count) if self.held_out else 0
        if self.frames == "last" and not last:
            raise DataError(
                f"no frame of {self.root or name} is held out to be scored on: give "
                "--data.held_out 0.2, or --validation.frames all with the --validation.set of "
                "other frames, such as split=test"
            )
        if self.frames == "first" and last == count:
            raise DataError(
                f"all frames of {self.root or name} ({count}) are held out to be scored on, and "
                "none is left to train on: use more frames, or --data.frames all and other frames "
                "to score on (--validation.root)"
            )
        is_last = self.frames == "last"
        return PartOfSet(whole, range(count - last, count) if is_last else range(count - last))

    def beside(self, trained: Feed) -> SetFeed:
        """Of the same set where none of its own is given, and so with the same share held out."""
        if not isinstance(trained, SetFeed):
            return self
        scored = replace(self, view_gap=trained.view_gap)
        if self.root:
            return scored
        return replace(
            scored,
            root=trained.root,
            name=trained.name,
            set=self.set or trained.set,
            held_out=trained.held_out,
        )

    def _measured(self, sample: Sample, generator: np.random.Generator) -> Sample:
        """As the base class, then without what is withheld."""
        sample = ReaderFeed._measured(self, sample, generator)  # slots have no super()
        if not self.uses_truth:
            sample = replace(sample, truth=None)
        has_truth = sample.truth is not None and sample.truth.count > 0
        if not self.withhold or (has_truth and not self.withhold_beside_truth):
            return sample
        return with_points_withheld(sample, self.withhold, generator)
