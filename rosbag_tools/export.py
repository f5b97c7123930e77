# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""``python -m rosbag_tools.export BAG DIR``: the results of a completed bag as files."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import tyro

from depth_completion_core.settings.command_line import parsed
from depth_completion_core.settings.fields import setting
from depth_completion_core.settings.mapping import check_limits
from rosbag_tools.cli import run_cli
from rosbag_tools.errors import BagError
from rosbag_tools.wishes import Stamps

Format = Literal["png", "npy", "ply"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Export:
    """Write the results of a completed bag as files: BAG... DIR.

    DIR is what evaluate --dataset folder reads: image/, sparse_depth/, ground_truth/ and K.txt,
    beside output_depth/, confidence/ and points/, as infer writes them.
    """

    paths: tyro.conf.Positional[tuple[Path, ...]]
    """The completed bag (.bag, .mcap or .db3 files, or a folder), then the folder to write."""
    depth: str = ""
    """Topic of the dense depth; by default the only one whose name ends in depth/image."""
    image: str = ""
    """Topic of the colour images; by default that of the same frame and stamps."""
    truth: str = ""
    """Topic of true depth images, for ground_truth/."""
    stamps: Stamps = "header"
    """recorded: as the bag was completed with --stamps recorded."""
    formats: tuple[Format, ...] = ("png", "npy", "ply")
    """Of depth: 16-bit PNG, .npy in metres; and of the clouds: PLY."""
    depth_scale: float = setting(256.0, low=1e-3)
    """Value of a depth PNG that means 1 m: 256, or 1000 for millimetres."""


def main(arguments: list[str]) -> int:
    """Parse, export, print what was written; 0 for success."""
    wanted = parsed(Export, arguments)
    check_limits(wanted)
    if len(wanted.paths) < 2:
        raise BagError("give one or more completed bags and then the folder to write: BAG... DIR")
    if not wanted.formats:
        raise BagError("--formats needs one of png, npy, ply")
    from rosbag_tools.folder_export import export_bag  # noqa: PLC0415 - slow to import
    from rosbag_tools.reader import BagReader  # noqa: PLC0415 - likewise

    *bags, folder = wanted.paths
    with BagReader(bags, stamps=wanted.stamps) as reader:
        print("\n".join(export_bag(reader, folder, wanted)))
    return 0


if __name__ == "__main__":
    sys.exit(run_cli(main))
