# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Small trees of the data sets that NLSPN and CSPN were published on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from tests.core.data.kitti_trees import (
    DATE,
    HEIGHT,
    WIDTH,
    number_png,
    write_camera_calibration,
    write_drive,
    write_oxts,
    write_rigid_calibrations,
)
from tests.core.data.written_files import random_image, write_numbers

DRIVES = {
    "train": (f"{DATE}_drive_0001_sync", f"{DATE}_drive_0009_sync"),
    "val": (f"{DATE}_drive_0002_sync",),
}


def write_h5(path: Path, rgb: object, depth: object) -> None:
    import h5py  # noqa: PLC0415 - an extra

    path.parent.mkdir(parents=True, exist_ok=True)
    with h5py.File(path, "w") as file:
        file["rgb"] = rgb
        file["depth"] = depth


def h5_frame(seed: int, height: int, width: int) -> tuple[Any, npt.NDArray[np.float32]]:
    """(3, H, W) colours and (H, W) metres with a hole."""
    depth = np.random.default_rng(seed).uniform(1.0, 9.0, (height, width)).astype(np.float32)
    depth[height // 4 : height // 3, width // 4 : width // 3] = 0.0
    return random_image(seed, height, width).transpose(2, 0, 1), depth


def write_nyu(root: Path, *, scenes: int = 2, frames: int = 2, tested: int = 1) -> list[str]:
    """The names of the files for training, which are those of scenes."""
    names = [f"train/den_{s:04d}/{n:05d}.h5" for s in range(scenes) for n in range(1, frames + 1)]
    tests = [f"val/official/{number:05d}.h5" for number in range(1, tested + 1)]
    for seed, name in enumerate([*names, *tests]):
        write_h5(root / name, *h5_frame(seed, 480, 640))
    return names


def write_odometry(root: Path, *, frames: int = 4) -> None:
    for split, sequence, count in (("train", "00-L", frames), ("val", "11-R", 1)):
        for number in range(count):
            path = root / split / sequence / f"{number:05d}.h5"
            write_h5(path, *h5_frame(number, 370, 1215))


def depth_numbers(seed: int, height: int = HEIGHT) -> npt.NDArray[np.uint16]:
    random = np.random.default_rng(seed)
    numbers = random.integers(1 * 256, 90 * 256, (height, WIDTH))
    return np.where(random.random((height, WIDTH)) < 0.3, numbers, 0).astype(np.uint16)


def write_kitti_depth(root: Path, numbers: range = range(5, 7)) -> None:
    """Sweeps and truth alone, as the archives hold them."""
    for split, drives in DRIVES.items():
        for drive in drives:
            for camera in (2, 3):
                for number in numbers:
                    below = f"{split}/{drive}/proj_depth/{{}}/image_{camera:02d}"
                    for kind, seed in (("velodyne_raw", number), ("groundtruth", 100 + number)):
                        path = root / below.format(kind) / number_png(number)
                        write_numbers(path, depth_numbers(10 * seed + camera))


def write_kitti_raw(raw: Path, numbers: range = range(5, 8)) -> None:
    """Images, navigation and calibration of the same drives, and a frame more."""
    write_camera_calibration(raw / DATE)
    write_rigid_calibrations(raw / DATE)
    for drives in DRIVES.values():
        for drive in drives:
            write_drive(raw / DATE / drive, numbers, cameras=(2, 3))
            for number in numbers:  # a metre up each
                write_oxts(raw / DATE / drive, number, 49.0, 8.4, 100.0 + number, 0.0, 0.0, 0.0)
            for folder in ("image_02", "image_03", "oxts"):
                listing = raw / DATE / drive / folder / "timestamps.txt"
                listing.write_text("2011-09-26 13:02:25.964389445\n" * 20, encoding="utf-8")
