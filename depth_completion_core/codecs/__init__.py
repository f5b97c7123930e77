# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""ROS message fields <-> arrays, duck-typed on field names: no ROS is imported."""
