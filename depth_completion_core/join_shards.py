# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""``python -m depth_completion_core.join_shards FOLDER FILE``: pieces into one checkpoint."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

import tyro

from depth_completion_core.files.kept_inputs import check_inputs_are_kept
from depth_completion_core.settings.command_line import parsed


@dataclass(frozen=True, slots=True)
class JoinShards:
    """Make one checkpoint, which every tool reads, of the pieces that training writes."""

    folder: tyro.conf.Positional[Path]
    """Where the pieces are, and their model.safetensors.index.json."""
    file: tyro.conf.Positional[Path]
    """The checkpoint to write (.safetensors); a file that is there is replaced."""


def join_shards(wanted: JoinShards) -> str:
    """Read and write; returns what the user should know.

    Raises:
        CheckpointError: a piece is missing, damaged or of another export, or the file cannot be
            written.
    """
    check_inputs_are_kept({"the checkpoint": wanted.file}, wanted.folder.glob("*.safetensors"))
    from depth_completion_core.checkpoints import checkpoint, shards  # noqa: PLC0415 - need torch

    joined = checkpoint.checkpoint_of(shards.read_shards(wanted.folder))
    checkpoint.save_checkpoint(
        wanted.file,
        joined.name,
        joined.model,
        provenance=joined.provenance,
        scores=joined.scores,
    )
    return f"{wanted.file}: {joined.name}, {wanted.file.stat().st_size / 1e6:.1f} MB"


def main(arguments: list[str]) -> int:
    """Parse, join, print; 0 for success, 1 with a sentence where it cannot be done."""
    wanted = parsed(JoinShards, arguments)
    try:
        print(join_shards(wanted))
    except ValueError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
