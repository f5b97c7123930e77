# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""ScaffNet on SceneNet RGB-D, for rooms.

The presets are the settings of the authors' two releases of "Learning Topology from Synthetic Data
for Unsupervised Depth Completion" (RA-L 2021): ``pytorch``, and ``paper``, the TensorFlow code that
came with the paper. The network is that of the PyTorch release in both: the other one's linear
output, biases and validity channel are not built here, only its widths and windows. Points are
corners of this project's own, 384 of them, as many as theirs.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import ClassVar

from depth_completion_core.data import build_dataset
from depth_completion_core.data.readers.scenenet import SceneNet
from depth_completion_core.data.sample import DepthDataset
from depth_completion_core.data.sampling.augmentation import Augmentation, Place
from depth_completion_core.models.configs.scaffnet import ScaffNetConfig
from depth_completion_core.settings.fields import setting
from depth_completion_core.settings.mapping import config_to_mapping
from depth_completion_core.training.feeds.reader_feed import ReaderFeed
from depth_completion_core.training.objectives.loss_settings import ScaffNetLossConfig
from depth_completion_core.training.recipes.recipe import ValidationConfig
from depth_completion_core.training.recipes.scaffnet import ScaffNetRecipe
from depth_completion_core.training.recipes.schedule import ScheduleConfig


@dataclass(frozen=True, slots=True, kw_only=True)
class SceneNetFeed(ReaderFeed):
    """SceneNet RGB-D."""

    root: str = ""
    """The folder that holds train/ and val/."""
    reader: SceneNet.Config = field(default_factory=SceneNet.Config)

    def open(self) -> DepthDataset:
        """The reader; raises DataError."""
        root = Path(self.root) if self.root else None
        return build_dataset("scenenet", root, config_to_mapping(self.reader))


def _train_source(*, parts: tuple[int, ...], flip: float, place: Place) -> SceneNetFeed:
    # Both releases took the lengths of rays for depth along the axis.
    return SceneNetFeed(
        points=("corners:384",),
        reader=SceneNet.Config(parts=parts, fewest_pixels=300, is_ray_length=False),
        augmentation=Augmentation(
            flip=flip,
            crop_width_px=256,
            crop_height_px=192,
            crop_horizontal=place,
            crop_vertical="bottom",
        ),
    )


def _held_out_source() -> SceneNetFeed:
    return SceneNetFeed(
        points=("corners:384",),
        limit=500,
        reader=SceneNet.Config(split="val", is_ray_length=False),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ScaffNetSceneNet(ScaffNetRecipe):
    """The settings of the PyTorch release."""

    licence: ClassVar[str] = "what SceneNet RGB-D's own licence allows"

    preset: str = "pytorch"
    epochs: int = setting(10, low=1)
    batch_size: int = setting(12, low=1)
    schedule: ScheduleConfig = field(
        default_factory=lambda: ScheduleConfig(
            kind="piecewise", rates=(1e-4, 5e-5), until_epochs=(4, 10)
        )
    )
    validate: ValidationConfig = field(default_factory=lambda: ValidationConfig(every_steps=5000))
    data: SceneNetFeed = field(
        default_factory=lambda: _train_source(parts=(0, 1), flip=0.5, place="anchored")
    )
    validation: SceneNetFeed = field(default_factory=_held_out_source)

    def held_out(self) -> SceneNetFeed:
        """In the same folder where none of its own is given."""
        return replace(self.validation, root=self.validation.root or self.data.root)


def _paper() -> ScaffNetSceneNet:
    return replace(
        ScaffNetSceneNet(),
        preset="paper",
        epochs=5,
        batch_size=8,
        network=ScaffNetConfig(
            max_predict_depth=8.0,
            pool_sizes=(5, 7, 9, 11, 13),
            encoder_filters=(32, 64, 96, 128, 196),
            decoder_filters=(128, 96, 64, 64, 32),
        ),
        loss=ScaffNetLossConfig(reduction="valid_pixels"),
        schedule=ScheduleConfig(
            kind="piecewise", rates=(5e-5, 2.5e-5, 1e-5), until_epochs=(2, 4, 5)
        ),
        data=_train_source(parts=(1,), flip=0.0, place="random"),
    )


PRESETS = {"pytorch": ScaffNetSceneNet(), "paper": _paper()}
"""The settings of both releases, by name."""
