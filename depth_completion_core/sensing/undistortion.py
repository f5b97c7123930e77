# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Images and depth as a camera without distortion would have taken them from the same place."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np

from depth_completion_core.frame import SparseDepth
from depth_completion_core.geometry.arrays import UInt8Array
from depth_completion_core.geometry.camera import CameraModel

_LARGEST_ZOOM = 8.0
_ZOOM_STEPS = 24
_ROUNDING = 1 + 1e-6  # of the rays of an image, which are single precision


class Undistorter:
    """Takes the distortion of a lens out of what its camera took.

    Points are better projected with :attr:`camera` than warped as depth. The optical centre stays,
    so depth along Z stays too, and nothing is uncovered.

    Attributes:
        camera: without distortion, of the same size and principal point. Its focal length is that
            of the lens, or as much longer as it takes to leave no pixel without an image.
    """

    def __init__(self, camera: CameraModel) -> None:
        self._raw = camera
        self.camera = undistorted_camera(camera)
        self._maps: tuple[object, object] | None = None
        if camera.is_distorted:
            self._maps = camera.rectification_maps(self.camera)

    def image(self, image: UInt8Array) -> UInt8Array:
        """(H, W, 3) uint8, interpolated linearly."""
        if self._maps is None:
            return image
        remapped = cv2.remap(image, *self._maps, cv2.INTER_LINEAR)  # type: ignore[call-overload]
        return np.asarray(remapped, dtype=np.uint8)

    def depth(self, depth: SparseDepth) -> SparseDepth:
        """Of a depth image: each pixel takes the depth of the one nearest to where it looks.

        Nothing is blended, which would invent depth between an edge and what is behind it.
        """
        if self._maps is None:
            return depth
        remapped = cv2.remap(depth.depth, *self._maps, cv2.INTER_NEAREST)  # type: ignore[call-overload]
        return SparseDepth.from_depth(remapped)

    def points(self, depth: SparseDepth) -> SparseDepth:
        """Of single measured pixels: each moves to where it is seen; the nearest wins."""
        if self._maps is None:
            return depth
        row, column = np.nonzero(depth.valid)
        rays, has_ray = self._raw.unproject(np.stack([column, row], axis=-1))
        pixels, is_seen = self.camera.project(rays)
        is_seen &= has_ray
        column, row = np.rint(pixels[is_seen]).astype(np.int64).T
        metres = depth.depth[depth.valid][is_seen]
        return SparseDepth.nearest_at(metres, row, column, depth.depth.shape)


def undistorted_camera(camera: CameraModel) -> CameraModel:
    """The camera of :class:`Undistorter`.

    Raises:
        ValueError: its distortion is such that no part of an image as large would be filled.
    """
    straight = replace(camera, distortion_model="none", distortion=())
    if not camera.is_distorted or _is_filled(camera, straight):
        return straight
    enough = _zoomed(straight, _LARGEST_ZOOM)
    if not _is_filled(camera, enough):
        raise ValueError(
            f"the distortion {camera.distortion_model} {camera.distortion} cannot be undone: even "
            f"{_LARGEST_ZOOM:g} times enlarged, the image would have empty borders; check the "
            "calibration"
        )
    low, high = 1.0, _LARGEST_ZOOM
    for _ in range(_ZOOM_STEPS):
        middle = (low + high) / 2
        low, high = (
            (low, middle) if _is_filled(camera, _zoomed(straight, middle)) else (middle, high)
        )
    return _zoomed(straight, high * _ROUNDING)


def _zoomed(camera: CameraModel, factor: float) -> CameraModel:
    return replace(camera, fx=camera.fx * factor, fy=camera.fy * factor)


def _is_filled(camera: CameraModel, straight: CameraModel) -> bool:
    """Whether every pixel of the border of the straight image shows a part of the other."""
    columns, rows = np.arange(straight.width), np.arange(straight.height)
    border = np.concatenate(
        [
            np.stack([columns, np.zeros_like(columns)], axis=-1),
            np.stack([columns, np.full_like(columns, straight.height - 1)], axis=-1),
            np.stack([np.zeros_like(rows), rows], axis=-1),
            np.stack([np.full_like(rows, straight.width - 1), rows], axis=-1),
        ]
    )
    rays, _ = straight.unproject(border)
    return bool(camera.project(rays)[1].all())
