# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Folders of real recordings: which layouts there are, and which files belong together."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from depth_completion_core.data.sample import DataError
from depth_completion_core.files.file_sources import files_in
from depth_completion_core.files.input_files import IMAGE_TYPES

_IMAGES = ("image", "rgb", "image_02")
_SWEEPS = ("points", "velodyne_fov", "velodyne_points")
_DEEPEST = 3  # folders below the one that is searched for sets

KINDS = {
    "rgbd": "an image folder beside depth/: depth is the truth, points are sampled from it",
    "rgbd_raw": "an image folder beside depth_raw/ and depth_gt/: raw depth and its truth",
    "lidar": "an image folder beside points/ and calib/: a sweep, some of its lines kept",
}
"""The kinds of set, and how each is known."""


class RealSet(NamedTuple):
    """A set that was found; ``kind`` is a name of :data:`KINDS`."""

    name: str
    kind: str
    folder: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class RealFiles:
    """The files of one sample; None where its kind of set has none of that sort.

    Attributes:
        name: of the sample.
        image: the colours.
        calibration: a matrix as text, or the .json of a lidar set.
        measured: raw depth.
        truth: the depth that is true.
    """

    name: str
    image: Path
    calibration: Path | None
    measured: Path | None = None
    truth: Path | None = None


def real_sets(parent: Path) -> list[RealSet]:
    """The sets under a folder, by name; a set is named after its own folder.

    Raises:
        DataError: there is no such folder.
    """
    if not parent.is_dir():
        raise DataError(f"there is no folder {parent} with real recordings")
    return sorted(_sets_under(parent, _DEEPEST))


def kind_of(folder: Path) -> str | None:
    """The kind of set that a folder is, or None."""
    if _folder(folder, _IMAGES) is None:
        return None
    if _folder(folder, _SWEEPS) and ((folder / "calib").is_dir() or _file(folder, "calib.json")):
        return "lidar"
    if (folder / "depth_raw").is_dir() and (folder / "depth_gt").is_dir():
        return "rgbd_raw"
    return "rgbd" if (folder / "depth").is_dir() else None


def files_of_set(folder: Path, kind: str) -> list[RealFiles]:
    """The files of each sample, by name; raises DataError where there are no images."""
    image_folder = _folder(folder, _IMAGES)
    images = files_in(image_folder or folder, IMAGE_TYPES)
    if not images:
        raise DataError(f"{image_folder} holds no images ({', '.join(IMAGE_TYPES)})")
    if kind == "lidar":
        return [_lidar_files(folder, image) for image in images]
    return [_rgbd_files(folder, image, kind) for image in images]


def sweep_file(folder: Path, name: str) -> Path:
    """The sweep of that name in a lidar set."""
    return (_folder(folder, _SWEEPS) or folder) / name


def _lidar_files(folder: Path, image: Path) -> RealFiles:
    own = folder / "calib" / f"{image.stem}.json"
    shared = _file(folder, "calib.json")
    return RealFiles(name=image.stem, image=image, calibration=shared or own)


def _rgbd_files(folder: Path, image: Path, kind: str) -> RealFiles:
    raw, name = kind == "rgbd_raw", f"{image.stem}.png"
    return RealFiles(
        name=image.stem,
        image=image,
        calibration=_matrix_file(folder, image.stem),
        measured=folder / "depth_raw" / name if raw else None,
        truth=folder / ("depth_gt" if raw else "depth") / name,
    )


def _matrix_file(folder: Path, stem: str) -> Path | None:
    """K.txt, or in K/ that of the image, or that of the sequence its name begins with."""
    candidates = (f"K/{stem}.txt", f"K/{stem.split('_', maxsplit=1)[0]}.txt", "K.txt")
    return next((found for name in candidates if (found := _file(folder, name))), None)


def _sets_under(parent: Path, deepest: int) -> Iterable[RealSet]:
    kind = kind_of(parent)
    if kind:
        yield RealSet(parent.name, kind, parent)
    elif deepest > 0:
        for folder in parent.iterdir():
            if folder.is_dir() and not folder.name.startswith("."):
                yield from _sets_under(folder, deepest - 1)


def _folder(parent: Path, names: tuple[str, ...]) -> Path | None:
    return next((parent / name for name in names if (parent / name).is_dir()), None)


def _file(parent: Path, name: str) -> Path | None:
    path = parent / name
    return path if path.is_file() else None
