# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What came of a set, in lines for people."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from depth_completion_core.sensing.drop_counts import DropCounts


def told_summary(summary: dict[str, Any], folder: Path, *, is_dry: bool) -> list[str]:
    """The set in lines.

    Args:
        summary: as :func:`summary_of` makes it.
        folder: of the set.
        is_dry: whether nothing was written.
    """
    totals, sequences = summary["totals"], summary["sequences"]
    verb = "would be written to" if is_dry else "in"
    count = "1 sequence" if len(sequences) == 1 else f"{len(sequences)} sequences"
    lines = [f"{totals['frames']} of {totals['images']} images of {count} {verb} {folder}"]
    for sequence in sequences:
        lines += _told_sequence(sequence)
    if not is_dry and not any(sequence["split"] == "test" for sequence in sequences):
        lines.append("note         there are no test lists: --test or --test-share makes them")
    return lines


def _told_sequence(sequence: dict[str, Any]) -> list[str]:
    points = ", ".join(
        f"{counts['mean']:.0f} of {density}" for density, counts in sequence["points"].items()
    )
    gaps = sequence["gap_ms"]
    frames = f"{sequence['frames']} of {sequence['images']} images"
    lines = [
        f"{sequence['name']} ({sequence['split']}): {frames}",
        f"  points     {points} on average",
        f"  truth      {100 * sequence['truth_share']:.1f} % of the pixels",
        f"  pair gap   p50 {gaps['p50']:.1f} ms, p99 {gaps['p99']:.1f} ms",
    ]
    drops = DropCounts()
    for reason, count in sequence["drops"].items():
        drops.add(reason, sequence["drop_examples"].get(reason, ""), count)
    lines += [f"  not used   {line}" for line in drops.lines]
    lines += [f"  note       {note}" for note in sequence["notes"]]
    lines += [f"  warning    {line}" for line in (*sequence["doubts"], *sequence["warnings"])]
    if sequence["damage"]:
        lines.append(f"  stopped    {sequence['damage']}")
    return lines
