# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The flags of the program ``infer``; nothing here needs torch."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import tyro

from depth_completion_core.config_flags import ConfigFlags
from depth_completion_core.settings.fields import setting


@dataclass(frozen=True, slots=True, kw_only=True)
class Infer(ConfigFlags):
    """Complete images with sparse depth: files, folders, or .txt lists with a path per line.

    Files are paired by name. Exit code 0: all is written; 1: an error, or no depth at all; 3: some
    frames failed, the others are written; 130: interrupted.
    """

    image: tyro.conf.Positional[Path]
    """RGB images."""
    sparse_depth: tyro.conf.Positional[Path | None] = None
    """16-bit PNGs, or .npy in metres; 0 for no measurement."""
    model: str
    """Name of a model, or path of a checkpoint."""
    out: Path
    """Folder for output_depth/, preview/, points/ and metrics.json, of one run alone."""
    fresh: bool = False
    """Replace the results of another run in --out."""
    intrinsics: Path | None = None
    """3x3 matrix as text or .npy, camera_info YAML or Kalibr camchain, one for all images or one
    each; needed for point clouds."""
    ground_truth: Path | None = None
    """True depth, like the sparse depth; prints metrics."""
    depth_scale: float = setting(256.0, low=1e-3)
    """Value of a depth PNG that means 1 m, read or written: 256, or 1000 for millimetres."""
    protocol: str = "all"
    """Which pixels of the truth are scored: all, void, void_uncapped, kitti, kitti_capped, nyu or
    nyu_pooled."""
    device: str = "auto"
    """cpu, cuda, cuda:1, ...; auto uses a GPU if there is one."""
    pair_by_order: bool = False
    """Pair files by their order alone, where their names do not tell which belong together."""
    root: Path = Path()
    """Folder to which the paths of .txt lists are relative; they must stay inside it."""
    save_maps: bool = False
    """Also write the model's further maps as .npy."""
    save_stages: bool = False
    """Also write stages/: the depth to begin with, every step, offsets and affinities of models
    that propagate depth, as .npy."""
    save_inputs: bool = False
    """Also write image/, sparse_depth/ and ground_truth/ as used, and FusionNet's input_depth/."""
