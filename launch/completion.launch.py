# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The completion node beside a camera and a lidar; every argument is optional.

ros2 launch depth_completion_ros completion.launch.py image:=/camera/image_rect \
    camera_info:=/camera/camera_info points:=/velodyne_points
"""

from __future__ import annotations

import shutil

from launch import LaunchContext, LaunchDescription
from launch.actions import (
    DeclareLaunchArgument,
    ExecuteProcess,
    OpaqueFunction,
    RegisterEventHandler,
    Shutdown,
)
from launch.conditions import IfCondition
from launch.event_handlers import OnProcessExit
from launch.events.process import ProcessExited
from launch.substitutions import LaunchConfiguration, PathJoinSubstitution
from launch_ros.actions import LifecycleNode, Node
from launch_ros.substitutions import FindPackageShare

PACKAGE = "depth_completion_ros"
ARGUMENTS = {
    "image": ("image", "Topic of the colour images; with compressed images, without /compressed."),
    "camera_info": ("camera_info", "Topic of their calibration."),
    "points": ("points", "Topic of the point cloud."),
    "sparse_depth": ("sparse_depth", "Topic of the depth image, with measurements:=depth."),
    "odometry": ("odometry", "Topic of odometry that is not in TF, where the parameter is set."),
    "namespace": ("", "Namespace of the node and its outputs, such as /front."),
    "name": ("completion_node", "Name of the node."),
    "params_file": ("", "YAML file with parameters; those given here override it."),
    "model": ("", "Model: nearest, linear, morphological, scaffnet, fusionnet, ..."),
    "weights": ("", "File of a model (.safetensors, .onnx)."),
    "device": ("", "cpu, cuda, cuda:1, ...; auto takes a GPU where there is one."),
    "use_sim_time": ("", "true to go by /clock, as with bags; true by default where bag is given."),
    "rviz": ("false", "true to start rviz2 with the layout of this package."),
    "bag": ("", "Bag to play, in a loop; its /clock is used."),
    "log_level": ("info", "debug, info, warn or error."),
}
"""Each argument with its default and description."""


# ros2 launch dies of SIGTERM without a word to its processes: let the kernel tell them.
_END_WITH_LAUNCH = "setpriv --pdeathsig TERM" if shutil.which("setpriv") else ""


def generate_launch_description() -> LaunchDescription:
    """The arguments, and the node."""
    arguments = [
        DeclareLaunchArgument(name, default_value=default, description=text)
        for name, (default, text) in ARGUMENTS.items()
    ]
    return LaunchDescription([*arguments, OpaqueFunction(function=_actions)])


def _end(event: ProcessExited, context: LaunchContext) -> list[object]:
    return [] if context.is_shutdown else [Shutdown(reason=f"the node ended ({event.returncode})")]


def _actions(context: LaunchContext) -> list[object]:
    given = {name: LaunchConfiguration(name).perform(context) for name in ARGUMENTS}
    is_sim_time = given["use_sim_time"] or ("true" if given["bag"] else "false")
    overrides: dict[str, object] = {"use_sim_time": is_sim_time.lower() == "true"}
    overrides.update({key: given[key] for key in ("model", "weights", "device") if given[key]})
    remappings = [
        ("image", given["image"]),
        ("image/compressed", f"{given['image']}/compressed"),
        ("camera_info", given["camera_info"]),
        ("points", given["points"]),
        ("odometry", given["odometry"]),
        ("sparse_depth", given["sparse_depth"]),
        ("sparse_depth/compressedDepth", f"{given['sparse_depth']}/compressedDepth"),
    ]
    node = LifecycleNode(
        package=PACKAGE,
        executable="completion_node",
        name=given["name"],
        namespace=given["namespace"],
        output="screen",
        emulate_tty=True,
        parameters=[*([given["params_file"]] if given["params_file"] else []), overrides],
        remappings=remappings,
        arguments=["--ros-args", "--log-level", given["log_level"]],
        prefix=_END_WITH_LAUNCH,
        exec_name="completion_node",
    )
    actions: list[object] = [
        node,
        # Without its node the rest is of no use; its exit code becomes visible, too.
        RegisterEventHandler(OnProcessExit(target_action=node, on_exit=_end)),
        Node(
            package="rviz2",
            executable="rviz2",
            # The layout names the topics as the node does.
            namespace=given["namespace"],
            remappings=remappings,
            arguments=[
                "-d",
                PathJoinSubstitution([FindPackageShare(PACKAGE), "config", "completion.rviz"]),
            ],
            parameters=[{"use_sim_time": overrides["use_sim_time"]}],
            condition=IfCondition(given["rviz"]),
        ),
    ]
    if given["bag"]:
        play = ["ros2", "bag", "play", given["bag"], "--clock", "--loop"]
        actions.append(ExecuteProcess(cmd=play, output="screen"))
    return actions
