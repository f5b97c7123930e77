# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Where everything of a set lies."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

LISTED = (
    "image",
    "sparse_depth",
    "validity_map",
    "ground_truth",
    "absolute_pose",
    "intrinsics",
)
"""What each split has a list of."""
SHARED = ("image", "ground_truth", "absolute_pose")
"""The folders whose files are the same for all densities."""
K_FILE = "K.txt"
_TENTHS_OF_MS = 100_000


class SetPlaces(NamedTuple):
    """The paths of a set below its folder."""

    folder: Path

    def density(self, density: int) -> Path:
        """One release, such as ``void_1500``."""
        return self.folder / density_name(density)

    def sequence(self, density: int, sequence: str) -> Path:
        """A sequence of one release."""
        return self.density(density) / "data" / sequence

    def record(self, sequence: str) -> Path:
        """What was written of a sequence, and of what; there once it is finished."""
        return self.folder / "manifest" / f"{sequence}.json"

    def partial(self, sequence: str) -> Path:
        """Where a sequence is written until it is finished."""
        return self.folder / ".partial" / sequence


def density_name(density: int) -> str:
    """The folder of one release."""
    return f"void_{density}"


def frame_name(stamp_ns: int) -> str:
    """Seconds with four decimals, rounded, as VOID's files are named; they sort by time."""
    tenths = (stamp_ns + _TENTHS_OF_MS // 2) // _TENTHS_OF_MS
    return f"{tenths // 10_000:010d}.{tenths % 10_000:04d}"


def file_name(folder: str, name: str) -> str:
    """The file of a frame in one of the folders of its sequence."""
    return f"{name}.txt" if folder == "absolute_pose" else f"{name}.png"
