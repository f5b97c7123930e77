# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""network.launch.py with the model cspn; all other arguments as there."""

from pathlib import Path

from launch import LaunchDescription
from launch.actions import IncludeLaunchDescription


def generate_launch_description() -> LaunchDescription:
    """The launch file of all networks, its model set."""
    network = str(Path(__file__).with_name("network.launch.py"))
    arguments = {"model": "cspn"}.items()
    return LaunchDescription([IncludeLaunchDescription(network, launch_arguments=arguments)])
