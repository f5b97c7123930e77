# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""ScaffNet on Virtual KITTI, for streets.

The PyTorch release used Virtual KITTI 2, the paper's code edition 1.3.1. Both imposed the pixels of
KITTI's lidar frames on the depth; here a lidar of 64 lines at the camera draws the points.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

from depth_completion_core.data.readers.vkitti import VirtualKitti2
from depth_completion_core.data.sampling.augmentation import Place
from depth_completion_core.models.configs.scaffnet import PRESETS as NETWORKS
from depth_completion_core.models.configs.scaffnet import ScaffNetConfig
from depth_completion_core.settings.mapping import config_to_mapping
from depth_completion_core.training.feeds.reader_feed import ReaderFeed
from depth_completion_core.training.recipes.scaffnet_releases import (
    ScaffNetRelease,
    as_in_the_paper,
    crop_at_the_bottom,
)

Edition = Literal["vkitti2", "vkitti1"]

_TRAINED, _HELD_OUT = ("01", "02", "06", "18"), ("20",)
_SCENE_PREFIXES: dict[Edition, str] = {"vkitti1": "00", "vkitti2": "Scene"}
# Metres, above the sky's 655.35: after lowering, it is supervised as the farthest.
_SKY_KEPT = 656.0


@dataclass(frozen=True, slots=True, kw_only=True)
class VkittiFeed(ReaderFeed):
    """Virtual KITTI of either edition."""

    edition: Edition = "vkitti2"
    """vkitti2 for 2.0.3, vkitti1 for 1.3.1, which has no cameras to choose from."""
    reader: VirtualKitti2.Config = field(default_factory=VirtualKitti2.Config)

    def dataset(self) -> tuple[str, dict[str, Any]]:
        """See the base class."""
        settings = config_to_mapping(self.reader)
        if self.edition == "vkitti1":
            del settings["cameras"]
        return self.edition, settings


def _feed(
    edition: Edition, scenes: tuple[str, ...], *, flip: float, place: Place, limit: int = 0
) -> VkittiFeed:
    named = tuple(_SCENE_PREFIXES[edition] + scene for scene in scenes)
    return VkittiFeed(
        edition=edition,
        limit=limit,
        points=("lidar_lines:64",),
        max_point_depth=255.0,
        reader=VirtualKitti2.Config(scenes=named, cameras=(0, 1), max_depth=_SKY_KEPT),
        augmentation=crop_at_the_bottom(768, 320, flip=flip, place=place),
    )


def _validation_feed(edition: Edition) -> VkittiFeed:
    return _feed(edition, _HELD_OUT, flip=0.0, place="centre", limit=200)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScaffNetVkitti(ScaffNetRelease):
    """The settings of the PyTorch release; one scene is held out, which it was not there."""

    licence: ClassVar[str] = "what Virtual KITTI's own licence allows; not for commercial use"

    network: ScaffNetConfig = NETWORKS["kitti"]
    data: VkittiFeed = field(
        default_factory=lambda: _feed("vkitti2", _TRAINED, flip=0.5, place="anchored")
    )
    validation: VkittiFeed = field(default_factory=lambda: _validation_feed("vkitti2"))


PRESETS = {
    "pytorch": ScaffNetVkitti(),
    "paper": as_in_the_paper(
        ScaffNetVkitti(),
        depth_range=(1.5, 100.0),
        pool_sizes=(5, 7, 9, 11),
        rates={8: 4e-4, 20: 3e-4, 30: 2e-4, 50: 1e-4},
        data=_feed("vkitti1", _TRAINED, flip=0.0, place="random"),
        validation=_validation_feed("vkitti1"),
    ),
}
"""The settings of both releases, by name."""
