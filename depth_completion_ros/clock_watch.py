# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Whether simulated time has come."""

from __future__ import annotations

import time

from rclpy.clock import Clock

_PATIENCE_S = 5.0


class ClockWatch:
    """Says that time stands at zero, some seconds after the start."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._start_s = time.monotonic()

    def notes(self) -> list[str]:
        """A sentence, or none."""
        has_time = self._clock.now().nanoseconds != 0
        if has_time or time.monotonic() - self._start_s < _PATIENCE_S:
            return []
        sentence = (
            "use_sim_time is true, but nothing publishes /clock: play the bag with --clock, or set "
            "use_sim_time to false"
        )
        return [sentence]
