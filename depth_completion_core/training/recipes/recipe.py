# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The settings of a training run: what every recipe has in common."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from depth_completion_core.metrics import protocol_named
from depth_completion_core.settings.fields import setting
from depth_completion_core.settings.mapping import config_to_mapping
from depth_completion_core.training.feeds.dataset_feed import DatasetFeed
from depth_completion_core.training.feeds.feed import BatchStream, Feed
from depth_completion_core.training.recipes.schedule import ScheduleConfig

if TYPE_CHECKING:
    import torch

    from depth_completion_core.models.base import CompletionModel
    from depth_completion_core.training.feeds.requirements import Requirements
    from depth_completion_core.training.objectives.objective import Objective

Precision = Literal["32", "bf16-mixed", "16-mixed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class OptimizerConfig:
    """The optimiser: Adam (Kingma and Ba, 2015) or AdamW (Loshchilov and Hutter, 2019)."""

    name: Literal["adam", "adamw"] = "adam"
    """adam or adamw."""
    beta1: float = setting(0.9, low=0.0, high=1.0)
    """Decay of the mean of gradients."""
    beta2: float = setting(0.999, low=0.0, high=1.0)
    """Decay of the mean of squared gradients."""
    eps: float = setting(1e-8, low=0.0)
    """Added to the root of the latter."""
    weight_decay: float = setting(0.0, low=0.0)
    """Pull of all weights towards 0."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ValidationConfig:
    """When and how the averaged weights are scored on the validation samples."""

    every_steps: int = setting(0, low=0)
    """So often, and at the end; 0 for never."""
    protocol: str = "all"
    """Which pixels count; a name of the metrics' protocols."""
    best_by: Literal["rmse_mm", "mae_mm", "rel", "irmse_per_km", "imae_per_km"] = "rmse_mm"
    """The figure whose smallest value makes the best weights."""

    def __post_init__(self) -> None:
        protocol_named(self.protocol)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunConfig:
    """Where and on what a run is made; all of it may differ when a run is resumed."""

    out: str = ""
    """The run's folder; empty for runs/RECIPE."""
    fresh: bool = False
    """Begin again, in place of going on with the newest checkpoint of the folder."""
    device: Literal["auto", "cpu", "cuda"] = "auto"
    """auto takes a GPU where there is one."""
    devices: int = setting(1, low=1)
    """Processes on this machine, one per device; torchrun overrides it."""
    nodes: int = setting(1, low=1)
    """Machines."""
    threads: int = setting(0, low=0)
    """Threads of each process on the CPU; 0 leaves it to torch."""
    workers: int = setting(0, low=0)
    """Processes that read samples ahead, for each device; 0 reads between the steps."""
    checkpoint_steps: int = setting(500, low=1)
    """A checkpoint is written so often, and at the end."""
    keep_last: int = setting(3, low=1)
    """So many checkpoints are kept, and the best weights."""
    log_steps: int = setting(20, low=1)
    """Numbers are logged so often."""
    image_steps: int = setting(500, low=1)
    """Pictures and histograms are logged so often."""
    max_minutes: float = setting(0.0, low=0.0)
    """Stop after so long with a checkpoint, to be resumed; 0 for no limit."""
    shards: bool = False
    """Write weights as half-precision shards, too, at the end and when the time is up, that
    --init_weights reads."""
    tensorboard: bool = True
    """Log to TensorBoard where it is installed."""
    progress: bool = True
    """Show a progress bar on a terminal where tqdm is installed, else a line now and then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """A training run as data: what is trained on what, and how.

    Attributes:
        model_name: the network's name in the table of models.
        licence: of the weights that come out, as far as the data decide it.
    """

    model_name: ClassVar[str]
    licence: ClassVar[str] = "Apache-2.0"

    preset: str = ""
    """Name of the preset that these settings began as; for the record."""
    seed: int = setting(0, low=0)
    """Of weights, order, measurements and augmentation."""
    epochs: int = setting(10, low=1)
    """Passes over the samples."""
    max_steps: int = setting(0, low=0)
    """The run ends after so many steps at the latest; 0 for no such end."""
    batch_size: int = setting(8, low=1)
    """Samples of one step, of all devices and passes together."""
    passes: int = setting(1, low=1)
    """A step's samples go through in so many parts, whose gradients add up."""
    precision: Precision = "32"
    """Numbers of the forward pass; weights and losses are float32 always."""
    clip_norm: float = setting(0.0, low=0.0)
    """Gradients longer than this are shortened to it; 0 for no limit."""
    average_decay: float = setting(0.0, low=0.0, high=1.0)
    """Share of the old in each update of the averaged weights; 0 for no average."""
    init_weights: str = ""
    """Begin from the weights of this checkpoint (.safetensors) or folder of shards."""
    target_loss: float = setting(0.0, low=0.0)
    """The run fails unless the mean loss of its last 10 steps is below; 0 asks for nothing."""
    optimizer: OptimizerConfig = field(default_factory=OptimizerConfig)
    schedule: ScheduleConfig = field(default_factory=ScheduleConfig)
    validate: ValidationConfig = field(default_factory=ValidationConfig)
    run: RunConfig = field(default_factory=RunConfig)
    data: Feed
    """The samples that are trained on."""
    validation: DatasetFeed
    """The samples that are scored on."""

    def stream(self, device: torch.device, requires: Requirements) -> BatchStream:
        """The samples of the steps; raises DataError where something is missing."""
        return self.data.stream(
            seed=self.seed, batch_size=self.batch_size, device=device, requires=requires
        )

    def held_out(self) -> DatasetFeed:
        """The samples that are scored on, with what they take over from those trained on."""
        return self.validation.beside(self.data)

    def build_model(self) -> CompletionModel:
        """The network with random weights, drawn from torch's generator.

        Raises:
            TrainingError: a part of it that is to be read from a file cannot be.
        """
        raise NotImplementedError

    def objective(self, model: CompletionModel) -> Objective:
        """The network with its losses."""
        raise NotImplementedError


def resolved(recipe: Recipe) -> dict[str, Any]:
    """All settings as nested plain values."""
    return config_to_mapping(recipe)


def settled(mapping: Mapping[str, Any]) -> dict[str, Any]:
    """The leaves that may not differ when a run is resumed, by dotted path."""
    return dict(_leaves({key: value for key, value in mapping.items() if key != "run"}))


def _leaves(mapping: Mapping[str, Any], prefix: str = "") -> list[tuple[str, Any]]:
    return [
        leaf
        for key, value in mapping.items()
        for leaf in (
            _leaves(value, f"{prefix}{key}.")
            if isinstance(value, Mapping)
            else [(f"{prefix}{key}", value)]
        )
    ]


def default_of(recipe_class: type[Recipe]) -> Recipe:
    """A recipe as it is; recipes are built without arguments."""
    assert dataclasses.is_dataclass(recipe_class)  # noqa: S101 - every recipe is one
    return recipe_class()  # type: ignore[call-arg]
