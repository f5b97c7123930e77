# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Frames of the synthetic world, rendered as they are read."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from depth_completion_core.data.readers.world_frames_config import WorldFramesConfig
from depth_completion_core.data.sample import DepthDataset
from depth_completion_core.training.feeds.dataset_feed import DatasetFeed


@dataclass(frozen=True, slots=True, kw_only=True)
class WorldFeed(DatasetFeed):
    """Frames with all flaws of their sensors, for few samples; many are those of a bank."""

    world: WorldFramesConfig = field(default_factory=WorldFramesConfig)

    def open(self) -> DepthDataset:
        """The frames; nothing is on disk."""
        from depth_completion_core.data.readers.world_frames import WorldFrames  # noqa: PLC0415

        return WorldFrames(Path(), self.world)
