# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Samples -> samples: drawing measurements from dense depth, corrupting, augmenting."""
