# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Frames that show nothing new because the camera hardly moved since the last one that was kept.

Learning from motion needs motion: the lists that ScaffNet and its relatives train on leave such
frames of KITTI out, by a list of their names. Here poses tell, or else the images.
"""

from __future__ import annotations

import cv2
import numpy as np

from depth_completion_core.geometry.arrays import UInt8Array
from depth_completion_core.geometry.transforms import RigidTransform
from depth_completion_core.sensing.near_static_config import NearStatic

_COMPARED_WIDTH = 80  # pixels; noise averages out, and so does compression
_CHANGED_BY = 8  # grey levels


class NearStaticFilter:
    """Compares frames, in their order, with the last one that was kept."""

    def __init__(self, config: NearStatic) -> None:
        self._config = config
        self._kept: tuple[UInt8Array, RigidTransform | None] | None = None

    def is_near_static(self, image: UInt8Array, world_from_camera: RigidTransform | None) -> bool:
        """Whether a frame is to be left out; else it is the one that the next are compared with.

        Args:
            image: (H, W, 3) uint8 RGB.
            world_from_camera: its pose; where it or that of the last frame kept is None, the images
                are compared.
        """
        small = _small_grey(image)
        if self._kept is not None and self._hardly_moved(*self._kept, small, world_from_camera):
            return True
        self._kept = small, world_from_camera
        return False

    def _hardly_moved(
        self,
        kept_image: UInt8Array,
        world_from_kept: RigidTransform | None,
        image: UInt8Array,
        world_from_camera: RigidTransform | None,
    ) -> bool:
        if world_from_kept is None or world_from_camera is None:
            return changed_share(kept_image, image) < self._config.changed_share
        moved = world_from_kept.inverse() @ world_from_camera
        is_near = float(np.linalg.norm(moved.translation)) < self._config.translation
        return is_near and rotation_angle_deg(moved) < self._config.rotation_deg


def changed_share(one: UInt8Array, other: UInt8Array) -> float:
    """The share of two small grey images (H, W) that differs by more than noise does.

    A change of exposure changes all pixels and moves nothing: the median difference is taken off.
    Images of different size differ everywhere.
    """
    if one.shape != other.shape:
        return 1.0
    difference = other.astype(np.int16) - one
    return float(np.mean(np.abs(difference - np.median(difference)) > _CHANGED_BY))


def rotation_angle_deg(transform: RigidTransform) -> float:
    """The angle of a rotation, degrees; by its sine where its cosine cannot tell small ones."""
    quaternion = transform.quaternion_xyzw
    return float(np.degrees(2.0 * np.arctan2(np.linalg.norm(quaternion[:3]), quaternion[3])))


def _small_grey(image: UInt8Array) -> UInt8Array:
    height, width = image.shape[:2]
    size = (_COMPARED_WIDTH, max(1, round(height * _COMPARED_WIDTH / width)))
    small = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    return cv2.cvtColor(small, cv2.COLOR_RGB2GRAY).astype(np.uint8, copy=False)
