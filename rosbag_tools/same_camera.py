# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Whether two calibrations are one for the pixels of an image."""

from __future__ import annotations

from depth_completion_core.geometry.camera import CameraModel

_SAME_PX = 0.5


def is_same_camera(first: CameraModel, other: CameraModel) -> bool:
    """Whether no pixel of the image would be placed half a pixel elsewhere."""
    if (first.width, first.height) != (other.width, other.height):
        return False
    if (first.distortion_model, first.distortion) != (other.distortion_model, other.distortion):
        return False
    across_px = abs(other.fx / first.fx - 1) * first.width + abs(other.cx - first.cx)
    down_px = abs(other.fy / first.fy - 1) * first.height + abs(other.cy - first.cy)
    return max(across_px, down_px) < _SAME_PX


def camera_in_words(camera: CameraModel) -> str:
    """Its numbers, for messages."""
    K = f"fx {camera.fx:.6g}, fy {camera.fy:.6g}, cx {camera.cx:.6g}, cy {camera.cy:.6g}"
    return f"{camera.width}x{camera.height} pixels, {K}, distortion {list(camera.distortion)}"
