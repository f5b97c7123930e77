# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""``python -m rosbag_tools.complete IN... OUT``: write dense depth beside what a bag holds."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Annotated

import tyro

from depth_completion_core.config import DepthEncoding
from depth_completion_core.config_flags import ConfigFlags, parsed_with_config
from depth_completion_core.files.json_files import write_json
from depth_completion_core.files.kept_inputs import check_inputs_are_kept
from depth_completion_core.models import DEFAULT_MODEL
from depth_completion_core.reports.page import PAGE_FILE
from depth_completion_core.sensing.holdout import Holdout
from rosbag_tools.cli import run_cli
from rosbag_tools.complete_many import complete_many
from rosbag_tools.completion_job import CompletionJob
from rosbag_tools.completion_report import report_json, score_line, summary_lines
from rosbag_tools.errors import BagError
from rosbag_tools.many.flags import ManyFlags
from rosbag_tools.run_completion import run_job
from rosbag_tools.wishes import OutputWishes, PlanWishes, Storage


@dataclass(frozen=True, slots=True, kw_only=True)
class Complete(ConfigFlags):
    """Complete the depth of a camera-lidar bag: IN... OUT.

    Several inputs are the parts of one recording, and OUT is one bag. With --each, and with any of
    --jobs, --engine, --shard and --merge, each is a recording of its own, and OUT a folder that
    gets a bag for each, named after it; what is finished there is not done again.
    """

    paths: tyro.conf.Positional[tuple[Path, ...]]
    """Input bags (.bag, .mcap, .db3 or a folder), then the output: a folder, .mcap or .db3."""
    each: bool = False
    """Each input is a recording of its own, and OUT a folder for all of them."""
    many: Annotated[ManyFlags, tyro.conf.arg(name="")] = field(default_factory=ManyFlags)
    model: str = DEFAULT_MODEL
    """Name of a model (a wrong one lists them), or path of a checkpoint."""
    device: str = "auto"
    """cpu, cuda, cuda:1, ...; auto uses a GPU if there is one."""

    reads: Annotated[PlanWishes, tyro.conf.arg(name="")] = field(default_factory=PlanWishes)

    encoding: DepthEncoding = "32FC1"
    """Encoding of the depth image: metres with NaN, or 16UC1 in millimetres with 0."""
    namespace: str = ""
    """Prefix of the topics that are written."""
    topics: tuple[str, ...] = ()
    """What to write of each frame; a wrong name lists all of them. By default depth/image,
    depth/camera_info and depth/points."""
    sparse_depth: bool = False
    """Write sparse_depth/image too: the measurements as the model saw them."""
    copy_inputs: bool = True
    """Copy all messages of the input to the output."""
    storage: Storage = "mcap"
    """Storage format of an output folder."""
    overwrite: bool = False
    """Replace an output that exists."""

    holdout: float = 0.0
    """Share of the measured pixels to withhold from the model and score against."""
    keep_lines: int = 1
    """Keep every n-th scan line and score against the others."""
    seed: int = 0
    """Random seed of the holdout."""
    protocol: str = "all"
    """Which pixels of the truth are scored: all, void, void_uncapped, kitti, kitti_capped, nyu."""
    metrics: Path | None = None
    """Write the report as JSON."""
    preview: Path | None = None
    """Folder for pictures: image | projected points | dense depth | error."""
    preview_every: int = 5
    """Write a picture of every n-th frame."""
    report: Path | None = None
    """Folder for report.html, a page with pictures, curves and tables, and its summary.json."""
    rerun: Path | None = None
    """File FILE.rrd for the viewer Rerun: image, points, depth, confidence and poses (extra
    viewer); of many recordings, a folder."""
    max_frames: int = 0
    """Stop after this many frames; 0 for all."""


def main(arguments: list[str]) -> int:
    """Parse, complete, report; 0 for success, 3 where the result is in doubt, 130 interrupted."""
    wanted = parsed_with_config(Complete, arguments)
    job = job_of(wanted)
    _check_inputs_are_kept(wanted)
    if wanted.each or wanted.many.is_given:
        return complete_many(job, wanted.many, wanted.metrics)
    _check_is_one(wanted)
    report = run_job(job, tell=partial(print, flush=True))
    ended = "interrupted: " if report.interrupted else ""
    print(
        f"{ended}{report.frames} of {report.images} images completed with '{job.model}' into "
        f"{job.output}"
    )
    print("\n".join(summary_lines(report)))
    if report.scores:
        print(score_line(report.scores, _truth_of(job)))
    if wanted.report:
        print(f"page         {wanted.report / PAGE_FILE}")
    if wanted.metrics:
        write_json(wanted.metrics, report_json(report, job.model))
    if report.interrupted:
        return 130
    return 1 if report.damage else (3 if report.doubts else 0)


def job_of(wanted: Complete) -> CompletionJob:
    """The same as one value.

    Raises:
        BagError, ValueError: what was asked for excludes itself, or is not known.
    """
    if len(wanted.paths) < 2:
        raise BagError("give one or more input bags and then the output: IN... OUT")
    *inputs, output = wanted.paths
    return CompletionJob(
        inputs=tuple(inputs),
        output=output,
        model=wanted.model,
        device=wanted.device,
        settings=wanted.settings,
        reads=wanted.reads,
        writes=OutputWishes(
            topics=wanted.topics,
            sparse_depth=wanted.sparse_depth,
            namespace=wanted.namespace,
            encoding=wanted.encoding,
        ),
        copies_inputs=wanted.copy_inputs,
        storage=wanted.storage,
        overwrite=wanted.overwrite,
        holdout=Holdout(share=wanted.holdout, keep_lines=wanted.keep_lines, seed=wanted.seed),
        protocol=wanted.protocol,
        preview=wanted.preview,
        preview_every=max(wanted.preview_every, 1),
        report=wanted.report,
        rerun=wanted.rerun,
        max_frames=wanted.max_frames,
    )


def _check_is_one(wanted: Complete) -> None:
    """Ask where many recordings may be meant."""
    *inputs, output = wanted.paths
    wanted.many.check()
    if wanted.many.threads != ManyFlags().threads:
        raise BagError("--threads is for many recordings: give --each or --jobs too")
    if len(inputs) > 1 and output.is_dir() and not (output / "metadata.yaml").exists():
        raise BagError(
            f"{output} is a folder that is there already: with --each it gets a bag for each of "
            f"the {len(inputs)} inputs. To join them to one recording, give another name"
        )


def _check_inputs_are_kept(wanted: Complete) -> None:
    *inputs, output = wanted.paths
    reads = wanted.reads
    named = (Path(reads.intrinsics.partition("#")[0]), Path(reads.odometry), Path(wanted.model))
    files = [path for path in named if path.is_file()]
    apart = {"--preview": wanted.preview, "--report": wanted.report, "--rerun": wanted.rerun}
    beside = {"--metrics": wanted.metrics, **apart}
    check_inputs_are_kept(beside, inputs)
    check_inputs_are_kept(
        {"the output": output, **beside}, [wanted.config, reads.extrinsics, *files]
    )
    for flag, path in apart.items():
        if path and output.resolve() in path.resolve().parents:
            raise BagError(f"{flag} {path} lies inside {output}, which is to be a bag")


def _truth_of(job: CompletionJob) -> str:
    lines, share = job.holdout.keep_lines, job.holdout.share
    return job.reads.topics.truth or (
        f"withheld lines (kept every {lines}.)"
        if lines > 1
        else f"withheld points ({100 * share:g} %)"
    )


if __name__ == "__main__":
    sys.exit(run_cli(main))
