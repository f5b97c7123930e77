# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""NYU Depth v2 as NLSPN and CSPN train and validate on it.

Images are turned by up to 5 degrees, enlarged by 1 to 1.5 against half their size, with depth over
that factor, cut to their middle 304x228 and recoloured; points are sampled from what is left.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from depth_completion_core.data.readers.nyu import Nyu
from depth_completion_core.settings.mapping import config_to_mapping
from depth_completion_core.training.feeds.reader_feed import ReaderFeed
from depth_completion_core.training.recipes.published_augmentation import PUBLISHED_AUGMENTATION


@dataclass(frozen=True, slots=True, kw_only=True)
class NyuFeed(ReaderFeed):
    """NYU Depth v2; its folder holds train/ and val/official/."""

    reader: Nyu.Config = field(default_factory=Nyu.Config)

    def dataset(self) -> tuple[str, dict[str, Any]]:
        """See the base class."""
        return "nyu", config_to_mapping(self.reader)


def nyu_train_feed(points: str, *, split_file: str) -> NyuFeed:
    """What is trained on.

    Args:
        points: how they are sampled.
        split_file: the list; empty for the whole folder.
    """
    return NyuFeed(
        reader=Nyu.Config(split="train", split_file=split_file, frame="stored"),
        points=(points,),
        sample_from="crop",
        augmentation=replace(
            PUBLISHED_AUGMENTATION,
            zoom_min=0.5,
            zoom_max=0.75,
            zoom_spread="even",
            zoom_of_true_size=0.5,
            resampling="bilinear",
            crop_width_px=304,
            crop_height_px=228,
            crop_horizontal="centre",
            crop_vertical="centre",
        ),
    )
