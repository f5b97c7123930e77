# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""``python -m depth_completion_core.join_shards SHARDS FILE.safetensors``."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from depth_completion_core.checkpoints.checkpoint import CheckpointError
from depth_completion_core.checkpoints.shards import join_shards


def main(arguments: Sequence[str]) -> int:
    """Make a checkpoint of a folder of shards."""
    if len(arguments) != 2:
        print(f"usage: {str(__doc__).strip('`.')}", file=sys.stderr)
        return 2
    try:
        join_shards(Path(arguments[0]), Path(arguments[1]))
    except CheckpointError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
