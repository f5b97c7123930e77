# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""ScaffNet on SceneNet RGB-D, for rooms.

Points are corners of this project's own, 384 of them, as many as in the releases.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar

from depth_completion_core.data.readers.scenenet import SceneNet
from depth_completion_core.data.sampling.augmentation import Place
from depth_completion_core.settings.mapping import config_to_mapping
from depth_completion_core.training.feeds.reader_feed import ReaderFeed
from depth_completion_core.training.recipes.scaffnet_releases import (
    ScaffNetRelease,
    as_in_the_paper,
    crop_at_the_bottom,
)

_POINTS = ("corners:384",)


@dataclass(frozen=True, slots=True, kw_only=True)
class SceneNetFeed(ReaderFeed):
    """SceneNet RGB-D; its folder holds train/ and val/."""

    reader: SceneNet.Config = field(default_factory=SceneNet.Config)

    def dataset(self) -> tuple[str, dict[str, Any]]:
        """See the base class."""
        return "scenenet", config_to_mapping(self.reader)


def _train_feed(*, parts: tuple[int, ...], flip: float, place: Place) -> SceneNetFeed:
    # Both releases took the lengths of rays for depth along the axis.
    return SceneNetFeed(
        points=_POINTS,
        reader=SceneNet.Config(parts=parts, fewest_pixels=300, is_ray_length=False),
        augmentation=crop_at_the_bottom(256, 192, flip=flip, place=place),
    )


def _validation_feed() -> SceneNetFeed:
    return SceneNetFeed(
        points=_POINTS, limit=500, reader=SceneNet.Config(split="val", is_ray_length=False)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ScaffNetSceneNet(ScaffNetRelease):
    """The settings of the PyTorch release."""

    licence: ClassVar[str] = "what SceneNet RGB-D's own licence allows"

    data: SceneNetFeed = field(
        default_factory=lambda: _train_feed(parts=(0, 1), flip=0.5, place="anchored")
    )
    validation: SceneNetFeed = field(default_factory=_validation_feed)


PRESETS = {
    "pytorch": ScaffNetSceneNet(),
    "paper": as_in_the_paper(
        ScaffNetSceneNet(),
        depth_range=(0.1, 8.0),
        pool_sizes=(5, 7, 9, 11, 13),
        rates={2: 5e-5, 4: 2.5e-5, 5: 1e-5},
        data=_train_feed(parts=(1,), flip=0.0, place="random"),
        validation=_validation_feed(),
    ),
}
"""The settings of both releases, by name."""
