# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import math
import struct
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from depth_completion_core.config import OcclusionConfig
from depth_completion_core.geometry.camera import CameraModel
from depth_completion_core.geometry.occlusion import filter_occluded, local_minimum, square_minimum
from depth_completion_core.geometry.projection import project_points
from depth_completion_core.geometry.transforms import RigidTransform
from depth_completion_core.geometry.unprojection import pack_xyzrgb, unproject_depth

Float32Array = npt.NDArray[np.float32]
Float64Array = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]

_PINHOLE = CameraModel(fx=61.0, fy=58.0, cx=30.3, cy=22.9, width=63, height=47)
_CAMERAS = {
    "none": _PINHOLE,
    "plumb_bob": replace(
        _PINHOLE, distortion_model="plumb_bob", distortion=(-0.28, 0.07, 0.001, -0.001, -0.006)
    ),
    "folding": replace(_PINHOLE, distortion_model="plumb_bob", distortion=(-0.5,)),
    "rational": replace(
        _PINHOLE,
        distortion_model="rational_polynomial",
        distortion=(0.8, 0.25, 5e-4, -3e-4, 0.01, 1.1, 0.4, 0.03),
    ),
    "equidistant": replace(
        _PINHOLE, distortion_model="equidistant", distortion=(-0.02, 0.009, -0.004, 0.0007)
    ),
}
_CAMERA_FROM_LIDAR = RigidTransform(
    Rotation.from_euler("xyz", (91.0, -88.0, 2.0), degrees=True).as_matrix(),
    np.array([0.1, -0.2, 0.05]),
)
_MIN_DEPTH, _MAX_DEPTH = 0.5, 40.0
_BORDER_PX = 1e-3

every_camera = pytest.mark.parametrize("camera", _CAMERAS.values(), ids=_CAMERAS.keys())


def _project(
    points: npt.NDArray[np.floating],
    camera: CameraModel = _PINHOLE,
    camera_from_points: RigidTransform | None = None,
    min_depth: float = _MIN_DEPTH,
    max_depth: float = _MAX_DEPTH,
) -> tuple[Float32Array, BoolArray]:
    depth, valid = project_points(
        torch.from_numpy(points.astype(np.float32)),
        camera,
        camera_from_points or RigidTransform.identity(),
        min_depth=min_depth,
        max_depth=max_depth,
    )
    assert depth.dtype == torch.float32
    assert valid.dtype == torch.bool
    return depth.numpy(), valid.numpy()


def _lidar_points(camera: CameraModel, count: int, seed: int) -> Float32Array:
    """Points all around, but none within rounding of a pixel's border or of a depth limit."""
    rng = np.random.default_rng(seed)
    z = rng.uniform(-5.0, 60.0, count)
    seen = np.stack([rng.uniform(-0.9, 0.9, count) * z, rng.uniform(-0.7, 0.7, count) * z, z], -1)
    points = _CAMERA_FROM_LIDAR.inverse().apply(seen).astype(np.float32)
    in_camera = _CAMERA_FROM_LIDAR.apply(points)
    pixels, _ = camera.project(in_camera)
    to_border = np.abs(pixels + 0.5 - np.round(pixels + 0.5)).min(axis=-1)
    to_limit = np.abs(in_camera[:, 2:] - (_MIN_DEPTH, _MAX_DEPTH)).min(axis=-1)
    certain: Float32Array = points[(to_border > _BORDER_PX) & (to_limit > 1e-3)]
    return certain


def _slow_projection(
    points: Float32Array, camera: CameraModel, camera_from_points: RigidTransform
) -> tuple[Float64Array, BoolArray]:
    depth = np.full((camera.height, camera.width), np.inf)
    for point in points:
        x, y, z = camera_from_points.apply(point)
        (u, v), valid = camera.project((x, y, z))
        if valid and _MIN_DEPTH <= z <= _MAX_DEPTH:
            row, column = math.floor(v + 0.5), math.floor(u + 0.5)
            depth[row, column] = min(depth[row, column], z)
    return np.where(np.isfinite(depth), depth, 0.0), np.isfinite(depth)


