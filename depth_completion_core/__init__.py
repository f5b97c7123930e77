# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Depth completion on plain arrays: no ROS, no bags."""

import os

# OpenMP's idle threads spin for milliseconds by default. Beside other busy processes, as on every
# robot, each small torch operation then waits for a thread that is not scheduled: frames of 0.4 s
# were seen to take 24 s. A spin of microseconds keeps the speed on a quiet machine. It is read when
# torch is first imported; set either variable yourself to choose otherwise.
if "OMP_WAIT_POLICY" not in os.environ:
    os.environ.setdefault("GOMP_SPINCOUNT", "2000")
