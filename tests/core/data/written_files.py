# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Small files for the trees that readers of data sets are tested on."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from depth_completion_core.geometry.arrays import UInt8Array


def random_image(seed: int, height: int, width: int) -> UInt8Array:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def write_image(path: Path, image: UInt8Array) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(path), cv2.cvtColor(image, cv2.COLOR_RGB2BGR))


def write_numbers(path: Path, numbers: npt.ArrayLike) -> None:
    """A 16-bit PNG."""
    path.parent.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(path), np.asarray(numbers, dtype=np.uint16))


def write_text(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def spelled(values: npt.ArrayLike) -> str:
    """Numbers as KITTI's calibration files spell them."""
    return " ".join(f"{number:.12e}" for number in np.asarray(values, np.float64).reshape(-1))
