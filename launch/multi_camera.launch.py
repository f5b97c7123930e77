# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""An example with several cameras around one lidar: a completion node each, in its own namespace.

ros2 launch depth_completion_ros multi_camera.launch.py cameras:="front rear" \
    points:=/velodyne_points

Images are on /front/image, their calibration on /front/camera_info, the depth on
/front/depth/image, and so on. A bag is played beside it: ros2 bag play BAG --clock, with
use_sim_time:=true here.
"""

from __future__ import annotations

from launch import LaunchContext, LaunchDescription
from launch.actions import (
    DeclareLaunchArgument,
    GroupAction,
    IncludeLaunchDescription,
    OpaqueFunction,
)
from launch.launch_description_sources import PythonLaunchDescriptionSource
from launch.substitutions import LaunchConfiguration, PathJoinSubstitution
from launch_ros.substitutions import FindPackageShare

_PASSED_ON = {
    "image": ("image", "Topic of the colour images, below each camera's name."),
    "camera_info": ("camera_info", "Topic of their calibration, below each camera's name."),
    "points": ("/points", "Topic of the point cloud that all cameras share."),
    "params_file": ("", "YAML file with parameters, the same for all nodes."),
    "model": ("", "Model of all nodes: consensus, linear, nearest, scaffnet, fusionnet, ..."),
    "weights": ("", "File of a model (.safetensors, .onnx)."),
    "device": ("", "cpu, cuda, cuda:1, ...; auto takes a GPU where there is one."),
    "use_sim_time": ("", "true to go by /clock, as with bags."),
    "log_level": ("info", "debug, info, warn or error."),
}
"""Each argument that all nodes get, with its default and description."""


def generate_launch_description() -> LaunchDescription:
    """The arguments, and completion.launch.py once for each camera."""
    arguments = [
        DeclareLaunchArgument(name, default_value=default, description=text)
        for name, (default, text) in _PASSED_ON.items()
    ]
    cameras = DeclareLaunchArgument(
        "cameras",
        default_value="front rear",
        description="Names of the cameras, which become the namespaces of their nodes.",
    )
    return LaunchDescription([cameras, *arguments, OpaqueFunction(function=_nodes)])


def _nodes(context: LaunchContext) -> list[GroupAction]:
    given = {name: LaunchConfiguration(name).perform(context) for name in _PASSED_ON}
    general = PathJoinSubstitution(
        [FindPackageShare("depth_completion_ros"), "launch", "completion.launch.py"]
    )
    names = LaunchConfiguration("cameras").perform(context).split()
    return [
        # A scope of its own: what one camera is given must not reach the next one.
        GroupAction(
            [
                IncludeLaunchDescription(
                    PythonLaunchDescriptionSource(general),
                    launch_arguments={**given, "namespace": name}.items(),
                )
            ]
        )
        for name in names
    ]
