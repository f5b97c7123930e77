# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""``python -m rosbag_tools.to_dataset BAG... --out DIR``: a data set in VOID's form."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import tyro

from depth_completion_core.config_flags import ConfigFlags, parsed_with_config
from depth_completion_core.sensing.near_static_config import NearStatic
from rosbag_tools.cli import run_cli
from rosbag_tools.errors import BagError
from rosbag_tools.many.flags import ManyFlags
from rosbag_tools.many.recordings import recording_names
from rosbag_tools.void_sets.earlier_sequences import (
    check_densities,
    check_merged,
    earlier_splits,
    told_splits,
)
from rosbag_tools.void_sets.job import (
    VOID_DENSITIES,
    DatasetJob,
    FrameChoice,
    SparseSource,
    TruthSource,
)
from rosbag_tools.void_sets.many_sequences import unfinished, write_sequences
from rosbag_tools.void_sets.recordings import splits_of
from rosbag_tools.wishes import PlanWishes

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True, kw_only=True)
class ToDataset(ConfigFlags):
    """Write a data set in the form of VOID's release: BAG... --out DIR.

    Each bag becomes one sequence. A run that was stopped goes on where it was, and a finished
    sequence is not written again.
    """

    bags: tyro.conf.Positional[tuple[Path, ...]]
    """The recordings: .bag, .mcap or .db3 files, or folders of them."""
    out: Path
    """Folder of the set: void_150/, void_500/, ..., manifest.json, summary.json, report.html."""
    one_recording: bool = False
    """The bags are the parts of one recording, and so of one sequence."""

    reads: Annotated[PlanWishes, tyro.conf.arg(name="")] = field(default_factory=PlanWishes)

    densities: tuple[int, ...] = VOID_DENSITIES
    """The most points of an image; one release, void_N, for each."""
    sparse_from: SparseSource = "measured"
    """measured: the points or the depth image of --measurements. corners: the true depth at corners
    that are tracked, as VIO does. features: the true depth at the pixels of --features."""
    features: tuple[Path, ...] = ()
    """Files 'dataset*' that lie beside the raw bags of VOID: one, or one for each density."""
    truth_from: TruthSource = "auto"
    """depth: the topic of --truth, or the only depth image of the camera's frame. sweeps: those of
    the lidar before and after each image, without what moves. none: nowhere. auto: depth where
    there is some, else sweeps."""
    sweeps_around: int = 5
    """Sweeps before and after each image that make its true depth, with --truth-from sweeps."""
    undistort: bool = False
    """Take the distortion of the lens out of images and depth; K.txt is that of the new images."""
    seed: int = 0
    """Random seed of the choice of points, and of --test-share."""

    rate_hz: float = 0.0
    """At most so many frames per second; 0 for all."""
    skip_near_static: bool = False
    """Leave frames out that show nothing new because the camera hardly moved."""
    near_static: NearStatic = field(default_factory=NearStatic)
    max_frames: int = 0
    """Stop each sequence after this many frames; 0 for all."""
    test: tuple[str, ...] = ()
    """Sequences of the test lists, by name or by patterns such as 'lab*'; the others train. Without
    it, and without --test-share, the sequences that are there keep their lists."""
    test_share: float = 0.0
    """Share of the sequences that is tested on, in place of --test."""

    rerun: Path | None = None
    """File FILE.rrd for the viewer Rerun, of all frames of the set (extra viewer)."""
    dry_run: bool = False
    """Write nothing; say what would be written, and why frames would be left out."""
    overwrite: bool = False
    """Write sequences anew that are there already."""
    many: Annotated[ManyFlags, tyro.conf.arg(name="")] = field(default_factory=ManyFlags)


def main(arguments: list[str]) -> int:
    """Parse, write, report; 0 for success, 1 where a bag failed or is damaged, 3 for doubts."""
    wanted = parsed_with_config(ToDataset, arguments)
    jobs = jobs_of(wanted)
    for line in told_splits(earlier_splits(wanted.out), jobs):
        print(line)
    if wanted.rerun:
        _check_rerun(wanted)
    if wanted.many.merge:
        check_merged(jobs)
        return _assembled(wanted, jobs, _missing(jobs))
    if not jobs:
        raise BagError("no bag is given: to_dataset BAG... --out DIR")
    check_densities(jobs)
    jobs = wanted.many.part_of(jobs)
    try:
        outcomes = write_sequences(jobs, wanted.many)
    except KeyboardInterrupt:
        return 130
    records = [outcome.summary for outcome in outcomes if outcome.summary is not None]
    failed = [outcome.name for outcome in outcomes if outcome.summary is None]
    if wanted.dry_run or wanted.many.shard:
        return _part_told(wanted, jobs, records, failed)
    return _assembled(wanted, jobs, failed) if records else 1


