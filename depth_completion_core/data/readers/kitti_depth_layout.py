# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Where KITTI's depth completion archives put their files: Uhrig et al., 3DV 2017, and its readme.

::

    {train,val}/DRIVE/proj_depth/{velodyne_raw,groundtruth}/image_0{2,3}/NNNNNNNNNN.png
    depth_selection/val_selection_cropped/{image,velodyne_raw,groundtruth_depth,intrinsics}/
    depth_selection/test_depth_completion_anonymous/{image,velodyne_raw,intrinsics}/

directly in the folder, or in the folders that bear the names of the archives (data_depth_velodyne,
data_depth_annotated, data_depth_selection, and data_rgb for images). Images of train and val are
those of the raw data: RAW/DATE/DRIVE/image_0{2,3}/data, or {train,val}/DRIVE/image_0{2,3}/data.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from depth_completion_core.data.readers.sequences import (
    numbered_files,
    numbered_images,
    unbroken_runs,
    with_neighbours,
)
from depth_completion_core.data.sample import DataError

_UNPACKED = ("", "data_depth_velodyne", "data_depth_annotated", "data_rgb")
_SELECTIONS = (
    "depth_selection",
    "data_depth_selection/depth_selection",
    "data_depth_selection",
    "",
)
_DATE_LENGTH = len("2011_09_26")


@dataclass(frozen=True, slots=True, kw_only=True)
class KittiDepthFiles:
    """The files of one sample.

    Attributes:
        name: of the sample.
        image: RGB.
        sparse: the projected sweep.
        truth: accumulated sweeps; None in the test split.
        drive: the folder with the images; its calibration is there or above. None in selections.
        intrinsics: a text file of 9 numbers; None in drives.
        camera_index: 2 or 3; 0 where the files do not tell.
        neighbours: the images before and after, or none.
    """

    name: str
    image: Path
    sparse: Path
    truth: Path | None
    drive: Path | None = None
    intrinsics: Path | None = None
    camera_index: int = 0
    neighbours: tuple[Path, ...] = ()


def frames_of_drives(
    root: Path, split: str, raw_folder: Path, camera_index: int, triplet_offset: int
) -> Iterator[KittiDepthFiles]:
    """The frames of train or val by drive and number, named DRIVE/image_02/NNNNNNNNNN.

    Raises:
        DataError: there are no drives, or the folder of a drive's images or truth is missing.
    """
    camera = f"image_{camera_index:02d}"
    for sweeps in _drives(root, split, camera):
        drive = sweeps.parents[2].name
        places = [root / place / split / drive for place in _UNPACKED]
        truth = _first_folder([place / "proj_depth/groundtruth" / camera for place in places])
        raw = raw_folder / drive[:_DATE_LENGTH] / drive
        images = _first_folder([place / camera / "data" for place in (raw, *places)])
        for sparse, image, around in _with_images(sweeps, images, triplet_offset):
            yield KittiDepthFiles(
                name=f"{drive}/{camera}/{sparse.stem}",
                image=image,
                sparse=sparse,
                truth=truth / sparse.name,
                drive=images.parents[1],
                camera_index=camera_index,
                neighbours=around,
            )


def frames_of_selection(root: Path, *, has_truth: bool) -> Iterator[KittiDepthFiles]:
    """The frames of the selected crops (with truth) or of the anonymous ones of the test server.

    DRIVE_image_NNNNNNNNNN_image_02.png belongs to DRIVE_velodyne_raw_NNNNNNNNNN_image_02.png and
    DRIVE_groundtruth_depth_NNNNNNNNNN_image_02.png; anonymous files are all NNNNNNNNNN.png.

    Raises:
        DataError: the folder is missing or empty.
    """
    name = "val_selection_cropped" if has_truth else "test_depth_completion_anonymous"
    folder = _first_folder([root / place / name for place in _SELECTIONS])
    images = sorted((folder / "image").glob("*.png"))
    if not images:
        raise DataError(f"{folder / 'image'} holds no .png images; unpack data_depth_selection.zip")
    for image in images:
        sparse, truth = (
            folder / kind / image.name.replace("_image_", f"_{kind}_", 1)
            for kind in ("velodyne_raw", "groundtruth_depth")
        )
        yield KittiDepthFiles(
            name=image.stem,
            image=image,
            sparse=sparse,
            truth=truth if has_truth else None,
            intrinsics=folder / "intrinsics" / f"{image.stem}.txt",
            camera_index=int(image.stem[-2:]) if has_truth else 0,
        )


def _drives(root: Path, split: str, camera: str) -> list[Path]:
    """The velodyne_raw/image_02 folders of a split, by drive."""
    for place in _UNPACKED:
        found = sorted((root / place / split).glob(f"*/proj_depth/velodyne_raw/{camera}"))
        if found:
            return found
    raise DataError(
        f"{root} holds no {split}/DRIVE/proj_depth/velodyne_raw/{camera}; unpack "
        "data_depth_velodyne.zip and data_depth_annotated.zip there"
    )


def _with_images(
    sweeps: Path, images: Path, triplet_offset: int
) -> Iterator[tuple[Path, Path, tuple[Path, ...]]]:
    """Each depth image of a folder, its RGB image and that one's neighbours."""
    sparse = numbered_files(sweeps, ".png")
    if triplet_offset == 0:
        is_jpeg = not any(images.glob("*.png")) and any(images.glob("*.jpg"))
        ending = ".jpg" if is_jpeg else ".png"
        yield from ((path, images / f"{path.stem}{ending}", ()) for path in sparse)
        return
    images_around = {
        image.stem: (image, around)
        for run in unbroken_runs(numbered_images(images))
        for image, around in with_neighbours(run, triplet_offset)
    }
    yield from ((path, *images_around[path.stem]) for path in sparse if path.stem in images_around)


def _first_folder(places: list[Path]) -> Path:
    found = next((place for place in places if place.is_dir()), None)
    if found is None:
        raise DataError(
            f"there is no such folder: {', '.join(map(str, places))}; unpack KITTI's archives so "
            "that there is one of them"
        )
    return found
