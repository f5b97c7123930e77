# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""How errors change with the measurements: fewer points, fewer scan lines, noise, outliers."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

from depth_completion_core.evaluation.conditions import Condition
from depth_completion_core.evaluation.session import Case


class SweepError(ValueError):
    """A text that names no sweep; the message lists the known ones."""


class _Axis(NamedTuple):
    """What is varied, over which values where none are given, and what a value changes."""

    label: str
    values: tuple[float, ...]
    at: Callable[[Condition, str], Condition]


def _spoiled(kind: str) -> Callable[[Condition, str], Condition]:
    return lambda condition, value: replace(condition, corruption=f"{kind}:{value}")


def _drawn(kind: str) -> Callable[[Condition, str], Condition]:
    return lambda condition, value: replace(condition, points=f"{kind}:{value}")


AXES = {
    "points": _Axis("points drawn from the truth", (150, 500, 1500, 5000), _drawn("uniform")),
    "measured": _Axis("of the measured points", (150, 500, 1500, 5000), _drawn("measured")),
    "lines": _Axis("scan lines", (8, 16, 32, 64), _drawn("lidar_lines")),
    "noise": _Axis(
        "noise, standard deviation over depth", (0, 0.01, 0.02, 0.05, 0.1), _spoiled("noise")
    ),
    "outliers": _Axis("share of outliers", (0, 0.01, 0.05, 0.1, 0.2), _spoiled("outliers")),
    "dropouts": _Axis("share of points lost", (0, 0.25, 0.5, 0.75, 0.9), _spoiled("dropouts")),
    "misplaced": _Axis(
        "points misplaced, standard deviation in pixels", (0, 0.5, 1, 2, 4), _spoiled("misplaced")
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
                f"'{text}': expected numbers with commas between, as in {name}=150,500"
            ) from error
        if len(set(values)) < len(values):
            raise SweepError(f"'{text}' has a value twice; give each once")
        return cls(name=name, values=values or AXES[name].values)

    @property
    def label(self) -> str:
        """What varies, for axes and headings."""
        return AXES[self.name].label

    def conditions(self, base: Condition) -> list[tuple[str, Condition]]:
        """The text of each value, and the condition there.

        Raises:
            ValueError: a value cannot be.
            SweepError: the measurements are spoiled already, in another way.
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
        raise SweepError(f"a sweep is asked for twice in {' '.join(texts)}; give its values once")
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
            f"the measurements are spoiled by {base.corruption}, and the sweep of {name} would "
            "spoil them in its own way instead; give one of both"
        )


def sweep_folder(out: Path, sweep: Sweep) -> Path:
    """Where the results of a sweep go."""
    return out / f"sweep_{sweep.name}"
