# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The record of each scored frame, in a CSV from which a run resumes."""

from __future__ import annotations

import csv
import io
import math
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from depth_completion_core.files.atomic import write_text
from depth_completion_core.files.json_files import write_json
from depth_completion_core.files.run_files import RUN_FILE, ResultsError, difference, read_run
from depth_completion_core.metrics import METRIC_NAMES, DepthMetrics

_COLUMNS = (
    *("name", "skipped", "failed", "measured_pixels", "rel_measured", "ms"),
    *METRIC_NAMES,
)
_SECONDS_BETWEEN_WRITES = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class FrameRecord:
    """One frame of one model.

    Attributes:
        name: name of the sample.
        metrics: None if there are none.
        measured_pixels: number of measurements that the model saw.
        rel_measured: mean relative difference from those, see :func:`metrics.rel_at`.
        ms: time of the model, milliseconds; NaN if it was not measured.
        skipped: why there are no metrics although nothing failed; otherwise empty.
        failed: what went wrong; otherwise empty.
    """

    name: str
    metrics: DepthMetrics | None = None
    measured_pixels: int = 0
    rel_measured: float = math.nan
    ms: float = math.nan
    skipped: str = ""
    failed: str = ""


class FrameTable:
    """The records of one model under one condition: ``frames.csv`` beside ``run.json``.

    Attributes:
        folder: folder of both files.
        records: by name of the sample, in the order in which they were added.
        resumed: how many of them an earlier run has scored.
    """

    def __init__(self, folder: Path, settings: Mapping[str, Any], *, fresh: bool = False) -> None:
        """Begin a table, or resume the one with the same settings.

        Raises:
            ResultsError: the folder holds results of other settings, or damaged ones.
        """
        self.folder = folder
        self.records: dict[str, FrameRecord] = {}
        self._written_at = time.monotonic()
        found = None if fresh else read_run(folder)
        if found is None:
            self.write()  # first: old frames are never beside new settings
            write_json(folder / RUN_FILE, settings)
        elif differing := difference(found, settings):
            raise ResultsError(
                f"{folder} holds results of another evaluation: {differing}. Give another --out, "
                "or --fresh to start again"
            )
        else:
            self.records = {item.name: item for item in read_records(self.file)}
        self.resumed = sum(not item.failed for item in self.records.values())

    @property
    def file(self) -> Path:
        """The CSV."""
        return self.folder / "frames.csv"

    def has(self, name: str) -> bool:
        """Whether this frame is done; one that failed is tried again."""
        return name in self.records and not self.records[name].failed

    def add(self, record: FrameRecord) -> None:
        """Add a frame; the file follows within seconds."""
        self.records[record.name] = record
        if time.monotonic() - self._written_at > _SECONDS_BETWEEN_WRITES:
            self.write()

    def write(self) -> None:
        """Write the CSV, whole or not at all."""
        write_records(self.file, list(self.records.values()))
        self._written_at = time.monotonic()


def write_records(path: Path, records: list[FrameRecord]) -> None:
    """Write records as CSV; numbers in full, empty for NaN."""
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, _COLUMNS, lineterminator="\n")
    writer.writeheader()
    for record in records:
        numbers = {
            "rel_measured": record.rel_measured,
            "ms": record.ms,
            **(asdict(record.metrics) if record.metrics else {}),
        }
        writer.writerow(
            {
                "name": record.name,
                "skipped": record.skipped,
                "failed": record.failed,
                "measured_pixels": record.measured_pixels,
                **{key: "" if math.isnan(value) else repr(value) for key, value in numbers.items()},
            }
        )
    write_text(path, text.getvalue())


def read_records(path: Path) -> list[FrameRecord]:
    """Read a CSV that :func:`write_records` wrote; raises ResultsError."""
    try:
        with path.open(encoding="utf-8", newline="") as file:
            return [_record(row) for row in csv.DictReader(file)]
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise ResultsError(
            f"{path} is not a table of frames ({type(error).__name__}: {error}); delete it, or "
            "start again with --fresh"
        ) from error


def _record(row: dict[str, str]) -> FrameRecord:
    has_metrics = bool(row["truth_pixels"])
    metrics = DepthMetrics(**{name: _number(row[name]) for name in METRIC_NAMES})
    return FrameRecord(
        name=row["name"],
        metrics=metrics if has_metrics else None,
        measured_pixels=int(row["measured_pixels"]),
        rel_measured=_number(row["rel_measured"]),
        ms=_number(row["ms"]),
        skipped=row["skipped"],
        failed=row["failed"],
    )


def _number(text: str) -> float:
    return float(text) if text else math.nan
