# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What a run changed on the frames that it was not trained on, from its first weights to its last.

Written into the run's folder: ``comparison.json`` with the figures of each frame, and
``comparison.png`` with some of them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import torch

from depth_completion_core.data.sampling.choosing import evenly_spread
from depth_completion_core.metrics import DepthMetrics
from depth_completion_core.models.base import CompletionModel
from depth_completion_core.training.errors import TrainingError
from depth_completion_core.training.feeds.batch import Batch
from depth_completion_core.training.feeds.sample_loader import SampleLoader
from depth_completion_core.training.loop.comparison import DECISIVE, Comparison, FrameFigures
from depth_completion_core.training.loop.run_folder import RunFolder
from depth_completion_core.training.loop.train_state import starting_model
from depth_completion_core.training.loop.validation import ScoredSample, scored_sample
from depth_completion_core.training.objectives.objective import Objective, ObjectiveReport, Term
from depth_completion_core.training.recipes.recipe import Recipe

_FIGURES = {DECISIVE: ("rmse_mm", "mm"), "MAE": ("mae_mm", "mm"), "iRMSE": ("irmse_per_km", "1/km")}
_SHOWN = 3
_NOTHING_TO_COMPARE = (
    "no frame that is scored on has a depth to compare with, so it cannot be told whether weights "
    "become better; hold out other frames (--data.held_out, --validation.set)"
)


class _ScoredTwice(NamedTuple):
    """A frame with two sets of weights."""

    name: str
    before: DepthMetrics
    after: DepthMetrics


def require_comparable(held_out: SampleLoader) -> None:
    """Raise TrainingError where a run could not tell at its end what it changed."""
    if not any(held_out.batch_of(index).size for index in range(len(held_out))):
        raise TrainingError(_NOTHING_TO_COMPARE)


def compare_with_start(
    recipe: Recipe,
    objective: Objective,
    held_out: SampleLoader,
    folder: RunFolder,
    device: torch.device,
) -> Comparison:
    """Score the first weights and the last ones, write what changed, and print it.

    Args:
        recipe: of the run.
        objective: with the last weights, in evaluation mode on the device; no longer of use then.
        held_out: frames that were not trained on.
        folder: of the run.
        device: where to run.

    Raises:
        TrainingError: no frame has a depth to compare with.
    """
    models = starting_model(recipe).to(device).eval(), objective.model
    protocol = recipe.validate.protocol

    def both(index: int) -> tuple[ScoredSample, ScoredSample] | None:
        first, second = (
            scored_sample(model, held_out, index, protocol, device) for model in models
        )
        return None if first is None or second is None else (first, second)

    scored: dict[int, _ScoredTwice] = {}
    for index in range(len(held_out)):
        pair = both(index)
        if pair is not None and math.isfinite(pair[0].metrics.rmse_mm):
            scored[index] = _ScoredTwice(pair[0].name, pair[0].metrics, pair[1].metrics)
    figures = _depth_figures(list(scored.values()))
    figures |= _compared_terms(recipe, objective, models, device)
    comparison = Comparison(figures)
    comparison.write(folder.comparison)
    print("\n".join(comparison.lines()))
    _write_picture(folder.comparison_picture, [both(index) for index in _spread(scored)])
    return comparison


def _depth_figures(scored: Sequence[_ScoredTwice]) -> dict[str, FrameFigures]:
    if not scored:
        raise TrainingError(_NOTHING_TO_COMPARE)
    return {
        heading: FrameFigures(
            unit,
            tuple(frame.name for frame in scored),
            tuple(getattr(frame.before, metric) for frame in scored),
            tuple(getattr(frame.after, metric) for frame in scored),
        )
        for heading, (metric, unit) in _FIGURES.items()
    }


def _compared_terms(
    recipe: Recipe,
    objective: Objective,
    models: tuple[CompletionModel, CompletionModel],
    device: torch.device,
) -> dict[str, FrameFigures]:
    """What the objective says of frames, with the networks beside as they are at the end.

    Frames that lack what it requires, such as further images, are left out.
    """
    if not objective.compared_terms:
        return {}
    samples = recipe.held_out().samples(recipe.seed, objective.requirements)
    found: dict[str, tuple[Mapping[str, Term], Mapping[str, Term]]] = {}
    for index in range(len(samples)):
        batch = samples.batch_of(index).to(device)
        if batch.size:
            before, after = (_terms(objective, model, batch) for model in models)
            found[batch.names[0]] = before, after
    figures = {}
    for name in objective.compared_terms if found else ():
        pairs = [(before[name], after[name]) for before, after in found.values()]
        figures[name] = FrameFigures(
            pairs[0][0].unit,
            tuple(found),
            tuple(float(before.value) for before, _ in pairs),
            tuple(float(after.value) for _, after in pairs),
        )
    return figures


@torch.no_grad()
def _terms(objective: Objective, model: CompletionModel, batch: Batch) -> Mapping[str, Term]:
    objective.model = model
    report: ObjectiveReport = objective(batch)
    return report.terms


def _spread(scored: Mapping[int, _ScoredTwice]) -> list[int]:
    """The frames that gained most, that lie in the middle, and that gained least or lost."""
    order = sorted(
        scored, key=lambda index: scored[index].after.rmse_mm / scored[index].before.rmse_mm
    )
    return [order[place] for place in evenly_spread(len(order), _SHOWN)]


def _write_picture(path: Path, pairs: Sequence[tuple[ScoredSample, ScoredSample] | None]) -> None:
    try:
        from depth_completion_core.training.loop.comparison_picture import (  # noqa: PLC0415 - needs cv2
            write_comparison_picture,
        )
    except ImportError:
        return
    write_comparison_picture(path, [pair for pair in pairs if pair is not None])
