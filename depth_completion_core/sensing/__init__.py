# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Stamped streams -> pairs -> frames, and frames -> output topics; live and from bags alike."""
