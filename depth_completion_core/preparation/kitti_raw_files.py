# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Which files of KITTI's raw data belong to the drives of its depth completion tree."""

from __future__ import annotations

from pathlib import Path

from depth_completion_core.data.sample import DataError
from depth_completion_core.preparation.copies import Copy

_FOLDERS = ("image_02", "image_03", "oxts")
_CALIBRATIONS = ("calib_cam_to_cam.txt", "calib_imu_to_velo.txt", "calib_velo_to_cam.txt")
_DATE_LENGTH = len("2011_09_26")


def files_of_drives(root: Path, raw: Path) -> list[Copy]:
    """The files of all drives below train/ and val/, with where they go: {train,val}/DRIVE.

    Args:
        root: the folder of depth completion.
        raw: the folder of the raw data, with DATE/DRIVE.

    Raises:
        DataError: there are no drives, or the raw data lack one or a calibration of it.
    """
    drives = [
        drive
        for split in ("train", "val")
        for drive in sorted((root / split).glob("*"))
        if drive.is_dir()
    ]
    if not drives:
        raise DataError(f"{root} holds no train/DRIVE and no val/DRIVE; unpack KITTI's archives")
    missing = [
        place for drive in drives for place in _sources(drive.name, raw)[0] if not place.is_dir()
    ]
    missing += [
        path for drive in drives for path in _sources(drive.name, raw)[1] if not path.is_file()
    ]
    if missing:
        raise DataError(
            f"{raw} lacks {len(missing)} folders or files of the {len(drives)} drives, such as "
            f"{missing[0]}; unpack the synced and rectified drives and their calibration there"
        )
    return [copy for drive in drives for copy in _of_drive(drive, raw)]


def _sources(drive: str, raw: Path) -> tuple[list[Path], list[Path]]:
    date = raw / drive[:_DATE_LENGTH]
    return [date / drive / folder for folder in _FOLDERS], [date / name for name in _CALIBRATIONS]


def _of_drive(drive: Path, raw: Path) -> list[Copy]:
    folders, calibrations = _sources(drive.name, raw)
    found = [
        Copy(source, drive / folder.name / source.relative_to(folder))
        for folder in folders
        for source in sorted(folder.rglob("*"))
        if source.is_file()
    ]
    return [*found, *(Copy(source, drive / source.name) for source in calibrations)]
