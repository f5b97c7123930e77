# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Pictures of the frames of a bag, and the other files that a tool writes beside bags."""

from __future__ import annotations

from pathlib import Path

from depth_completion_core.files.output_files import write_json, write_picture
from depth_completion_core.frame import DepthPrediction, SparseDepth
from depth_completion_core.geometry.arrays import UInt8Array
from depth_completion_core.pictures.depth_colors import Scale, depth_scale
from depth_completion_core.pictures.preview import frame_picture
from rosbag_tools.errors import write_error


class Preview:
    """Writes numbered pictures; all of them with the scale of the first."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._scale: Scale | None = None
        self._count = 0

    def write(
        self, image: UInt8Array, prediction: DepthPrediction, truth: SparseDepth | None
    ) -> None:
        """Write the picture of one frame; raises BagError where the folder cannot be written."""
        if self._scale is None:
            self._scale = depth_scale([prediction.sparse.depth, prediction.depth])
        save_picture(
            self._folder / f"frame_{self._count:06d}.png",
            frame_picture(image, prediction, truth, self._scale),
        )
        self._count += 1


def save_picture(path: Path, picture: UInt8Array) -> None:
    """Write a PNG; raises BagError."""
    try:
        write_picture(path, picture)
    except OSError as error:
        raise write_error(error, path) from error


def save_json(path: Path, values: object) -> None:
    """Write plain values as JSON; raises BagError."""
    try:
        write_json(path, values)
    except OSError as error:
        raise write_error(error, path) from error
