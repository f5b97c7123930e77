# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Settings of a bank of frames of the synthetic world."""

from __future__ import annotations

from dataclasses import dataclass, field

from depth_completion_core.data.sampling.augmentation import Augmentation
from depth_completion_core.settings.fields import ConfigError, setting
from depth_completion_core.training.feeds.feed import Feed
from depth_completion_core.world.objects.families import FAMILIES, SceneKind, chosen_families


@dataclass(frozen=True, slots=True, kw_only=True)
class BankSettings(Feed):
    """What a bank contains, and how its frames are measured and augmented."""

    kind: SceneKind = "mixed"
    """Which scenes; mixed has 40 % streets."""
    world_seed: int = setting(0, low=0)
    """Seed of the world; different seeds share no scene."""
    without: tuple[str, ...] = ()
    """No objects of these families."""
    frames: int = setting(8192, low=1)
    """Frames in the bank, over all devices together; rounded to a multiple of the batch size."""
    refresh: float = setting(0.01, low=0.0, high=1.0)
    """Share of the frames replaced after each pass, oldest first, in whole batches."""
    width_px: int = setting(320, low=16)
    """Width of the frames."""
    height_px: int = setting(240, low=16)
    """Height of the frames."""
    sensor_shares: tuple[float, ...] = (0.3, 0.25, 0.3, 0.05, 0.1)
    """Probabilities of random pixels, corners, lidar lines, time-of-flight zones and RGB-D."""
    augmentation: Augmentation = field(
        default_factory=lambda: Augmentation(zoom_divides_depth=False)
    )
    """Applied before frames are measured, which excludes rolling, shrinking and thinning."""

    def __post_init__(self) -> None:
        """Refuse what would fail only after the bank was rendered."""
        for kind in FAMILIES if self.kind == "mixed" else (self.kind,):
            chosen_families(kind, (), self.without)
        changes = self.augmentation
        if changes.roll_deg or changes.remove_max or changes.zoom_min < 1.0:
            raise ConfigError(
                "frames of a bank are not turned, thinned or made smaller, got "
                f"roll_deg {changes.roll_deg:g}, remove_max {changes.remove_max:g} and zoom_min "
                f"{changes.zoom_min:g}: leave the first two at 0 and zoom_min at 1 or above"
            )
        if changes.resampling == "bilinear":
            raise ConfigError(
                "depth of a bank's frames is never blended, got resampling bilinear; leave it at "
                "points"
            )
        if changes.crop_width_px > self.width_px or changes.crop_height_px > self.height_px:
            raise ConfigError(
                f"a crop of {changes.crop_width_px}x{changes.crop_height_px} pixels is larger than "
                f"the bank's frames, {self.width_px}x{self.height_px}"
            )
