# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Completing a bag as one value: what to read, how to complete it, what to write."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from depth_completion_core.config import CompletionConfig
from depth_completion_core.metrics import protocol_named
from depth_completion_core.models import DEFAULT_MODEL
from depth_completion_core.sensing.holdout import Holdout
from rosbag_tools.errors import BagError
from rosbag_tools.wishes import OutputWishes, PlanWishes, Storage


@dataclass(frozen=True, slots=True, kw_only=True)
class CompletionJob:
    """A bag to complete; plain values, so that any process on any machine can run it.

    Attributes:
        inputs: the files or folders of one recording.
        output: a folder, or one file where the name ends with .mcap or .db3.
        model: a model's name, or the path of a checkpoint.
        device: cpu, cuda, cuda:1, ...; auto takes a GPU where there is one.
        settings: of everything from pairs to depth.
        reads: the topics, where they are not found out, and the sensors' places.
        writes: the topics, and their form.
        copies_inputs: whether the output holds all messages of the input too.
        storage: of an output folder.
        overwrite: whether an output that exists is replaced.
        keeps_part: whether Ctrl-C leaves a bag with what was done so far, or none.
        holdout: measurements kept back for scoring.
        protocol: which pixels of the truth are scored, a name of ``metrics.PROTOCOLS``.
        preview: folder for pictures; None for none.
        preview_every: a picture of every n-th frame.
        report: folder for the page about it; None for none.
        rerun: file for the viewer Rerun; None for none.
        max_frames: stop after this many; 0 for all.
    """

    inputs: tuple[Path, ...]
    output: Path
    model: str = DEFAULT_MODEL
    device: str = "auto"
    settings: CompletionConfig = field(default_factory=CompletionConfig)
    reads: PlanWishes = field(default_factory=PlanWishes)
    writes: OutputWishes = field(default_factory=OutputWishes)
    copies_inputs: bool = True
    storage: Storage = "mcap"
    overwrite: bool = False
    keeps_part: bool = True
    holdout: Holdout = field(default_factory=Holdout)
    protocol: str = "all"
    preview: Path | None = None
    preview_every: int = 1
    report: Path | None = None
    rerun: Path | None = None
    max_frames: int = 0

    def __post_init__(self) -> None:
        protocol_named(self.protocol)
        if not self.inputs:
            raise BagError("give one or more input bags and then the output: IN... OUT")
        if self.holdout.is_on and self.reads.topics.truth:
            raise BagError("--truth and withheld points are two truths; give one of them")
        if self.preview_every < 1:
            raise BagError(f"--preview-every is 1 or more, got {self.preview_every}")
