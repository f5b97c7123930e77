# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Dense depth -> points; the only place where that happens."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import cv2
import numpy as np

from depth_completion_core.geometry.arrays import BoolArray, Float32Array, UInt8Array
from depth_completion_core.geometry.camera import CameraModel

_CACHE_BLOCK_PIXELS = 65536


def unproject_depth(depth: Float32Array, valid: BoolArray, camera: CameraModel) -> Float32Array:
    """(H, W, 3) float32 points in the optical frame, metres; NaN where not valid."""
    rays, has_ray = camera.rays()
    points = rays * depth[..., None]
    points[~(valid & has_ray)] = np.nan
    return points


def pack_xyzrgb(
    depth: Float32Array,
    valid: BoolArray,
    image: UInt8Array,
    camera: CameraModel,
    *,
    stride: int = 1,
    organized: bool = True,
) -> Float32Array:
    """Coloured points as the 16-byte records x, y, z, rgb of a PointCloud2.

    Args:
        depth: (H, W) float32 metres.
        valid: (H, W) bool.
        image: (H, W, 3) uint8 RGB.
        camera: the image's intrinsics.
        stride: every n-th pixel in both directions.
        organized: True for an image-shaped cloud with NaN, False for the valid points alone.

    Returns:
        (ceil(H / stride), ceil(W / stride), 4) or (N, 4) float32; the last column holds the bytes
        of 0x00RRGGBB.
    """
    ray_x, ray_y, has_ray = _ray_planes(camera, stride)
    usable = valid[::stride, ::stride]
    if camera.is_distorted:
        usable = usable & has_ray
    rays = _RayPlanes(ray_x, ray_y, None)
    return _packed(depth[::stride, ::stride], usable, image[::stride, ::stride], rays, organized)


def pack_xyzrgb_along_rays(
    range_m: Float32Array,
    valid: BoolArray,
    image: UInt8Array,
    rays: Float32Array,
    *,
    stride: int = 1,
    organized: bool = True,
) -> Float32Array:
    """As :func:`pack_xyzrgb`, of depth along rays.

    Args:
        range_m: (H, W) float32 metres along the rays.
        valid: (H, W) bool.
        image: (H, W, 3) uint8 RGB.
        rays: (H, W, 3) float32 unit rays in the optical frame.
        stride: every n-th pixel in both directions.
        organized: True for an image-shaped cloud with NaN, False for the valid points alone.
    """
    part = (slice(None, None, stride), slice(None, None, stride))
    planes = _RayPlanes(*(np.ascontiguousarray(rays[part][..., axis]) for axis in range(3)))
    return _packed(range_m[part], valid[part], image[part], planes, organized)


class _RayPlanes(NamedTuple):
    """The coordinates of rays, each (H, W); z is None where it is 1."""

    x: Float32Array
    y: Float32Array
    z: Float32Array | None


def _packed(
    depth: Float32Array,
    usable: BoolArray,
    image: UInt8Array,
    rays: _RayPlanes,
    organized: bool,
) -> Float32Array:
    height, width = depth.shape
    packed = np.empty((height, width, 4), dtype=np.float32)
    rows = max(1, _CACHE_BLOCK_PIXELS // width)
    for block in (slice(top, top + rows) for top in range(0, height, rows)):
        reach = _nan_where_invalid(depth[block], usable[block])
        z = reach if rays.z is None else rays.z[block] * reach
        planes = (rays.x[block] * reach, rays.y[block] * reach, z, _rgb_as_float(image[block]))
        cv2.merge(planes, dst=packed[block])
    if organized:
        return packed
    # One 16-byte element per point: a mask over them is several times faster than over rows of 4.
    chosen = packed.view(np.complex128)[..., 0][usable]
    return chosen.view(np.float32).reshape(-1, 4)


def _nan_where_invalid(depth: Float32Array, valid: BoolArray) -> Float32Array:
    """np.where(valid, depth, nan) without its branches: a word of ones is a NaN."""
    words = valid.astype(np.int32)
    words -= 1
    words |= depth.view(np.int32)
    return words.view(np.float32)


def _rgb_as_float(image: UInt8Array) -> Float32Array:
    """The bytes of 0x00RRGGBB, called float32 as PCL and rviz expect."""
    words = cv2.cvtColor(np.ascontiguousarray(image), cv2.COLOR_RGB2BGRA).view(np.uint32)[..., 0]
    words &= np.uint32(0x00FFFFFF)
    return words.view(np.float32)


@lru_cache(maxsize=8)
def _ray_planes(camera: CameraModel, stride: int) -> tuple[Float32Array, Float32Array, BoolArray]:
    rays, has_ray = camera.rays()
    rays, has_ray = rays[::stride, ::stride], has_ray[::stride, ::stride]
    return np.ascontiguousarray(rays[..., 0]), np.ascontiguousarray(rays[..., 1]), has_ray
