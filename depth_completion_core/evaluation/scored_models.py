# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The models and saved predictions that a run scores."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from depth_completion_core.evaluation.command_line import Evaluate
from depth_completion_core.evaluation.predictors import (
    ModelSource,
    Predictor,
    SavedPredictions,
    check_labels,
    checkpoints_in,
    model_sources,
    told_apart,
)
from depth_completion_core.evaluation.session import Group
from depth_completion_core.models import MODELS


class ScoredModels:
    """What is scored: the named models together, a folder's checkpoints one after the other.

    Attributes:
        groups: each loads what is held in memory together.
        steps: of checkpoints, by training and label, in order.
    """

    def __init__(self, wanted: Evaluate) -> None:
        """Find them; raises ValueError where there are none, or two have one name."""
        if not wanted.model and not wanted.predictions:
            raise ValueError("say what to score: --model NAME_OR_CHECKPOINT, or --predictions DIR")
        files = [name for name in wanted.model if not _is_folder(name)]
        sources = told_apart([*model_sources(files), *_checkpoints(wanted)])
        named = [source for source in sources if not source.training]
        checkpoints = [source for source in sources if source.training]
        load = partial(ModelSource.load, device=wanted.device, config=wanted.settings)
        loaded: list[Predictor] = [load(source) for source in named]
        scale = wanted.prediction_scale
        loaded += [SavedPredictions(folder, depth_scale=scale) for folder in wanted.predictions]
        check_labels([p.label for p in loaded] + [source.label for source in checkpoints])
        self.steps: dict[str, dict[str, int]] = {}
        for source in checkpoints:
            if source.step is not None:
                self.steps.setdefault(source.training, {})[source.label] = source.step
        self.groups: list[Group] = [lambda: loaded] if loaded else []
        self.groups += [partial(_alone, load, source) for source in checkpoints]


def _checkpoints(wanted: Evaluate) -> list[ModelSource]:
    return [
        source
        for name in wanted.model
        if _is_folder(name)
        for source in checkpoints_in(
            Path(name),
            first=wanted.checkpoint_first,
            every=wanted.checkpoint_every,
            last=wanted.checkpoint_last,
        )
    ]


def _alone(load: Callable[[ModelSource], Predictor], source: ModelSource) -> list[Predictor]:
    return [load(source)]


def _is_folder(name: str) -> bool:
    return name not in MODELS and Path(name).is_dir()
