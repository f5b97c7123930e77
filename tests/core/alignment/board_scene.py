# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A board 3 m away before a wall 6 m away, off the middle of the image, as both sensors see it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from depth_completion_core.alignment import AlignmentFrame
from depth_completion_core.geometry.arrays import Float32Array, UInt8Array
from depth_completion_core.geometry.camera import CameraModel
from depth_completion_core.geometry.transforms import RigidTransform

CAMERA = CameraModel(fx=160.0, fy=160.0, cx=99.5, cy=74.5, width=200, height=150)
OPTICAL_FROM_BODY = RigidTransform(
    np.array([[0.0, -1.0, 0.0], [0.0, 0.0, -1.0], [1.0, 0.0, 0.0]]), np.zeros(3)
)
CAMERA_FROM_LIDAR = OPTICAL_FROM_BODY @ RigidTransform(np.eye(3), np.array([-0.1, 0.05, 0.25]))
_BOARD, _WALL = 3.0, 6.0
_LEFT, _RIGHT, _TOP, _BOTTOM = -1.1, 0.5, -0.8, 0.35


def _seen(origin: npt.NDArray[np.float64], rays: npt.NDArray[np.float64]) -> Float32Array:
    """(..., 3) where rays in the optical frame meet the board or the wall."""
    on_board = origin + rays * ((_BOARD - origin[2]) / rays[..., 2])[..., None]
    on_wall = origin + rays * ((_WALL - origin[2]) / rays[..., 2])[..., None]
    x, y = on_board[..., 0], on_board[..., 1]
    hits = (x > _LEFT) & (x < _RIGHT) & (y > _TOP) & (y < _BOTTOM)
    seen: Float32Array = np.where(hits[..., None], on_board, on_wall).astype(np.float32)
    return seen


def board_image(camera: CameraModel = CAMERA) -> UInt8Array:
    """(H, W, 3): a red board before a blue wall, with a little noise."""
    columns, rows = np.meshgrid(np.arange(camera.width), np.arange(camera.height))
    pixels = np.stack([columns.ravel(), rows.ravel()], axis=1).astype(np.float64)
    rays = np.column_stack([_unprojected(camera, pixels), np.ones(len(pixels))])
    depth = _seen(np.zeros(3), rays)[:, 2].reshape(camera.height, camera.width)
    colours = np.where(depth[..., None] < (_BOARD + _WALL) / 2, (200, 60, 40), (60, 90, 160))
    noise = np.random.default_rng(0).integers(-12, 12, (camera.height, camera.width, 1))
    return (colours + noise).astype(np.uint8)


def _unprojected(camera: CameraModel, pixels: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """(N, 2) x over z; by fixed-point iteration on the projection itself."""
    centre = np.array([camera.cx, camera.cy])
    focal = np.array([camera.fx, camera.fy])
    guess: npt.NDArray[np.float64] = (pixels - centre) / focal
    for _ in range(20):
        back, _ = camera.project(np.column_stack([guess, np.ones(len(guess))]))
        guess = guess - (back - pixels) / focal
    return guess


def board_sweep() -> Float32Array:
    """(N, 3) lidar points of 48 lines ahead: x forward, z up."""
    azimuth, elevation = np.meshgrid(np.linspace(0.6, -0.6, 200), np.linspace(0.45, -0.45, 48))
    rays = np.stack(
        [
            np.cos(elevation) * np.cos(azimuth),
            np.cos(elevation) * np.sin(azimuth),
            np.sin(elevation),
        ],
        axis=-1,
    )
    points = _seen(CAMERA_FROM_LIDAR.translation, rays @ CAMERA_FROM_LIDAR.rotation.T)
    lidar: Float32Array = CAMERA_FROM_LIDAR.inverse().apply(points).astype(np.float32)
    return lidar.reshape(-1, 3)


def board_frame(
    camera_from_lidar: RigidTransform = CAMERA_FROM_LIDAR,
    camera: CameraModel = CAMERA,
    image: UInt8Array | None = None,
    points: Float32Array | None = None,
) -> AlignmentFrame:
    """What both see, at the place that a set-up says."""
    return AlignmentFrame(
        image=board_image() if image is None else image,
        camera=camera,
        points=board_sweep() if points is None else points,
        camera_from_points=lambda _: camera_from_lidar,
    )