@every_camera
def test_projection_is_the_slow_z_buffer(camera: CameraModel) -> None:
    points = _lidar_points(camera, 4000, seed=0)
    depth, valid = _project(points, camera, _CAMERA_FROM_LIDAR)
    expected, expected_valid = _slow_projection(points, camera, _CAMERA_FROM_LIDAR)
    assert 300 < expected_valid.sum() < 2500  # pixels hit once, several times and never
    np.testing.assert_array_equal(valid, expected_valid)
    np.testing.assert_allclose(depth, expected, rtol=1e-5)


@every_camera
def test_order_of_points_does_not_matter(camera: CameraModel) -> None:
    points = _lidar_points(camera, 3000, seed=1)
    depth, valid = _project(points, camera, _CAMERA_FROM_LIDAR)
    for seed in range(3):
        order = np.random.default_rng(seed).permutation(len(points))
        again, again_valid = _project(points[order], camera, _CAMERA_FROM_LIDAR)
        np.testing.assert_array_equal(again_valid, valid)
        # A matrix product may round its last rows otherwise than its first.
        np.testing.assert_allclose(again, depth, rtol=1e-6)


def test_the_nearest_of_a_pixel_wins_in_any_order() -> None:
    z = np.array([30.0, 2.0, 17.0, 2.5, 39.0])
    points = np.stack([np.zeros(5), np.zeros(5), z], axis=-1)
    for seed in range(10):
        depth, valid = _project(np.random.default_rng(seed).permutation(points))
        assert np.argwhere(valid).tolist() == [[23, 30]]
        assert depth[23, 30] == 2.0
        assert depth.sum() == 2.0


@every_camera
@pytest.mark.parametrize(
    "points",
    [
        np.zeros((0, 3)),
        np.zeros((5, 3)),
        np.array([[np.nan, 0, 2], [0, np.nan, 2], [0, 0, np.nan]]),
        np.array([[np.inf, 0, 2], [0, -np.inf, 2], [0, 0, np.inf], [np.inf, np.inf, np.inf]]),
        np.array([[0.0, 0.0, -2.0], [0.1, 0.1, -0.5]]),
        np.array([[100.0, 0.0, 2.0], [0.0, -100.0, 2.0]]),
        np.array([[0.0, 0.0, 0.499], [0.0, 0.0, 40.01]]),
        np.array([[1e30, 1e30, 1e-30], [1e-30, 1e-30, 1e-38]]),
    ],
    ids=["empty", "origin", "nan", "inf", "behind", "outside", "limits", "overflow"],
)
def test_what_cannot_be_seen_leaves_the_image_empty(
    camera: CameraModel, points: Float64Array
) -> None:
    depth, valid = _project(points, camera)
    assert depth.shape == valid.shape == (camera.height, camera.width)
    assert not valid.any()
    assert not depth.any()


@every_camera
def test_bad_points_do_not_harm_good_ones(camera: CameraModel) -> None:
    good = _lidar_points(camera, 500, seed=2)
    bad = np.full((7, 3), np.nan, dtype=np.float32)
    bad[3:] = np.inf
    mixed = np.random.default_rng(0).permutation(np.concatenate([good, bad]))
    expected, expected_valid = _project(good, camera, _CAMERA_FROM_LIDAR)
    depth, valid = _project(mixed, camera, _CAMERA_FROM_LIDAR)
    np.testing.assert_array_equal(valid, expected_valid)
    np.testing.assert_allclose(depth, expected, rtol=1e-6)


def test_depth_limits_include_their_ends() -> None:
    z = np.array([1.0, 2.0, 4.0, 8.0])
    points = np.stack([np.array([-8.0, -3.0, 3.0, 8.0]) * z / 61.0, np.zeros(4), z], axis=-1)
    _, valid = _project(points, min_depth=2.0, max_depth=4.0)
    assert np.argwhere(valid)[:, 1].tolist() == [27, 33]
    assert not _project(points, min_depth=2.1, max_depth=3.9)[1].any()
    assert _project(points, min_depth=0.0, max_depth=math.inf)[1].sum() == 4


