# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Ctrl-C and SIGTERM as a wish to stop, which is looked at between two callbacks."""

from __future__ import annotations

import signal
import sys
from types import FrameType

import rclpy
from rclpy.executors import Executor
from rclpy.signals import SignalHandlerOptions

_LOOK_S = 0.2


class StopSignal:
    """Takes both signals for the rest of the process.

    An exception raised by a signal would end up in whatever Python runs just then, rclpy's
    destructors among it.

    Attributes:
        is_set: whether one came.
    """

    def __init__(self) -> None:
        self.is_set = False
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._set)

    def spin_once(self, executor: Executor, timeout_s: float = _LOOK_S) -> None:
        """Serve one callback, or return after a while so that the wish is seen."""
        executor.spin_once(timeout_sec=min(timeout_s, _LOOK_S))

    def _set(self, _number: int, _frame: FrameType | None) -> None:
        self.is_set = True


def init_without_signals() -> None:
    """rclpy.init() with the command line, signals left to StopSignal."""
    rclpy.init(args=sys.argv, signal_handler_options=SignalHandlerOptions.NO)
