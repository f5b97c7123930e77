# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Bags in, bags out, without ROS installed."""

from importlib.util import find_spec

if find_spec("rosbags") is None:
    raise ModuleNotFoundError("the bag tools need rosbags: pip install 'depth_completion_ros[all]'")