def jobs_of(wanted: ToDataset) -> list[DatasetJob]:
    """The sequences to write.

    Raises:
        BagError: what was asked for excludes itself.
    """
    bags = [path.absolute() for path in wanted.bags]
    recordings = [bags] if wanted.one_recording else [[bag] for bag in bags]
    wanted.many.check()
    if wanted.many.merge and wanted.dry_run:
        raise BagError("--merge writes the lists, and --dry-run nothing: give one of them")
    names = recording_names([paths[0] for paths in recordings])
    splits = splits_of(
        names,
        test=wanted.test,
        test_share=wanted.test_share,
        seed=wanted.seed,
        earlier=earlier_splits(wanted.out),
    )
    densities, features = _in_order(wanted.densities, wanted.features)
    return [
        DatasetJob(
            inputs=tuple(paths),
            output=wanted.out.absolute(),
            sequence=name,
            split=splits[name],
            densities=densities,
            settings=wanted.settings,
            reads=wanted.reads.with_absolute_paths(),
            sparse=wanted.sparse_from,
            features=tuple(path.absolute() for path in features),
            truth=wanted.truth_from,
            sweeps_around=wanted.sweeps_around,
            frames=FrameChoice(
                rate_hz=wanted.rate_hz,
                skips_near_static=wanted.skip_near_static,
                near_static=wanted.near_static,
                max_frames=wanted.max_frames,
            ),
            undistorts=wanted.undistort,
            seed=wanted.seed,
            overwrite=wanted.overwrite,
            dry_run=wanted.dry_run,
        )
        for paths, name in zip(recordings, names, strict=True)
    ]


def _in_order(
    densities: tuple[int, ...], features: tuple[Path, ...]
) -> tuple[tuple[int, ...], tuple[Path, ...]]:
    """The densities from the smallest, and the files, where each has its own, with them."""
    if len(features) != len(densities):
        return tuple(sorted(densities)), features
    order = sorted(range(len(densities)), key=densities.__getitem__)
    return tuple(densities[n] for n in order), tuple(features[n] for n in order)


def _check_rerun(wanted: ToDataset) -> None:
    from rosbag_tools.rerun_file import check_rerun_is_there  # noqa: PLC0415 - with OpenCV

    if wanted.dry_run or wanted.many.shard:
        raise BagError(
            "--rerun shows a set that is whole: give it with --merge, not with --shard or --dry-run"
        )
    check_rerun_is_there()


def _write_page(folder: Path, summary: dict[str, Any]) -> None:
    """The set is whole without its page, too."""
    from depth_completion_core.reports.html import ReportError  # noqa: PLC0415 - with OpenCV
    from rosbag_tools.void_sets.set_page import write_set_page  # noqa: PLC0415 - with torch

    try:
        print(f"page         {write_set_page(folder, summary)}")
    except ReportError as error:
        print(f"no page      {error}", file=sys.stderr)


def _assembled(wanted: ToDataset, jobs: Sequence[DatasetJob], failed: list[str]) -> int:
    """Write lists, manifest, summary and page of all that is finished; returns the exit code."""
    from rosbag_tools.void_sets.set_lists import assemble  # noqa: PLC0415 - with torch
    from rosbag_tools.void_sets.set_recording import write_set_recording  # noqa: PLC0415 - likewise
    from rosbag_tools.void_sets.summary_text import told_summary  # noqa: PLC0415 - likewise

    summary = assemble(wanted.out, {job.sequence: job.split for job in jobs})
    print("\n".join(told_summary(summary, wanted.out, is_dry=False)))
    _write_page(wanted.out, summary)
    if wanted.rerun:
        write_set_recording(wanted.rerun, wanted.out, summary)
    return _exit_code(summary["sequences"], failed)


def _part_told(
    wanted: ToDataset,
    jobs: Sequence[DatasetJob],
    records: Sequence[dict[str, Any]],
    failed: list[str],
) -> int:
    """Tell of a dry run, or of a shard, which leaves lists and summary to --merge."""
    from rosbag_tools.void_sets.set_lists import summary_of  # noqa: PLC0415 - with torch
    from rosbag_tools.void_sets.summary_text import told_summary  # noqa: PLC0415 - likewise

    sequences = []
    if records:
        summary = summary_of(records, {job.sequence: job.split for job in jobs})
        print("\n".join(told_summary(summary, wanted.out, is_dry=wanted.dry_run)))
        sequences = summary["sequences"]
    if not wanted.dry_run:
        print(f"this was shard {wanted.many.shard}; when all are done, --merge writes the lists")
    return _exit_code(sequences, failed)


def _missing(jobs: Sequence[DatasetJob]) -> list[str]:
    """The sequences that no run has finished, which are told."""
    missing = unfinished(jobs)
    if missing:
        print(f"error: not finished, and not in the set: {', '.join(missing)}", file=sys.stderr)
    return missing


def _exit_code(sequences: Sequence[dict[str, Any]], failed: list[str]) -> int:
    if failed or any(sequence["damage"] for sequence in sequences):
        return 1
    return 3 if any(sequence["doubts"] for sequence in sequences) else 0


if __name__ == "__main__":
    sys.exit(run_cli(main))
