# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Pictures of the frames of a bag."""

from __future__ import annotations

from pathlib import Path

from depth_completion_core.files.output_files import write_picture
from depth_completion_core.frame import DepthPrediction, SparseDepth
from depth_completion_core.geometry.arrays import UInt8Array
from depth_completion_core.pictures.preview import absolute_errors, frame_picture
from depth_completion_core.pictures.scales import Scale, depth_scale, error_scale


class Preview:
    """Writes numbered pictures, all with the scales of the first that they apply to."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._scale: Scale | None = None
        self._errors: Scale | None = None
        self._count = 0

    def write(
        self, image: UInt8Array, prediction: DepthPrediction, truth: SparseDepth | None
    ) -> None:
        """Write the picture of one frame; raises WriteError where the folder cannot be written."""
        if self._scale is None:
            self._scale = depth_scale([prediction.sparse.depth, prediction.depth])
        if self._errors is None and truth is not None:
            self._errors = error_scale([absolute_errors(prediction, truth)])
        write_picture(
            self._folder / f"frame_{self._count:06d}.png",
            frame_picture(image, prediction, truth, self._scale, self._errors),
        )
        self._count += 1
