# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The images before and after a frame, as every reader hands them out."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from depth_completion_core.data.readers.reading import rgb_of
from depth_completion_core.frame import View
from depth_completion_core.geometry.arrays import UInt8Array
from depth_completion_core.geometry.camera import CameraModel
from depth_completion_core.geometry.transforms import RigidTransform

NEIGHBOUR_OFFSETS = (-1, 1)
"""Offsets of the views of a sample, counted in steps of the reader's ``triplet_offset``."""


def read_views(
    paths: Sequence[Path],
    *,
    size: tuple[int, int],
    camera: CameraModel | None,
    cameras: Sequence[CameraModel | None] = (),
    stamps_ns: Sequence[int] = (),
    world_from_camera: Sequence[RigidTransform] = (),
) -> tuple[View, ...]:
    """Read the images before and after a frame.

    Args:
        paths: the one before and the one after, or none.
        size: the (height, width) that they must have.
        camera: see :func:`views_of`.
        cameras: likewise.
        stamps_ns: likewise.
        world_from_camera: likewise.

    Raises:
        DataError: an image is missing or damaged; UnfitSampleError where it is of another size.
    """
    return views_of(
        [rgb_of(path, size=size) for path in paths],
        camera=camera,
        cameras=cameras,
        stamps_ns=stamps_ns,
        world_from_camera=world_from_camera,
    )


def views_of(
    images: Sequence[UInt8Array],
    *,
    camera: CameraModel | None,
    cameras: Sequence[CameraModel | None] = (),
    stamps_ns: Sequence[int] = (),
    world_from_camera: Sequence[RigidTransform] = (),
) -> tuple[View, ...]:
    """The images before and after a frame as its views.

    Args:
        images: the one before and the one after, (H, W, 3) uint8 RGB; or none.
        camera: that took them all; None where it is not known.
        cameras: of each, where intrinsics change within a sequence; empty for one for all.
        stamps_ns: of each, nanoseconds; empty where they are not known.
        world_from_camera: the poses of the frame itself, then of each image; empty where they are
            not known.
    """
    if not images:
        return ()
    moves: list[RigidTransform | None] = [None] * len(images)
    if world_from_camera:
        world_from_target, *others = world_from_camera
        moves = [world_from_view.inverse() @ world_from_target for world_from_view in others]
    return tuple(
        View(
            offset=offset,
            image=image,
            camera=own,
            stamp_ns=stamp_ns,
            view_from_target=view_from_target,
        )
        for offset, image, own, stamp_ns, view_from_target in zip(
            NEIGHBOUR_OFFSETS,
            images,
            cameras or (camera,) * len(images),
            stamps_ns or (0,) * len(images),
            moves,
            strict=True,
        )
    )
