# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Whether a set in VOID's layout is whole: every file read, and every fault named."""
