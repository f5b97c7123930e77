# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Errors as they change over a sweep, or over the steps of a training run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from depth_completion_core.evaluation.tables import Row


class Curve(NamedTuple):
    """Errors of one model over a sweep, in millimetres.

    Attributes:
        x: values at which they were measured.
        mae_mm: mean absolute errors.
        rmse_mm: roots of the mean squared error.
    """

    x: list[float]
    mae_mm: list[float]
    rmse_mm: list[float]


def checkpoint_curves(
    rows: Sequence[Row], steps: Mapping[str, Mapping[str, int]]
) -> dict[str, Curve]:
    """A curve for each training of which several checkpoints were scored.

    Args:
        rows: one for each model.
        steps: of the checkpoints, by training and label, in order.
    """
    by_label = {row.labels[-1]: row for row in rows}
    return {
        training: _curve([float(step) for step in own.values()], [by_label[x] for x in own])
        for training, own in steps.items()
        if len(own) > 1
    }


def sweep_curves(rows: Sequence[Row]) -> dict[str, Curve]:
    """A curve for each model of one sweep, whose rows are labelled with a value and the model."""
    return {
        label: _curve(
            [float(row.labels[0]) for row in rows if row.labels[1] == label],
            [row for row in rows if row.labels[1] == label],
        )
        for label in dict.fromkeys(row.labels[1] for row in rows)
    }


def is_wide(values: Sequence[float]) -> bool:
    """Whether values are positive and far enough apart for a logarithmic axis."""
    return min(values) > 0 and max(values) / min(values) >= 8


def _curve(x: list[float], rows: Sequence[Row]) -> Curve:
    return Curve(
        x,
        [row.summary.mean["mae_mm"] for row in rows],
        [row.summary.mean["rmse_mm"] for row in rows],
    )
