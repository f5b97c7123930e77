# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""One of many recordings to complete."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rosbag_tools.completion_job import CompletionJob
from rosbag_tools.completion_report import report_json
from rosbag_tools.many.identity import stated
from rosbag_tools.many.marks import MarkedOutput
from rosbag_tools.many.outcome import Summary
from rosbag_tools.many.threads import computing_threads
from rosbag_tools.run_completion import run_job

if TYPE_CHECKING:
    from depth_completion_core.completer import DepthCompleter

_CHANGES_NOTHING = (
    "inputs",  # they are identified by size and time
    "output",
    "overwrite",
    "keeps_part",
    "preview",
    "preview_every",
    "report",
    "rerun",
)
_DEPENDS_ON_THE_MACHINE = "model_ms"


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingJob:
    """A completion with a name, and with a mark that tells whether it is done.

    Attributes:
        name: of the recording.
        completion: what to do.
        output: where it is written.
        threads: on which it is computed.
    """

    name: str
    completion: CompletionJob
    output: MarkedOutput
    threads: int

    @classmethod
    def named(cls, name: str, completion: CompletionJob, mark: Path, threads: int) -> RecordingJob:
        """The job of a completion, which is identified here.

        Args:
            name: of the recording.
            completion: what to do.
            mark: file of its mark.
            threads: on which it is computed, because the last bits depend on it.
        """
        output = MarkedOutput(
            path=completion.output,
            mark=mark,
            identity=_identity(completion, threads),
            overwrite=completion.overwrite,
        )
        return cls(name=name, completion=completion, output=output, threads=threads)


def complete_recording(job: RecordingJob, *, is_shown: bool) -> Summary:
    """Complete a recording, or tell what an earlier run did.

    Args:
        job: what to do.
        is_shown: whether its progress is shown.

    Returns:
        The report without what depends on the machine, and the plan.

    Raises:
        BagError, ValueError: as :func:`rosbag_tools.run_completion.run_job`.
        KeyboardInterrupt: Ctrl-C; nothing is left of what was begun.
    """

    def make(replaces: bool) -> Summary:
        plan: list[str] = []
        completion = dataclasses.replace(job.completion, overwrite=replaces, keeps_part=False)
        with computing_threads(job.threads):
            report = run_job(completion, plan.append, load=_completer_of, is_shown=is_shown)
        told = report_json(report, completion.model)
        del told[_DEPENDS_ON_THE_MACHINE]
        return {**told, "plan": plan}

    return job.output.finished_or(make)


def forget_model() -> None:
    """Let go of the model that :func:`complete_recording` keeps for the next one."""
    _loaded.cache_clear()


def files_named_by(job: CompletionJob) -> list[Path]:
    """The files that settings name: extrinsics, intrinsics, a trajectory, a checkpoint."""
    model = Path(job.model)
    return [*job.reads.files(), *([model] if model.is_file() else [])]


def _completer_of(job: CompletionJob) -> DepthCompleter:
    from depth_completion_core.completer import DepthCompleter  # noqa: PLC0415 - with torch

    model, device = _loaded(job.model, job.device)
    return DepthCompleter(model, config=job.settings, device=device)


@lru_cache(maxsize=1)
def _loaded(model: str, device: str) -> tuple[Any, Any]:
    from depth_completion_core.completer import load_model  # noqa: PLC0415 - with torch

    completer = load_model(model, device=device)
    return completer.model, completer.device


def _identity(job: CompletionJob, threads: int) -> dict[str, Any]:
    settings: dict[str, Any] = json.loads(json.dumps(dataclasses.asdict(job), default=str))
    for name in _CHANGES_NOTHING:
        del settings[name]
    return {
        "inputs": stated(job.inputs),
        "files": stated(files_named_by(job)),
        "settings": settings,
        "threads": threads,
    }
