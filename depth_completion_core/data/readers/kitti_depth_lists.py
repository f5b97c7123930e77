# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Frames of KITTI depth completion by a list as NLSPN has them; see ``split_lists``.

The key ``test`` holds the selected crops, whose truth is known, or the images of the test server,
for which NLSPN's lists name the measurements as truth.
"""

from __future__ import annotations

import re
from pathlib import Path

from depth_completion_core.data.readers.kitti_depth_layout import KittiDepthFiles
from depth_completion_core.data.readers.split_lists import check_there, json_entries, path_below

_KEYS = {"train": "train", "val": "val", "selection": "test", "test": "test"}
_FIELDS = ("rgb", "depth", "gt", "K")
_CALIBRATION = "calib_cam_to_cam.txt"
_IN_DRIVE = re.compile(r"(?:.*/)?([^/]+)/(image_0([23]))/data/([^/]+)\.png")
_SELECTED = re.compile(r".*_image_0([23])")


def frames_of_list(root: Path, listing: Path, split: str) -> list[KittiDepthFiles]:
    """The frames of a split, in the order of the list.

    Args:
        root: the folder of the data set, which paths are relative to.
        listing: .json with {"train": [{"rgb": ..., "depth": ..., "gt": ..., "K": ...}], ...}.
        split: as KittiDepth has it.

    Raises:
        DataError: the list is damaged or empty, a path leads out of the root or to nothing.
    """
    found = json_entries(listing, _KEYS[split], _FIELDS)
    entries = [
        {what: root / path_below(entry[what], listing) for what in _FIELDS} for entry in found
    ]
    # Calibrations are shared by the frames of a drive.
    files = dict.fromkeys(path for entry in entries for path in entry.values())
    check_there(
        list(files), listing, "python -m depth_completion_core.prepare kitti_dc copies images there"
    )
    return [_frame(entry) for entry in entries]


def _frame(entry: dict[str, Path]) -> KittiDepthFiles:
    image, intrinsics = entry["rgb"], entry["K"]
    in_drive = _IN_DRIVE.fullmatch(image.as_posix())
    selected = _SELECTED.fullmatch(image.stem)
    name, camera_index = image.stem, int(selected[1]) if selected else 0
    if in_drive:
        name, camera_index = f"{in_drive[1]}/{in_drive[2]}/{in_drive[4]}", int(in_drive[3])
    has_calibration = intrinsics.name == _CALIBRATION
    return KittiDepthFiles(
        name=name,
        image=image,
        sparse=entry["depth"],
        truth=None if entry["gt"] == entry["depth"] else entry["gt"],
        drive=intrinsics.parent if has_calibration else None,
        intrinsics=None if has_calibration else intrinsics,
        camera_index=camera_index,
    )
