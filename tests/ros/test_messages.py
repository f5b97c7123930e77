# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Messages of a real ROS 2; skipped where it is not sourced."""

from __future__ import annotations

import array
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from depth_completion_core.codecs.depth import decode_depth, encode_depth
from depth_completion_core.codecs.image import decode_image, encode_image
from depth_completion_core.codecs.pointcloud import decode_points, encode_points

pytestmark = pytest.mark.ros
sensor_msgs: Any = pytest.importorskip("sensor_msgs.msg", reason="ROS 2 is not sourced")


def _filled(message: Any, fields: Any) -> Any:  # noqa: ANN401 - generated classes
    for name, value in fields._asdict().items():
        if name == "data":
            message.data = array.array("B", value.tobytes())
        elif name == "fields":
            message.fields = [
                sensor_msgs.PointField(
                    name=item.name, offset=item.offset, datatype=item.datatype, count=item.count
                )
                for item in value
            ]
        else:
            setattr(message, name, value)
    return message


def test_image_round_trip() -> None:
    image = np.random.default_rng(0).integers(0, 255, (12, 17, 3), dtype=np.uint8)
    message = _filled(sensor_msgs.Image(), encode_image(image, "bgr8"))
    np.testing.assert_array_equal(decode_image(message), image)


@pytest.mark.parametrize("encoding", ["32FC1", "16UC1"])
def test_depth_round_trip(encoding: str) -> None:
    depth = np.random.default_rng(0).integers(0, 5000, (8, 9)).astype(np.float32) / 1000
    message = _filled(sensor_msgs.Image(), encode_depth(depth, depth > 0, encoding))
    decoded, valid = decode_depth(message)
    np.testing.assert_allclose(decoded, depth, atol=1e-6)
    np.testing.assert_array_equal(valid, depth > 0)


def test_cloud_round_trip() -> None:
    xyz = np.random.default_rng(0).normal(size=(50, 3)).astype(np.float32)
    extra: dict[str, Any] = {
        "ring": np.arange(50, dtype=np.uint16),
        "t": np.arange(50, dtype=np.uint32),
    }
    cloud = decode_points(_filled(sensor_msgs.PointCloud2(), encode_points(xyz, extra=extra)))
    np.testing.assert_array_equal(cloud.xyz, xyz)
    assert cloud.time_offset_ns is not None
    assert cloud.time_offset_ns.tolist() == list(range(50))


def test_status_message(tmp_path: Path) -> None:
    """In a process of its own: the sources here would hide the package that colcon installed."""
    program = (
        "from depth_completion_ros.msg import CompletionStatus as Status\n"
        "print(list(Status(drop_reasons=['stale'], drop_counts=[3]).drop_counts))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    if "No module named 'depth_completion_ros" in done.stderr:
        pytest.skip("the package is not built and sourced")
    assert done.stdout.strip() == "[3]", done.stderr
