# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What a model needs to see, as plain data that a file can state, too."""

from __future__ import annotations

from dataclasses import dataclass

from depth_completion_core.settings.fields import ConfigError, setting


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelNeeds:
    """What a model needs to see; the completer refuses frames that lack any of it."""

    sparse_depth: bool = True
    """Whether it needs measurements; such a model is not asked about a frame without any."""
    intrinsics: bool = False
    """Whether it needs a calibrated camera."""
    view_offsets: tuple[int, ...] = ()
    """Further images of the same camera, counted in images: -1 is the one before, 1 the next."""
    size_multiple: int = setting(1, low=1)
    """Height and width are padded to a multiple of this."""
    fixed_size_px: tuple[int, ...] = ()
    """Width and height of the only size that it takes; empty where it takes any."""
    short_side_px: int = setting(0, low=0)
    """Larger images are brought to a shorter side of this, unless the settings ask for a size; 0
    for each image's own."""

    measured_share: float = setting(0.0, low=0.0, high=1.0)
    """Images with fewer measurements are brought to a size at which this share of the pixels is
    measured, and the answer is anchored, unless the settings say otherwise; 0 for never."""

    def __post_init__(self) -> None:
        """Refuse what no frame could meet."""
        offsets, size = self.view_offsets, self.fixed_size_px
        if 0 in offsets or len(set(offsets)) < len(offsets):
            raise ConfigError(
                f"'view_offsets' are different and not 0, which is the image itself; got "
                f"{list(offsets)}"
            )
        if size and (len(size) != 2 or min(size) < 1):
            raise ConfigError(f"'fixed_size_px' is a width and a height, got {list(size)}")
        if any(length % self.size_multiple for length in size):
            raise ConfigError(
                f"'fixed_size_px' {list(size)} is not a multiple of {self.size_multiple} pixels"
            )

    @property
    def earlier_images(self) -> int:
        """How many images before the target must be remembered."""
        return -min((*self.view_offsets, 0))
