# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What a sample holds: one file per kind of layer, which says how it flips, crops and scales."""
