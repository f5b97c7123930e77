# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""NLSPN on NYU Depth v2, as its authors trained it.

Lists are those of ``python -m depth_completion_core.prepare nyu``; the preset ``folders`` trains on
all of train/ and validates on val/official/.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from depth_completion_core.data.readers.nyu import PIPELINES, Nyu
from depth_completion_core.losses.terms import WeightedLossConfig
from depth_completion_core.training.recipes.nlspn_published import FOLDERS, NLSPNPublished
from depth_completion_core.training.recipes.nyu_feeds import NyuFeed, nyu_train_feed
from depth_completion_core.training.recipes.published_losses import nlspn_loss
from depth_completion_core.training.recipes.recipe import ValidationConfig

_LIST = "nyu.json"
_POINTS = PIPELINES["nlspn"].sparsifier


@dataclass(frozen=True, slots=True, kw_only=True)
class NLSPNNyu(NLSPNPublished):
    """See the module."""

    licence: ClassVar[str] = "what NYU Depth v2's own licence allows"

    loss: WeightedLossConfig = field(default_factory=lambda: nlspn_loss(10.0))
    validate: ValidationConfig = field(
        default_factory=lambda: ValidationConfig(every_epochs=1, protocol="nyu")
    )
    data: NyuFeed = field(default_factory=lambda: nyu_train_feed(_POINTS, split_file=_LIST))
    validation: NyuFeed = field(
        default_factory=lambda: NyuFeed(
            points=(_POINTS,), reader=Nyu.Config(split="val", split_file=_LIST)
        )
    )


PRESETS = {
    FOLDERS: NLSPNNyu(
        preset=FOLDERS,
        data=nyu_train_feed(_POINTS, split_file=""),
        validation=NyuFeed(points=(_POINTS,)),
    )
}
