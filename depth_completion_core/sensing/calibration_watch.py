# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The calibration of a live camera: what is odd about it, and when it becomes another one."""

from __future__ import annotations

from typing import Any

from depth_completion_core.geometry.calibration import image_size_of, numbers_of
from depth_completion_core.geometry.intrinsics_doubts import IntrinsicsDoubt, info_doubts


class CalibrationWatch:
    """Looks at the calibration of each image, and thinks only where it is a new one.

    Attributes:
        doubts: what is odd about the present one.
        changes: how often one followed that differs from the one before.
    """

    def __init__(self) -> None:
        self.doubts: list[IntrinsicsDoubt] = []
        self.changes = 0
        self._known: tuple[object, ...] = ()

    def see(self, info: Any, image_size: tuple[int, int] | None, *, rectified: bool) -> None:  # noqa: ANN401
        """Take the sensor_msgs/CameraInfo of an image and, where known, its (height, width)."""
        calibration = (*numbers_of(info), *image_size_of(info))
        seen = (calibration, image_size, rectified)
        if seen == self._known:
            return
        self.changes += bool(self._known) and calibration != self._known[0]
        self._known = seen
        self.doubts = info_doubts(info, image_size, rectified=rectified)

    def notes(self, *, are_grave: bool) -> list[str]:
        """The grave doubts, or the others, in sentences."""
        return [f"CameraInfo: {item}" for item in self.doubts if item.is_grave == are_grave]
