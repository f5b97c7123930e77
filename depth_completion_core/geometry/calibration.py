# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Cameras from what carries calibrations: CameraInfo, KITTI text files."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from depth_completion_core.geometry.camera import CameraModel
from depth_completion_core.geometry.transforms import RigidTransform


class CalibratedCamera(NamedTuple):
    """A camera, and its position in the frame that its calibration refers to.

    Attributes:
        camera: the intrinsics of the image.
        camera_from_frame: identity but for stereo: see each constructor.
    """

    camera: CameraModel
    camera_from_frame: RigidTransform


def camera_from_info(info: Any, *, rectified: bool) -> CalibratedCamera:  # noqa: ANN401
    """From the fields of a sensor_msgs/CameraInfo (rclpy's, or of a bag; ROS 1 names too).

    A rectified image is projected with P; a raw one with K, D and, as image_geometry does, the
    inverse of the rectifying rotation R. K and P speak of the full sensor: the region of interest
    is cut first, then binning scales. The fourth column of P (the second camera of a stereo pair)
    and R become ``camera_from_frame``.

    Raises:
        ValueError: no calibration in the message, no P for a rectified image, a distortion that is
            not known, or a region of interest that reaches out of the sensor.
    """
    sensor = sensor_from_info(info, rectified=rectified)
    return sensor._replace(camera=_cut_and_binned(sensor.camera, info))


def sensor_from_info(info: Any, *, rectified: bool) -> CalibratedCamera:  # noqa: ANN401
    """The same of the full sensor, neither cut nor binned; raises ValueError."""
    K, D, R, P = (_numbers(info, name) for name in "KDRP")
    width, height = int(info.width), int(info.height)
    if rectified:
        if K.any() and not P.any():
            raise ValueError(
                "the image counts as rectified, but the calibration has no P, so it is of the raw "
                "image. If the image is raw, say so (bags: --rectified no; node: "
                "image_is_rectified:=false); if not, give the P that it was rectified to"
            )
        projection = P.reshape(3, 4)
        camera = CameraModel.from_matrix(projection[:, :3], width=width, height=height)
        camera_from_frame = _projection_offset(projection)
    else:
        camera = CameraModel.from_matrix(
            K,
            width=width,
            height=height,
            distortion_model=str(info.distortion_model),
            distortion=tuple(D.tolist()),
        )
        rectified_from_raw = R.reshape(3, 3) if R.any() else np.eye(3)
        camera_from_frame = RigidTransform.from_matrix(
            np.column_stack([rectified_from_raw.T, np.zeros(3)])
        )
    return CalibratedCamera(camera, camera_from_frame)


def image_size_of(info: Any) -> tuple[int, int]:  # noqa: ANN401 - of any kind, as above
    """(height, width) of the image that a sensor_msgs/CameraInfo is of, pixels."""
    height, width = int(info.roi.height) or int(info.height), int(info.roi.width) or int(info.width)
    return height // max(int(info.binning_y), 1), width // max(int(info.binning_x), 1)


def numbers_of(info: Any) -> tuple[float, ...]:  # noqa: ANN401 - of any kind, as above
    """K, D, R and P of a sensor_msgs/CameraInfo, one after the other."""
    return tuple(float(number) for name in "KDRP" for number in _numbers(info, name))


def camera_from_kitti_calibration(
    path: Path, *, camera_index: int, width: int = 0, height: int = 0
) -> CalibratedCamera:
    """The rectified camera of KITTI's calib_cam_to_cam.txt (P_rect_02) or calib.txt (P2).

    ``camera_from_frame`` takes points from the rectified frame of camera 0 to this camera.

    Args:
        path: the text file.
        camera_index: 0 to 3.
        width: image size in pixels; 0 takes it from the file's S_rect line.
        height: likewise.

    Raises:
        ValueError: the file lacks the camera, or its image size where none is given.
    """
    entries = read_kitti_calibration(path)
    key = next((k for k in (f"P_rect_{camera_index:02d}", f"P{camera_index}") if k in entries), "")
    if not key or entries[key].size != 12:
        raise ValueError(
            f"{path}: no 12 numbers 'P_rect_{camera_index:02d}' or 'P{camera_index}' for camera "
            f"{camera_index}; the file has {', '.join(entries) or 'no entries'}"
        )
    if width == 0 or height == 0:
        size = entries.get(f"S_rect_{camera_index:02d}")
        if size is None or size.size != 2:
            raise ValueError(f"{path}: no 'S_rect_{camera_index:02d}'; give the image's size")
        width, height = int(size[0]), int(size[1])
    projection = entries[key].reshape(3, 4)
    try:
        camera = CameraModel.from_matrix(projection[:, :3], width=width, height=height)
    except ValueError as error:
        raise ValueError(f"{path}: '{key}': {error}") from error
    return CalibratedCamera(camera, _projection_offset(projection))


def read_kitti_calibration(path: Path) -> dict[str, npt.NDArray[np.float64]]:
    """All numeric lines ``NAME: numbers`` of a KITTI calibration file, as flat float64 arrays."""
    entries: dict[str, npt.NDArray[np.float64]] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        name, colon, numbers = line.partition(":")
        if not colon:
            continue
        try:
            entries[name.strip()] = np.array([float(word) for word in numbers.split()])
        except ValueError:
            continue  # calib_time and other words
    return entries


def _projection_offset(projection: npt.NDArray[np.float64]) -> RigidTransform:
    """The translation t in P = K [I | t]."""
    offset = np.linalg.solve(projection[:, :3], projection[:, 3])
    return RigidTransform(np.eye(3), offset.astype(np.float64))


def _numbers(info: Any, name: str) -> npt.NDArray[np.float64]:  # noqa: ANN401
    """Field K, D, R or P: lower case in ROS 2, upper case in ROS 1."""
    value = getattr(info, name.lower(), None)
    return np.asarray(getattr(info, name) if value is None else value, dtype=np.float64)


def _cut_and_binned(camera: CameraModel, info: Any) -> CameraModel:  # noqa: ANN401
    roi = info.roi
    left, top = int(roi.x_offset), int(roi.y_offset)
    width, height = int(roi.width) or camera.width, int(roi.height) or camera.height
    if left + width > camera.width or top + height > camera.height:
        raise ValueError(
            f"the region of interest ({width}x{height} pixels at ({left}, {top})) reaches out of "
            f"the {camera.width}x{camera.height} pixels of the calibration. CameraInfo's width, "
            "height, K and P are of the full sensor: if they are of the cut image already, set "
            "the region of interest to zeros"
        )
    if (left, top, width, height) != (0, 0, camera.width, camera.height):
        camera = camera.cropped(left, top, width, height)
    binning_x, binning_y = max(int(info.binning_x), 1), max(int(info.binning_y), 1)
    if (binning_x, binning_y) != (1, 1):
        columns, rows = camera.width // binning_x, camera.height // binning_y
        whole_bins = camera.cropped(0, 0, columns * binning_x, rows * binning_y)
        camera = whole_bins.scaled(columns, rows)
    return camera
