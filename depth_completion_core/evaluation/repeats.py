# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Points sampled several times anew: what a result owes to the choice of points.

CSPN's authors report the mean of five such runs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from depth_completion_core.evaluation.conditions import Condition
from depth_completion_core.evaluation.session import Case
from depth_completion_core.evaluation.summary import Summary
from depth_completion_core.evaluation.tables import Row

_SEEDS_OF_A_DRAW = 2  # a condition takes one for the points and one to corrupt them


def draw_seeds(first: int, repeats: int) -> list[int]:
    """The seed of each draw."""
    return [first + _SEEDS_OF_A_DRAW * draw for draw in range(repeats)]


def repeated(cases: Sequence[Case], repeats: int) -> list[Case]:
    """Each case with its points sampled so often, labelled with the number of the draw in front.

    The first draw is the one without repeats, in the same folder; pictures are of that alone.
    """
    return [
        Case(
            labels=(str(number), *case.labels),
            condition=replace(case.condition, seed=seed),
            folder=case.folder if number == 1 else case.folder / f"draw_{number}",
            has_sheets=number == 1,
        )
        for case in cases
        for number, seed in enumerate(draw_seeds(case.condition.seed, repeats), 1)
    ]


def over_draws(rows: Sequence[Row]) -> list[Row]:
    """One row for the rows of :func:`repeated` that differ in their draw alone, in their order."""
    groups: dict[tuple[str, ...], list[Row]] = {}
    for row in rows:
        groups.setdefault(row.labels[1:], []).append(row)
    return [
        draws[0]._replace(labels=labels, summary=merged([draw.summary for draw in draws]))
        for labels, draws in groups.items()
    ]


def merged(draws: Sequence[Summary]) -> Summary:
    """Means over draws of every figure, with the means of each draw kept.

    Counts of images are those of the draw that scored the fewest; what failed in any draw failed.
    """
    fewest = min(draws, key=lambda draw: draw.images)
    return replace(
        fewest,
        mean=_means([draw.mean for draw in draws]),
        std=_means([draw.std for draw in draws]),
        failed={name: why for draw in draws for name, why in draw.failed.items()},
        measured_pixels=_mean([draw.measured_pixels for draw in draws]),
        rel_measured=_mean([draw.rel_measured for draw in draws]),
        ms=_means([draw.ms for draw in draws]),
        draws=tuple(draw.mean for draw in draws),
    )


def check_draws(condition: Condition) -> None:
    """Raise ValueError where every draw would be the same."""
    if not (condition.points or condition.fallback or condition.corruption):
        raise ValueError(
            f"--repeats samples the points anew, but these are {condition}: give --points, such as "
            "measured:500 or uniform:500, or leave --repeats out"
        )


def _means(values: Sequence[dict[str, float]]) -> dict[str, float]:
    return {name: _mean([each[name] for each in values]) for name in values[0]}


def _mean(values: Sequence[float]) -> float:
    return float(np.mean(values))
