# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import signal
import sys
from collections.abc import Callable
from unittest.mock import patch

from rosbag_tools.cli import run_cli


def exit_code(main: Callable[[list[str]], int], *arguments: object) -> int:
    """What a program of the bag tools ends with, without a process of its own."""
    before = signal.getsignal(signal.SIGTERM)
    try:
        with patch.object(sys, "argv", ["program", *map(str, arguments)]):
            return run_cli(main)
    finally:
        signal.signal(signal.SIGTERM, before)
