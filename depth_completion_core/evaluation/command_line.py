# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What the program ``evaluate`` can be told; nothing here needs torch."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from depth_completion_core.config_flags import ConfigFlags
from depth_completion_core.settings.fields import setting


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluate(ConfigFlags):
    """Score one or several models on a data set, or on a suite of them.

    Writes metrics.json and table.md, and for each model frames.csv and sheets of pictures. The same
    command goes on where an earlier one was interrupted. Exit code 0: all frames were scored; 1: an
    error, or no frame was scored; 3: the run is complete, but some frames failed; 130: interrupted.
    """

    model: tuple[str, ...] = ()
    """Names of models, checkpoints, or a folder of checkpoints of one training run."""
    predictions: tuple[Path, ...] = ()
    """Folders of saved predictions to score as well: NAME.npy or NAME.png."""
    dataset: str = ""
    """Name of a data set; see docs/datasets.md."""
    data: Path | None = None
    """Its folder."""
    set: tuple[str, ...] = ()
    """Settings of the data set, such as split=val keep_rows=4."""
    protocol: str = ""
    """all, void, void_uncapped, kitti, kitti_capped, nyu, nyu_pooled; else that of the data set."""
    out: Path = Path("evaluation")
    """Folder for all results."""
    points: str = ""
    """Sample the measurements: uniform:500, lidar_lines:64, ... of the truth, or measured:500."""
    corrupt: str = ""
    """Corrupt the measurements: noise:0.02, outliers:0.1, dropouts:0.5, misplaced:1.5, ..."""
    seed: int = -1
    """Seed of both; -1 for that of the protocol."""
    repeats: int = setting(1, low=1)
    """Sample (and corrupt) the measurements so many times anew; reports means over these draws."""
    sweep: tuple[str, ...] = ()
    """points, measured, lines, noise, outliers, dropouts, misplaced; as points=150,500."""
    suite: Literal["", "real", "held_out"] = ""
    """real: every set of real recordings below --data or $DEPTH_COMPLETION_REAL_DATA. held_out:
    500 synthetic scenes of objects that no recipe trains on, with linear and morphological."""
    checkpoint_first: int = 0
    """First step to score of a folder of checkpoints."""
    checkpoint_every: int = 0
    """... distance between the steps, counted from the first; 0 for all."""
    checkpoint_last: int = 0
    """... last step; 0 for no limit."""
    limit: int = setting(0, low=0)
    """Largest number of frames, spread evenly over the data set; 0 for all."""
    save: Literal["", "npy", "png", "kitti"] = ""
    """Write predictions: npy in metres, png in metres x 256, or kitti (for its server, checked)."""
    prediction_scale: float = setting(256.0, low=1e-3)
    """Value of a saved prediction's PNG that means 1 m."""
    sheets: int = setting(4, low=0)
    """Frames on each sheet of pictures; 0 for no sheets."""
    report: bool = False
    """Write report.html, a page with tables to sort, curves and sheets, and summary.json."""
    fresh: bool = False
    """Start again instead of resuming from the results in --out."""
    device: str = "auto"
    """cpu, cuda, cuda:1, ...; auto uses a GPU if there is one."""
