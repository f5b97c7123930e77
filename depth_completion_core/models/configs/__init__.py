# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The networks' settings, apart from the networks: recipes name them without torch."""
