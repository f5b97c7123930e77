# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Clouds as sweeps in a frame that stands still."""

from __future__ import annotations

from typing import Any

from depth_completion_core.geometry.deskew import deskew
from depth_completion_core.sensing.accumulated_depth import PlacedSweep
from depth_completion_core.sensing.camera_pose import fixed_from_optical
from depth_completion_core.sensing.measured import MeasurementReader
from depth_completion_core.sensing.sensor_geometry import Geometry


class SweepPlacement:
    """Decodes clouds, undoes the motion within each, and places it.

    Args:
        geometry: where the sensors are; it has a fixed frame.
        optical_frame: of the camera, through which extrinsics given by hand lead.
        image_size: rows and columns of the images, which clouds like them are told by.
    """

    def __init__(self, geometry: Geometry, optical_frame: str, image_size: tuple[int, int]) -> None:
        self._geometry, self._optical_frame = geometry, optical_frame
        self._reader = MeasurementReader(geometry, image_size)

    def placed(self, message: Any, stamp_ns: int) -> PlacedSweep:  # noqa: ANN401 - of any kind
        """The points as if all were measured in the middle of the sweep.

        Raises:
            ValueError: the message cannot be decoded.
            TransformError: nothing was received of where the sensor was.
        """
        sweep = self._reader.sweep(message, stamp_ns)
        points, offsets_ns = sweep.cloud.xyz, sweep.cloud.time_offset_ns
        middle_ns = stamp_ns
        if offsets_ns is not None and len(offsets_ns):
            middle_ns += (int(offsets_ns.min()) + int(offsets_ns.max())) // 2
        optical_from_cloud = self._reader.transform_of(
            sweep, self._optical_frame, middle_ns, tolerance_ns=0
        )
        optical_from_middle = optical_from_cloud(middle_ns)
        if offsets_ns is not None:
            middle_from_optical = optical_from_middle.inverse()
            points = deskew(
                points,
                offsets_ns,
                stamp_ns,
                lambda at_ns: middle_from_optical @ optical_from_cloud(at_ns),
            )
        fixed = fixed_from_optical(self._geometry, self._optical_frame, middle_ns)
        return PlacedSweep(middle_ns, points, fixed @ optical_from_middle)