def test_points_behind_never_show_whatever_the_limit() -> None:
    points = np.array([[0.0, 0.0, -2.0], [0.0, 0.0, 0.0]])
    assert not _project(points, min_depth=-10.0)[1].any()


def _slow_minimum(depth: Float32Array, valid: BoolArray, window: int) -> Float64Array:
    height, width = depth.shape
    reach = window // 2
    result = np.full(depth.shape, np.inf)
    for row in range(height):
        for column in range(width):
            for i in range(max(row - reach, 0), min(row + reach + 1, height)):
                for j in range(max(column - reach, 0), min(column + reach + 1, width)):
                    if valid[i, j]:
                        result[row, column] = min(result[row, column], depth[i, j])
    return result


def _sparse(height: int, width: int, share: float, seed: int) -> tuple[Float32Array, BoolArray]:
    rng = np.random.default_rng(seed)
    valid = rng.random((height, width)) < share
    depth = np.where(valid, rng.uniform(1.0, 60.0, (height, width)), 0.0).astype(np.float32)
    return depth, valid


@pytest.mark.parametrize("window", [1, 3, 5, 7, 9, 11, 15, 21, 45])
@pytest.mark.parametrize("size", [(12, 17), (3, 20), (1, 1)])
def test_local_minimum_is_the_slow_one(window: int, size: tuple[int, int]) -> None:
    depth, valid = _sparse(*size, share=0.1, seed=window)
    measured, is_valid = torch.from_numpy(depth), torch.from_numpy(valid)
    on_cpu = local_minimum(measured, is_valid, window)
    on_any = square_minimum(torch.where(is_valid, measured, torch.inf), window)
    expected = _slow_minimum(depth, valid, window)
    np.testing.assert_array_equal(on_cpu.numpy(), expected)
    np.testing.assert_array_equal(on_any.numpy(), expected)


@pytest.mark.parametrize("window", [3, 5, 9])
@pytest.mark.parametrize(("tolerance", "ratio"), [(0.0, 0.0), (5.0, 0.0), (0.3, 0.4)])
def test_occlusion_filter_is_the_slow_one(window: int, tolerance: float, ratio: float) -> None:
    depth, valid = _sparse(14, 19, share=0.3, seed=4)
    config = OcclusionConfig(window_px=window, tolerance=tolerance, tolerance_ratio=ratio)
    found = filter_occluded(torch.from_numpy(depth), torch.from_numpy(valid), config)
    allowed = _slow_minimum(depth, valid, window) * (1.0 + ratio) + tolerance
    np.testing.assert_array_equal(found.numpy(), valid & (depth <= allowed))
    assert 0 < found.sum() < valid.sum()


def _see_through_scene() -> tuple[torch.Tensor, BoolArray, BoolArray]:
    """One point in every 3x3 cell; a thing at 3 m, and a wall at 20 m around and through it."""
    rng = np.random.default_rng(0)
    depth = np.zeros((48, 63), dtype=np.float32)
    for top in range(0, 48, 3):
        for left in range(0, 63, 3):
            is_thing = 12 <= top < 36 and 18 <= left < 45
            depth[top + rng.integers(3), left + rng.integers(3)] = 3.0 if is_thing else 20.0
    hidden = np.zeros(depth.shape, dtype=np.bool_)
    hidden[13:35, 19:44] = rng.random((22, 25)) < 0.05
    hidden &= depth == 0.0
    certain = depth > 0.0
    certain[4:44, 10:53] &= depth[4:44, 10:53] == 3.0  # the wall beside the thing may go, too
    depth[hidden] = 20.0
    return torch.from_numpy(depth), hidden, certain


@pytest.mark.parametrize("window_px", [0, 5, 7])
def test_points_seen_through_something_near_are_dropped(window_px: int) -> None:
    depth, hidden, certain = _see_through_scene()
    seen = filter_occluded(depth, depth > 0, OcclusionConfig(window_px=window_px)).numpy()
    assert hidden.sum() > 15
    assert not seen[hidden].any()
    assert seen[certain].all()


