# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""ScaffNet's lists and triplets of KITTI.

Each image of both colour cameras with its own measurements; the release pairs right images with
left measurements in one list, which is not followed. A frame without both neighbours is unused.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from depth_completion_core.data.leaving_out import drive_places
from depth_completion_core.data.readers.kitti_depth_layout import (
    KittiDepthFiles,
    frames_of_drives,
    frames_of_selection,
)
from depth_completion_core.data.readers.kitti_drive import rectified_camera
from depth_completion_core.data.readers.kitti_oxts import camera_poses
from depth_completion_core.data.readers.reading import camera_of, rgb_of
from depth_completion_core.data.sample import DataError
from depth_completion_core.preparation.command_lines import PrepareKitti
from depth_completion_core.preparation.scaffnet_tree import Row, ScaffNetTree
from depth_completion_core.progress import with_progress
from depth_completion_core.sensing.near_static import NearStaticFilter
from depth_completion_core.sensing.near_static_config import NearStatic

_SIDES = {2: "left", 3: "right"}
_OFFSET = 1
_SELECTIONS = {"val": "validation/kitti/kitti_val", "test": "testing/kitti/kitti_test"}


class _Frame(NamedTuple):
    """A frame of a drive and its rows; ``triplet`` is None without both neighbours."""

    files: KittiDepthFiles
    single: Row
    triplet: Row | None


def prepare(wanted: PrepareKitti) -> list[str]:
    """Write triplets, intrinsics and lists; returns sentences on them.

    Raises:
        DataError: something of the data is missing or damaged.
        ValueError: two ways to find static frames are given.
        WriteError: a file cannot be written; those before it are whole.
    """
    if wanted.static_frames is not None and wanted.near_static:
        raise ValueError("--static-frames and --near-static: give one of the two")
    tree = ScaffNetTree(wanted.out, "kitti_derived", {"set": "kitti", "offset": _OFFSET})
    root = tree.linked("kitti_depth_completion", wanted.data)
    raw = tree.linked("kitti_raw_data", wanted.raw)
    frames = _training_frames(tree, root, raw, wanted)
    told = _training_lists(tree, frames, "")
    if wanted.static_frames is not None or wanted.near_static:
        told += _training_lists(tree, _moving_frames(frames, wanted.static_frames), "_nonstatic")
    return [*told, *_selection_lists(tree, root, "val"), *_selection_lists(tree, root, "test")]


def _selection_lists(tree: ScaffNetTree, root: Path, split: str) -> list[str]:
    """The lists of the selected crops, or of the images of the test server; a note without them."""
    try:
        chosen = list(frames_of_selection(root, has_truth=split == "val"))
    except DataError as error:
        return [f"note: there are no lists of {split}, for {error}"]
    rows = [_selected_row(tree, split, files) for files in chosen]
    return tree.write_lists(_SELECTIONS[split], rows)


def _training_frames(
    tree: ScaffNetTree, root: Path, raw: Path, wanted: PrepareKitti
) -> list[_Frame]:
    chosen = [
        files for camera in _SIDES for files in frames_of_drives(root, "train", raw, camera, 0)
    ]
    return [
        _frame(tree, files, is_paths_only=wanted.paths_only)
        for files in with_progress(chosen, "kitti", unit="frame", total=len(chosen))
    ]


def _frame(tree: ScaffNetTree, files: KittiDepthFiles, *, is_paths_only: bool) -> _Frame:
    derived = tree.derived / "train" / files.name
    rest = {
        "sparse_depth": files.sparse,
        "ground_truth": files.truth or files.sparse,
        **_cameras(tree, files),
    }
    number = int(files.image.stem)
    before, after = (
        files.image.with_name(f"{number + step:010d}.png") for step in (-_OFFSET, _OFFSET)
    )
    triplet = None
    if before.is_file() and after.is_file():
        target = derived.with_name(files.image.name)
        if not is_paths_only:
            tree.images(target, (before, files.image, after))
        triplet = {"images": target, **rest}
    return _Frame(files, {"image": files.image, **rest}, triplet)


def _cameras(tree: ScaffNetTree, files: KittiDepthFiles) -> dict[str, Path]:
    """The intrinsics of a drive's camera, and its focal length with the baseline to the other."""
    assert files.drive is not None  # noqa: S101 - frames of drives have one
    folder = tree.derived / "train" / files.name.split("/")[0]
    paths = {
        "intrinsics": folder / f"intrinsics_{files.camera_index:02d}.npy",
        "focal_length_baseline": folder / f"focal_length_baseline_{files.camera_index:02d}.npy",
    }
    if not all(path.is_file() for path in paths.values()):
        size = rgb_of(files.image).shape[:2]
        cameras = {side: rectified_camera(files.drive, side, size=size) for side in _SIDES}
        own = cameras[files.camera_index]
        places = [each.camera_from_frame.translation[0] for each in cameras.values()]
        baseline = abs(float(places[0] - places[1]))
        tree.numbers(paths["intrinsics"], own.camera.K)
        tree.numbers(paths["focal_length_baseline"], np.array([own.camera.fx, baseline]))
    return paths


def _training_lists(tree: ScaffNetTree, frames: Sequence[_Frame], kind: str) -> list[str]:
    told: list[str] = []
    sides = [("", frames)]
    sides += [
        (side, [frame for frame in frames if frame.files.camera_index == index])
        for index, side in _SIDES.items()
    ]
    for side, own in sides:
        lists = {
            "supervised": [frame.single for frame in own],
            "unsupervised": [frame.triplet for frame in own if frame.triplet],
            "unused": [frame.single for frame in own if not frame.triplet],
        }
        for use, rows in lists.items():
            told += tree.write_lists(f"training/kitti/{use}/kitti_train{kind}", rows, side)
    return told


def _selected_row(tree: ScaffNetTree, split: str, files: KittiDepthFiles) -> Row:
    target = tree.derived / split / f"{files.name}.npy"
    if not target.is_file():
        assert files.intrinsics is not None  # noqa: S101 - selections have them
        size = rgb_of(files.image).shape[:2]
        tree.numbers(target, camera_of(files.intrinsics, size=size, image=files.image).K)
    truth = {"ground_truth": files.truth} if files.truth else {}
    return {"image": files.image, "sparse_depth": files.sparse, **truth, "intrinsics": target}


def _moving_frames(frames: Sequence[_Frame], listing: Path | None) -> list[_Frame]:
    """The frames that a list does not name, or that show something new; raises DataError."""
    if listing is None:
        return [
            frame
            for frame, is_static in zip(frames, _near_static(frames), strict=True)
            if not is_static
        ]
    static = drive_places(listing)
    moving = [frame for frame in frames if _place(frame.files) not in static]
    if len(moving) == len(frames):
        raise DataError(f"{listing} names none of the {len(frames)} frames")
    return moving


def _near_static(frames: Sequence[_Frame]) -> Iterator[bool]:
    """Whether each frame shows nothing new beside those of its drive and camera before it."""
    filters: dict[tuple[str, int], NearStaticFilter] = {}
    for frame in with_progress(frames, "near-static", unit="frame", total=len(frames)):
        files = frame.files
        drive, index = files.drive, files.camera_index
        assert drive is not None  # noqa: S101 - frames of drives have one
        image = rgb_of(files.image)
        poses = camera_poses(drive, index, [files.image], size=image.shape[:2])
        key = _place(files)[0], index
        own = filters.setdefault(key, NearStaticFilter(NearStatic()))
        yield own.is_near_static(image, poses[0] if poses else None)


def _place(files: KittiDepthFiles) -> tuple[str, int]:
    return files.name.split("/")[0], int(files.image.stem)
