# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What the program ``evaluate`` can be told; nothing here needs torch."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from depth_completion_core.config_flags import ConfigFlags


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluate(ConfigFlags):
    """Score one or several models on a data set, or on a suite of them.

    Writes metrics.json and table.md, and for each model frames.csv and sheets of pictures. The same
    command goes on where an earlier one was interrupted. Exit code 0: all frames were scored; 1: an
    error; 3: the run is through, but something was wrong with some frames; 130: interrupted.
    """

    model: tuple[str, ...] = ()
    """Models' names, checkpoints, or a folder of checkpoints of one training."""
    predictions: tuple[Path, ...] = ()
    """Folders of saved predictions to score beside the models: NAME.npy, or NAME.png."""
    dataset: str = ""
    """A data set's name; see docs/datasets.md."""
    data: Path | None = None
    """Its folder."""
    set: tuple[str, ...] = ()
    """Settings of the data set, such as split=val keep_rows=4."""
    protocol: str = ""
    """all, void, void_uncapped, kitti, nyu or nyu_pooled; that of the data set if not given."""
    out: Path = Path("evaluation")
    """Folder for all results."""
    points: str = ""
    """Draw the measurements: uniform:500, lidar_lines:64, ... from the truth, or measured:500."""
    corrupt: str = ""
    """Spoil the measurements: noise:0.02, outliers:0.1, dropouts:0.5, misplaced:1.5, ..."""
    seed: int = -1
    """Of both; -1 for that of the protocol."""
    sweep: tuple[str, ...] = ()
    """points, measured, lines, noise, outliers, dropouts, misplaced; points=150,500 for these."""
    suite: Literal["", "real", "held_out"] = ""
    """real: every set of real recordings below --data or $DEPTH_COMPLETION_REAL_DATA. held_out:
    500 drawn scenes of objects that no recipe trains on, beside linear and morphological."""
    checkpoint_first: int = 0
    """Of a folder of checkpoints, the first step."""
    checkpoint_every: int = 0
    """... only steps so far apart from the first; 0 for all."""
    checkpoint_last: int = 0
    """... the last step; 0 for the last there is."""
    limit: int = 0
    """At most so many frames, evenly spread over the set; 0 for all."""
    save: Literal["", "npy", "png", "kitti"] = ""
    """Write predictions: npy in metres, png or kitti (for its server, checked) in metres x 256."""
    prediction_scale: float = 256.0
    """Numbers of a saved prediction's PNG per metre."""
    sheets: int = 4
    """Frames on each sheet of pictures; 0 for no sheets."""
    fresh: bool = False
    """Begin again, in place of going on with the results in --out."""
    device: str = "auto"
    """cpu, cuda, cuda:1, ...; auto takes a GPU where there is one."""
