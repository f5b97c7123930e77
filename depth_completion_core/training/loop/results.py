# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What a run hands out: weights of use to others, and its figures."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from depth_completion_core.checkpoints.checkpoint import metadata_of, save_checkpoint
from depth_completion_core.checkpoints.shards import export_shards
from depth_completion_core.files.json_files import without_nan
from depth_completion_core.models.base import CompletionModel
from depth_completion_core.training.errors import TrainingError
from depth_completion_core.training.feeds.sample_order import SampleOrder
from depth_completion_core.training.loop.run_folder import RunFolder, revision
from depth_completion_core.training.loop.run_progress import RECENT, RunProgress
from depth_completion_core.training.recipes.recipe import Recipe


def write_weights(
    path: Path, model: CompletionModel, recipe: Recipe, name: str, progress: RunProgress
) -> None:
    """Write a checkpoint of the project; raises CheckpointError.

    Args:
        path: the file, ``.safetensors``.
        model: with the weights.
        recipe: that it was trained with.
        name: of the recipe.
        progress: at that step.
    """
    save_checkpoint(
        path,
        recipe.model_name,
        model,
        provenance=_provenance(recipe, name, progress),
        scores=_scores(recipe, progress),
    )


def write_shards(
    folder: RunFolder, model: CompletionModel, recipe: Recipe, name: str, progress: RunProgress
) -> None:
    """Write the same in half precision and in pieces; raises CheckpointError, WriteError."""
    metadata = metadata_of(
        recipe.model_name,
        model,
        provenance=_provenance(recipe, name, progress),
        scores=_scores(recipe, progress),
    )
    export_shards(folder.path / "shards", model.state_dict(), metadata)


def _provenance(recipe: Recipe, name: str, progress: RunProgress) -> dict[str, str]:
    # Its name alone: a path of this machine tells nobody else anything.
    start = recipe.starting_weights()
    started = f", started from {start.name}" if start is not None else ""
    return {
        "source": f"trained by depth_completion_core.train {name}",
        "source_sha256": "",
        "licence": recipe.licence,
        "note": f"{progress.step} steps, seed {recipe.seed}{started}",
        "revision": revision(),
    }


def _scores(recipe: Recipe, progress: RunProgress) -> dict[str, Any]:
    """Of the last validation, by protocol."""
    return {recipe.validate.protocol: without_nan(progress.scores)} if progress.scores else {}


def metrics_of(
    progress: RunProgress, plan: SampleOrder, name: str, times: Mapping[str, float]
) -> dict[str, Any]:
    """The figures of a run, as plain values.

    Args:
        progress: of the run.
        plan: what it was to do.
        name: of the recipe.
        times: how long it took, by name.
    """
    values = {
        "loss": progress.loss,
        "first_loss": progress.first_loss,
        "best": progress.best,
        **times,
    }
    return {
        "recipe": name,
        "finished": progress.step >= plan.total_steps,
        "steps": progress.step,
        "epochs": progress.step / plan.steps_per_epoch,
        "samples_skipped": progress.skipped,
        **without_nan(values),
        "best_step": progress.best_step,
        "scores": without_nan(progress.scores),
    }


def check_target(recipe: Recipe, progress: RunProgress) -> None:
    """Raise TrainingError where the recipe demands a loss that was not reached."""
    target = recipe.target_loss
    if target and not progress.loss < target:
        raise TrainingError(
            f"after {progress.step} steps the loss is {progress.loss:.4g} (mean of the last "
            f"{RECENT}), not below {target:g} as the recipe demands"
        )
