# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Files that are read: images, depth, validity maps, arrays."""

from __future__ import annotations

import logging
from collections.abc import Collection
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from depth_completion_core.files.exif import orientation_of
from depth_completion_core.frame import SparseDepth
from depth_completion_core.geometry.arrays import BoolArray, UInt8Array
from depth_completion_core.images.decoding import decode_image_bytes
from depth_completion_core.images.headers import ImageError, ImageKind
from depth_completion_core.images.used_bits import UsedBits

IMAGE_TYPES = (".png", ".jpg", ".jpeg", ".bmp", ".ppm", ".webp")
DEPTH_TYPES = (".png", ".npy")
_DEPTH_KINDS: tuple[ImageKind, ...] = ("PNG",)
_IMAGE_KINDS: tuple[ImageKind, ...] = ("PNG", "JPEG", "BMP", "PPM", "WebP")

_MEASURED = (1, 255, 256)  # what validity maps hold at measured pixels, and 0 at others
_NPY_MARK = b"\x93NUMPY"
_LOGGER = logging.getLogger(__name__)
_SAID: set[tuple[Path, str]] = set()


class InputFileError(ValueError):
    """A file that is missing, damaged or of another kind; the message names it."""


def read_image(path: Path) -> UInt8Array:
    """(H, W, 3) uint8 RGB, the pixels as they are stored; raises InputFileError.

    An orientation in EXIF is not followed: depth and intrinsics are of the stored pixels.
    """
    import cv2  # noqa: PLC0415 - readers are known without it

    file = _content(path)
    if orientation_of(file) != 1:
        _say_once(
            path.parent,
            "have an orientation in EXIF, which is not followed: pixels are used as they are "
            "stored, like depth and intrinsics",
        )
    picture = _decoded(path, file, _IMAGE_KINDS)
    if picture.dtype == np.uint16:
        picture = _of_16_bits(path, picture)
    codes = {1: cv2.COLOR_GRAY2RGB, 3: cv2.COLOR_BGR2RGB, 4: cv2.COLOR_BGRA2RGB}
    code = codes[1 if picture.ndim == 2 else picture.shape[2]]
    return cv2.cvtColor(picture, code).astype(np.uint8, copy=False)


def read_depth(path: Path, *, depth_scale: float) -> SparseDepth:
    """Depth of a 16-bit PNG (its numbers over ``depth_scale`` are metres) or a .npy in metres.

    Raises:
        InputFileError: the file cannot be read, or holds colours, 8-bit numbers or, as .npy, whole
            numbers.
    """
    if path.suffix.lower() == ".npy":
        depth = _metres(path)
    else:
        depth = _png_numbers(path, (np.uint16,)).astype(np.float64) / depth_scale
    return SparseDepth.from_depth(_of_two_dimensions(path, depth))


def read_validity(path: Path) -> BoolArray:
    """(H, W) bool, where something was measured: a PNG of 8 or 16 bits or a .npy.

    Raises:
        InputFileError: the file cannot be read, or holds other numbers than 0 and one of 1, 255
            and 256.
    """
    is_npy = path.suffix.lower() == ".npy"
    numbers = read_array(path) if is_npy else _png_numbers(path, (np.uint8, np.uint16))
    held = np.unique(_of_two_dimensions(path, numbers))
    marks = held[held != 0].tolist()
    if len(marks) > 1 or not set(marks) <= set(_MEASURED):
        strange = next((mark for mark in marks if mark not in _MEASURED), marks[-1])
        raise InputFileError(
            f"{path} is not a validity map: it holds {strange:g}, expected only 0 and one of "
            f"{', '.join(map(str, _MEASURED))}"
        )
    measured: BoolArray = numbers != 0
    return measured


def read_array(path: Path) -> npt.NDArray[Any]:
    """A .npy of numbers; raises InputFileError.

    It is mapped first, so that no header can ask for more than the file.
    """
    if not _content(path).startswith(_NPY_MARK):
        raise InputFileError(f"{path} is not a readable .npy: it does not begin like one")
    try:
        array = np.array(np.lib.format.open_memmap(path, mode="r"))
    except Exception as error:  # the header is a Python expression, and breaks in as many ways
        raise InputFileError(f"{path} is not a readable .npy of numbers: {error}") from error
    if not (np.issubdtype(array.dtype, np.number) or array.dtype == np.bool_):
        raise InputFileError(f"{path} holds {array.dtype}, expected numbers")
    return array


def _of_16_bits(path: Path, numbers: npt.NDArray[np.uint16]) -> npt.NDArray[np.uint8]:
    """By the bits that this image uses; those of others count for nothing, whatever the order."""
    bits = UsedBits()
    shown = bits.to_8_bits(numbers)
    if bits.note:
        _say_once(path.parent, "are of 16 bits", f": {bits.note}")
    if bits.white:
        _say_once(path.parent, "hold stray numbers", f", as {path.name}: {bits.white_note}")
    return shown


def _say_once(folder: Path, finding: str, details: str = "") -> None:
    """Warn of the images of a folder, with the details of the first."""
    if (folder, finding) not in _SAID:
        _SAID.add((folder, finding))
        _LOGGER.warning("images in %s %s%s", folder, finding, details)


def _png_numbers(path: Path, types: tuple[type[np.generic], ...]) -> npt.NDArray[Any]:
    numbers = _decoded(path, _content(path), _DEPTH_KINDS)
    if numbers.dtype not in types:
        raise InputFileError(
            f"{path} holds {numbers.dtype} numbers, expected a 16-bit PNG of metres times the "
            "depth scale"
        )
    return numbers


def _decoded(path: Path, file: bytes, kinds: Collection[ImageKind]) -> npt.NDArray[Any]:
    try:
        return decode_image_bytes(file, kinds)
    except ImageError as error:
        raise InputFileError(f"{path} is not a readable image: it {error}") from error


def _content(path: Path) -> bytes:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InputFileError(f"cannot read {path}: {error.strerror}") from error
    if not data:
        raise InputFileError(f"{path} is an empty file")
    return data


def _metres(path: Path) -> npt.NDArray[np.floating[Any]]:
    depth = read_array(path)
    if not np.issubdtype(depth.dtype, np.floating):
        held = "true and false" if depth.dtype == np.bool_ else f"{depth.dtype} numbers"
        raise InputFileError(
            f"{path} holds {held}, expected metres as floating-point numbers; millimetres are "
            "divided by 1000 first, or saved as a 16-bit PNG with a depth scale of 1000"
        )
    return depth


def _of_two_dimensions(path: Path, array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    if array.ndim != 2:
        raise InputFileError(f"{path} has shape {array.shape}, expected (height, width)")
    return array
