# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Image files in memory -> pixels, for messages and for files on disk."""
