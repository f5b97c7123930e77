# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What happens before and after a model: what it sees, and what is kept of its answer."""
