# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""``python -m depth_completion_core.infer IMAGE SPARSE_DEPTH``: complete files on disk."""

from __future__ import annotations

import sys

from depth_completion_core.config_flags import parsed_with_config
from depth_completion_core.file_completion.command_line import Infer

_SOME_FAILED = 3


def main(arguments: list[str]) -> int:
    """Parse, complete, write; 0 for success, 1 after an error, 3 where only some frames failed."""
    try:
        wanted = parsed_with_config(Infer, arguments)
        from depth_completion_core.file_completion.run import infer  # noqa: PLC0415 - needs torch

        failed = infer(wanted)
    except KeyboardInterrupt:
        print("\ninterrupted; the files written so far are whole", file=sys.stderr)
        return 130
    except (ValueError, ImportError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    if failed:
        frames = "frame" if len(failed) == 1 else "frames"
        print(f"problem: {len(failed)} {frames} failed, first {failed[0]}", file=sys.stderr)
    return _SOME_FAILED if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
