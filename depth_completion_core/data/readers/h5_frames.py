# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""HDF5 files of one frame each, as Ma and Karaman (ICRA 2018) prepared NYU and KITTI."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import numpy as np

from depth_completion_core.data.readers.reading import blamed_on
from depth_completion_core.data.sample import DataError
from depth_completion_core.geometry.arrays import Float32Array, UInt8Array

_LONGEST_SIDE_PX = 8192


def h5py_module() -> Any:  # noqa: ANN401 - h5py has no types
    """h5py, which only these files need; raises DataError where it is not installed."""
    try:
        return importlib.import_module("h5py")
    except ImportError as error:
        raise DataError(
            "HDF5 files need h5py: pip install 'depth_completion_ros[evaluation]'"
        ) from error


def read_h5_frame(
    path: Path, size: tuple[int, int] | None = None
) -> tuple[UInt8Array, Float32Array]:
    """The image and the depth of one file.

    Args:
        path: the file, with ``rgb`` (3, H, W) uint8 and ``depth`` (H, W) metres.
        size: the (height, width) that it must have; None for any.

    Returns:
        (H, W, 3) uint8 RGB and (H, W) float32 metres, 0 where it is not known.

    Raises:
        DataError: the file is missing, damaged or of another size.
    """
    if not path.is_file():
        raise DataError(f"there is no file {path}")
    h5py = h5py_module()
    try:
        file = h5py.File(path, "r")
    except OSError as error:
        raise DataError(
            f"{path} is no whole HDF5 file ({error}): copy or unpack it again"
        ) from error
    with file, blamed_on(path):
        missing = [key for key in ("rgb", "depth") if key not in file]
        if missing:
            raise ValueError(
                f"lacks {' and '.join(missing)}; it has {', '.join(file) or 'nothing'}"
            )
        rgb, depth = file["rgb"], file["depth"]
        _check_shapes(rgb, depth, size)
        image = np.ascontiguousarray(np.asarray(rgb).transpose(1, 2, 0))
        metres = np.asarray(depth).astype(np.float32)
        return image, np.nan_to_num(metres, posinf=0.0, neginf=0.0)


def _check_shapes(rgb: Any, depth: Any, size: tuple[int, int] | None) -> None:  # noqa: ANN401
    """Before the numbers are read; raises ValueError."""
    wanted = size or depth.shape
    is_image = len(wanted) == 2 and 0 < min(wanted) <= max(wanted) <= _LONGEST_SIDE_PX
    if not is_image or (rgb.shape, rgb.dtype, depth.shape) != ((3, *wanted), np.uint8, wanted):
        expected = f"{(3, *size)} of uint8 and {size}" if size else "(3, H, W) of uint8 and (H, W)"
        raise ValueError(
            f"rgb is {rgb.shape} of {rgb.dtype} and depth {depth.shape}, expected {expected}"
        )
