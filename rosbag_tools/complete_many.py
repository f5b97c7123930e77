# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Completing many recordings: which, where, and what is told of them."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from depth_completion_core.files.json_files import write_json
from rosbag_tools.bag_paths import check_apart
from rosbag_tools.completion_job import CompletionJob
from rosbag_tools.errors import BagError
from rosbag_tools.many.flags import ManyFlags
from rosbag_tools.many.outcome import Outcome
from rosbag_tools.many.recordings import recording_names
from rosbag_tools.many.run_many import run_many
from rosbag_tools.many_report import closing_lines, exit_code, many_json, outcome_lines
from rosbag_tools.recording_job import (
    RecordingJob,
    complete_recording,
    files_named_by,
    forget_model,
)
from rosbag_tools.wishes import absolute_file

REPORT_FILE = "report.json"
_MARKS = ".marks"
_MOST_NAMED = 10
_MOST_CHANGES = 3
_SETTINGS = ("settings", "files", "threads")  # the same for all; of inputs each has its own


def complete_many(job: CompletionJob, flags: ManyFlags, metrics: Path | None) -> int:
    """Complete each input of a job as a recording of its own; returns the exit code.

    Args:
        job: with many inputs, and a folder for all outputs.
        flags: how the work is divided.
        metrics: file of the report; None for report.json in the folder.

    Raises:
        BagError: the inputs or the flags exclude each other, the engine cannot start, an output was
            made with other settings, or recordings are to be merged that are not finished.
        ReportError: pages are wanted, and Jinja2 is not installed.
    """
    flags.check()
    if job.report:
        _check_pages()
    jobs = recording_jobs(job, flags.threads)
    _check_settings(jobs)
    if flags.merge:
        outcomes = _merged(jobs)
        for outcome in outcomes:
            _tell_outcome(outcome)
    else:
        jobs = flags.part_of(jobs)
        try:
            outcomes = _completed(jobs, job.output, flags)
        except KeyboardInterrupt:
            print("interrupted: the same command goes on from there", file=sys.stderr)
            return 130
        finally:
            forget_model()
    print("\n".join(closing_lines(outcomes)))
    if flags.shard:
        print(f"this was shard {flags.shard}; when all are done, --merge writes the report")
    else:
        _write_reports(job, many_json(jobs, outcomes), metrics or job.output / REPORT_FILE)
    return exit_code(outcomes)


def recording_jobs(job: CompletionJob, threads: int) -> list[RecordingJob]:
    """A job for each input, sorted by name.

    Raises:
        BagError: two recordings are one, the output is no folder for many, or it lies in an input.
    """
    _check_is_for_many(job.output)
    job = _anywhere(job)
    names = recording_names(job.inputs)
    jobs = []
    for name, path in sorted(zip(names, job.inputs, strict=True)):
        completion = dataclasses.replace(
            job,
            inputs=(path,),
            output=job.output / name,
            preview=job.preview and job.preview / name,
            report=job.report and job.report / name,
            rerun=job.rerun and job.rerun / f"{name}.rrd",
        )
        check_apart(completion.inputs, completion.output)
        mark = job.output / _MARKS / f"{name}.json"
        jobs.append(RecordingJob.named(name, completion, mark, threads))
    return jobs


def _check_pages() -> None:
    from depth_completion_core.reports.html import check_pages_can_be_written  # noqa: PLC0415

    check_pages_can_be_written()


def _write_reports(job: CompletionJob, report: dict[str, Any], path: Path) -> None:
    write_json(path, report)
    print(f"report       {path}")
    if job.report:
        from rosbag_tools.many_page import write_many_page  # noqa: PLC0415 - with OpenCV

        print(f"page         {write_many_page(job.report, report)}")


def _check_settings(jobs: Sequence[RecordingJob]) -> None:
    """Refuse, before anything is done, to tell of outputs that other settings have made."""
    for job in jobs:
        if changed := job.output.changed_in(_SETTINGS):
            raise BagError(
                f"{job.output.path} was made in another way ({'; '.join(changed[:_MOST_CHANGES])})."
                " Give the same again, --overwrite to make all anew, or another output"
            )


def _completed(jobs: Sequence[RecordingJob], folder: Path, flags: ManyFlags) -> list[Outcome]:
    known = {job.name: _earlier(job) for job in jobs}
    left = [job for job in jobs if known[job.name] is None]
    if len(left) < len(jobs):
        print(f"{len(jobs) - len(left)} of {len(jobs)} recordings are finished already")
    reads = [path for job in left for path in job.completion.inputs]
    reads += files_named_by(left[0].completion) if left else []
    done = run_many(
        left,
        partial(complete_recording, is_shown=not flags.is_divided),
        flags.chosen_engine(reads, folder.absolute()),
        title="completing",
        is_shown=flags.is_divided or len(left) > 1,
        told=_tell_outcome,
        tell=partial(print, flush=True),
    )
    for job, outcome in zip(left, done, strict=True):
        if outcome.summary is None and outcome.deaths:
            job.output.give_up(outcome.error)
    found = {outcome.name: outcome for outcome in [*filter(None, known.values()), *done]}
    return [found[job.name] for job in jobs]


def _earlier(job: RecordingJob) -> Outcome | None:
    outcome = job.output.outcome(job.name)
    return outcome if outcome and outcome.summary is not None else None


def _merged(jobs: Sequence[RecordingJob]) -> list[Outcome]:
    outcomes = {job.name: job.output.outcome(job.name) for job in jobs}
    missing = [name for name, outcome in outcomes.items() if outcome is None]
    if missing:
        more = f" and {len(missing) - _MOST_NAMED} more" if len(missing) > _MOST_NAMED else ""
        raise BagError(
            f"{len(missing)} of {len(jobs)} recordings are not finished: "
            f"{', '.join(missing[:_MOST_NAMED])}{more}. Run their shards again: what is finished "
            "is not done twice"
        )
    return [outcome for outcome in outcomes.values() if outcome is not None]


def _tell_outcome(outcome: Outcome) -> None:
    stream = sys.stdout if outcome.summary is not None else sys.stderr
    print("\n".join(outcome_lines(outcome)), file=stream, flush=True)


def _check_is_for_many(output: Path) -> None:
    if output.suffix in (".mcap", ".db3") or (output.exists() and not output.is_dir()):
        raise BagError(
            f"{output} is to be a folder, which gets a bag for each of the recordings; to join the "
            "inputs as parts of one recording, leave --each and the flags for many out"
        )
    if (output / "metadata.yaml").exists():
        raise BagError(f"{output} is a bag; give a folder that gets a bag for each recording")


def _anywhere(job: CompletionJob) -> CompletionJob:
    """The job with absolute paths, which mean the same to workers in other folders."""
    return dataclasses.replace(
        job,
        inputs=tuple(path.absolute() for path in job.inputs),
        output=job.output.absolute(),
        preview=job.preview and job.preview.absolute(),
        report=job.report and job.report.absolute(),
        rerun=job.rerun and job.rerun.absolute(),
        model=absolute_file(job.model),
        reads=job.reads.with_absolute_paths(),
    )
