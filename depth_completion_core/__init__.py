# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Depth completion on plain arrays: no ROS, no bags."""

import os

# By default OpenMP's idle threads spin. Beside other busy processes, as on every robot, each small
# torch operation then waits for a thread that is not scheduled: frames of 0.4 s were seen to take
# 24 s. Read when torch is first imported; set the variable yourself to choose otherwise.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
