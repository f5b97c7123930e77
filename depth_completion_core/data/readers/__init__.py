# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Data sets -> samples: one file per data set, and what several of them share."""
