# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A sequence of a data set as one value: which recording, and what is written of it."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from depth_completion_core.config import CompletionConfig
from depth_completion_core.sensing.near_static_config import NearStatic
from depth_completion_core.settings.mapping import config_to_mapping
from rosbag_tools.bag_paths import check_apart
from rosbag_tools.errors import BagError
from rosbag_tools.wishes import PlanWishes

SparseSource = Literal["measured", "corners", "features"]
TruthSource = Literal["auto", "depth", "sweeps", "none"]
Split = Literal["train", "test"]

VOID_DENSITIES = (150, 500, 1500)
"""The most points of an image in each of VOID's three releases."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FrameChoice:
    """Which frames of a recording a set gets.

    Attributes:
        rate_hz: at most so many per second; 0 for all.
        skips_near_static: whether those are left out that show nothing new.
        near_static: what that means.
        max_frames: stop after this many; 0 for all.
    """

    rate_hz: float = 0.0
    skips_near_static: bool = False
    near_static: NearStatic = field(default_factory=NearStatic)
    max_frames: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetJob:
    """A sequence to write; plain values, so that any process on any machine can do it.

    Attributes:
        inputs: the files or folders of one recording.
        output: the folder of the set, as ``void_release``.
        sequence: the folder of the sequence.
        split: whose lists name its frames; it may change between runs.
        densities: the most points of an image, one release for each.
        settings: of everything from pairs to projected points.
        reads: the topics, where they are not found out, and the sensors' places.
        sparse: where the sparse depth comes from: what is measured, or the true depth at tracked
            corners or at features of VIO.
        features: files of those, one for all densities or one for each.
        truth: where the true depth comes from: a depth image, accumulated sweeps, or nowhere.
        sweeps_around: how many sweeps before and after each image make its true depth.
        frames: which frames are written.
        undistorts: whether the distortion of the lens is taken out of the images.
        seed: of the choice of points.
        overwrite: whether a finished sequence is written anew.
        dry_run: whether nothing is written.
    """

    inputs: tuple[Path, ...]
    output: Path
    sequence: str
    split: Split = "train"
    densities: tuple[int, ...] = VOID_DENSITIES
    settings: CompletionConfig = field(default_factory=CompletionConfig)
    reads: PlanWishes = field(default_factory=PlanWishes)
    sparse: SparseSource = "measured"
    features: tuple[Path, ...] = ()
    truth: TruthSource = "auto"
    sweeps_around: int = 5
    frames: FrameChoice = field(default_factory=FrameChoice)
    undistorts: bool = False
    seed: int = 0
    overwrite: bool = False
    dry_run: bool = False

    def __post_init__(self) -> None:
        if not self.densities or min(self.densities) < 1:
            raise BagError(f"--densities are 1 or more points, got {self.densities}")
        if len(set(self.densities)) < len(self.densities):
            raise BagError(f"--densities names one twice: {self.densities}")
        _check_sources(self.sparse, self.features, self.truth, len(self.densities))
        if self.sweeps_around < 0:
            raise BagError("--sweeps-around is 0 or more")
        if self.frames.rate_hz < 0 or self.frames.max_frames < 0:
            raise BagError("--rate-hz and --max-frames are 0 (for all) or more")
        check_apart(self.inputs, self.output)

    @property
    def name(self) -> str:
        """What it is called among other jobs."""
        return self.sequence

    @property
    def written_settings(self) -> dict[str, Any]:
        """All that decides on what is written, as plain values."""
        return {
            "densities": list(self.densities),
            "sparse": self.sparse,
            "features": [path.name for path in self.features],
            "truth": self.truth,
            "sweeps_around": self.sweeps_around,
            "frames": dataclasses.asdict(self.frames),
            "undistorts": self.undistorts,
            "seed": self.seed,
            "reads": _plain(dataclasses.asdict(self.reads)),
            "settings": config_to_mapping(self.settings),
        }


def _check_sources(
    sparse: SparseSource, features: tuple[Path, ...], truth: TruthSource, densities: int
) -> None:
    if sparse != "measured" and truth == "none":
        raise BagError(f"--sparse-from {sparse} takes its depth from the truth: give that too")
    if features and sparse != "features":
        raise BagError("--features are read with --sparse-from features: give that too")
    if sparse == "features" and len(features) not in (1, densities):
        raise BagError(
            f"--features names {len(features)} files: give one for all densities, or one for each "
            "of them, in their order"
        )


def _plain(value: Any) -> Any:  # noqa: ANN401 - what JSON holds, and paths
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    return value.as_posix() if isinstance(value, Path) else value
