# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Points -> sparse depth, and dense depth -> points. The only place where either happens."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import NamedTuple

import cv2
import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn.functional import pad

from depth_completion_core.config import OcclusionConfig
from depth_completion_core.geometry.arrays import BoolArray, Float32Array, UInt8Array
from depth_completion_core.geometry.camera import CameraModel
from depth_completion_core.geometry.distortion import distort, largest_valid_radius
from depth_completion_core.geometry.transforms import RigidTransform

_SMALLEST_DEPTH = 1e-6  # metres
_LARGEST_AUTO_WINDOW_PX = 15
# torch spreads larger operations over threads, and waking those costs more than the work is.
_CPU_BLOCK = 32768
_CACHE_BLOCK_PIXELS = 65536


def project_points(
    points: Tensor,
    camera: CameraModel,
    camera_from_points: RigidTransform,
    *,
    min_depth: float,
    max_depth: float,
) -> tuple[Tensor, Tensor]:
    """Project points and keep the nearest of each pixel (z-buffer).

    Args:
        points: (N, 3) float32 metres, any device; NaN and infinite ones are dropped.
        camera: the image to project into.
        camera_from_points: takes the points to the optical frame.
        min_depth: nearer points are dropped, metres; those behind the camera always are.
        max_depth: farther points are dropped, metres.

    Returns:
        depth (H, W) float32 metres, 0 where nothing was measured, and valid (H, W) bool.
    """
    depth = torch.empty(camera.height * camera.width, device=points.device)
    valid = torch.empty_like(depth, dtype=torch.bool)
    for part in _blocks(depth):
        part.fill_(torch.inf)
    for block in _blocks(points):
        pixel, z = _pixels(block, camera, camera_from_points, min_depth, max_depth)
        depth.scatter_reduce_(0, pixel, z, "amin")
    for part, valid_part in zip(_blocks(depth), _blocks(valid), strict=True):
        torch.lt(part, torch.inf, out=valid_part)
        part.nan_to_num_(posinf=0.0)
    shape = (camera.height, camera.width)
    return depth.view(shape), valid.view(shape)


def filter_occluded(depth: Tensor, valid: Tensor, config: OcclusionConfig) -> Tensor:
    """The validity map without points that should be hidden behind something nearer.

    A lidar mounted beside the camera looks past the edges of near things; those points land between
    the points of the near thing. One is dropped where it lies behind the nearest measurement of a
    square window by more than ``tolerance + tolerance_ratio * range``: the range noise of lidars is
    constant, but a floor seen at a grazing angle falls away in proportion to its range.

    Args:
        depth: (H, W) float32 metres.
        valid: (H, W) bool.
        config: window and tolerances.
    """
    window = config.window_px or _window_for_spacing(valid)
    if not config.enabled or window < 2:
        return valid
    nearest = local_minimum(depth, valid, window)
    return valid & (depth <= nearest * (1.0 + config.tolerance_ratio) + config.tolerance)


def local_minimum(depth: Tensor, valid: Tensor, window_px: int) -> Tensor:
    """(H, W) smallest valid depth in a centred square window (made odd); infinite where none is."""
    reach = window_px // 2
    padded = pad(torch.where(valid, depth, torch.inf), (reach,) * 4, value=torch.inf)
    return _running_minimum(_running_minimum(padded, 2 * reach + 1, 0), 2 * reach + 1, 1)


def mean_spacing_px(valid: Tensor) -> float:
    """Mean distance in pixels between the measurements of a validity map (H, W); 0 without any."""
    rows, columns = valid.nonzero(as_tuple=True)
    if len(rows) == 0:
        return 0.0
    height = int(rows.max() - rows.min()) + 1
    width = int(columns.max() - columns.min()) + 1
    return math.sqrt(height * width / len(rows))


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


def _running_minimum(values: Tensor, length: int, dim: int) -> Tensor:
    """Minimum over ``length`` neighbours, by doubling: the result is shorter by length - 1."""
    reached = 1
    while reached < length:
        step = min(reached, length - reached)
        size = values.shape[dim] - step
        values = torch.minimum(values.narrow(dim, 0, size), values.narrow(dim, step, size))
        reached += step
    return values


