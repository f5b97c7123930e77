# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Losses as pure functions, one file per family; each gives one number per image."""
