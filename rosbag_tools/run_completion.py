# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Running a job to complete a bag, wherever it was described."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from depth_completion_core.sensing.wanted_views import refuse_what_streams_lack
from rosbag_tools.bag_paths import check_apart
from rosbag_tools.completion_job import CompletionJob
from rosbag_tools.completion_report import CompletionReport

if TYPE_CHECKING:
    from depth_completion_core.completer import DepthCompleter


def run_job(
    job: CompletionJob,
    tell: Callable[[str], object] = lambda line: None,
    *,
    load: Callable[[CompletionJob], DepthCompleter] | None = None,
    is_shown: bool = True,
) -> CompletionReport:
    """Complete a bag; Ctrl-C ends it early, with what was done so far kept.

    Args:
        job: what to do.
        tell: is given the plan, line by line, before the first frame.
        load: gives the job's completer, where it need not be loaded anew.
        is_shown: whether the progress is shown.

    Raises:
        BagError: the bag cannot be read, a topic is missing, no frame could be completed, or the
            output cannot be written.
        ValueError: there is no such model, the device is not there, or the model needs what no
            frame of a bag has.
        ReportError, RerunError: a file is asked for that needs a package which is missing.
        KeyboardInterrupt: Ctrl-C came before the first frame was complete, or the job keeps no
            part.
    """
    # With torch, which takes seconds: describing a job needs neither.
    from depth_completion_core.reports.html import check_pages_can_be_written  # noqa: PLC0415
    from rosbag_tools.completion import complete_bag  # noqa: PLC0415
    from rosbag_tools.reader import BagReader  # noqa: PLC0415
    from rosbag_tools.rerun_file import check_rerun_is_there  # noqa: PLC0415
    from rosbag_tools.told_plan import told_plan  # noqa: PLC0415
    from rosbag_tools.writer import BagWriter  # noqa: PLC0415

    check_apart(job.inputs, job.output)
    if job.report:
        check_pages_can_be_written()
    if job.rerun:
        check_rerun_is_there()
    completer = (load or _loaded)(job)
    needs = completer.model.needs
    refuse_what_streams_lack(
        job.model,
        sparse_depth=needs.sparse_depth,
        view_offsets=needs.view_offsets,
        measurements=job.reads.topics.measurements,
    )
    with BagReader(job.inputs, stamps=job.reads.stamps) as reader:
        plan = told_plan(reader, job.reads, job.settings.pairing, tell)
        with BagWriter(job.output, storage=job.storage, overwrite=job.overwrite) as writer:
            return complete_bag(reader, writer, plan, completer, job, is_shown=is_shown)


def _loaded(job: CompletionJob) -> DepthCompleter:
    from depth_completion_core.completer import load_model  # noqa: PLC0415 - with torch

    return load_model(job.model, device=job.device, config=job.settings)
