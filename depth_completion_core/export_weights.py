# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
r"""``python -m depth_completion_core.export_weights FILE --out OUT``: a checkpoint to hand on.

Half the size, by half precision; and a network that another checkpoint holds is only named:

    python -m depth_completion_core.export_weights runs/scaffnet/best.safetensors \
        --out weights/scaffnet.safetensors
    python -m depth_completion_core.export_weights runs/fusionnet/best.safetensors \
        --out weights/fusionnet.safetensors --part scaffnet=weights/scaffnet.safetensors
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

import tyro

from depth_completion_core.checkpoints.errors import CheckpointError
from depth_completion_core.files.kept_inputs import check_inputs_are_kept
from depth_completion_core.settings.command_line import parsed


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportWeights:
    """Write a checkpoint in half precision, for others to use."""

    file: tyro.conf.Positional[Path]
    """The checkpoint (.safetensors)."""
    out: Path
    """The file to write (.safetensors)."""
    part: tuple[str, ...] = ()
    """NAME=FILE: a network inside the model whose weights stay in a file beside the output; train
    with that file, so that both hold the same numbers."""
    overwrite: bool = False
    """Replace the file if it exists."""


def export_weights(wanted: ExportWeights) -> str:
    """Read and write; returns what the user should know.

    Raises:
        CheckpointError, InputInDangerError: the file cannot be used, a part is another, or the
            output exists or is one of them.
    """
    if wanted.out.exists() and not wanted.overwrite:
        raise CheckpointError(f"{wanted.out} exists; choose another name or give --overwrite")
    parts = dict(_part(text) for text in wanted.part)
    check_inputs_are_kept({"--out": wanted.out}, [wanted.file, *parts.values()])
    from depth_completion_core.checkpoints import checkpoint  # noqa: PLC0415 - needs torch

    found = checkpoint.load_checkpoint(wanted.file)
    checkpoint.save_checkpoint(
        wanted.out,
        found.name,
        found.model,
        provenance=found.provenance,
        scores=found.scores,
        half=True,
        parts=parts,
    )
    checkpoint.load_checkpoint(wanted.out)
    size = wanted.out.stat().st_size / 1e6
    licence = found.provenance.get("licence", "no licence is stated")
    return f"{wanted.out}: {found.name}, {size:.1f} MB, {licence}"


def main(arguments: list[str]) -> int:
    """Parse, export, print; 0 for success, 1 with a sentence where it cannot be done."""
    wanted = parsed(ExportWeights, arguments)
    try:
        print(export_weights(wanted))
    except (ValueError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


def _part(text: str) -> tuple[str, Path]:
    name, separator, path = text.partition("=")
    if not (name and separator and path):
        raise CheckpointError(
            f"--part is NAME=FILE, as scaffnet=scaffnet.safetensors; got '{text}'"
        )
    return name, Path(path)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
