# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""JSON as this project writes it: indented, and strict, which means without NaN."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path

from depth_completion_core.files.atomic import write_text


def write_json(path: Path, values: object) -> None:
    """Write plain values as indented JSON, whole or not at all.

    Raises:
        ValueError: a number is NaN or infinite, which JSON has no word for; where that can happen
            and means that there is no value, use :func:`without_nan`.
        WriteError: the file cannot be written; a file that was there stays as it was.
    """
    write_text(path, json.dumps(values, indent=2, allow_nan=False) + "\n")


def without_nan(values: Mapping[str, float]) -> dict[str, float | None]:
    """The values for JSON: None for those that are NaN or infinite."""
    return {key: value if math.isfinite(value) else None for key, value in values.items()}
