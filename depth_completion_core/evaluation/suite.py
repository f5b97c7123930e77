# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Suites: one command that scores models on many sets."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from depth_completion_core.data import build_dataset
from depth_completion_core.data.readers.real import RealSet, real_sets
from depth_completion_core.data.sample import DataError
from depth_completion_core.evaluation.conditions import Condition
from depth_completion_core.evaluation.session import Case, Group, Session
from depth_completion_core.evaluation.tables import Row
from depth_completion_core.files.folder_names import folder_name

ROOT_VARIABLE = "DEPTH_COMPLETION_REAL_DATA"
PROTOCOL = "all"
HEADINGS = ("set", "measurements", "model")
_SAMPLED_POINTS = (150, 500, 1500)
_KEPT_ROWS = (2, 4)
_ORDINALS = {2: "2nd", 3: "3rd"}


class _Part(NamedTuple):
    """One way to read a set: its settings, and the conditions by name."""

    config: dict[str, Any]
    conditions: dict[str, Condition]


def suite_root(data: Path | None) -> Path:
    """The folder of the real sets; raises DataError if none is given."""
    root = data or Path(os.environ.get(ROOT_VARIABLE, ""))
    if root == Path():
        raise DataError(
            "the suite needs a folder of real recordings: give --data FOLDER, or set "
            f"{ROOT_VARIABLE}"
        )
    return root


def evaluate_real(
    session: Session, root: Path, out: Path, groups: Sequence[Group], *, seed: int
) -> tuple[list[Row], dict[str, str], list[str]]:
    """Score models on every real set below a folder.

    Of indoor depth images, 150, 500 and 1500 pixels are sampled; of lidar sweeps every 2nd or every
    4th scan line is kept, and the others are the truth; raw depth with truth is used unchanged.

    Returns:
        The rows, what is wrong with sets that cannot be read at all, and remarks on others.

    Raises:
        DataError: there are no sets.
    """
    sets = real_sets(root)
    if not sets:
        raise DataError(
            f"{root} contains no real recordings; docs/datasets.md describes their layouts"
        )
    rows: list[Row] = []
    unreadable: dict[str, str] = {}
    remarks: dict[str, None] = {}
    for real in _told_apart(sets, root):
        for part in _parts(real, seed):
            try:
                dataset = build_dataset("real", real.folder, part.config)
            except DataError as error:
                unreadable[real.name] = str(error)
                continue
            cases = [
                Case(
                    labels=(real.name, name),
                    condition=condition,
                    folder=out / real.name / folder_name(name),
                )
                for name, condition in part.conditions.items()
            ]
            title = f"{real.name} {', '.join(part.conditions)}"
            rows += session.evaluate(dataset, f"real/{real.name}", cases, groups, title=title)
            remarks.update(dict.fromkeys(dataset.remarks))
    return rows, unreadable, list(remarks)


def _told_apart(sets: Sequence[RealSet], root: Path) -> list[RealSet]:
    """The sets, those of one name renamed after their folders below the root."""
    names = [real.name for real in sets]
    return [
        real
        if names.count(real.name) == 1
        else real._replace(name="-".join(real.folder.relative_to(root).parts))
        for real in sets
    ]


def _parts(real: RealSet, seed: int) -> Iterator[_Part]:
    if real.kind == "rgbd":
        sampled = {
            f"{count} points": Condition(points=f"uniform:{count}", seed=seed)
            for count in _SAMPLED_POINTS
        }
        yield _Part({"points": ""}, sampled)
    elif real.kind == "rgbd_raw":
        yield _Part({}, {"raw depth": Condition()})
    else:
        for kept in _KEPT_ROWS:
            nth = _ORDINALS.get(kept, f"{kept}th")
            yield _Part({"keep_rows": kept}, {f"every {nth} line": Condition()})
