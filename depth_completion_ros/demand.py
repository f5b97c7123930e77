# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Images and measurements are received while somebody listens to what becomes of them."""

from __future__ import annotations

import time
from collections.abc import Callable

from rclpy.node import Node

from depth_completion_ros.inputs import Inputs
from depth_completion_ros.steady_thread import SteadyThread

_LOOK_S = 0.03  # the period of most cameras
_PATIENCE_S = 5.0  # in which the first pairs are looked at, and who comes back has lost nothing


class Demand:
    """Has the inputs let go of large messages while no output is wanted."""

    def __init__(self, node: Node, is_any_wanted: Callable[[], bool], inputs: Inputs) -> None:
        """Look at once, and again and again; the executor's thread subscribes."""
        self._node, self._is_any_wanted, self._inputs = node, is_any_wanted, inputs
        self._wanted_at_s = time.monotonic()
        self._change = node.create_guard_condition(self._follow)
        self._looking = SteadyThread("demand", _LOOK_S, self._look)

    def destroy(self) -> None:
        """Stop looking."""
        self._looking.stop()
        self._node.destroy_guard_condition(self._change)

    @property
    def _is_there(self) -> bool:
        return time.monotonic() - self._wanted_at_s < _PATIENCE_S

    def _look(self) -> None:
        if self._is_any_wanted():
            self._wanted_at_s = time.monotonic()
        if self._is_there != self._inputs.are_heard:
            self._change.trigger()

    def _follow(self) -> None:
        self._inputs.hear(wanted=self._is_there)
