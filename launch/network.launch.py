# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""completion.launch.py with a network for its model; all other arguments as there."""

from __future__ import annotations

from pathlib import Path

from launch import LaunchDescription
from launch.actions import DeclareLaunchArgument, IncludeLaunchDescription


def generate_launch_description() -> LaunchDescription:
    """The general launch file, its model one of the networks."""
    general = str(Path(__file__).with_name("completion.launch.py"))
    return LaunchDescription(
        [
            DeclareLaunchArgument(
                "model",
                default_value="fusionnet",
                description="Network: scaffnet, fusionnet, nlspn or cspn.",
            ),
            IncludeLaunchDescription(general),
        ]
    )
