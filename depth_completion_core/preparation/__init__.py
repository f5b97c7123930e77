# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What ``prepare`` writes into the folders of data sets: lists, copies, derived frames."""
