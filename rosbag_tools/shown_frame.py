# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A completed frame of a bag as the viewer shows it."""

from __future__ import annotations

import numpy as np

from depth_completion_core.frame import DepthPrediction, FrameError, SparseDepth
from depth_completion_core.geometry.arrays import Float32Array
from depth_completion_core.geometry.camera import CameraModel
from depth_completion_core.geometry.unprojection import unproject_depth
from depth_completion_core.sensing.camera_pose import fixed_from_camera
from depth_completion_core.sensing.placed_frame import PlacedFrame
from depth_completion_core.sensing.sensor_geometry import Geometry
from rosbag_tools.rerun_file import ShownFrame


def shown_frame(placed: PlacedFrame, prediction: DepthPrediction, geometry: Geometry) -> ShownFrame:
    """The frame with its points, and its camera in the fixed frame, where there is one.

    Raises:
        TransformError: it is not known where the camera was at that time.
        FrameError: the frame has no camera model.
    """
    frame, points = placed.frame, placed.frame.points
    if frame.camera is None:
        raise FrameError("the viewer shows frames of a calibrated camera; this one has none")
    return ShownFrame(
        stamp_ns=frame.stamp_ns,
        image=frame.image,
        camera=frame.camera,
        points=(
            points_of(prediction.sparse, frame.camera)
            if points is None or frame.camera_from_points is None
            else frame.camera_from_points.apply(points).astype(np.float32)
        ),
        sparse=prediction.sparse,
        dense=prediction.along_z,
        confidence=prediction.confidence,
        world_from_camera=fixed_from_camera(geometry, placed),
    )


def points_of(depth: SparseDepth, camera: CameraModel) -> Float32Array:
    """(N, 3) float32 metres, the pixels with a depth in the camera's optical frame."""
    points = unproject_depth(depth.depth, depth.valid, camera)
    return points[np.isfinite(points).all(axis=-1)]
