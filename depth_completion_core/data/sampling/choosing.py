# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A few of many."""

from __future__ import annotations

import numpy as np


def evenly_spread(available: int, limit: int) -> list[int]:
    """At most ``limit`` of ``available`` places, the first and the last among them; 0 for all."""
    count = min(limit, available) if limit else available
    return [int(place) for place in np.linspace(0, available - 1, count).round()]
