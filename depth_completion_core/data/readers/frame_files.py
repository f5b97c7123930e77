# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The files of one frame in VOID's folders and their like, and the sample that they make."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from depth_completion_core.data.readers.reading import camera_of, depth_of, pose_of, rgb_of
from depth_completion_core.data.sample import DataError, Sample
from depth_completion_core.frame import SparseDepth
from depth_completion_core.geometry.transforms import RigidTransform

_MEASURED = 256.0  # what validity maps hold at measured pixels, and 0 at others


@dataclass(frozen=True, slots=True, kw_only=True)
class FrameFiles:
    """Paths of one frame; None where the set has no such file.

    Attributes:
        name: of the sample.
        image: RGB.
        intrinsics: a 3x3 matrix.
        sparse: measured depth.
        validity: 16-bit PNG, 256 where ``sparse`` was measured and 0 elsewhere.
        truth: true depth.
        context: the images before and after, or none.
        poses: of the image, then of each context image: camera to world, 3x4; or none.
    """

    name: str
    image: Path
    intrinsics: Path | None = None
    sparse: Path | None = None
    validity: Path | None = None
    truth: Path | None = None
    context: tuple[Path, ...] = ()
    poses: tuple[Path, ...] = ()


def poses_of(image: Path, context: tuple[Path, ...]) -> tuple[Path, ...]:
    """The files in ``absolute_pose/`` beside the images' folder; none where one is missing."""
    if not context:
        return ()
    folder = image.parent.parent / "absolute_pose"
    paths = tuple(folder / f"{path.stem}.txt" for path in (image, *context))
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
        depth_of(path, depth_scale=depth_scale, size=size) if path else None
        for path in (files.sparse, files.truth)
    )
    if sparse is not None and files.validity is not None:
        sparse = _where_measured(sparse, files.validity)
    return Sample(
        name=files.name,
        image=image,
        camera=camera_of(files.intrinsics, size=size) if files.intrinsics else None,
        sparse=sparse,
        truth=truth,
        context=tuple(rgb_of(path, size=size) for path in files.context),
        context_from_image=_context_from_image(files.poses),
    )


def _where_measured(sparse: SparseDepth, path: Path) -> SparseDepth:
    size = (sparse.depth.shape[0], sparse.depth.shape[1])
    validity = depth_of(path, depth_scale=_MEASURED, size=size).depth
    strange = validity[(validity != 0) & (validity != 1)]
    if strange.size:
        raise DataError(
            f"{path} is no validity map: it holds {strange[0] * _MEASURED:g}, expected only 0 and "
            f"{_MEASURED:g}"
        )
    return SparseDepth.from_depth(np.where(validity == 1, sparse.depth, np.float32(0)))


def _context_from_image(poses: tuple[Path, ...]) -> tuple[RigidTransform, ...]:
    if not poses:
        return ()
    world_from_image, *world_from_context = (pose_of(path) for path in poses)
    return tuple(pose.inverse() @ world_from_image for pose in world_from_context)
