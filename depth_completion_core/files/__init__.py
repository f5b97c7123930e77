# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Files that people and programs exchange: images, depth, JSON; written whole or not at all."""
