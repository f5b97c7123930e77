# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Messages that list their points one by one, as the PointCloud2 that they could have been.

sensor_msgs/PointCloud is what VINS and other visual odometry publish. The CustomMsg of Livox's
drivers holds a time for each point: nanoseconds after ``timebase``, which its drivers also put into
the header, but programs that stamp messages again do not.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import numpy.typing as npt

from depth_completion_core.codecs.errors import CodecError
from depth_completion_core.codecs.messages import PointCloudMessage, PointListMessage
from depth_completion_core.codecs.point_times import FARTHEST_NS, known_time_fields
from depth_completion_core.codecs.pointcloud import encode_points
from depth_completion_core.codecs.stamps import stamp_ns_of

_XYZ = [("x", "f4"), ("y", "f4"), ("z", "f4")]
_LIVOX = [*_XYZ, ("reflectivity", "u1"), ("offset_time", "u4")]
_COLOURS_AND_INTENSITY = ("intensity", "rgb", "rgba")


def cloud_of_list(message: PointListMessage) -> PointCloudMessage:
    """A sensor_msgs/PointCloud or a Livox CustomMsg as the fields of a PointCloud2.

    Of the channels of a PointCloud those that are known by name are taken over.

    Raises:
        CodecError: it is neither, holds tracked features instead of places, or a channel has
            another length than the points.
    """
    if not (hasattr(message, "timebase") or hasattr(message, "channels")):
        raise CodecError(
            f"the message is a {type(message).__name__}, expected a PointCloud2, a PointCloud or a "
            "Livox CustomMsg; check the topic of the points"
        )
    xyz, extra = (_of_livox if hasattr(message, "timebase") else _of_channels)(message)
    fields = encode_points(xyz, extra=extra)
    cloud: Any = SimpleNamespace(header=message.header, **fields._asdict())
    checked: PointCloudMessage = cloud
    return checked


def _of_livox(message: Any) -> tuple[npt.NDArray[Any], dict[str, npt.NDArray[Any]]]:  # noqa: ANN401
    points = _records(message.points, _LIVOX)
    # The times stand as absolute ones, which no rule has to guess, where both clocks are the same.
    times, base_ns = points["offset_time"], int(message.timebase)
    if abs(base_ns - stamp_ns_of(message)) <= FARTHEST_NS:
        times = times.astype(np.uint64) + np.uint64(base_ns)
    return _coordinates(points), {"intensity": points["reflectivity"], "offset_time": times}


def _of_channels(message: Any) -> tuple[npt.NDArray[Any], dict[str, npt.NDArray[Any]]]:  # noqa: ANN401
    points = _records(message.points, _XYZ)
    if len(points) > 1 and (points["z"] == 1).all():
        raise CodecError(
            "every point has z = 1, so these are the image coordinates of tracked features, "
            "expected places in metres. Give the topic of the map points (VINS: "
            "/vins_estimator/point_cloud)"
        )
    names = [str(channel.name) for channel in message.channels]
    known = {*known_time_fields(names), *_COLOURS_AND_INTENSITY}
    extra: dict[str, npt.NDArray[Any]] = {}
    for name, channel in zip(names, message.channels, strict=True):
        values = np.asarray(channel.values, np.float32)
        if name not in known:
            continue
        if len(values) != len(points):
            raise CodecError(
                f"channel '{name}' holds {len(values)} values for {len(points)} points; expected "
                "one for each. Mend the node that fills the message"
            )
        extra.setdefault(name, values)
    return _coordinates(points), extra


def _records(points: Any, dtype: list[tuple[str, str]]) -> npt.NDArray[Any]:  # noqa: ANN401
    """(N,) structured array of a list of messages with these fields."""
    names = [name for name, _ in dtype]
    rows = (tuple(getattr(point, name) for name in names) for point in points)
    records: npt.NDArray[Any] = np.fromiter(rows, np.dtype(dtype), len(points))
    return records


def _coordinates(points: npt.NDArray[Any]) -> npt.NDArray[Any]:
    return np.stack([points[name] for name in "xyz"], axis=1)
