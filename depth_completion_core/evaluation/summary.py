# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What the records of one model come to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from depth_completion_core.evaluation.records import FrameRecord
from depth_completion_core.files.json_files import without_nan
from depth_completion_core.metrics import Protocol, mean_metrics, metric_spread


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """One row of a table.

    Attributes:
        mean: of every metric over images, averaged as the protocol says, see mean_metrics().
        std: standard deviation over images of every metric.
        frames: number of frames that were looked at.
        images: number of images that the means are over.
        skipped: number of images without metrics, by reason.
        failed: frames that something was wrong with, and what.
        measured_pixels: mean number of measurements that the model saw.
        rel_measured: mean over images of the relative difference from those.
        ms: mean, p50 and p99 of the time per frame, milliseconds; NaN where nothing was timed.
        draws: the means of each draw of the points, where they were sampled several times; the
            figures above are then means over draws.
    """

    mean: dict[str, float]
    std: dict[str, float]
    frames: int
    images: int
    skipped: dict[str, int]
    failed: dict[str, str]
    measured_pixels: float
    rel_measured: float
    ms: dict[str, float]
    draws: tuple[dict[str, float], ...] = ()

    @property
    def std_over_draws(self) -> dict[str, float]:
        """Standard deviation over draws (of the sample) of every mean; empty for a single draw."""
        if len(self.draws) < 2:
            return {}
        return {
            name: float(np.std([draw[name] for draw in self.draws], ddof=1)) for name in self.mean
        }

    def to_json(self) -> dict[str, Any]:
        """Plain values without NaN."""
        values = asdict(self)
        for key in ("mean", "std", "ms"):
            values[key] = without_nan(values[key])
        del values["draws"]
        if self.draws:
            values["std_over_draws"] = without_nan(self.std_over_draws)
            values["draws"] = [without_nan(draw) for draw in self.draws]
        numbers = {"measured_pixels": self.measured_pixels, "rel_measured": self.rel_measured}
        return {**values, **without_nan(numbers)}


def summary_of(records: Iterable[FrameRecord], protocol: Protocol) -> Summary:
    """Average the records of one model."""
    records = list(records)
    metrics = [record.metrics for record in records if record.metrics]
    answered = [record for record in records if not record.failed]
    mean = mean_metrics(metrics, protocol.averaging)
    images = int(mean.pop("images"))
    mean.pop("images_skipped")
    return Summary(
        mean=mean,
        std=metric_spread(metrics),
        frames=len(records),
        images=images,
        skipped=dict(Counter(record.skipped for record in records if record.skipped)),
        failed={record.name: record.failed for record in records if record.failed},
        measured_pixels=_mean([float(record.measured_pixels) for record in answered]),
        rel_measured=_mean([r.rel_measured for r in answered if not np.isnan(r.rel_measured)]),
        ms=_times([record.ms for record in answered]),
    )


def _times(values: list[float]) -> dict[str, float]:
    timed = [value for value in values if not np.isnan(value)]
    if not timed:
        return dict.fromkeys(("mean", "p50", "p99"), float("nan"))
    p50, p99 = np.percentile(timed, (50, 99))
    return {"mean": float(np.mean(timed)), "p50": float(p50), "p99": float(p99)}


def _mean(values: list[float]) -> float:
    return float(np.mean(values)) if values else float("nan")
