# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""completion.launch.py with the model fusionnet; arguments as there."""

from __future__ import annotations

from launch import LaunchDescription
from launch.actions import DeclareLaunchArgument, IncludeLaunchDescription
from launch.launch_description_sources import PythonLaunchDescriptionSource
from launch.substitutions import PathJoinSubstitution
from launch_ros.substitutions import FindPackageShare


def generate_launch_description() -> LaunchDescription:
    """The general launch file, its model set."""
    general = PathJoinSubstitution(
        [FindPackageShare("depth_completion_ros"), "launch", "completion.launch.py"]
    )
    return LaunchDescription(
        [
            DeclareLaunchArgument(
                "model", default_value="fusionnet", description="Model; here fusionnet."
            ),
            IncludeLaunchDescription(PythonLaunchDescriptionSource(general)),
        ]
    )