def test_a_floor_at_a_grazing_angle_stays() -> None:
    rows = np.arange(30, 48)
    depth = np.zeros((48, 64), dtype=np.float32)
    depth[rows, ::3] = (1.5 * 60.0 / (rows - 22.9))[:, None]
    depth[31::2] = 0.0
    valid = torch.from_numpy(depth > 0)
    config = OcclusionConfig(window_px=3)
    np.testing.assert_array_equal(
        filter_occluded(torch.from_numpy(depth), valid, config).numpy(), valid.numpy()
    )


@given(st.integers(0, 1000), st.floats(0.02, 0.9), st.floats(0.0, 2.0), st.floats(0.0, 1.0))
def test_occlusion_filter_only_removes_and_never_the_nearest(
    seed: int, share: float, tolerance: float, ratio: float
) -> None:
    depth, valid = _sparse(11, 13, share, seed)
    config = OcclusionConfig(tolerance=tolerance, tolerance_ratio=ratio)
    seen = filter_occluded(torch.from_numpy(depth), torch.from_numpy(valid), config).numpy()
    assert not (seen & ~valid).any()
    if valid.any():
        assert seen[valid & (depth == depth[valid].min())].all()


def test_switched_off_filter_returns_what_it_got() -> None:
    depth, _, _ = _see_through_scene()
    valid = depth > 0
    for config in (OcclusionConfig(enabled=False), OcclusionConfig(window_px=1)):
        assert torch.equal(filter_occluded(depth, valid, config), valid)
    nothing = torch.zeros_like(valid)
    assert torch.equal(filter_occluded(depth, nothing, OcclusionConfig()), nothing)


def _dense(camera: CameraModel, seed: int = 0) -> tuple[Float32Array, BoolArray]:
    rng = np.random.default_rng(seed)
    shape = (camera.height, camera.width)
    valid = rng.random(shape) < 0.8
    depth = np.where(valid, rng.uniform(1.0, 30.0, shape), 0.0)
    return depth.astype(np.float32), valid


@every_camera
def test_projecting_unprojected_depth_gives_it_back(camera: CameraModel) -> None:
    depth, valid = _dense(camera)
    points = unproject_depth(depth, valid, camera)
    assert points.dtype == np.float32
    usable = valid & camera.rays()[1]
    np.testing.assert_array_equal(np.isfinite(points).all(axis=-1), usable)
    np.testing.assert_array_equal(np.isnan(points).any(axis=-1), ~usable)
    back, back_valid = _project(points.reshape(-1, 3), camera)
    assert usable.mean() > 0.5
    np.testing.assert_array_equal(back_valid, usable)
    np.testing.assert_allclose(back[usable], depth[usable], rtol=1e-6)


@pytest.mark.parametrize("transform_seed", range(3))
def test_projection_goes_through_the_transform(transform_seed: int) -> None:
    """Moving the points and telling so gives the image of the unmoved points."""
    rng = np.random.default_rng(transform_seed)
    moved_from_camera = RigidTransform(
        Rotation.from_quat(rng.normal(size=4)).as_matrix(), rng.uniform(-2, 2, 3)
    )
    depth, valid = _dense(_PINHOLE)
    points = unproject_depth(depth, valid, _PINHOLE)[valid]
    moved = moved_from_camera.apply(points)
    back, back_valid = _project(moved, camera_from_points=moved_from_camera.inverse())
    np.testing.assert_array_equal(back_valid, valid)
    np.testing.assert_allclose(back, depth, rtol=1e-5)


def _slow_packed(
    depth: Float32Array,
    valid: BoolArray,
    image: npt.NDArray[np.uint8],
    camera: CameraModel,
    stride: int,
    *,
    organized: bool,
) -> bytes:
    records = []
    for v in range(0, camera.height, stride):
        for u in range(0, camera.width, stride):
            ray, has_ray = camera.unproject((u, v))
            red, green, blue = image[v, u].tolist()
            x, y, z = np.float32(depth[v, u]) * ray.astype(np.float32)
            if not (valid[v, u] and has_ray):
                if not organized:
                    continue
                x = y = z = np.float32(np.nan)
            records.append(struct.pack("<fff", x, y, z) + bytes([blue, green, red, 0]))
    return b"".join(records)


@every_camera
@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize("organized", [True, False])
def test_packed_cloud_is_the_slow_one(camera: CameraModel, stride: int, organized: bool) -> None:
    camera = camera.scaled(32, 23)
    depth, valid = _dense(camera)
    image = np.random.default_rng(1).integers(0, 256, (*depth.shape, 3), dtype=np.uint8)
    packed = pack_xyzrgb(depth, valid, image, camera, stride=stride, organized=organized)
    expected = _slow_packed(depth, valid, image, camera, stride, organized=organized)
    assert packed.dtype == np.float32
    if organized:
        assert packed.shape == (-(-camera.height // stride), -(-camera.width // stride), 4)
    have = np.frombuffer(packed.tobytes(), dtype=np.uint8).reshape(-1, 16)
    want = np.frombuffer(expected, dtype=np.uint8).reshape(-1, 16)
    np.testing.assert_array_equal(have[:, 12:], want[:, 12:])
    xyz, want_xyz = (
        np.ascontiguousarray(rows[:, :12]).view(np.float32).reshape(-1, 3) for rows in (have, want)
    )
    np.testing.assert_array_equal(np.isnan(xyz), np.isnan(want_xyz))
    np.testing.assert_allclose(xyz, want_xyz, rtol=1e-6, atol=1e-6)


def test_packing_in_blocks_is_packing_at_once() -> None:
    """An image larger than one block of the cache, with a last block that is not full."""
    camera = replace(_PINHOLE, width=517, height=389)
    depth, valid = _dense(camera)
    image = np.random.default_rng(1).integers(0, 256, (*depth.shape, 3), dtype=np.uint8)
    packed = pack_xyzrgb(depth, valid, image, camera)
    points = unproject_depth(depth, valid, camera)
    np.testing.assert_array_equal(packed[..., :3], points)
    red, green, blue = (image[..., channel].astype(np.uint32) for channel in range(3))
    words = np.ascontiguousarray(packed[..., 3]).view(np.uint32)
    np.testing.assert_array_equal(words, (red << 16) | (green << 8) | blue)
    dense = pack_xyzrgb(depth, valid, image, camera, organized=False)
    np.testing.assert_array_equal(dense.view(np.uint32), packed[valid].view(np.uint32))


@pytest.mark.parametrize("size", [(1, 1), (1, 9), (9, 1)])
def test_packing_thin_images(size: tuple[int, int]) -> None:
    camera = replace(_PINHOLE, width=size[0], height=size[1])
    depth, valid = _dense(camera, seed=2)
    image = np.full((*depth.shape, 3), (1, 2, 3), dtype=np.uint8)
    packed = pack_xyzrgb(depth, valid, image, camera)
    np.testing.assert_array_equal(packed[..., :3], unproject_depth(depth, valid, camera))
    assert (np.ascontiguousarray(packed[..., 3]).view(np.uint32) == 0x010203).all()


def test_packing_takes_read_only_and_cut_out_arrays() -> None:
    depth, valid = _dense(replace(_PINHOLE, width=130, height=96))
    image = np.random.default_rng(1).integers(0, 256, (*depth.shape, 3), dtype=np.uint8)
    for array in (depth, valid, image):
        array.setflags(write=False)
    box = (slice(1, 1 + _PINHOLE.height), slice(2, 2 + _PINHOLE.width))
    expected = pack_xyzrgb(depth[box].copy(), valid[box].copy(), image[box].copy(), _PINHOLE)
    found = pack_xyzrgb(depth[box], valid[box], image[box], _PINHOLE)
    np.testing.assert_array_equal(found.view(np.uint32), expected.view(np.uint32))
