# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What a run hands out: weights of use to others, and its figures."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from depth_completion_core.checkpoints.checkpoint import metadata_of, save_checkpoint
from depth_completion_core.checkpoints.pose_checkpoint import (
    pose_metadata_of,
    save_pose_checkpoint,
)
from depth_completion_core.checkpoints.shards import export_shards
from depth_completion_core.files.json_files import without_nan
from depth_completion_core.models.pose import pose_network_name
from depth_completion_core.models.pose.base import PoseNetwork
from depth_completion_core.training.errors import TrainingError
from depth_completion_core.training.feeds.sample_order import SampleOrder
from depth_completion_core.training.loop.run_folder import RunFolder, revision
from depth_completion_core.training.loop.run_progress import RECENT, RunProgress
from depth_completion_core.training.loop.train_state import ShownNetworks
from depth_completion_core.training.recipes.recipe import Recipe


def write_weights(
    path: Path, networks: ShownNetworks, recipe: Recipe, name: str, progress: RunProgress
) -> None:
    """Write a checkpoint of the project, and one of each pose network in a folder beside it.

    Args:
        path: the file, ``.safetensors``; that of a network ``pose`` is ``pose/`` and its name.
        networks: with the weights.
        recipe: that they were trained with.
        name: of the recipe.
        progress: at that step.

    Raises:
        CheckpointError: a weight is not finite, or a file cannot be written.
        OSError: the folder cannot be made.
    """
    provenance = _provenance(recipe, name, progress)
    for key, network in pose_networks(networks).items():
        beside = path.parent / key / path.name
        beside.parent.mkdir(exist_ok=True)
        network_name = pose_network_name(network)
        save_pose_checkpoint(beside, network_name, network, provenance=provenance)
    save_checkpoint(
        path,
        recipe.model_name,
        networks.depth,
        provenance=provenance,
        scores=_scores(recipe, progress),
        beside=_named_beside(networks, path.name),
    )


def write_shards(
    folder: RunFolder, networks: ShownNetworks, recipe: Recipe, name: str, progress: RunProgress
) -> None:
    """Write the same in half precision and in pieces; raises CheckpointError, WriteError."""
    provenance = _provenance(recipe, name, progress)
    for key, network in pose_networks(networks).items():
        of_pose = pose_metadata_of(pose_network_name(network), network, provenance=provenance)
        export_shards(folder.shards / key, network.state_dict(), of_pose)
    metadata = metadata_of(
        recipe.model_name,
        networks.depth,
        provenance=provenance,
        scores=_scores(recipe, progress),
        beside=_named_beside(networks, ""),
    )
    export_shards(folder.shards, networks.depth.state_dict(), metadata)


def pose_networks(networks: ShownNetworks) -> dict[str, PoseNetwork]:
    """The pose networks among those of a run, by name."""
    found = networks.beside.items()
    return {name: network for name, network in found if isinstance(network, PoseNetwork)}


def _named_beside(networks: ShownNetworks, file_name: str) -> dict[str, dict[str, str]]:
    """What the depth network's file says of the others."""
    poses = pose_networks(networks)
    return {
        name: {"network": pose_network_name(poses[name]), "file": f"{name}/{file_name}"}
        if name in poses
        else {"network": type(network).__name__, "file": ""}
        for name, network in networks.beside.items()
    }


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
