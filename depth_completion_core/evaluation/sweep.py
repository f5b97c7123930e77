# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Errors as a function of the measurements: fewer points, fewer scan lines, noise, outliers."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

from depth_completion_core.evaluation.conditions import Condition
from depth_completion_core.evaluation.session import Case


class SweepError(ValueError):
    """The text does not name a sweep; the message lists the known ones."""


class _Axis(NamedTuple):
    """What is varied, the default values, and how a value changes the condition."""

    label: str
    values: tuple[float, ...]
    at: Callable[[Condition, str], Condition]


def _corrupted(kind: str) -> Callable[[Condition, str], Condition]:
    return lambda condition, value: replace(condition, corruption=f"{kind}:{value}")


def _sampled(kind: str) -> Callable[[Condition, str], Condition]:
    return lambda condition, value: replace(condition, points=f"{kind}:{value}")


AXES = {
    "points": _Axis("points sampled from the truth", (150, 500, 1500, 5000), _sampled("uniform")),
    "measured": _Axis(
        "points sampled from the measurements", (150, 500, 1500, 5000), _sampled("measured")
    ),
    "lines": _Axis("scan lines", (8, 16, 32, 64), _sampled("lidar_lines")),
    "noise": _Axis(
        "noise, standard deviation relative to depth",
        (0, 0.01, 0.02, 0.05, 0.1),
        _corrupted("noise"),
    ),
    "outliers": _Axis("share of outliers", (0, 0.01, 0.05, 0.1, 0.2), _corrupted("outliers")),
    "dropouts": _Axis("share of points lost", (0, 0.25, 0.5, 0.75, 0.9), _corrupted("dropouts")),
    "misplaced": _Axis(
        "shift of the points, standard deviation in pixels",
        (0, 0.5, 1, 2, 4),
        _corrupted("misplaced"),
    ),
}
"""Every sweep, by name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sweep:
    """One axis and the values along it.

    Attributes:
        name: a name of :data:`AXES`.
        values: along the axis.
    """

    name: str
    values: tuple[float, ...]

    @classmethod
    def from_text(cls, text: str) -> Sweep:
        """From ``points`` or ``points=150,500``; raises SweepError."""
        name, _, listed = text.partition("=")
        if name not in AXES:
            near = difflib.get_close_matches(name, AXES, n=1)
            hint = f" Did you mean '{near[0]}'?" if near else ""
            raise SweepError(f"unknown sweep '{name}'; known are {', '.join(AXES)}.{hint}")
        try:
            values = tuple(float(value) for value in listed.split(",")) if listed else ()
        except ValueError as error:
            raise SweepError(
                f"'{text}': expected numbers separated by commas, as in {name}=150,500"
            ) from error
        if len(set(values)) < len(values):
            raise SweepError(f"'{text}' gives a value twice; give each only once")
        return cls(name=name, values=values or AXES[name].values)

    @property
    def label(self) -> str:
        """What varies, for axes and headings."""
        return AXES[self.name].label

    def conditions(self, base: Condition) -> list[tuple[str, Condition]]:
        """The text of each value, with its condition.

        Raises:
            ValueError: a value is out of range.
            SweepError: the measurements are already corrupted in another way.
        """
        texts = [f"{value:.12g}" for value in self.values]
        found = [(text, AXES[self.name].at(base, text)) for text in texts]
        for _, condition in found:
            _check_keeps_corruption(base, condition, self.name)
        return found


def sweeps_from(texts: Sequence[str]) -> list[Sweep]:
    """Several sweeps, each at most once; raises SweepError."""
    sweeps = [Sweep.from_text(text) for text in texts]
    names = [sweep.name for sweep in sweeps]
    if len(set(names)) < len(names):
        raise SweepError(
            f"a sweep is requested twice in {' '.join(texts)}; list all its values in one"
        )
    return sweeps


def sweep_cases(sweeps: Sequence[Sweep], base: Condition, out: Path) -> list[Case]:
    """The cases of all sweeps, labelled with the sweep's name and the value."""
    return [
        Case((sweep.name, text), condition, sweep_folder(out, sweep) / f"{sweep.name}={text}")
        for sweep in sweeps
        for text, condition in sweep.conditions(base)
    ]


def _check_keeps_corruption(base: Condition, condition: Condition, name: str) -> None:
    kind, _, _ = base.corruption.partition(":")
    if kind and kind != condition.corruption.partition(":")[0]:
        raise SweepError(
            f"the measurements are already corrupted by {base.corruption}, which the sweep of "
            f"{name} would replace; leave out one of the two"
        )


def sweep_folder(out: Path, sweep: Sweep) -> Path:
    """Where the results of a sweep go."""
    return out / f"sweep_{sweep.name}"
