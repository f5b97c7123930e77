# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""ScaffNet on Virtual KITTI, for streets.

The presets are the settings of the authors' two releases of "Learning Topology from Synthetic Data
for Unsupervised Depth Completion" (RA-L 2021): ``pytorch`` on Virtual KITTI 2, and ``paper``, the
TensorFlow code that came with the paper, on edition 1.3.1. The network is that of the PyTorch
release in both: of the other one only its widths and windows are taken. Both imposed the pixels of
KITTI's lidar frames on the depth; here a lidar of 64 lines at the camera draws the points.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import ClassVar, Literal

from depth_completion_core.data import build_dataset
from depth_completion_core.data.readers.vkitti import VirtualKitti2
from depth_completion_core.data.sample import DepthDataset
from depth_completion_core.data.sampling.augmentation import Augmentation, Place
from depth_completion_core.models.configs.scaffnet import PRESETS as NETWORKS
from depth_completion_core.models.configs.scaffnet import ScaffNetConfig
from depth_completion_core.settings.fields import setting
from depth_completion_core.settings.mapping import config_to_mapping
from depth_completion_core.training.feeds.reader_feed import ReaderFeed
from depth_completion_core.training.objectives.loss_settings import ScaffNetLossConfig
from depth_completion_core.training.recipes.recipe import ValidationConfig
from depth_completion_core.training.recipes.scaffnet import ScaffNetRecipe
from depth_completion_core.training.recipes.schedule import ScheduleConfig

Edition = Literal["vkitti2", "vkitti1"]

_HELD_OUT = "Scene20"
_TRAINED = ("Scene01", "Scene02", "Scene06", "Scene18")
_SKY_KEPT = (
    656.0  # metres, above the sky's 655.35: after lowering, it is supervised as the farthest
)


@dataclass(frozen=True, slots=True, kw_only=True)
class VkittiFeed(ReaderFeed):
    """Virtual KITTI of either edition."""

    root: str = ""
    """The folder of the data set."""
    edition: Edition = "vkitti2"
    """vkitti2 for 2.0.3, vkitti1 for 1.3.1, which has no cameras to choose from."""
    reader: VirtualKitti2.Config = field(default_factory=VirtualKitti2.Config)

    def open(self) -> DepthDataset:
        """The reader; raises DataError."""
        root, settings = Path(self.root) if self.root else None, config_to_mapping(self.reader)
        if self.edition == "vkitti1":
            del settings["cameras"]
        return build_dataset(self.edition, root, settings)


def _source(
    edition: Edition, scenes: tuple[str, ...], *, flip: float, place: Place, limit: int = 0
) -> VkittiFeed:
    return VkittiFeed(
        edition=edition,
        limit=limit,
        points=("lidar_lines:64",),
        max_point_depth=255.0,
        reader=VirtualKitti2.Config(scenes=scenes, cameras=(0, 1), max_depth=_SKY_KEPT),
        augmentation=Augmentation(
            flip=flip,
            crop_width_px=768,
            crop_height_px=320,
            crop_horizontal=place,
            crop_vertical="bottom",
        ),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ScaffNetVkitti(ScaffNetRecipe):
    """The settings of the PyTorch release; one scene is held out, which it was not there."""

    licence: ClassVar[str] = "what Virtual KITTI's own licence allows; not for commercial use"

    preset: str = "pytorch"
    epochs: int = setting(10, low=1)
    batch_size: int = setting(12, low=1)
    network: ScaffNetConfig = NETWORKS["kitti"]
    schedule: ScheduleConfig = field(
        default_factory=lambda: ScheduleConfig(
            kind="piecewise", rates=(1e-4, 5e-5), until_epochs=(4, 10)
        )
    )
    validate: ValidationConfig = field(default_factory=lambda: ValidationConfig(every_steps=5000))
    data: VkittiFeed = field(
        default_factory=lambda: _source("vkitti2", _TRAINED, flip=0.5, place="anchored")
    )
    validation: VkittiFeed = field(
        default_factory=lambda: _source(
            "vkitti2", (_HELD_OUT,), flip=0.0, place="centre", limit=200
        )
    )

    def held_out(self) -> VkittiFeed:
        """In the same folder where none of its own is given."""
        return replace(self.validation, root=self.validation.root or self.data.root)


def _paper() -> ScaffNetVkitti:
    scenes = tuple(scene.replace("Scene", "00") for scene in _TRAINED)
    held_out = (_HELD_OUT.replace("Scene", "00"),)
    return replace(
        ScaffNetVkitti(),
        preset="paper",
        epochs=50,
        batch_size=8,
        network=ScaffNetConfig(
            min_predict_depth=1.5,
            max_predict_depth=100.0,
            pool_sizes=(5, 7, 9, 11),
            encoder_filters=(32, 64, 96, 128, 196),
            decoder_filters=(128, 96, 64, 64, 32),
        ),
        loss=ScaffNetLossConfig(reduction="valid_pixels"),
        schedule=ScheduleConfig(
            kind="piecewise", rates=(4e-4, 3e-4, 2e-4, 1e-4), until_epochs=(8, 20, 30, 50)
        ),
        data=_source("vkitti1", scenes, flip=0.0, place="random"),
        validation=_source("vkitti1", held_out, flip=0.0, place="centre", limit=200),
    )


PRESETS = {"pytorch": ScaffNetVkitti(), "paper": _paper()}
"""The settings of both releases, by name."""
