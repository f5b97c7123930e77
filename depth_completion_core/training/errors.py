# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What ends a training run."""

from __future__ import annotations


class TrainingError(RuntimeError):
    """A run that cannot start or go on; the message says why, what is safe, and what to do."""
