# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""FusionNet on VOID, learned without true depth as its authors do, around a ScaffNet for rooms.

Neighbours are the images 10 frames before and after, or files of three images side by side that
the authors' lists name (``--data.neighbours triplets``). The first 30 frames of a sequence and the
last 40 are left out.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

from depth_completion_core.data.readers.scaffnet_lists import ScaffNetLists
from depth_completion_core.data.readers.void import Void
from depth_completion_core.data.sampling.augmentation import Augmentation
from depth_completion_core.losses.view_weights import ViewSynthesisLossConfig
from depth_completion_core.models.configs.fusionnet import PRESETS as NETWORKS
from depth_completion_core.models.configs.fusionnet import FusionNetConfig
from depth_completion_core.settings.fields import setting
from depth_completion_core.settings.mapping import config_to_mapping
from depth_completion_core.training.feeds.reader_feed import ReaderFeed
from depth_completion_core.training.recipes.fusionnet_views import (
    Frames,
    FusionNetViewsRecipe,
    as_in_the_paper,
    rates_until,
)
from depth_completion_core.training.recipes.recipe import RunConfig, ValidationConfig
from depth_completion_core.training.recipes.scaffnet_void import VoidFeed
from depth_completion_core.training.recipes.schedule import ScheduleConfig


@dataclass(frozen=True, slots=True, kw_only=True)
class VoidTripletFeed(ReaderFeed):
    """VOID with neighbouring images."""

    neighbours: Frames = "frames"
    """frames: images of the set's sequences. triplets: files of three images side by side."""
    frames: Void.Config = field(
        default_factory=lambda: Void.Config(
            split="train", triplet_offset=10, skip_start=30, skip_end=40
        )
    )
    triplets: ScaffNetLists.Config = field(
        default_factory=lambda: ScaffNetLists.Config(
            lists="training/void/unsupervised/void_train", suffix="1500"
        )
    )

    def dataset(self) -> tuple[str, dict[str, Any]]:
        """See the base class."""
        if self.neighbours == "triplets":
            return "scaffnet_lists", config_to_mapping(self.triplets)
        return "void", config_to_mapping(self.frames)


def _train_feed() -> VoidTripletFeed:
    return VoidTripletFeed(
        augmentation=Augmentation(
            flip=0.5,
            crop_width_px=512,
            crop_height_px=416,
            crop_horizontal="centre",
            crop_vertical="centre",
        )
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class FusionNetVoid(FusionNetViewsRecipe):
    """The settings of the PyTorch release."""

    licence: ClassVar[str] = "what VOID's own licence allows; not for commercial use"

    epochs: int = setting(20, low=1)
    batch_size: int = setting(12, low=1)
    network: FusionNetConfig = NETWORKS["void"]
    schedule: ScheduleConfig = field(default_factory=lambda: rates_until({10: 1e-4, 20: 5e-5}))
    validate: ValidationConfig = field(
        default_factory=lambda: ValidationConfig(every_steps=1000, protocol="void")
    )
    data: VoidTripletFeed = field(default_factory=_train_feed)
    validation: VoidFeed = field(default_factory=lambda: VoidFeed(reader=Void.Config(split="test")))
    run: RunConfig = field(default_factory=lambda: RunConfig(checkpoint_steps=1000, workers=8))


PRESETS = {
    "pytorch": FusionNetVoid(),
    "paper": replace(
        as_in_the_paper(
            FusionNetVoid(),
            epochs=10,
            rates={6: 5e-5, 8: 2.5e-5, 10: 1e-5},
            loss=ViewSynthesisLossConfig(w_smoothness=0.4),
        ),
        data=VoidTripletFeed(),
    ),
}
"""The settings of both releases, by name."""
