# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Data sets in the form of VOID's release, made of bags: one recording, one sequence."""
