# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Completions that are killed midway, to be run in a process of their own."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any
from unittest.mock import patch

from depth_completion_core.files.atomic import put_in_place
from rosbag_tools import complete, writer
from rosbag_tools.many.outcome import Summary
from rosbag_tools.recording_job import RecordingJob, complete_recording


def complete_and_die(arguments: list[str], name: str) -> None:
    """Complete bags up to one, and die when its output is whole and has no name yet."""
    with _dying_at(name):
        complete.main(arguments)


def complete_or_die_once(job: RecordingJob) -> Summary:
    """Complete a recording; the first worker that completes drive1 dies while it does."""
    died = job.output.path.parent.with_suffix(".died")
    if job.name != "drive1" or died.exists():
        return complete_recording(job, is_shown=False)
    died.touch()
    with _dying_at(job.name):
        return complete_recording(job, is_shown=False)


def _dying_at(name: str) -> Any:  # noqa: ANN401 - of unittest.mock
    def put_and_die(finished: Path, path: Path, *, replaces: bool = True) -> None:
        if path.name == name:
            os.kill(os.getpid(), signal.SIGKILL)
        put_in_place(finished, path, replaces=replaces)

    return patch.object(writer, "put_in_place", put_and_die)
