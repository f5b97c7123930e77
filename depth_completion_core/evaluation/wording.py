# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Protocols explained in words, for tables of results and for the documentation."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from depth_completion_core.config import CompletionConfig
from depth_completion_core.data import dataset_class
from depth_completion_core.evaluation.tables import Row, table_line
from depth_completion_core.metrics import PROTOCOLS, Protocol
from depth_completion_core.settings.mapping import config_to_mapping, differences

_MISSING = {
    "left_out": (
        "Pixels without a prediction (none, NaN, 0 or less) are left out of the errors; coverage "
        "is the share of scored pixels that have one. Compare errors only at equal coverage."
    ),
    "as_zero": (
        "Pixels without a prediction (none, NaN, 0 or less) are scored as 0 m, with inverse depth "
        "0, and fail every δ; coverage is the share of scored pixels that have one."
    ),
}
_CLIPPING = "Predictions are not clipped."
_SPREAD = " ± is the standard deviation over images."
_SPREAD_OVER_DRAWS = " ± is the standard deviation over draws."
_OVER_DRAWS = " Means over {} draws of the points."
_COLUMNS = (
    "Points: mean number of measurements per image that the model saw. ms: mean time of the model "
    "per frame, synchronised, without reading the frame and sampling points."
)


def notes(protocol: Protocol, name: str, rows: Sequence[Row], *, with_spread: bool = True) -> str:
    """What the numbers mean, and which images they leave out, as a Markdown list.

    Args:
        protocol: the protocol used for scoring.
        name: name of the protocol.
        rows: rows of the table.
        with_spread: whether the table has standard deviations.
    """
    averaged = {
        "per_image": "computed for each image, then averaged over images",
        "pooled": "computed over all pixels of all images together",
    }[protocol.averaging]
    spread = _spread(rows, is_told=with_spread)
    lines = [
        f"Protocol `{name}`: {_bounds(protocol)}{_crop(protocol)}; {averaged}. {_CLIPPING}{spread}",
        _MISSING[protocol.missing],
        _COLUMNS,
    ]
    for row in rows:
        label = ", ".join(row.labels)
        lines += [
            f"{label}: {count} of {row.summary.frames} images left out of the means: {reason}."
            for reason, count in row.summary.skipped.items()
        ]
    lines += failures(rows)
    return "".join(f"- {line}\n" for line in lines)


def _spread(rows: Sequence[Row], *, is_told: bool) -> str:
    draws = max((len(row.summary.draws) for row in rows), default=0)
    over = _OVER_DRAWS.format(draws) if draws else ""
    if not is_told:
        return over
    return over + (_SPREAD_OVER_DRAWS if draws else _SPREAD)


def settings_note(settings: Mapping[str, Any], about: Mapping[str, Any]) -> str:
    """Which settings are not the default, as lines of a Markdown list; "" for none.

    Args:
        settings: those of the completers, nested.
        about: ``dataset`` and ``config`` where there is one data set, and remarks on what was read.
    """
    lines = []
    changed = differences(settings, config_to_mapping(CompletionConfig()))
    if changed:
        lines.append(f"Settings that are not the default: {', '.join(changed)}.")
    if "config" in about:
        config = dataset_class(about["dataset"]).Config
        changed = differences(about["config"], config_to_mapping(config()))
        if changed:
            lines.append(f"Settings of the data set: {', '.join(changed)}.")
    return "".join(f"- {line}\n" for line in [*lines, *about.get("remarks", ())])


def failures(rows: Sequence[Row]) -> list[str]:
    """A sentence for each set of failed frames; rows with the same failures share one."""
    alike: dict[tuple[tuple[str, str], ...], list[Row]] = {}
    for row in rows:
        if row.summary.failed:
            alike.setdefault(tuple(row.summary.failed.items()), []).append(row)
    sentences = []
    for failed, group in alike.items():
        common = [part for part in group[0].labels if all(part in row.labels for row in group)]
        label = ", ".join(common) or "every row"
        shared = f" (in {len(group)} rows of the table)" if len(group) > 1 else ""
        name, reason = failed[0]
        sentences.append(
            f"{label}: {len(failed)} of {group[0].summary.frames} frames FAILED{shared}, first "
            f"{name}: {reason}"
        )
    return sentences


def protocol_table() -> str:
    """The table of all protocols, for the documentation."""
    headings = (
        "name",
        "scored truth",
        "scored region",
        "averaging",
        "pixels without prediction",
        "unit",
        "default points",
        "source",
    )
    lines = [table_line(headings), table_line(["---"] * len(headings))]
    for name, protocol in PROTOCOLS.items():
        crop = "bottom {}x{}".format(*reversed(protocol.crop)) if any(protocol.crop) else "image"
        points = f"`{protocol.sparsifier}`, seed {protocol.seed}" if protocol.sparsifier else ""
        cells = [
            f"`{name}`",
            _bounds(protocol),
            crop,
            protocol.averaging.replace("_", " "),
            protocol.missing.replace("_", " "),
            protocol.unit,
            points,
            protocol.source,
        ]
        lines.append(table_line(cells))
    return "\n".join(lines) + "\n"


def _bounds(protocol: Protocol) -> str:
    sign = "<" if protocol.strict else "≤"
    upper = "" if math.isinf(protocol.max_depth) else f" {sign} {protocol.max_depth:g} m"
    return f"{protocol.min_depth:g} {sign} truth{upper}"


def _crop(protocol: Protocol) -> str:
    height, width = protocol.crop
    return f"; of the bottom-centre {width}x{height} pixels" if height else ""
