# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Completing images and sparse depth on disk: what infer.py is made of."""
