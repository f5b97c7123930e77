# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""ROS 2 side of the package; the message definitions are generated beside this file by colcon."""
