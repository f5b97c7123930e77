# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""``python -m depth_completion_core.join_shards SHARDS FILE``: one checkpoint of many shards."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

import tyro


@dataclass(frozen=True, slots=True, kw_only=True)
class JoinShards:
    """Make of a folder of shards the checkpoint that all tools read."""

    shards: tyro.conf.Positional[Path]
    """The folder, as ``train --run.shards true`` writes it."""
    out: tyro.conf.Positional[Path]
    """The file to write (.safetensors)."""


def main(arguments: list[str]) -> int:
    """Parse, join; 0 for success, 1 with a sentence where it cannot be done."""
    wanted = tyro.cli(JoinShards, args=arguments)
    try:
        from depth_completion_core.checkpoints.shards import join_shards  # noqa: PLC0415 - needs torch

        join_shards(wanted.shards, wanted.out)
    except (ValueError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
