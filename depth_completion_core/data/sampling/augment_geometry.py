# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Changes of a whole sample that stay true: image, depth, intrinsics and poses move together.

Depth is never blended. True depth is looked up at the pixel that is nearest; sparse depth is moved
point by point to the pixel that it falls into, so that no point is lost or doubled by resampling
(the nearest wins where two meet).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

import cv2
import numpy as np
import numpy.typing as npt

from depth_completion_core.data.sample import Sample
from depth_completion_core.data.sampling.pixels import moved
from depth_completion_core.frame import SparseDepth, View
from depth_completion_core.geometry.arrays import UInt8Array
from depth_completion_core.geometry.camera import CameraModel
from depth_completion_core.geometry.transforms import RigidTransform

T = TypeVar("T")
Float64Array = npt.NDArray[np.float64]
_MIRROR = np.diag([-1.0, 1.0, 1.0])


def flipped(sample: Sample) -> Sample:
    """Left and right swapped, as in the same scene mirrored."""

    def flip(depth: SparseDepth) -> SparseDepth:
        return SparseDepth(
            np.ascontiguousarray(depth.depth[:, ::-1]), np.ascontiguousarray(depth.valid[:, ::-1])
        )

    return _changed(
        sample,
        image=lambda image: np.ascontiguousarray(image[:, ::-1]),
        sparse=flip,
        truth=flip,
        camera=CameraModel.mirrored,
        pose=lambda pose: _in_axes(pose, _MIRROR),
    )


def cropped(sample: Sample, left: int, top: int, width: int, height: int) -> Sample:
    """A rectangle cut from all images.

    Raises:
        ValueError: it does not lie inside the image.
    """
    full_height, full_width = sample.image.shape[:2]
    fits = 0 <= left <= left + width <= full_width and 0 <= top <= top + height <= full_height
    if not fits or width < 1 or height < 1:
        raise ValueError(
            f"{sample.name}: a crop of {width}x{height} pixels at ({left}, {top}) does not lie in "
            f"the image of {full_width}x{full_height}"
        )
    part = (slice(top, top + height), slice(left, left + width))

    def cut(depth: SparseDepth) -> SparseDepth:
        return SparseDepth(
            np.ascontiguousarray(depth.depth[part]), np.ascontiguousarray(depth.valid[part])
        )

    return _changed(
        sample,
        image=lambda image: np.ascontiguousarray(image[part]),
        sparse=cut,
        truth=cut,
        camera=lambda camera: camera.cropped(left, top, width, height),
    )


def resized(sample: Sample, width: int, height: int) -> Sample:
    """All images at another size (area-averaged where smaller, else linear); same depths."""
    full_height, full_width = sample.image.shape[:2]
    method = cv2.INTER_AREA if width < full_width else cv2.INTER_LINEAR
    row = ((np.arange(height) + 0.5) * (full_height / height)).astype(np.int64)
    column = ((np.arange(width) + 0.5) * (full_width / width)).astype(np.int64)

    def scale(points: SparseDepth) -> SparseDepth:
        old_row, old_column = np.nonzero(points.valid)
        return moved(
            points.depth[points.valid],
            ((old_row + 0.5) * (height / full_height)).astype(np.int64),
            ((old_column + 0.5) * (width / full_width)).astype(np.int64),
            (height, width),
        )

    return _changed(
        sample,
        image=lambda image: _uint8(cv2.resize(image, (width, height), interpolation=method)),
        sparse=scale,
        truth=lambda truth: SparseDepth(
            truth.depth[row[:, None], column], truth.valid[row[:, None], column]
        ),
        camera=lambda camera: camera.scaled(width, height),
    )


def nearer(sample: Sample, factor: float) -> Sample:
    """The whole world made smaller by ``factor``: depths and the way between images divided by it.

    After an enlargement by the same factor, which makes things look nearer, depth says so too
    (Ma and Karaman, ICRA 2018; kept by CSPN and NLSPN). Pixels stay where they are.
    """

    def divide(depth: SparseDepth) -> SparseDepth:
        return SparseDepth((depth.depth / np.float32(factor)).astype(np.float32), depth.valid)

    return _changed(
        sample,
        image=lambda image: image,
        sparse=divide,
        truth=divide,
        pose=lambda pose: RigidTransform(pose.rotation, pose.translation / factor),
    )


