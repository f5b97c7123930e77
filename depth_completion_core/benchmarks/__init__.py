# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What the programs ``benchmark`` and ``benchmark_networks`` measure."""
