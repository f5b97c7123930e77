# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""``python -m depth_completion_core.import_checkpoint FILE``: released weights into our format."""

from __future__ import annotations

import hashlib
import re
import sys
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import tyro

from depth_completion_core.checkpoints.errors import CheckpointError
from depth_completion_core.checkpoints.file_kinds import TORCH_FILE, check_is_file, foreign_kind
from depth_completion_core.checkpoints.importers import (
    ReleasedWeights,
    import_released,
    importable_models,
)
from depth_completion_core.files.kept_inputs import check_inputs_are_kept
from depth_completion_core.models import build_model
from depth_completion_core.models.pose import POSE_NETWORKS, build_pose_network
from depth_completion_core.settings.command_line import parsed

_TENSORFLOW = re.compile(r"(\.ckpt(-\d+)?)?(\.index|\.meta|\.data-\d+-of-\d+)|\.ckpt(-\d+)?|\.pb")


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportCheckpoint:
    """Convert the weights that a network's authors released; nothing in their file is run."""

    file: tyro.conf.Positional[Path]
    """Their file (.pth)."""
    model: str
    """Which network it is; a wrong name lists those that can be imported."""
    out: Path
    """The file to write (.safetensors)."""
    preset: str = ""
    """The data set that the weights were trained for, as void, nyu (rooms) or kitti (streets);
    empty for what the file says, or rooms where it says nothing."""
    scaffnet: Path | None = None
    """The released ScaffNet that a FusionNet was trained around, if its file does not hold it."""
    overwrite: bool = False
    """Replace the file if it exists."""


def import_checkpoint(wanted: ImportCheckpoint) -> str:
    """Read, convert and write; returns what the user should know.

    Raises:
        CheckpointError: the file cannot be used, or the output exists.
    """
    _check(wanted)
    from depth_completion_core.checkpoints import (  # noqa: PLC0415 - they need torch
        checkpoint,
        pose_checkpoint,
        torch_files,
    )

    state = torch_files.load_torch_file(wanted.file)
    if wanted.scaffnet is not None:
        state = {**torch_files.load_torch_file(wanted.scaffnet), **state}
    try:
        released = import_released(state, wanted.model, wanted.preset)
    except CheckpointError as error:
        raise CheckpointError(f"{wanted.file}: {error}") from error
    is_pose = wanted.model in POSE_NETWORKS
    build: Any = build_pose_network if is_pose else build_model
    model = checkpoint.network_with(
        released.weights,
        partial(build, wanted.model, released.config),
        what=f"{wanted.file} as '{wanted.model}'",
    )
    provenance = {
        "source": wanted.file.name,
        "source_sha256": hashlib.sha256(wanted.file.read_bytes()).hexdigest(),
        "licence": released.licence,
        "note": released.licence_note,
        "preset": released.preset,
    }
    save = pose_checkpoint.save_pose_checkpoint if is_pose else checkpoint.save_checkpoint
    save(wanted.out, wanted.model, model, provenance=provenance)
    count = sum(parameter.numel() for parameter in model.parameters())
    return (
        f"{wanted.out}: {wanted.model}, {count:,} parameters, {_use(wanted.model, released)}\n"
        f"licence of these weights: {released.licence}\n{released.licence_note}"
    )


def main(arguments: list[str]) -> int:
    """Parse, convert, print; 0 for success, 1 with a sentence where it cannot be done."""
    wanted = parsed(ImportCheckpoint, arguments)
    try:
        print(import_checkpoint(wanted))
    except (ValueError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


def _use(name: str, released: ReleasedWeights) -> str:
    if name in POSE_NETWORKS:
        return "for training alone (--pose.init_weights)"
    return (
        f"settings '{released.preset}' for {released.trained_for}; weights trained for anything "
        "else need another --preset"
    )


def _check(wanted: ImportCheckpoint) -> None:
    """Refuse before the work what can be told before it."""
    if wanted.model not in importable_models():
        raise CheckpointError(
            f"no importer makes '{wanted.model}'; they make {', '.join(importable_models())}"
        )
    if wanted.out.suffix != ".safetensors":
        raise CheckpointError(f"{wanted.out}: the name of a checkpoint ends with .safetensors")
    if wanted.out.exists() and not wanted.overwrite:
        raise CheckpointError(f"{wanted.out} exists; give another --out, or --overwrite")
    file = wanted.file
    if _is_tensorflow(file) and not (file.is_file() and foreign_kind(file) == TORCH_FILE):
        raise CheckpointError(
            f"{file} is of the TensorFlow release, which is another network (other pooling sizes, "
            "biases, a linear output) and cannot be converted; take the .pth file of the authors' "
            "PyTorch release"
        )
    check_is_file(file, "a released file (.pth)")
    check_inputs_are_kept({"--out": wanted.out}, [file])


def _is_tensorflow(file: Path) -> bool:
    """By name; a prefix such as model.ckpt-80000 is no file itself but has others beside it."""
    ending = _TENSORFLOW.search(file.name)
    is_prefix = not file.exists() and Path(f"{file}.index").exists()
    named = ending is not None and ending.end() == len(file.name)
    return named or is_prefix or file.name == "checkpoint"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
