# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Lightning Fabric for a run: which devices, how many processes, which precision."""

from __future__ import annotations

import atexit
import os
from typing import TYPE_CHECKING

import torch

from depth_completion_core.training.errors import TrainingError
from depth_completion_core.training.recipes.recipe import Recipe

if TYPE_CHECKING:
    from lightning_fabric import Fabric


def started_fabric(recipe: Recipe) -> Fabric:
    """Fabric with all its processes; under torchrun those that torchrun started.

    Raises:
        TrainingError: Fabric is not installed, the device is not there, or it lacks the precision.
    """
    try:
        from lightning_fabric import Fabric  # noqa: PLC0415 - an extra, not in the base install

        from depth_completion_core.training.loop.mixed_precision import precision_plugin  # noqa: PLC0415
    except ImportError as error:
        raise TrainingError(
            f"training needs Lightning Fabric ({error}): pip install 'lightning-fabric>=2.4'"
        ) from error
    if recipe.run.threads:
        torch.set_num_threads(recipe.run.threads)
    accelerator = _accelerator(recipe)
    devices, nodes = _processes(recipe)
    fabric = Fabric(
        accelerator=accelerator,
        devices=devices,
        num_nodes=nodes,
        strategy="ddp" if devices * nodes > 1 else "auto",
        plugins=precision_plugin(recipe.precision, accelerator),
    )
    fabric.launch()
    if fabric.world_size > 1:
        atexit.register(_leave_group)
    return fabric


def _leave_group() -> None:
    """Left to itself, a process may abort at its very end, when the group's threads still run."""
    if torch.distributed.is_initialized():
        torch.distributed.destroy_process_group()


def is_first_process() -> bool:
    """Whether this process speaks for all."""
    group = torch.distributed
    return not (group.is_available() and group.is_initialized()) or group.get_rank() == 0


def _accelerator(recipe: Recipe) -> str:
    has_gpu = torch.cuda.is_available()
    if recipe.run.device == "cuda" and not has_gpu:
        raise TrainingError("--run.device is cuda, but torch sees no GPU; try cpu or auto")
    accelerator = "cuda" if has_gpu and recipe.run.device != "cpu" else "cpu"
    if recipe.precision == "16-mixed" and accelerator == "cpu":
        raise TrainingError("--precision 16-mixed needs a GPU; a CPU has 32 and bf16-mixed")
    return accelerator


def _processes(recipe: Recipe) -> tuple[int, int]:
    """Processes on this machine, and machines."""
    if "TORCHELASTIC_RUN_ID" not in os.environ:
        return recipe.run.devices, recipe.run.nodes
    here = int(os.environ["LOCAL_WORLD_SIZE"])
    return here, int(os.environ["WORLD_SIZE"]) // here
