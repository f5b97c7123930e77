# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("ament_index_python", reason="ROS 2 is not sourced")

from ament_index_python.packages import get_package_share_directory

from depth_completion_ros.calibration_url import file_of_url

pytestmark = pytest.mark.ros


def test_the_urls_that_camera_drivers_take(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROS_HOME", "/robot/ros")
    share = get_package_share_directory("sensor_msgs")
    assert file_of_url("package://sensor_msgs/package.xml") == f"{share}/package.xml"
    assert file_of_url("file:///etc/camera.yaml#cam1") == "/etc/camera.yaml#cam1"
    assert file_of_url("file://${ROS_HOME}/camera_info/a.yaml") == "/robot/ros/camera_info/a.yaml"
    assert file_of_url("~/a.yaml") == str(Path.home() / "a.yaml")
    assert file_of_url("calibration/a.yaml") == "calibration/a.yaml"


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http://robot/a.yaml", "is neither file:///PATH"),
        ("package://no_such_package/a.yaml", "no package 'no_such_package'"),
        ("package://a b/a.yaml", "no package 'a b'"),
    ],
)
def test_other_urls_are_refused(url: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        file_of_url(url)
