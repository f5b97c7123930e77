# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Frames in the memory of the device that trains, with measurements sampled per batch."""
