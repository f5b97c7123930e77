# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Whether the name of a cloud's frame says where the cloud was measured."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from depth_completion_core.geometry.transform_buffer import TransformError
from depth_completion_core.sensing.sensor_geometry import Geometry

_SAME_SHAPE = 0.02  # of width over height: depth cameras publish halves and quarters of the image


class PlacementError(TransformError):
    """What a cloud calls its frame does not say where it is; the message says what to do."""


def check_place_is_said(
    geometry: Geometry,
    cloud_frame: str,
    optical_frame: str,
    *,
    cloud_size: tuple[int, int],
    image_size: tuple[int, int],
) -> None:
    """Refuse a cloud whose frame id is empty, or that of the image without a reason for it.

    Many drivers leave one default frame id in all that they publish. A cloud in the frame of its
    camera is believed where it is organised in rows as the image is, which only the camera's own
    depth can be.

    Args:
        geometry: what is known of where the sensors are.
        cloud_frame: frame id of the cloud.
        optical_frame: that of the image.
        cloud_size: rows and columns of the cloud.
        image_size: rows and columns of the image.

    Raises:
        PlacementError: the place is not said.
    """
    known = geometry.extrinsics
    if cloud_frame in known:
        return
    if known and not geometry.transforms.connects(optical_frame, cloud_frame):
        raise PlacementError(
            f"the extrinsics given by hand are of {_quoted(known)}, but the cloud is of "
            f"'{cloud_frame}', which TF does not know: write that name into the file"
        )
    if not cloud_frame or not optical_frame:
        which = "cloud" if not cloud_frame else "image and its CameraInfo"
        raise PlacementError(
            f"the frame_id of the {which} is empty, so nothing says where the cloud was measured. "
            "Set it in the driver, or give the extrinsics by hand (bags: --extrinsics FILE; node: "
            f"extrinsics_file), for the cloud's frame '{cloud_frame}'"
        )
    if cloud_frame != optical_frame or geometry.points_in_camera_frame:
        return
    if not _is_organised_like(cloud_size, image_size):
        raise PlacementError(
            f"cloud and image carry the same frame_id '{cloud_frame}', but the cloud has no rows "
            "and columns like a depth camera's, so it may come from another sensor. Give the "
            "extrinsics by hand (bags: --extrinsics FILE; node: extrinsics_file), or say that its "
            "points are in the camera's optical frame (bags: --points-in-camera-frame; node: "
            "points_in_camera_frame)"
        )


def unused_extrinsics(known: Collection[str], cloud_frames: Collection[str]) -> str:
    """A sentence on the extrinsics of frames that no cloud has; "" where there are none."""
    unused = sorted(set(known) - set(cloud_frames))
    if not unused:
        return ""
    return (
        f"the extrinsics of {_quoted(unused)} are not used: the clouds are of "
        f"{_quoted(cloud_frames)}"
    )


def _quoted(frames: Iterable[str]) -> str:
    return ", ".join(f"'{frame}'" for frame in frames)


def size_of(cloud: Any) -> tuple[int, int]:  # noqa: ANN401 - a message of rclpy or of a bag
    """Rows and columns of a cloud; one row where its type knows none."""
    return int(getattr(cloud, "height", 1)), int(getattr(cloud, "width", 0))


def _is_organised_like(cloud_size: tuple[int, int], image_size: tuple[int, int]) -> bool:
    rows, columns = cloud_size
    if rows <= 1 or columns <= 1:
        return False
    height, width = image_size
    return abs((columns * height) / (rows * width) - 1.0) < _SAME_SHAPE
