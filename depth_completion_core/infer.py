# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""``python -m depth_completion_core.infer IMAGE SPARSE_DEPTH``: complete files on disk."""

from __future__ import annotations

import sys

from depth_completion_core.config_flags import parsed_with_config
from depth_completion_core.file_completion.command_line import Infer


def main(arguments: list[str]) -> int:
    """Parse, complete, write; 0 for success, 1 after an error."""
    try:
        wanted = parsed_with_config(Infer, arguments)
        from depth_completion_core.file_completion.run import infer  # noqa: PLC0415 - needs torch

        infer(wanted)
    except KeyboardInterrupt:
        print("\ninterrupted; the files written so far are whole", file=sys.stderr)
        return 130
    except (ValueError, ImportError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
