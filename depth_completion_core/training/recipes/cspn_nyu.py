# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""CSPN on NYU Depth v2, as its authors trained it.

It is trained on all of train/ and validated on val/official/; the preset ``lists`` reads CSPN's own
lists, nyudepth_hdf5_{train,val}.csv, in the folder of the data.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from depth_completion_core.data.readers.nyu import PIPELINES, Nyu
from depth_completion_core.models.configs.cspn import CSPNConfig
from depth_completion_core.training.recipes.cspn_published import CSPNPublished
from depth_completion_core.training.recipes.nyu_feeds import NyuFeed, nyu_train_feed
from depth_completion_core.training.recipes.recipe import ValidationConfig

_POINTS = PIPELINES["cspn"].sparsifier
_LISTS = "lists"


def _validation_feed(split_file: str) -> NyuFeed:
    return NyuFeed(points=(_POINTS,), reader=Nyu.Config(pipeline="cspn", split_file=split_file))


@dataclass(frozen=True, slots=True, kw_only=True)
class CSPNNyu(CSPNPublished):
    """See the module."""

    licence: ClassVar[str] = "what NYU Depth v2's own licence allows"

    network: CSPNConfig = field(default_factory=lambda: CSPNConfig(trunk="resnet50"))
    validate: ValidationConfig = field(
        default_factory=lambda: ValidationConfig(every_epochs=1, protocol="nyu")
    )
    data: NyuFeed = field(default_factory=lambda: nyu_train_feed(_POINTS, split_file=""))
    validation: NyuFeed = field(default_factory=lambda: _validation_feed(""))


PRESETS = {
    _LISTS: CSPNNyu(
        preset=_LISTS,
        data=nyu_train_feed(_POINTS, split_file="nyudepth_hdf5_train.csv"),
        validation=_validation_feed("nyudepth_hdf5_val.csv"),
    )
}