def rolled(sample: Sample, angle_deg: float) -> Sample:
    """The camera turned about its optical axis, the picture counter-clockwise; black where unseen.

    Depth along the axis stays, and so do the intrinsics: pixels are moved along their rays, with
    whatever distortion the lens has. Without intrinsics the axis is taken to be in the middle of
    the image.

    Args:
        sample: what is turned.
        angle_deg: degrees.
    """
    height, width = sample.image.shape[:2]
    camera = sample.camera or CameraModel(
        fx=width, fy=width, cx=(width - 1) / 2, cy=(height - 1) / 2, width=width, height=height
    )
    cosine, sine = math.cos(math.radians(angle_deg)), math.sin(math.radians(angle_deg))
    new_from_old = np.array([[cosine, sine, 0.0], [-sine, cosine, 0.0], [0.0, 0.0, 1.0]])
    rays, has_ray = camera.rays()
    source, seen = camera.project(rays.astype(np.float64) @ new_from_old)  # row vectors: inverse
    source, seen = np.where(seen[..., None], source, -2.0), seen & has_ray
    map_x, map_y = source[..., 0].astype(np.float32), source[..., 1].astype(np.float32)

    def turn_points(points: SparseDepth) -> SparseDepth:
        target, lands = camera.project(rays[points.valid].astype(np.float64) @ new_from_old.T)
        lands &= has_ray[points.valid]
        column, row = np.rint(target[lands]).astype(np.int64).T
        return moved(points.depth[points.valid][lands], row, column, (height, width))

    def turn_truth(truth: SparseDepth) -> SparseDepth:
        column = np.rint(source[..., 0]).astype(np.int64).clip(0, width - 1)
        row = np.rint(source[..., 1]).astype(np.int64).clip(0, height - 1)
        valid = truth.valid[row, column] & seen
        return SparseDepth(np.where(valid, truth.depth[row, column], np.float32(0)), valid)

    def turn_image(image: UInt8Array) -> UInt8Array:
        turned = cv2.remap(image, map_x, map_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        return _uint8(np.where(seen[..., None], turned, 0))

    return _changed(
        sample,
        image=turn_image,
        sparse=turn_points,
        truth=turn_truth,
        pose=lambda pose: _in_axes(pose, new_from_old),
    )


def _as_it_is(value: T) -> T:
    return value


def _changed(
    sample: Sample,
    *,
    image: Callable[[UInt8Array], UInt8Array],
    sparse: Callable[[SparseDepth], SparseDepth],
    truth: Callable[[SparseDepth], SparseDepth],
    camera: Callable[[CameraModel], CameraModel] = _as_it_is,
    pose: Callable[[RigidTransform], RigidTransform] = _as_it_is,
) -> Sample:
    def changed_view(view: View) -> View:
        return replace(
            view,
            image=image(view.image),
            camera=_or_none(camera, view.camera),
            sparse=_or_none(sparse, view.sparse),
            view_from_target=_or_none(pose, view.view_from_target),
        )

    return replace(
        sample,
        image=image(sample.image),
        camera=_or_none(camera, sample.camera),
        sparse=_or_none(sparse, sample.sparse),
        truth=_or_none(truth, sample.truth),
        views=tuple(changed_view(view) for view in sample.views),
    )


def _or_none(change: Callable[[T], T], value: T | None) -> T | None:
    return None if value is None else change(value)


def _in_axes(pose: RigidTransform, new_from_old: Float64Array) -> RigidTransform:
    """The pose between two cameras after both got the same new axes (orthonormal, maybe mirrored).

    A mirrored rotation is a rotation again: the two mirrors cancel.
    """
    return RigidTransform(
        new_from_old @ pose.rotation @ new_from_old.T, new_from_old @ pose.translation
    )


def _uint8(array: npt.NDArray[np.generic]) -> UInt8Array:
    return array.astype(np.uint8, copy=False)
