# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The files of one frame in VOID's folders and their like, and the sample that they make."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from depth_completion_core.data.readers.reading import (
    camera_of,
    depth_of,
    pose_of,
    rgb_of,
    validity_of,
)
from depth_completion_core.data.readers.views import read_views
from depth_completion_core.data.sample import Sample
from depth_completion_core.frame import SparseDepth


@dataclass(frozen=True, slots=True, kw_only=True)
class FrameFiles:
    """Paths of one frame; None where the set has no such file.

    Attributes:
        name: of the sample.
        image: RGB.
        intrinsics: a 3x3 matrix.
        sparse: measured depth.
        validity: PNG, 256 (or 255 or 1) where ``sparse`` was measured and 0 elsewhere.
        truth: true depth.
        stamp_ns: time of the image, nanoseconds; 0 where it is not known.
        neighbours: the images before and after, or none.
        stamps_ns: their times, nanoseconds, or none.
        neighbour_intrinsics: a 3x3 matrix of each; none where ``intrinsics`` is of them all.
        poses: of the image, then of each neighbour: camera to world, 3x4; or none.
    """

    name: str
    image: Path
    intrinsics: Path | None = None
    sparse: Path | None = None
    validity: Path | None = None
    truth: Path | None = None
    stamp_ns: int = 0
    neighbours: tuple[Path, ...] = ()
    stamps_ns: tuple[int, ...] = ()
    neighbour_intrinsics: tuple[Path, ...] = ()
    poses: tuple[Path, ...] = ()


def poses_of(image: Path, neighbours: tuple[Path, ...]) -> tuple[Path, ...]:
    """The files in ``absolute_pose/`` beside the images' folder; none where one is missing."""
    if not neighbours:
        return ()
    folder = image.parent.parent / "absolute_pose"
    paths = tuple(folder / f"{path.stem}.txt" for path in (image, *neighbours))
    return paths if all(path.is_file() for path in paths) else ()


def sample_of(files: FrameFiles, *, depth_scale: float) -> Sample:
    """Read a frame.

    Args:
        files: where it is.
        depth_scale: numbers of depth PNGs over this are metres.

    Raises:
        DataError: a file is missing, damaged or of another size than the image.
    """
    image = rgb_of(files.image)
    size = image.shape[:2]
    sparse, truth = (
        depth_of(path, depth_scale=depth_scale, size=size, image=files.image) if path else None
        for path in (files.sparse, files.truth)
    )
    if sparse is not None and files.validity is not None:
        measured = validity_of(files.validity, size=size, image=files.image)
        sparse = SparseDepth.from_depth(np.where(measured, sparse.depth, np.float32(0)))
    camera = None
    if files.intrinsics:
        camera = camera_of(files.intrinsics, size=size, image=files.image)
    of_neighbours = zip(files.neighbour_intrinsics, files.neighbours, strict=False)
    views = read_views(
        files.neighbours,
        size=size,
        camera=camera,
        cameras=[camera_of(path, size=size, image=taken) for path, taken in of_neighbours],
        stamps_ns=files.stamps_ns,
        world_from_camera=[pose_of(path) for path in files.poses],
    )
    return Sample(
        name=files.name,
        image=image,
        camera=camera,
        sparse=sparse,
        truth=truth,
        views=views,
        stamp_ns=files.stamp_ns,
    )
