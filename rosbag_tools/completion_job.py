# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Completing a bag as one value: what to read, how to complete it, what to write."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from depth_completion_core.config import CompletionConfig
from depth_completion_core.metrics import protocol_named
from depth_completion_core.sensing.holdout import Holdout
from depth_completion_core.sensing.wanted_views import refuse_what_streams_lack
from rosbag_tools.completion_report import CompletionReport
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
        holdout: measurements kept back for scoring.
        protocol: which pixels of a truth count: all, void, void_uncapped, kitti or nyu.
        preview: folder for pictures; None for none.
        preview_every: a picture of every n-th frame.
        max_frames: stop after so many; 0 for all.
    """

    inputs: tuple[Path, ...]
    output: Path
    model: str = "linear"
    device: str = "auto"
    settings: CompletionConfig = field(default_factory=CompletionConfig)
    reads: PlanWishes = field(default_factory=PlanWishes)
    writes: OutputWishes = field(default_factory=OutputWishes)
    copies_inputs: bool = True
    storage: Storage = "mcap"
    overwrite: bool = False
    holdout: Holdout = field(default_factory=Holdout)
    protocol: str = "all"
    preview: Path | None = None
    preview_every: int = 1
    max_frames: int = 0

    def __post_init__(self) -> None:
        protocol_named(self.protocol)
        if not self.inputs:
            raise BagError("give one or more input bags and then the output: IN... OUT")
        if self.holdout.is_on and self.reads.topics.truth:
            raise BagError("--truth and withheld points are two truths; give one of them")
        if self.preview_every < 1:
            raise BagError(f"--preview-every is 1 or more, got {self.preview_every}")


def run_job(
    job: CompletionJob, tell: Callable[[str], object] = lambda line: None
) -> CompletionReport:
    """Complete a bag; Ctrl-C ends it early, with what was done so far kept.

    Args:
        job: what to do.
        tell: is given the plan, line by line, before the first frame.

    Raises:
        BagError: the bag cannot be read, a topic is missing, no frame could be completed, or the
            output cannot be written.
        ValueError: there is no such model, the device is not there, or the model needs what no
            frame of a bag has.
        KeyboardInterrupt: Ctrl-C came before the first frame was complete.
    """
    # With torch, which takes seconds: describing a job needs neither.
    from depth_completion_core.completer import load_model  # noqa: PLC0415
    from rosbag_tools.completion import complete_bag  # noqa: PLC0415
    from rosbag_tools.completion_plan import describe, make_plan  # noqa: PLC0415
    from rosbag_tools.reader import BagReader  # noqa: PLC0415
    from rosbag_tools.writer import BagWriter  # noqa: PLC0415

    _check_apart(job)
    completer = load_model(job.model, device=job.device, config=job.settings)
    needs = completer.model.needs
    refuse_what_streams_lack(
        job.model,
        sparse_depth=needs.sparse_depth,
        view_offsets=needs.view_offsets,
        measurements=job.reads.topics.measurements,
    )
    with BagReader(job.inputs) as reader:
        plan = make_plan(reader, job.reads)
        for line in describe(plan):
            tell(line)
        with BagWriter(job.output, storage=job.storage, overwrite=job.overwrite) as writer:
            return complete_bag(reader, writer, plan, completer, job)


def _check_apart(job: CompletionJob) -> None:
    whole = job.output.resolve()
    for path in (item.resolve() for item in job.inputs):
        if whole in (path, *path.parents) or path in whole.parents:
            raise BagError(
                f"the output {job.output} is an input too, or one lies inside the other; "
                "give it another name"
            )
