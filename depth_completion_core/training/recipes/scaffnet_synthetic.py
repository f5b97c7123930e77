# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""ScaffNet on synthetic rooms and streets: one set of weights for 0.1 to 100 m."""

from __future__ import annotations

from dataclasses import dataclass, field

from depth_completion_core.config import setting
from depth_completion_core.data.augment import Augmentation
from depth_completion_core.data.synthetic_drives import SyntheticDrives
from depth_completion_core.models.scaffnet import ScaffNet
from depth_completion_core.training.recipe import ValidationConfig
from depth_completion_core.training.scaffnet import ScaffNetLossConfig, ScaffNetRecipe
from depth_completion_core.training.schedule import ScheduleConfig
from depth_completion_core.training.synthetic_source import SyntheticSource

NETWORK = ScaffNet.Config(min_predict_depth=0.1, max_predict_depth=100.0)
_POINTS = (
    "uniform:50",
    "uniform:500",
    "uniform:5000",
    "corners:150:1",
    "corners:500:1",
    "corners:1500:1",
    "lidar_lines:8",
    "lidar_lines:16",
    "lidar_lines:64",
)
_HELD_OUT_SEEDS = (90001, 90002, 90003, 90004)


def drives(scene: str, seeds: tuple[int, ...], *, frames: int = 20) -> SyntheticDrives.Config:
    """Drives at the size that is trained on; their own lidar is not scanned."""
    return SyntheticDrives.Config(
        scene=scene, seeds=seeds, frames=frames, width_px=320, height_px=240, points="uniform:500"
    )


def train_source() -> SyntheticSource:
    """What is trained on."""
    seeds = tuple(range(64))
    return SyntheticSource(
        points=_POINTS,
        rooms=drives("room", seeds),
        streets=drives("street", seeds),
        augmentation=Augmentation(
            flip=0.5,
            zoom_min=1.0,
            zoom_max=1.4,
            crop_width_px=256,
            crop_height_px=192,
            remove_max=0.3,
            brightness=0.2,
            contrast=0.2,
            saturation=0.2,
        ),
    )


def held_out_source() -> SyntheticSource:
    """What is scored on: other drives, whole images."""
    return SyntheticSource(
        points=("uniform:500",),
        rooms=drives("room", _HELD_OUT_SEEDS, frames=8),
        streets=drives("street", _HELD_OUT_SEEDS, frames=8),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ScaffNetSynthetic(ScaffNetRecipe):
    """See the module."""

    epochs: int = setting(40, low=1)
    batch_size: int = setting(12, low=1)
    clip_norm: float = setting(1.0, low=0.0)
    average_decay: float = setting(0.999, low=0.0, high=1.0)
    network: ScaffNet.Config = NETWORK
    loss: ScaffNetLossConfig = field(
        default_factory=lambda: ScaffNetLossConfig(reduction="valid_pixels")
    )
    schedule: ScheduleConfig = field(
        default_factory=lambda: ScheduleConfig(rate=4e-4, warmup_steps=200)
    )
    validate: ValidationConfig = field(default_factory=lambda: ValidationConfig(every_steps=500))
    data: SyntheticSource = field(default_factory=train_source)
    validation: SyntheticSource = field(default_factory=held_out_source)
