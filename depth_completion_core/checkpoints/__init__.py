# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Weights on disk: one format, importers of the official releases, and what comes along."""
