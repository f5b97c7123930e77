# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
r"""``python -m depth_completion_core.export_onnx MODEL OUT.onnx``: a network for other runtimes.

    python -m depth_completion_core.export_onnx nlspn_nyu.safetensors nlspn_nyu.onnx
    python -m depth_completion_core.export_onnx fusionnet fusionnet.onnx \
        --width-px 640 --height-px 480

The file is kept only where onnxruntime says with it what torch says without. Wherever a model is
named, its path is taken.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import tyro

from depth_completion_core.checkpoints.errors import CheckpointError
from depth_completion_core.files.kept_inputs import check_inputs_are_kept
from depth_completion_core.models import MODELS, model_class
from depth_completion_core.settings.command_line import parsed
from depth_completion_core.settings.fields import setting

if TYPE_CHECKING:
    from depth_completion_core.checkpoints.checkpoint import Checkpoint


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportOnnx:
    """Write a network as an ONNX file, compared with torch before it is kept."""

    model: tyro.conf.Positional[str]
    """Name of a network whose weights come along, or path of a checkpoint (.safetensors)."""
    out: tyro.conf.Positional[Path]
    """The file to write (.onnx)."""
    width_px: int = setting(0, low=0)
    """Width of the only images that the file takes, others being resized; 0 for any."""
    height_px: int = setting(0, low=0)
    """Height of the only images that the file takes; 0 for any."""
    propagation: Literal["gather", "deform_conv"] = "gather"
    """How NLSPN's steps are written: as gathers, which every runtime has, or as the operator
    DeformConv (opset 19), which newer ones have."""
    overwrite: bool = False
    """Replace the file if it exists."""


def export_onnx(wanted: ExportOnnx) -> str:
    """Read, write, compare; returns what the user should know.

    Raises:
        CheckpointError, WeightsError, ConfigError: the network cannot be read or exported, or the
            output exists.
        InputInDangerError: the output is the input.
        OSError: the file cannot be written.
    """
    _check(wanted)
    from depth_completion_core.checkpoints import onnx_export  # noqa: PLC0415 - needs torch

    checkpoint = _checkpoint(wanted.model)
    size_px = (wanted.width_px, wanted.height_px) if wanted.width_px else None
    difference = onnx_export.export_network(
        checkpoint.model,
        wanted.out,
        size_px=size_px,
        operator=wanted.propagation,
        facts={"model": checkpoint.name, **checkpoint.provenance},
    )
    fixed = size_px or checkpoint.model.needs.fixed_size_px
    images = f"images of {fixed[0]}x{fixed[1]} pixels" if fixed else "images of any size"
    return (
        f"{wanted.out}: {checkpoint.name} for {images}, "
        f"{wanted.out.stat().st_size / 1e6:.1f} MB; what onnxruntime says differs from what torch "
        f"says by at most {difference:.1e} of the largest value"
    )


def main(arguments: list[str]) -> int:
    """Parse, export, print; 0 for success, 1 with a sentence where it cannot be done."""
    try:
        print(export_onnx(parsed(ExportOnnx, arguments)))
    except (ValueError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


def _check(wanted: ExportOnnx) -> None:
    """Refuse before the work what can be told before it."""
    if wanted.out.suffix != ".onnx":
        raise CheckpointError(f"{wanted.out}: the name of an exported network ends with .onnx")
    if wanted.out.exists() and not wanted.overwrite:
        raise CheckpointError(f"{wanted.out} exists; give another name, or --overwrite")
    if (wanted.width_px == 0) != (wanted.height_px == 0):
        raise CheckpointError("--width-px and --height-px belong together: give both, or neither")
    if wanted.model not in MODELS:
        if Path(wanted.model).suffix == ".onnx":
            raise CheckpointError(f"{wanted.model} is an exported network already")
        check_inputs_are_kept({"OUT": wanted.out}, [Path(wanted.model)])
    elif not model_class(wanted.model).needs_weights:
        raise CheckpointError(
            f"'{wanted.model}' is a method without weights, which needs no export; what can be "
            "exported are networks"
        )


def _checkpoint(name_or_path: str) -> Checkpoint:
    from depth_completion_core.checkpoints import (  # noqa: PLC0415 - they need torch
        checkpoint,
        default_weights,
    )

    if name_or_path in MODELS:
        return checkpoint.load_checkpoint(default_weights.shipped_weights(name_or_path))
    return checkpoint.load_checkpoint(Path(name_or_path))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
