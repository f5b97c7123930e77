# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""ScaffNet on synthetic rooms and streets: one set of weights for 0.1 to 100 m.

The defaults are for one large GPU; the preset ``cpu`` is a miniature of the same.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from depth_completion_core.data.readers.world_frames_config import WorldFramesConfig
from depth_completion_core.data.sampling.augmentation import Augmentation
from depth_completion_core.losses.terms import WeightedLossConfig
from depth_completion_core.models.configs.scaffnet import ScaffNetConfig
from depth_completion_core.settings.fields import setting
from depth_completion_core.training.feeds.bank_feed import BankFeed
from depth_completion_core.training.feeds.world_feed import WorldFeed
from depth_completion_core.training.recipes.recipe import RunConfig, ValidationConfig
from depth_completion_core.training.recipes.scaffnet import ScaffNetRecipe
from depth_completion_core.training.recipes.schedule import ScheduleConfig
from depth_completion_core.world.objects.families import HELD_OUT

NETWORK = ScaffNetConfig(
    min_predict_depth=0.02,
    max_predict_depth=50.0,
    pool_sizes=(5, 9, 17, 33, 65),  # from dense lidars to 150 points; the release's: 13 to 25
    scale_free=True,
    interpolation=True,
)
_VALIDATION_SEED = 1


def train_feed() -> BankFeed:
    """Training data: scenes without the held-out families of objects."""
    return BankFeed(
        without=HELD_OUT,
        augmentation=Augmentation(
            flip=0.5,
            zoom_max=1.3,
            zoom_divides_depth=False,
            crop_width_px=256,
            crop_height_px=192,
            brightness=0.2,
            contrast=0.2,
            saturation=0.2,
        ),
    )


def validation_feed(*, frames: int = 48, width_px: int = 320, height_px: int = 240) -> WorldFeed:
    """Validation data: other scenes of the same families, whole images."""
    return WorldFeed(
        keep_in_memory=True,
        world=WorldFramesConfig(
            seed=_VALIDATION_SEED,
            frames=frames,
            without=HELD_OUT,
            width_px=width_px,
            height_px=height_px,
        ),
    )


def gpu_run() -> RunConfig:
    """A dozen processes generate scenes."""
    return RunConfig(workers=12, log_steps=50)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScaffNetSynthetic(ScaffNetRecipe):
    """See the module."""

    epochs: int = setting(80, low=1)
    batch_size: int = setting(64, low=1)
    clip_norm: float = setting(1.0, low=0.0)
    average_decay: float = setting(0.999, low=0.0, high=1.0)
    network: ScaffNetConfig = NETWORK
    loss: WeightedLossConfig = field(
        default_factory=lambda: WeightedLossConfig(
            w_log_l1=1.0, w_relative_rmse=2.0, reduction="valid_pixels"
        )
    )
    schedule: ScheduleConfig = field(
        default_factory=lambda: ScheduleConfig(rate=1e-3, warmup_steps=500)
    )
    validate: ValidationConfig = field(default_factory=lambda: ValidationConfig(every_steps=1024))
    data: BankFeed = field(default_factory=train_feed)
    validation: WorldFeed = field(default_factory=validation_feed)
    run: RunConfig = field(default_factory=gpu_run)


def small_bank() -> BankFeed:
    """Small frames, whole, and few of them."""
    return replace(
        train_feed(),
        frames=384,
        refresh=0.02,
        width_px=160,
        height_px=120,
        augmentation=Augmentation(
            flip=0.5, zoom_divides_depth=False, brightness=0.2, contrast=0.2, saturation=0.2
        ),
    )


def small_crops() -> BankFeed:
    """Crops of 152x112 pixels from small frames, for networks that take long for a whole one."""
    bank = small_bank()
    crops = replace(bank.augmentation, crop_width_px=152, crop_height_px=112)
    return replace(bank, augmentation=crops)


PRESETS = {
    "cpu": ScaffNetSynthetic(
        preset="cpu",
        epochs=40,
        batch_size=8,
        schedule=ScheduleConfig(rate=1e-3, warmup_steps=100),
        validate=ValidationConfig(every_steps=480),
        data=small_bank(),
        validation=validation_feed(frames=24, width_px=160, height_px=120),
        run=RunConfig(checkpoint_steps=100),
    )
}
