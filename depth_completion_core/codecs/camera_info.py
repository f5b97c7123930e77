# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A camera as the fields of a sensor_msgs/CameraInfo."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from depth_completion_core.geometry.camera import CameraModel
from depth_completion_core.geometry.transforms import RigidTransform

Float64Array = npt.NDArray[np.float64]


class CameraInfoFields(NamedTuple):
    """The fields of a sensor_msgs/CameraInfo that are not zero, its header left out.

    Attributes:
        height: rows.
        width: columns.
        distortion_model: as in sensor_msgs/distortion_models.hpp.
        d: (N,) coefficients.
        k: (9,) intrinsic matrix, row by row, pixels.
        r: (9,) rectifying rotation, row by row.
        p: (12,) projection matrix, row by row, pixels.
    """

    height: int
    width: int
    distortion_model: str
    d: Float64Array
    k: Float64Array
    r: Float64Array
    p: Float64Array


_IDENTITY = RigidTransform.identity()


def encode_camera_info(
    camera: CameraModel, camera_from_frame: RigidTransform = _IDENTITY
) -> CameraInfoFields:
    """The inverse of :func:`~depth_completion_core.geometry.calibration.camera_from_info`.

    The rotation of ``camera_from_frame`` becomes the inverse of R, its translation the fourth
    column of P.
    """
    K = camera.K
    return CameraInfoFields(
        height=camera.height,
        width=camera.width,
        distortion_model=camera.distortion_model if camera.is_distorted else "plumb_bob",
        d=np.array(camera.distortion or (0.0,) * 5, dtype=np.float64),
        k=K.reshape(-1),
        r=np.ascontiguousarray(camera_from_frame.rotation.T).reshape(-1),
        p=np.column_stack([K, K @ camera_from_frame.translation]).reshape(-1),
    )
