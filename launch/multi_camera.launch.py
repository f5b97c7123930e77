# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""An example: several cameras around one lidar, a node for each in its own namespace.

ros2 launch depth_completion_ros multi_camera.launch.py cameras:="front rear" \
    points:=/velodyne_points

For each camera the images are /NAME/image, the calibration /NAME/camera_info; the outputs are
/NAME/depth/image and so on.
"""

from __future__ import annotations

from launch import LaunchContext, LaunchDescription
from launch.actions import DeclareLaunchArgument, IncludeLaunchDescription, OpaqueFunction
from launch.launch_description_sources import PythonLaunchDescriptionSource
from launch.substitutions import LaunchConfiguration, PathJoinSubstitution
from launch_ros.substitutions import FindPackageShare

_PASSED_ON = ("model", "weights", "device", "params_file", "use_sim_time")


def generate_launch_description() -> LaunchDescription:
    """The arguments, and a node for each camera."""
    return LaunchDescription(
        [
            DeclareLaunchArgument(
                "cameras", default_value="front rear", description="Names of the cameras."
            ),
            DeclareLaunchArgument(
                "image", default_value="image", description="Images, below each camera's name."
            ),
            DeclareLaunchArgument(
                "points", default_value="/points", description="Topic of the one point cloud."
            ),
            *(
                DeclareLaunchArgument(
                    name, default_value="", description="As in completion.launch.py, for all nodes."
                )
                for name in _PASSED_ON
            ),
            OpaqueFunction(function=_nodes),
        ]
    )


def _nodes(context: LaunchContext) -> list[IncludeLaunchDescription]:
    def given(name: str) -> str:
        return str(LaunchConfiguration(name).perform(context))

    general = PathJoinSubstitution(
        [FindPackageShare("depth_completion_ros"), "launch", "completion.launch.py"]
    )
    common = {name: given(name) for name in _PASSED_ON}
    return [
        IncludeLaunchDescription(
            PythonLaunchDescriptionSource(general),
            launch_arguments={
                **common,
                "namespace": camera,
                "image": given("image"),
                "points": given("points"),
            }.items(),
        )
        for camera in given("cameras").split()
    ]
