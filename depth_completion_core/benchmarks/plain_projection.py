# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Projection the plain ways, and points to project: what the fast path is measured against."""

from __future__ import annotations

import ctypes
import shutil
import subprocess
from pathlib import Path

import numpy as np

from depth_completion_core.geometry.arrays import Float32Array
from depth_completion_core.geometry.camera import CameraModel
from depth_completion_core.geometry.transforms import RigidTransform

MIN_DEPTH, MAX_DEPTH = 0.1, 200.0
"""What is projected, metres."""
CAMERA_FROM_LIDAR = RigidTransform.from_matrix(
    [[0, -1, 0, 0.05], [0, 0, -1, -0.07], [1, 0, 0, -0.27]]
)
"""A lidar above the camera that looks its way."""

_POINT_COUNT = 130_000


def compiled_reference(folder: Path) -> ctypes.CDLL | None:
    """The C loop beside this file, compiled with -O3; None without a compiler."""
    compiler = shutil.which("cc")
    if compiler is None:
        return None
    source = Path(__file__).with_name("reference.c")
    library = folder / "reference.so"
    command = [compiler, "-O3", "-shared", "-fPIC", str(source), "-o", str(library)]
    subprocess.run(command, check=True)  # noqa: S603 - the compiler found on the path
    return ctypes.CDLL(str(library))


def project_with_c(
    library: ctypes.CDLL, points: Float32Array, camera: CameraModel, transform: RigidTransform
) -> Float32Array:
    """Depth (H, W) float32 metres by the C loop."""
    depth = np.empty((camera.height, camera.width), dtype=np.float32)
    valid = np.empty((camera.height, camera.width), dtype=np.uint8)
    matrix = np.ascontiguousarray(transform.matrix[:3], dtype=np.float32)
    numbers = (camera.fx, camera.fy, camera.cx, camera.cy)
    library.project_points(
        points.ctypes.data_as(ctypes.c_void_p),
        ctypes.c_size_t(len(points)),
        matrix.ctypes.data_as(ctypes.c_void_p),
        *(ctypes.c_float(number) for number in numbers),
        camera.width,
        camera.height,
        ctypes.c_float(MIN_DEPTH),
        ctypes.c_float(MAX_DEPTH),
        depth.ctypes.data_as(ctypes.c_void_p),
        valid.ctypes.data_as(ctypes.c_void_p),
    )
    return depth


def project_with_argsort(
    points: Float32Array, camera: CameraModel, transform: RigidTransform
) -> Float32Array:
    """Depth (H, W) float32 metres the usual numpy way: sort by depth, let the nearest win."""
    moved = points @ transform.rotation.T.astype(np.float32)
    moved += transform.translation.astype(np.float32)
    moved = moved[(moved[:, 2] >= MIN_DEPTH) & (moved[:, 2] <= MAX_DEPTH)]
    z = moved[:, 2]
    u = np.floor(camera.fx * moved[:, 0] / z + camera.cx + 0.5).astype(np.int64)
    v = np.floor(camera.fy * moved[:, 1] / z + camera.cy + 0.5).astype(np.int64)
    inside = (u >= 0) & (u < camera.width) & (v >= 0) & (v < camera.height)
    u, v, z = u[inside], v[inside], z[inside]
    farthest_first = np.argsort(-z, kind="stable")
    depth = np.zeros((camera.height, camera.width), dtype=np.float32)
    depth[v[farthest_first], u[farthest_first]] = z[farthest_first]
    return depth


def lidar_points(*, full_turn: bool) -> Float32Array:
    """130,000 random returns: of a whole turn of a lidar, or all of them in view of the camera."""
    random = np.random.default_rng(0)
    reach = np.pi if full_turn else 0.68
    low, high = (-0.43, 0.035) if full_turn else (-0.22, 0.22)
    azimuth = random.uniform(-reach, reach, _POINT_COUNT)
    elevation = random.uniform(low, high, _POINT_COUNT)
    distance = random.uniform(3.0, 80.0, _POINT_COUNT)
    directions = (
        np.cos(elevation) * np.cos(azimuth),
        np.cos(elevation) * np.sin(azimuth),
        np.sin(elevation),
    )
    return (np.stack(directions, axis=1) * distance[:, None]).astype(np.float32)
