# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""KITTI depth completion as networks are trained on it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from depth_completion_core.data.readers.kitti_depth import KittiDepth
from depth_completion_core.settings.mapping import config_to_mapping
from depth_completion_core.training.feeds.reader_feed import ReaderFeed


@dataclass(frozen=True, slots=True, kw_only=True)
class KittiDepthFeed(ReaderFeed):
    """KITTI depth completion; its folder holds train/ and val/."""

    reader: KittiDepth.Config = field(default_factory=KittiDepth.Config)

    def dataset(self) -> tuple[str, dict[str, Any]]:
        """See the base class."""
        return "kitti_depth", config_to_mapping(self.reader)
