# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What a run shows while it runs: how far it is, and TensorBoard where it is installed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

import torch

from depth_completion_core.files.atomic import blamed_on
from depth_completion_core.progress import ProgressDisplay
from depth_completion_core.training.feeds.batch import Batch
from depth_completion_core.training.loop.optimizer_step import StepResult
from depth_completion_core.training.objectives.objective import DEPTH
from depth_completion_core.training.recipes.recipe import RunConfig

_SCORE_UNITS = {
    "mae_mm": "mm",
    "rmse_mm": "mm",
    "imae_per_km": "1/km",
    "irmse_per_km": "1/km",
}
_NO_SCORES = ("images", "images_skipped", "pixels", "truth_pixels")


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class ShownStep:
    """A step as it is shown.

    Attributes:
        number: of the step, from 1.
        batch: of its last pass.
        result: what it gave.
        rates: the learning rate of each network.
        data_s: seconds of waiting for the samples.
        compute_s: seconds of everything else.
    """

    number: int
    batch: Batch
    result: StepResult
    rates: Mapping[str, float]
    data_s: float
    compute_s: float


class Telemetry:
    """Shows steps; nothing in processes other than the first.

    Args:
        folder: of the run.
        settings: how often, and whether at all.
        is_shown: False for all other processes.
    """

    def __init__(self, folder: Path, settings: RunConfig, is_shown: bool) -> None:
        self._settings, self._is_shown = settings, is_shown
        self._folder = folder / "tensorboard"
        self._writer: Any = None
        self._display: ProgressDisplay | None = None
        self._total = 0

    def __enter__(self) -> Telemetry:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with blamed_on(self._folder):
            for closed in (self._display, self._writer):
                if closed is not None:
                    closed.close()

    def begin(self, step: int, total: int) -> None:
        """Open what there is; what a killed run had logged beyond this step is not shown."""
        if not self._is_shown:
            return
        self._total = total
        if self._settings.tensorboard:
            with blamed_on(self._folder):
                self._writer = _writer(self._folder, step)
        if self._settings.progress:
            self._display = ProgressDisplay("training", unit="step", total=total, done=step)

    def step(self, step: ShownStep) -> None:
        """Show a step."""
        if not self._is_shown:
            return
        self._advance(step)
        if self._writer is None:
            return
        is_last = step.number == self._total
        with blamed_on(self._folder):
            if is_last or step.number % self._settings.log_steps == 0:
                self._scalars(step)
            if is_last or step.number % self._settings.image_steps == 0:
                self._pictures(step)

    def scores(self, step: int, scores: Mapping[str, float]) -> None:
        """Show the figures of a validation."""
        if self._writer is None:
            return
        shown = {name: value for name, value in scores.items() if name not in _NO_SCORES}
        with blamed_on(self._folder):
            for name, value in shown.items():
                unit = _SCORE_UNITS.get(name, "1")
                label = name.removesuffix("_mm").removesuffix("_per_km")
                self._writer.add_scalar(f"validation/{label} [{unit}]", value, step)

    def _advance(self, step: ShownStep) -> None:
        text = (
            f"loss {step.result.loss:.4g}, data {1e3 * step.data_s:.0f} ms, "
            f"compute {1e3 * step.compute_s:.0f} ms"
        )
        if self._display is not None:
            self._display.advance(text=text)

    def _scalars(self, step: ShownStep) -> None:
        values = {
            "optimizer/gradient norm [1]": step.result.gradient_norm,
            "samples/skipped in the step [count]": float(step.result.skipped),
            "time/data [ms]": 1e3 * step.data_s,
            "time/compute [ms]": 1e3 * step.compute_s,
        }
        for name, rate in step.rates.items():
            of_which = "" if name == DEPTH else f" of {name}"
            values[f"optimizer/learning rate{of_which} [1]"] = rate
        for name, term in step.result.terms.items():
            values[f"loss/{name} [{term.unit}]"] = term.value
        for tag, value in values.items():
            self._writer.add_scalar(tag, value, step.number)

    def _pictures(self, step: ShownStep) -> None:
        batch, report = step.batch, step.result.report
        if report is None:
            return
        points = (batch.sparse_depth > 0).sum(dim=(1, 2, 3))
        self._writer.add_histogram("input/points per sample [count]", points, step.number)
        if batch.truth is not None:
            depths = torch.log10(batch.truth[batch.truth > 0])
            self._writer.add_histogram("truth/depth [log10 m]", depths, step.number)
        try:
            from depth_completion_core.training.loop.batch_pictures import sheet  # noqa: PLC0415 - needs cv2
        except ImportError:
            return
        picture = sheet(batch, report)
        tag = "samples/depth and error [m]"
        self._writer.add_image(tag, picture, step.number, dataformats="HWC")


def _writer(folder: Path, step: int) -> Any:  # noqa: ANN401 - without types
    try:
        from torch.utils.tensorboard import SummaryWriter  # noqa: PLC0415 - an extra
    except ImportError:
        return None
    return SummaryWriter(str(folder), purge_step=step)
