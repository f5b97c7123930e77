# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Blocks that the pages of several programs have."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from depth_completion_core.reports.page import Chart, Column, Notes, Series, Table

_BINS = 40


def drops_table(counts: Mapping[str, int], examples: Mapping[str, str]) -> Table | Notes:
    """What was not used and why, by reason, each with the first sentence on it."""
    if not counts:
        return Notes(lines=["Everything was used."])
    return Table(
        caption="What was not used, by reason",
        columns=[
            Column(heading="reason"),
            Column(heading="count", digits=0),
            Column(heading="example"),
        ],
        rows=[(reason, count, examples.get(reason, "")) for reason, count in counts.items()],
    )


def depth_distribution(edges_m: Sequence[float], counts: Mapping[str, Sequence[int]]) -> Chart:
    """The share of pixels in each bin of depth, a series for each kind of depth.

    Args:
        edges_m: of the bins, metres, ascending; a bin that begins at 0 is drawn from half its end.
        counts: pixels of each bin, by kind; kinds without pixels are left out.
    """
    table = {name: np.asarray(values, dtype=np.float64) for name, values in counts.items()}
    table = {name: values for name, values in table.items() if values.sum()}
    filled = np.flatnonzero(sum(table.values())) if table else np.zeros(0, dtype=int)
    bins = slice(int(filled[0]), int(filled[-1]) + 1) if filled.size else slice(0, 0)
    edges = list(edges_m[bins.start : bins.stop + 1])
    if edges and edges[0] == 0:  # which a logarithmic axis has no place for
        edges[0] = edges[1] / 2
    return Chart(
        title=f"Depth: {next(iter(table))}" if len(table) == 1 else "Depth",
        x_label="depth [m]",
        y_label="share of pixels [%]",
        x_is_log=True,
        series=[
            Series(
                name=name,
                x=edges,
                y=(100 * values[bins] / values.sum()).tolist(),
                style="steps",
            )
            for name, values in table.items()
        ],
    )


def distribution(title: str, x_label: str, values: Mapping[str, Sequence[float]]) -> Chart:
    """How many frames have which value, a series for each name, all in the same bins."""
    finite = {name: _finite(own) for name, own in values.items()}
    finite = {name: own for name, own in finite.items() if own.size}
    edges = np.histogram_bin_edges(np.concatenate([*finite.values(), np.zeros(0)]), _BINS)
    return Chart(
        title=title,
        x_label=x_label,
        y_label="frames",
        series=[
            Series(
                name=name,
                x=edges.tolist(),
                y=np.histogram(own, edges)[0].tolist(),
                style="steps",
            )
            for name, own in finite.items()
        ],
    )


def trajectory_from_above(positions: Sequence[Sequence[float]], of_what: str = "") -> Chart:
    """Where the camera was, looked at along the third axis of its world, which points up.

    Args:
        positions: (x, y, z) of each frame, metres, NaN where not known.
        of_what: which trajectory, for the title.
    """
    known = [place for place in positions if np.isfinite(place).all()]
    path = Series(
        name="camera", x=[place[0] for place in positions], y=[place[1] for place in positions]
    )
    ends = (
        [
            Series(name=name, x=[place[0]], y=[place[1]], style="points")
            for name, place in (("first frame", known[0]), ("last frame", known[-1]))
        ]
        if known
        else []
    )
    return Chart(
        title=f"Trajectory from above{of_what and f': {of_what}'}",
        x_label="x [m]",
        y_label="y [m]",
        is_to_scale=True,
        series=[path, *ends],
    )


def _finite(values: Sequence[float]) -> np.ndarray:
    array = np.asarray(values, dtype=np.float64)
    return array[np.isfinite(array)]
