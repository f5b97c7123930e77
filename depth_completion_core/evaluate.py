# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""``python -m depth_completion_core.evaluate --model M --dataset D --data ROOT``: score models."""

from __future__ import annotations

import sys

from depth_completion_core.config_flags import parsed_with_config
from depth_completion_core.evaluation.command_line import Evaluate

_SOME_FAILED = 3


def main(arguments: list[str]) -> int:
    """Parse, evaluate, print the table."""
    try:
        wanted = parsed_with_config(Evaluate, arguments)
        from depth_completion_core.evaluation.runs import evaluate  # noqa: PLC0415 - needs torch

        problems = evaluate(wanted)
    except KeyboardInterrupt:
        print(
            "\ninterrupted; what is written is whole, and the same command goes on from there",
            file=sys.stderr,
        )
        return 130
    except (ValueError, ImportError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    for problem in problems:
        print(f"problem: {problem}", file=sys.stderr)
    return _SOME_FAILED if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
