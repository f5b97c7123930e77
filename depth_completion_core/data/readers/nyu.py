# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""NYU Depth v2 with the images and true depth that depth completion is compared on.

Silberman et al., ECCV 2012, as prepared by Ma and Karaman, "Sparse-to-Dense", ICRA 2018::

    train/SCENE/NNNNN.h5    val/official/NNNNN.h5    each with rgb (3, 480, 640), depth (480, 640)

A frame is halved to 320x240 and its middle 304x228 kept. Sparse depth is sampled from the true
depth of that; the table below says how. Results are published with ``default_sparsifier``.
The networks differ in how they halve, and all halve the depth image like the colours:

=============== ===================================== ==========================================
nlspn           Pillow's bilinear filter              exactly 500 of the valid pixels
cspn            the same                              every pixel with probability 500 / 69312
sparse_to_dense every second pixel, from the second   the same (later: 500 / number of valid ones)
=============== ===================================== ==========================================

CSPN's published weights also need its colours, which wrap around at 8 bits; they are a matter of
that network's preprocessing, and images here are plain.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np

from depth_completion_core.data.layers.pillow_resize import resize_bilinear
from depth_completion_core.data.readers.h5_frames import h5py_module, read_h5_frame
from depth_completion_core.data.readers.nyu_files import files_in_folders, files_in_list
from depth_completion_core.data.sample import DepthDataset, Sample
from depth_completion_core.frame import SparseDepth
from depth_completion_core.geometry.arrays import Float32Array, UInt8Array
from depth_completion_core.geometry.camera import CameraModel

_HEIGHT, _WIDTH = 480, 640
_TOP, _LEFT, _CROP_HEIGHT, _CROP_WIDTH = 6, 8, 228, 304
_SMALLEST_DEPTH = 1e-4  # metres; NLSPN draws points above it, and scores pixels above it

STORED_CAMERA = CameraModel(
    fx=518.858, fy=519.470, cx=325.582, cy=253.736, width=_WIDTH, height=_HEIGHT
)
"""Of the images as they are stored."""

NYU_CAMERA = CameraModel(
    fx=STORED_CAMERA.fx / 2,
    fy=STORED_CAMERA.fy / 2,
    cx=STORED_CAMERA.cx / 2 - _LEFT,
    cy=STORED_CAMERA.cy / 2 - _TOP,
    width=_CROP_WIDTH,
    height=_CROP_HEIGHT,
)
"""As NLSPN has it: halved without the half pixel that CameraModel.scaled() heeds (1/4 pixel)."""


class Pipeline(NamedTuple):
    """How a network's authors prepare a frame.

    Attributes:
        is_bilinear: False for every second pixel.
        sparsifier: how they draw sparse depth; see depth_completion_core.data.sampling.sparsify.
    """

    is_bilinear: bool
    sparsifier: str


PIPELINES = {
    "nlspn": Pipeline(is_bilinear=True, sparsifier="uniform:500"),
    "cspn": Pipeline(is_bilinear=True, sparsifier="bernoulli:500"),
    "sparse_to_dense": Pipeline(is_bilinear=False, sparsifier="bernoulli:500"),
}


class Nyu(DepthDataset):
    """Frames named ``val/official/00001``; sparse depth is for the caller to draw.

    Attributes:
        default_sparsifier: how the authors of the pipeline draw it.
    """

    protocol = "nyu"
    default_sparsifier: str = PIPELINES["nlspn"].sparsifier

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Config:
        """Which frames, and how they are prepared."""

        split: Literal["test", "train", "val"] = "test"
        """test: the 654 frames of val/official. val: needs a split_file."""
        pipeline: Literal["nlspn", "cspn", "sparse_to_dense"] = "nlspn"
        """Whose preparation to follow."""
        split_file: str = ""
        """A .json or .csv list, relative to the folder; empty for the whole folder of the split."""
        frame: Literal["prepared", "stored"] = "prepared"
        """stored: whole images of 640x480, for a training that scales and crops them itself."""

    config: Config

    def __init__(self, root: Path, config: Config | None = None) -> None:
        super().__init__(root, config)
        h5py_module()
        self._pipeline = PIPELINES[self.config.pipeline]
        self.default_sparsifier = self._pipeline.sparsifier
        listing, split = self.config.split_file, self.config.split
        self._files = (
            files_in_list(root, root / listing, split) if listing else files_in_folders(root, split)
        )

    @property
    def names(self) -> list[str]:
        """Paths without their ending, sorted, or in the order of the list."""
        return [path.relative_to(self.root).with_suffix("").as_posix() for path in self._files]

    def __getitem__(self, index: int) -> Sample:
        path = self._files[index]
        image, depth = read_h5_frame(path, (_HEIGHT, _WIDTH))
        is_prepared = self.config.frame == "prepared"
        if is_prepared:
            image, depth = _center(*self._halved(image, depth))
        return Sample(
            name=path.relative_to(self.root).with_suffix("").as_posix(),
            image=image,
            camera=NYU_CAMERA if is_prepared else STORED_CAMERA,
            truth=SparseDepth.from_depth(np.where(depth > _SMALLEST_DEPTH, depth, np.float32(0))),
        )

    def _halved(self, image: UInt8Array, depth: Float32Array) -> tuple[UInt8Array, Float32Array]:
        if not self._pipeline.is_bilinear:
            return image[1::2, 1::2], depth[1::2, 1::2]
        height, width = _HEIGHT // 2, _WIDTH // 2
        return (
            resize_bilinear(image, height=height, width=width),
            resize_bilinear(depth, height=height, width=width),
        )


def _center(image: UInt8Array, depth: Float32Array) -> tuple[UInt8Array, Float32Array]:
    window = slice(_TOP, _TOP + _CROP_HEIGHT), slice(_LEFT, _LEFT + _CROP_WIDTH)
    return np.ascontiguousarray(image[window]), np.ascontiguousarray(depth[window])
