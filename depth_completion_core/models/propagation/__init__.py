# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Spatial propagation: depth that is mixed with its neighbours, step by step, by learned weights.

``taps`` says from where and how much of it each pixel takes, ``engine`` does it many times over.
"""
