# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What came of completing many recordings: the same however they were divided."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from rosbag_tools.many.outcome import Outcome
from rosbag_tools.recording_job import RecordingJob


def many_json(jobs: Sequence[RecordingJob], outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """The report as plain values.

    Args:
        jobs: sorted by name.
        outcomes: in the same order.
    """
    totals = {"recordings": len(jobs), "failed": sum(o.summary is None for o in outcomes)}
    totals |= {name: _total(outcomes, name) for name in ("frames", "images")}
    drops: Counter[str] = Counter()
    for outcome in outcomes:
        drops.update((outcome.summary or {}).get("drops", {}))
    return {
        "kind": "completed_recordings",
        "totals": {**totals, "drops": dict(sorted(drops.items()))},
        "recordings": [
            {
                "name": job.name,
                "inputs": [str(path) for path in job.completion.inputs],
                **({"error": outcome.error} if outcome.summary is None else outcome.summary),
            }
            for job, outcome in zip(jobs, outcomes, strict=True)
        ],
    }


def outcome_lines(outcome: Outcome) -> list[str]:
    """One recording for people."""
    if outcome.summary is None:
        return [f"{outcome.name}: not completed: {outcome.error}", *outcome.trace.splitlines()]
    told = outcome.summary
    lines = [f"{outcome.name}: {told['frames']} of {told['images']} images completed"]
    if told["damage"]:
        lines.append(f"  stopped    {told['damage']}")
    return [*lines, *(f"  warning    {doubt}" for doubt in told["doubts"])]


def closing_lines(outcomes: Sequence[Outcome]) -> list[str]:
    """All of them for people."""
    failed = [outcome.name for outcome in outcomes if outcome.summary is None]
    done = len(outcomes) - len(failed)
    frames, images = _total(outcomes, "frames"), _total(outcomes, "images")
    lines = [f"{done} of {len(outcomes)} recordings completed, {frames} of {images} images"]
    if failed:
        lines.append(f"not completed: {', '.join(failed)}")
    retried = [o.name for o in outcomes if o.deaths]
    if retried:
        lines.append(f"tried more than once, because a worker died: {', '.join(retried)}")
    return lines


def exit_code(outcomes: Sequence[Outcome]) -> int:
    """The worst of all: 1 where one failed or its input is damaged, 3 where one is in doubt."""
    summaries = [outcome.summary for outcome in outcomes]
    if any(summary is None or summary["damage"] for summary in summaries):
        return 1
    return 3 if any(summary and summary["doubts"] for summary in summaries) else 0


def _total(outcomes: Sequence[Outcome], name: str) -> int:
    return sum(outcome.summary[name] for outcome in outcomes if outcome.summary is not None)
