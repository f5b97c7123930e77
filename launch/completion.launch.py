# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The completion node beside a camera and a lidar; every argument is optional.

ros2 launch depth_completion_ros completion.launch.py image:=/camera/image_rect \
    camera_info:=/camera/camera_info points:=/velodyne_points
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from ament_index_python.packages import PackageNotFoundError, get_package_prefix
from launch import LaunchContext, LaunchDescription
from launch.actions import (
    DeclareLaunchArgument,
    ExecuteProcess,
    LogInfo,
    OpaqueFunction,
    RegisterEventHandler,
    Shutdown,
)
from launch.event_handlers import OnProcessExit
from launch.events.process import ProcessExited
from launch.substitutions import LaunchConfiguration, PathJoinSubstitution
from launch_ros.actions import LifecycleNode, Node
from launch_ros.parameter_descriptions import ParameterValue
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
    "image_transport": ("", "raw, or compressed for image/compressed."),
    "measurements": ("", "points, point_list, livox_points, depth, compressed_depth or none."),
    "extrinsics_file": ("", "YAML file with the extrinsics of the clouds, without TF."),
    "fixed_frame": (
        "",
        "Frame that stands still, such as odom, to undo motion with.",
    ),
    "camera_info_url": ("", "Calibration file in place of camera_info: file:///PATH."),
    "params_file": ("", "YAML file with parameters; those given here override it."),
    "model": ("", "Model: consensus, linear, nearest, scaffnet, fusionnet, ..."),
    "weights": ("", "File of a model (.safetensors, .onnx)."),
    "device": ("", "cpu, cuda, cuda:1, ...; auto takes a GPU where there is one."),
    "use_sim_time": ("", "true to go by /clock, as with bags; true by default where bag is given."),
    "rviz": ("false", "true to start rviz2 with the layout of this package."),
    "bag": ("", "Bag to play, in a loop; its /clock is used."),
    "log_level": ("info", "debug, info, warn or error."),
}
"""Each argument with its default and description."""

_PARAMETERS = (
    "model",
    "weights",
    "device",
    "image_transport",
    "measurements",
    "extrinsics_file",
    "fixed_frame",
    "camera_info_url",
)


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
    """Without its node the rest is of no use; where the node failed, the launch fails too."""
    if context.is_shutdown:
        return []
    if event.returncode:
        raise RuntimeError(f"the node ended with exit code {event.returncode}; it says why above")
    return [Shutdown(reason="the node ended")]


def _actions(context: LaunchContext) -> list[object]:
    given = {name: LaunchConfiguration(name).perform(context) for name in ARGUMENTS}
    _refuse_missing(given)
    is_sim_time = given["use_sim_time"] or ("true" if given["bag"] else "false")
    overrides: dict[str, object] = {"use_sim_time": is_sim_time.lower() == "true"}
    overrides.update(
        {key: ParameterValue(given[key], value_type=str) for key in _PARAMETERS if given[key]}
    )
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
        RegisterEventHandler(OnProcessExit(target_action=node, on_exit=_end)),
    ]
    if given["rviz"].lower() == "true":
        actions.append(_rviz(given["namespace"], remappings, overrides["use_sim_time"]))
    if given["bag"]:
        play = ["ros2", "bag", "play", given["bag"], "--clock", "--loop"]
        actions.append(ExecuteProcess(cmd=play, output="screen"))
    return actions


def _refuse_missing(given: dict[str, str]) -> None:
    for name in ("params_file", "bag"):
        if given[name] and not Path(given[name]).exists():
            raise RuntimeError(f"{name}:={given[name]}: there is no such file")
    if given["bag"] and not _is_installed("ros2bag"):
        raise RuntimeError(f"bag:= needs ros2bag, which is not installed: {_install('ros2bag')}")


def _rviz(namespace: str, remappings: list[tuple[str, str]], use_sim_time: object) -> object:
    if not _is_installed("rviz2"):
        return LogInfo(
            msg=f"rviz2 is not installed, so this goes on without it: {_install('rviz2')}"
        )
    return Node(
        package="rviz2",
        executable="rviz2",
        # The layout names the topics as the node does.
        namespace=namespace,
        remappings=remappings,
        arguments=[
            "-d",
            PathJoinSubstitution([FindPackageShare(PACKAGE), "config", "completion.rviz"]),
        ],
        parameters=[{"use_sim_time": use_sim_time}],
    )


def _is_installed(package: str) -> bool:
    try:
        get_package_prefix(package)
    except PackageNotFoundError:
        return False
    return True


def _install(package: str) -> str:
    return f"sudo apt-get install ros-{os.environ.get('ROS_DISTRO', 'DISTRO')}-{package}"
