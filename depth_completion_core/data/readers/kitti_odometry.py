# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""KITTI's odometry drives with projected sweeps, as Ma and Karaman prepared them (ICRA 2018).

::

    {train,val}/SEQUENCE/NNNNN.h5    each with rgb (3, H, W) uint8, depth (H, W) metres

Sequences are 00-L, 00-R, ...: train has 00 to 10, val 11 to 21. The projected sweep is the truth,
and sparse depth is sampled from it. CSPN (ECCV 2018) keeps 1200x240 pixels of an image, and the
middle 912x228 of those.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from depth_completion_core.data.readers.h5_frames import h5py_module, read_h5_frame
from depth_completion_core.data.readers.nyu_files import files_below, files_in_list
from depth_completion_core.data.sample import DataError, DepthDataset, Sample
from depth_completion_core.frame import SparseDepth

_UNPACK = "unpack kitti.tar.gz of sparse-to-dense there"
_TOP, _LEFT, _REGION_HEIGHT, _REGION_WIDTH = 130, 10, 240, 1200
_CROP_HEIGHT, _CROP_WIDTH = 228, 912


class KittiOdometry(DepthDataset):
    """Frames named ``val/11-L/00000``; sparse depth is for the caller to draw.

    Attributes:
        default_sparsifier: as CSPN draws it.
    """

    protocol = "all"
    default_sparsifier: str = "bernoulli_valid:500"

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Config:
        """Which frames, and what of them."""

        split: Literal["val", "train"] = "val"
        """Which folder; of a .json list, which key."""
        split_file: str = ""
        """A .json or .csv list, relative to the folder; empty for the whole folder of the split."""
        crop: Literal["centre", "region", "none"] = "centre"
        """region: the 1200x240 pixels that CSPN looks at. centre: the middle 912x228 of those."""

    config: Config

    def __init__(self, root: Path, config: Config | None = None) -> None:
        super().__init__(root, config)
        h5py_module()
        listing, split = self.config.split_file, self.config.split
        self._files = (
            files_in_list(root, root / listing, split, _UNPACK)
            if listing
            else files_below(root / split, _UNPACK)
        )

    @property
    def names(self) -> list[str]:
        """Paths without their ending, sorted, or in the order of the list."""
        return [path.relative_to(self.root).with_suffix("").as_posix() for path in self._files]

    def __getitem__(self, index: int) -> Sample:
        path = self._files[index]
        image, depth = read_h5_frame(path)
        if self.config.crop != "none":
            window = _window(path, image.shape[:2], is_centre=self.config.crop == "centre")
            image, depth = np.ascontiguousarray(image[window]), depth[window]
        truth = SparseDepth.from_depth(np.where(depth > 0, depth, np.float32(0)))
        return Sample(name=self.names[index], image=image, truth=truth)


def _window(path: Path, size: tuple[int, ...], *, is_centre: bool) -> tuple[slice, slice]:
    height, width = size
    if height < _TOP + _REGION_HEIGHT or width < _LEFT + _REGION_WIDTH:
        raise DataError(
            f"{path} is {width}x{height} pixels, expected at least {_LEFT + _REGION_WIDTH}x"
            f"{_TOP + _REGION_HEIGHT} to cut CSPN's region from; set crop to none"
        )
    top, left, rows, columns = _TOP, _LEFT, _REGION_HEIGHT, _REGION_WIDTH
    if is_centre:
        top, left = top + (rows - _CROP_HEIGHT) // 2, left + (columns - _CROP_WIDTH) // 2
        rows, columns = _CROP_HEIGHT, _CROP_WIDTH
    return slice(top, top + rows), slice(left, left + columns)
