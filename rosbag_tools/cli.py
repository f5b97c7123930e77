# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What the command lines share: a sentence instead of a traceback, SIGTERM like Ctrl-C."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from types import FrameType

from rosbag_tools.errors import FOR_THE_USER


def run_cli(main: Callable[[list[str]], int]) -> int:
    """Run a command line; returns its exit code: 1 after an error, 130 after Ctrl-C."""
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        return main(sys.argv[1:])
    except BrokenPipeError:  # the reader of our output, such as head, has left
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except KeyboardInterrupt:
        print("interrupted; nothing was written", file=sys.stderr)
        return 130
    except FOR_THE_USER as error:
        print(f"error: {error}", file=sys.stderr)
        return 1


def _interrupt(signum: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt
