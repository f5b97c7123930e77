# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""NLSPN's lists of KITTI depth completion, and the copies that they need."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from depth_completion_core.data.readers.kitti_drive import COLOUR_CAMERAS
from depth_completion_core.data.sample import DataError
from depth_completion_core.preparation.command_lines import PrepareKittiDc
from depth_completion_core.preparation.copies import copied
from depth_completion_core.preparation.kitti_raw_files import files_of_drives
from depth_completion_core.preparation.split_json import (
    Entry,
    entries_that_are_there,
    shuffled_and_cut,
    write_splits,
)

_SELECTED = "depth_selection/val_selection_cropped"
_ANONYMOUS = "depth_selection/test_depth_completion_anonymous"
_CAMERAS = tuple(f"image_{index:02d}" for index in COLOUR_CAMERAS["both"])


def prepare(wanted: PrepareKittiDc) -> list[str]:
    """Copy where that is wanted, and write the list; returns sentences on what was done.

    Raises:
        DataError: a folder is missing, or holds nothing of what is listed.
        ValueError: there is nothing to list.
        WriteError: a file cannot be written; what is written already is whole.
    """
    told = []
    if wanted.raw is not None:
        told += copied(files_of_drives(wanted.data, wanted.raw), is_dry_run=wanted.dry_run)
    if wanted.dry_run:
        return told or ["nothing to copy: give --raw"]
    return told + (_test_list(wanted) if wanted.test_data else _lists(wanted))


def _lists(wanted: PrepareKittiDc) -> list[str]:
    splits: dict[str, list[Entry]] = {}
    notes = []
    for split in ("train", "val", "test"):
        if split == "test" and not (wanted.data / _SELECTED).is_dir():
            notes.append(f"note: test is empty, for there is no {wanted.data / _SELECTED}")
            splits[split] = []
            continue
        found = list(_selected(wanted.data) if split == "test" else _driven(wanted.data, split))
        splits[split], missing = entries_that_are_there(wanted.data, found)
        if missing is not None:
            notes.append(
                f"note: {len(found) - len(splits[split])} of {len(found)} frames of {split} are "
                f"left out, for they lack a file, the first {missing}; --raw RAW copies images"
            )
        if not splits[split]:
            raise DataError("; ".join([f"no frame of {split} has all its files", *notes[-1:]]))
    limits = {"train": wanted.num_train, "val": wanted.num_val, "test": wanted.num_test}
    made = shuffled_and_cut(splits, limits, wanted.seed)
    return [*write_splits(wanted.out or wanted.data / "kitti_dc.json", made), *notes]


def _test_list(wanted: PrepareKittiDc) -> list[str]:
    found = list(_anonymous(wanted.data))
    entries, missing = entries_that_are_there(wanted.data, found)
    told = write_splits(wanted.out or wanted.data / "kitti_dc_test.json", {"test": entries})
    if missing is not None:
        told.append(f"note: {len(found) - len(entries)} frames lack a file, the first {missing}")
    return told


def _driven(root: Path, split: str) -> Iterator[Entry]:
    """The frames of train or val by drive, camera and number."""
    drives = sorted(path for path in (root / split).glob("*") if path.is_dir())
    if not drives:
        raise DataError(
            f"{root / split} holds no drives; unpack data_depth_velodyne.zip and "
            "data_depth_annotated.zip there"
        )
    for drive in drives:
        below = f"{split}/{drive.name}"
        for camera in _CAMERAS:
            for name in _pngs(drive / "proj_depth/velodyne_raw" / camera):
                yield {
                    "rgb": f"{below}/{camera}/data/{name}",
                    "depth": f"{below}/proj_depth/velodyne_raw/{camera}/{name}",
                    "gt": f"{below}/proj_depth/groundtruth/{camera}/{name}",
                    "K": f"{below}/calib_cam_to_cam.txt",
                }


def _selected(root: Path) -> Iterator[Entry]:
    for name in _pngs_of_archive(root / _SELECTED / "velodyne_raw"):
        image, truth = (
            name.replace("velodyne_raw", kind, 1) for kind in ("image", "groundtruth_depth")
        )
        yield {
            "rgb": f"{_SELECTED}/image/{image}",
            "depth": f"{_SELECTED}/velodyne_raw/{name}",
            "gt": f"{_SELECTED}/groundtruth_depth/{truth}",
            "K": f"{_SELECTED}/intrinsics/{Path(image).stem}.txt",
        }


def _anonymous(root: Path) -> Iterator[Entry]:
    """The measurements stand for the truth, which the server keeps."""
    for name in _pngs_of_archive(root / _ANONYMOUS / "velodyne_raw"):
        yield {
            "rgb": f"{_ANONYMOUS}/image/{name}",
            "depth": f"{_ANONYMOUS}/velodyne_raw/{name}",
            "gt": f"{_ANONYMOUS}/velodyne_raw/{name}",
            "K": f"{_ANONYMOUS}/intrinsics/{Path(name).stem}.txt",
        }


def _pngs_of_archive(folder: Path) -> list[str]:
    names = _pngs(folder)
    if not names:
        raise DataError(f"{folder} holds no .png files; unpack data_depth_selection.zip there")
    return names


def _pngs(folder: Path) -> list[str]:
    found = (path.name for path in folder.glob("*.png"))
    return sorted(name for name in found if not name.startswith("."))
