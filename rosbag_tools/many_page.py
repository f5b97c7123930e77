# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The page about many completed recordings, above the pages about each."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from depth_completion_core.files.json_files import write_json
from depth_completion_core.reports.blocks import drops_table
from depth_completion_core.reports.html import write_page
from depth_completion_core.reports.page import (
    PAGE_FILE,
    SUMMARY_FILE,
    Cell,
    Column,
    Link,
    Notes,
    Page,
    Section,
    Table,
)
from rosbag_tools.completion_page import ERRORS


def write_many_page(folder: Path, report: dict[str, Any]) -> Path:
    """Write report.html and summary.json; returns the path of the page.

    Args:
        folder: that has a folder with a page for each recording.
        report: as :func:`rosbag_tools.many_report.many_json` makes it.

    Raises:
        ReportError: Jinja2 is not installed.
        WriteError: the folder cannot be written.
    """
    write_json(folder / SUMMARY_FILE, report)
    recordings, totals = report["recordings"], report["totals"]
    warnings = [line for recording in recordings for line in _warnings(recording)]
    examples: dict[str, str] = {}
    for recording in recordings:
        for reason, text in recording.get("drop_examples", {}).items():
            examples.setdefault(reason, f"{recording['name']}: {text}")
    page = Page(
        title=f"{len(recordings)} recordings",
        facts={
            "Completed": f"{len(recordings) - totals['failed']} of {len(recordings)} recordings",
            "Frames": f"{totals['frames']} of {totals['images']} images",
            "Not used": str(sum(totals["drops"].values())),
        },
        sections=[
            Section(
                heading="Warnings",
                blocks=[Notes(lines=warnings, is_warning=True)] if warnings else [],
            ),
            Section(heading="Recordings", blocks=[_recording_table(folder, recordings)]),
            Section(heading="What was not used", blocks=[drops_table(totals["drops"], examples)]),
        ],
    )
    return write_page(folder, page)


def _warnings(recording: dict[str, Any]) -> list[str]:
    told = [recording.get("error"), recording.get("damage"), *recording.get("doubts", [])]
    return [f"{recording['name']}: {line}" for line in told if line]


def _recording_table(folder: Path, recordings: Sequence[dict[str, Any]]) -> Table:
    has_scores = any(recording.get("scores") for recording in recordings)

    def row(recording: dict[str, Any]) -> list[Cell]:
        name, gaps = recording["name"], recording.get("gap_ms", {})
        scores = recording.get("scores", {})
        coverage = recording.get("coverage_of_image")
        return [
            Link(name, f"{name}/{PAGE_FILE}") if (folder / name / PAGE_FILE).exists() else name,
            recording.get("model"),
            recording.get("frames"),
            recording.get("images"),
            sum(recording["drops"].values()) if "drops" in recording else None,
            None if coverage is None else 100 * coverage,
            recording.get("mean_confidence"),
            gaps.get("p50"),
            gaps.get("p99"),
            *([scores.get(key) for key in ERRORS] if has_scores else []),
            len(_warnings(recording)),
            ", ".join(recording["inputs"]),
        ]

    return Table(
        caption="All recordings",
        columns=[
            Column(heading="recording"),
            Column(heading="model"),
            Column(heading="frames", digits=0),
            Column(heading="images", digits=0),
            Column(heading="not used", digits=0),
            Column(heading="depth on [%]", digits=1),
            Column(heading="confidence", digits=3),
            Column(heading="gap p50 [ms]", digits=1),
            Column(heading="gap p99 [ms]", digits=1),
            *(ERRORS.values() if has_scores else []),
            Column(heading="warnings", digits=0),
            Column(heading="inputs"),
        ],
        rows=[row(recording) for recording in recordings],
    )
