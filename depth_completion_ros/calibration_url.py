# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The file that ``camera_info_url`` names, in the ways that camera drivers understand."""

from __future__ import annotations

import os
from pathlib import Path


def file_of_url(url: str) -> str:
    """The path of ``file://PATH``, ``package://NAME/PATH`` or a plain path.

    ``${ROS_HOME}`` and ``~`` mean what they mean to camera_info_manager and the shell.

    Raises:
        ValueError: another kind of URL, or a package that is not installed.
    """
    ros_home = os.environ.get("ROS_HOME", str(Path.home() / ".ros"))
    scheme, found, rest = url.replace("${ROS_HOME}", ros_home).rpartition("://")
    if not found:
        return str(Path(rest).expanduser())
    if scheme == "file":
        return rest.removeprefix("localhost")
    if scheme != "package":
        raise ValueError(
            f"camera_info_url '{url}' is neither file:///PATH, package://NAME/PATH nor a path"
        )
    # Of ROS, which what needs no ROS of the node is tested without.
    from ament_index_python.packages import (  # noqa: PLC0415
        PackageNotFoundError,
        get_package_share_directory,
    )

    package, _, inside = rest.partition("/")
    try:
        return str(Path(get_package_share_directory(package)) / inside)
    except (PackageNotFoundError, ValueError) as error:  # the second of a name that cannot be
        raise ValueError(f"camera_info_url '{url}': no package '{package}' is sourced") from error
