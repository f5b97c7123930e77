# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Rooms and streets of the synthetic world as one source."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from depth_completion_core.data.sample import DepthDataset, Sample
from depth_completion_core.data.synthetic_drives import SyntheticDrives
from depth_completion_core.training.reader_source import ReaderSource


@dataclass(frozen=True, slots=True, kw_only=True)
class SyntheticSource(ReaderSource):
    """Drives that are rendered as they are read."""

    rooms: SyntheticDrives.Config = field(default_factory=SyntheticDrives.Config)
    streets: SyntheticDrives.Config = field(
        default_factory=lambda: SyntheticDrives.Config(scene="street")
    )
    use_rooms: bool = True
    """Whether the rooms are among the samples."""
    use_streets: bool = True
    """Whether the streets are."""

    def open(self) -> DepthDataset:
        """Rooms first, then streets."""
        wanted = [(self.use_rooms, self.rooms), (self.use_streets, self.streets)]
        return Joined([SyntheticDrives(Path(), config) for is_used, config in wanted if is_used])


class Joined(DepthDataset):
    """Data sets one after the other; their names differ."""

    needs_root = False

    def __init__(self, parts: Sequence[DepthDataset]) -> None:
        super().__init__(Path())
        self._parts = parts
        self._where = [(part, index) for part in parts for index in range(len(part))]

    @property
    def names(self) -> list[str]:
        """Of all parts, in order."""
        return [name for part in self._parts for name in part.names]

    def __len__(self) -> int:
        return len(self._where)

    def __getitem__(self, index: int) -> Sample:
        part, number = self._where[index]
        return part[number]
