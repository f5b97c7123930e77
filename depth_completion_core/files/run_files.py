# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""run.json: of which run the results in a folder are, so that those of two are never mixed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

RUN_FILE = "run.json"


class ResultsError(ValueError):
    """Results on disk are unreadable, or belong to another run; says what to do."""


def read_run(folder: Path) -> dict[str, Any] | None:
    """What is told of the run whose results a folder holds; None where nothing is told.

    Raises:
        ResultsError: its file cannot be read.
    """
    path = folder / RUN_FILE
    if not path.exists():
        return None
    try:
        return dict(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, TypeError, ValueError) as error:
        raise ResultsError(f"{path} cannot be read: {error}; start again with --fresh") from error


def difference(found: Mapping[str, Any], wanted: Mapping[str, Any]) -> str:
    """The first thing that two runs differ in, as a clause; "" where they are the same."""
    asked = json.loads(json.dumps(wanted))  # tuples become lists, as those that were read
    for key in {**found, **asked}:
        if found.get(key) != asked.get(key):
            return f"its {key} is {found.get(key)!r}, but {asked.get(key)!r} is requested now"
    return ""
