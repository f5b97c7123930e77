# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What the authors' two releases of ScaffNet have in common, whatever the data set.

The presets are the settings of the two releases of Wong, Cicek and Soatto, "Learning Topology from
Synthetic Data for Unsupervised Depth Completion" (RA-L 2021): ``pytorch``, and ``paper``, the
TensorFlow code that came with the paper. The network is that of the PyTorch release in both: the
other one's linear output, biases and validity channel are not built here, only its widths and
windows.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TypeVar

from depth_completion_core.data.sampling.augmentation import Augmentation, Place
from depth_completion_core.losses.terms import WeightedLossConfig
from depth_completion_core.models.configs.scaffnet import ScaffNetConfig
from depth_completion_core.settings.fields import setting
from depth_completion_core.training.feeds.reader_feed import ReaderFeed
from depth_completion_core.training.recipes.recipe import ValidationConfig
from depth_completion_core.training.recipes.scaffnet import ScaffNetRecipe
from depth_completion_core.training.recipes.schedule import ScheduleConfig

RecipeT = TypeVar("RecipeT", bound="ScaffNetRelease")


@dataclass(frozen=True, slots=True, kw_only=True)
class ScaffNetRelease(ScaffNetRecipe):
    """The settings of the PyTorch release."""

    preset: str = "pytorch"
    epochs: int = setting(10, low=1)
    batch_size: int = setting(12, low=1)
    schedule: ScheduleConfig = field(
        default_factory=lambda: ScheduleConfig(
            kind="piecewise", rates=(1e-4, 5e-5), until_epochs=(4, 10)
        )
    )
    validate: ValidationConfig = field(default_factory=lambda: ValidationConfig(every_steps=5000))


def as_in_the_paper(
    recipe: RecipeT,
    *,
    depth_range: tuple[float, float],
    pool_sizes: tuple[int, ...],
    rates: dict[int, float],
    data: ReaderFeed,
    validation: ReaderFeed,
) -> RecipeT:
    """A recipe of the PyTorch release with the settings of the paper's code.

    Args:
        recipe: of the PyTorch release.
        depth_range: the nearest and the farthest depth that are predicted, metres.
        pool_sizes: windows of the pooling, pixels.
        rates: the learning rate until the end of each epoch that is named, counted from 1.
        data: what is trained on.
        validation: what is scored on.
    """
    return replace(
        recipe,
        preset="paper",
        epochs=max(rates),
        batch_size=8,
        network=ScaffNetConfig(
            min_predict_depth=depth_range[0],
            max_predict_depth=depth_range[1],
            pool_sizes=pool_sizes,
            encoder_filters=(32, 64, 96, 128, 196),
            decoder_filters=(128, 96, 64, 64, 32),
        ),
        loss=WeightedLossConfig(w_normalized_l1=1.0, reduction="valid_pixels"),
        schedule=ScheduleConfig(
            kind="piecewise", rates=tuple(rates.values()), until_epochs=tuple(rates)
        ),
        data=data,
        validation=validation,
    )


def crop_at_the_bottom(width_px: int, height_px: int, *, flip: float, place: Place) -> Augmentation:
    """How both releases cut images out, and how often they mirror them.

    Args:
        width_px: of what is cut out.
        height_px: likewise.
        flip: probability that left and right are swapped.
        place: where from left to right, as ``crop_horizontal`` has it.
    """
    return Augmentation(
        flip=flip,
        crop_width_px=width_px,
        crop_height_px=height_px,
        crop_horizontal=place,
        crop_vertical="bottom",
    )