def _blocks(rows: Tensor) -> list[Tensor]:
    size = _CPU_BLOCK if rows.device.type == "cpu" else max(len(rows), 1)
    return [rows[start : start + size] for start in range(0, len(rows), size)]


def _pixels(
    points: Tensor,
    camera: CameraModel,
    camera_from_points: RigidTransform,
    min_depth: float,
    max_depth: float,
) -> tuple[Tensor, Tensor]:
    """(P,) int64 index v * width + u and (P,) float32 depth of the points that are in view."""
    if camera.is_distorted:
        x, y, z = _columns(points, camera_from_points.matrix[:3])
        keep = (z >= max(min_depth, _SMALLEST_DEPTH)) & (z <= max_depth)
        x, y, z = _chosen(keep, x, y, z)
        return _distorted_pixels(x, y, z, camera)
    # With K and the half pixel folded into the matrix, x / z and y / z are pixels, and whether they
    # are inside is known before any division.
    to_pixels = camera.K
    to_pixels[:2, 2] += 0.5
    x, y, z = _columns(points, to_pixels @ camera_from_points.matrix[:3])
    keep = (z >= max(min_depth, _SMALLEST_DEPTH)) & (z <= max_depth)
    keep &= (x >= 0) & (x < z * camera.width) & (y >= 0) & (y < z * camera.height)
    x, y, z = _chosen(keep, x, y, z)
    reciprocal = z.reciprocal()
    return _pixel_index(x.mul_(reciprocal), y.mul_(reciprocal), camera), z


def _distorted_pixels(
    x: Tensor, y: Tensor, z: Tensor, camera: CameraModel
) -> tuple[Tensor, Tensor]:
    x, y = x / z, y / z
    limit = largest_valid_radius(camera.distortion_model, camera.distortion)
    keep = x * x + y * y <= limit * limit
    u, v = distort(x, y, camera.distortion_model, camera.distortion, torch)
    u, v = u * camera.fx + (camera.cx + 0.5), v * camera.fy + (camera.cy + 0.5)
    keep &= (u >= 0) & (u < camera.width) & (v >= 0) & (v < camera.height)
    u, v, z = _chosen(keep, u, v, z)
    return _pixel_index(u, v, camera), z


def _pixel_index(u: Tensor, v: Tensor, camera: CameraModel) -> Tensor:
    """Truncation is a floor here: both are >= 0; rounding may have lifted one to the border."""
    column = u.int().clamp_(max=camera.width - 1)
    return v.int().clamp_(max=camera.height - 1).mul_(camera.width).add_(column).long()


def _chosen(keep: Tensor, *columns: Tensor) -> tuple[Tensor, ...]:
    if keep.device.type == "cpu":
        index = torch.from_numpy(np.flatnonzero(keep.numpy()))  # four times as fast as torch's
    else:
        index = keep.nonzero().squeeze(1)
    return tuple(column.index_select(0, index) for column in columns)


def _columns(points: Tensor, matrix: npt.NDArray[np.float64]) -> tuple[Tensor, ...]:
    """The three (N,) columns of points (N, 3) under a (3, 4) matrix."""
    if points.device.type == "cpu":
        # Ten times faster than a matrix product with so short a side.
        moved = cv2.transform(points.contiguous().numpy()[None], matrix)
        return tuple(torch.from_numpy(column[0]) for column in cv2.split(moved))
    weights = torch.from_numpy(matrix).to(points.device, torch.float32)
    return torch.addmm(weights[:, 3:], weights[:, :3], points.T).unbind()


def _window_for_spacing(valid: Tensor) -> int:
    """Twice the spacing of the measurements, odd: reaches the next row of a lidar."""
    spacing_px = mean_spacing_px(valid)
    return min(2 * round(spacing_px) - 1, _LARGEST_AUTO_WINDOW_PX)
