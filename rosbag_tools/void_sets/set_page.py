# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The page about a set, made of its summary and of some of its files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from depth_completion_core.reports.blocks import (
    depth_distribution,
    distribution,
    drops_table,
    trajectory_from_above,
)
from depth_completion_core.reports.html import write_page
from depth_completion_core.reports.page import Cell, Column, Notes, Page, Section, Sheet, Table
from rosbag_tools.void_sets.frame_files import HISTOGRAM_EDGES_M
from rosbag_tools.void_sets.set_pictures import set_pictures

_DEPTHS = {"sparse depth": "sparse_depth", "true depth": "ground_truth"}
_MOST_CURVES = 6
_MOST_TRAJECTORIES = 12


def write_set_page(folder: Path, summary: dict[str, Any]) -> Path:
    """Write report.html beside the summary; returns its path.

    Args:
        folder: of the set.
        summary: as ``set_lists.summary_of`` makes it.

    Raises:
        ReportError: Jinja2 is not installed.
        WriteError: the folder cannot be written.
    """
    sequences, totals = summary["sequences"], summary["totals"]
    examples: dict[str, str] = {}
    for sequence in sequences:
        for reason, text in sequence["drop_examples"].items():
            examples.setdefault(reason, f"{sequence['name']}: {text}")
    warnings = _warnings(sequences)
    pictures = set_pictures(folder, summary)
    page = Page(
        title=f"Data set of {len(sequences)} sequence{'s' * (len(sequences) > 1)}",
        facts=_facts(summary),
        sections=[
            Section(
                heading="Warnings",
                blocks=[Notes(lines=warnings, is_warning=True)] if warnings else [],
            ),
            Section(heading="Sequences", blocks=[_sequence_table(summary)]),
            Section(
                heading="Frames",
                blocks=[Sheet(pictures=pictures, total=totals["frames"])] if pictures else [],
            ),
            Section(heading="What was not used", blocks=[drops_table(totals["drops"], examples)]),
            Section(heading="Depth and pairs", blocks=_distributions(sequences)),
            Section(heading="Trajectories", blocks=_trajectories(sequences)),
            Section(heading="Plans", blocks=[Notes(lines=_plans(sequences))]),
        ],
    )
    return write_page(folder, page)


def _facts(summary: dict[str, Any]) -> dict[str, str]:
    sequences, totals = summary["sequences"], summary["totals"]
    splits = [sequence["split"] for sequence in sequences]
    counted = [f"{splits.count(split)} {split}" for split in ("train", "test") if split in splits]
    return {
        "Sequences": f"{len(sequences)} ({', '.join(counted)})",
        "Frames": f"{totals['frames']} of {totals['images']} images",
        "Densities": ", ".join(str(density) for density in summary["densities"]),
        "Not used": str(sum(totals["drops"].values())),
    }


def _warnings(sequences: Sequence[dict[str, Any]]) -> list[str]:
    return [
        f"{sequence['name']}: {line}"
        for sequence in sequences
        for line in (*sequence["doubts"], *sequence["warnings"], sequence["damage"])
        if line
    ]


def _plans(sequences: Sequence[dict[str, Any]]) -> list[str]:
    return [
        f"{sequence['name']}: {line}"
        for sequence in sequences
        for line in (*sequence["plan"], *sequence["notes"])
    ]


def _sequence_table(summary: dict[str, Any]) -> Table:
    densities = [str(density) for density in summary["densities"]]

    def row(sequence: dict[str, Any]) -> list[Cell]:
        height, width = sequence["size"]
        gaps = sequence["gap_ms"]
        return [
            sequence["name"],
            sequence["split"],
            sequence["frames"],
            sequence["images"],
            sum(sequence["drops"].values()),
            *(sequence["points"][density]["mean"] for density in densities),
            100 * sequence["truth_share"],
            gaps["p50"],
            gaps["p99"],
            gaps["max"],
            sum(sequence["beyond_png"].values()),
            f"{width}x{height}",
            ", ".join(sequence["bags"]),
        ]

    return Table(
        caption="The sequences of the set",
        columns=[
            Column(heading="sequence"),
            Column(heading="split"),
            Column(heading="frames", digits=0),
            Column(heading="images", digits=0),
            Column(heading="not used", digits=0),
            *(Column(heading=f"points of {density}", digits=0) for density in densities),
            Column(heading="truth [%]", digits=1),
            Column(heading="gap p50 [ms]", digits=1),
            Column(heading="gap p99 [ms]", digits=1),
            Column(heading="largest gap [ms]", digits=1),
            Column(heading="too far for PNG", digits=0),
            Column(heading="size"),
            Column(heading="bags"),
        ],
        rows=[row(sequence) for sequence in summary["sequences"]],
    )


def _distributions(sequences: Sequence[dict[str, Any]]) -> list[Any]:
    counts = {
        words: np.sum([sequence["histogram"][key] for sequence in sequences], axis=0).tolist()
        for words, key in _DEPTHS.items()
    }
    gaps = {sequence["name"]: sequence["gaps_ms"] for sequence in sequences}
    if len(gaps) > _MOST_CURVES:
        gaps = {"all sequences": [gap for own in gaps.values() for gap in own]}
    return [
        depth_distribution(HISTOGRAM_EDGES_M, counts),
        distribution("Time between image and measurements", "gap [ms]", gaps),
    ]


def _trajectories(sequences: Sequence[dict[str, Any]]) -> list[Any]:
    placed = [sequence for sequence in sequences if sequence["trajectory_m"]]
    blocks: list[Any] = [
        trajectory_from_above(sequence["trajectory_m"], sequence["name"])
        for sequence in placed[:_MOST_TRAJECTORIES]
    ]
    if len(placed) > _MOST_TRAJECTORIES:
        blocks.append(
            Notes(lines=[f"{_MOST_TRAJECTORIES} of {len(placed)}; all are in summary.json"])
        )
    return blocks
