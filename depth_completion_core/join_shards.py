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
    from depth_completion_core.checkpoints import (  # noqa: PLC0415 - they need torch
        checkpoint,
        pose_checkpoint,
        shards,
    )

    pieces = shards.read_shards(wanted.folder)
    if pieces.pose_network_name:
        pose = pose_checkpoint.pose_checkpoint_of(pieces)
        pose_checkpoint.save_pose_checkpoint(
            wanted.file, pose.name, pose.network, provenance=pose.provenance
        )
    else:
        joined = checkpoint.checkpoint_of(pieces)
        checkpoint.save_checkpoint(
            wanted.file,
            joined.name,
            joined.model,
            provenance=joined.provenance,
            scores=joined.scores,
        )
    name = pieces.pose_network_name or pieces.model_name
    return f"{wanted.file}: {name}, {wanted.file.stat().st_size / 1e6:.1f} MB"


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
