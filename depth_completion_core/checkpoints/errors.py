# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What goes wrong with weights; apart, so that command lines know it without torch."""

from __future__ import annotations


class CheckpointError(ValueError):
    """Weights that cannot be read or written; the message says what to do."""


class WeightsError(ValueError):
    """A network that is of no use without weights, and none came with it."""
