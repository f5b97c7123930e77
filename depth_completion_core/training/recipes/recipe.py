# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The settings of a training run: what every recipe has in common."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from depth_completion_core.metrics import protocol_named
from depth_completion_core.settings.fields import ConfigError, setting
from depth_completion_core.settings.mapping import config_to_mapping
from depth_completion_core.training.feeds.dataset_feed import DatasetFeed
from depth_completion_core.training.feeds.feed import BatchStream, Feed
from depth_completion_core.training.recipes.networks import NetworkTraining
from depth_completion_core.training.recipes.schedule import ScheduleConfig, Score

if TYPE_CHECKING:
    import torch

    from depth_completion_core.models.base import CompletionModel
    from depth_completion_core.training.feeds.requirements import Requirements
    from depth_completion_core.training.objectives.objective import Objective

Precision = Literal["32", "bf16-mixed", "16-mixed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class OptimizerConfig:
    """The optimiser: Adam (Kingma and Ba, 2015), AdamW (Loshchilov and Hutter, 2019) or SGD."""

    name: Literal["adam", "adamw", "sgd"] = "adam"
    """adam, adamw, or sgd: stochastic gradient descent with momentum."""
    momentum: float = setting(0.9, low=0.0, high=1.0)
    """Of sgd: share of the last step that is made again."""
    nesterov: bool = False
    """Of sgd: whether the gradient is taken after that share."""
    beta1: float = setting(0.9, low=0.0, high=1.0)
    """Decay of the mean of gradients."""
    beta2: float = setting(0.999, low=0.0, high=1.0)
    """Decay of the mean of squared gradients."""
    eps: float = setting(1e-8, low=0.0)
    """Added to the root of the latter."""
    weight_decay: float = setting(0.0, low=0.0)
    """Decay of all weights towards 0."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ValidationConfig:
    """When and how the averaged weights are scored on the validation samples."""

    every_steps: int = setting(0, low=0)
    """Steps between validations; there is also one at the end. 0 for none."""
    every_epochs: int = setting(0, low=0)
    """The same in epochs, instead of in steps."""
    protocol: str = "all"
    """Which pixels are scored; the name of a protocol of the metrics."""
    best_by: Score = "rmse_mm"
    """The metric by which the best weights are chosen; smaller is better."""

    def __post_init__(self) -> None:
        protocol_named(self.protocol)
        if self.every_steps and self.every_epochs:
            raise ConfigError(
                f"validation is every {self.every_steps} steps and every {self.every_epochs} "
                "epochs; set one of 'every_steps' and 'every_epochs' to 0"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class RunConfig:
    """Where and on what to run; all of it may differ when a run is resumed."""

    out: str = ""
    """The run's folder; empty for runs/RECIPE."""
    fresh: bool = False
    """Start again instead of resuming from the newest checkpoint in the folder."""
    device: Literal["auto", "cpu", "cuda"] = "auto"
    """auto uses a GPU if there is one."""
    devices: int = setting(1, low=1)
    """Processes on this machine, one per device; torchrun overrides it."""
    nodes: int = setting(1, low=1)
    """Machines."""
    threads: int = setting(0, low=0)
    """CPU threads of each process; 0 leaves the choice to torch."""
    workers: int = setting(0, low=0)
    """Processes that read samples ahead, for each device; 0 reads between the steps."""
    checkpoint_steps: int = setting(500, low=1)
    """Steps between checkpoints; there is also one at the end."""
    keep_last: int = setting(3, low=1)
    """Number of checkpoints to keep; the best weights are kept as well."""
    log_steps: int = setting(20, low=1)
    """Steps between logged numbers."""
    image_steps: int = setting(500, low=1)
    """Steps between logged pictures and histograms."""
    max_minutes: float = setting(0.0, low=0.0)
    """Stop with a checkpoint after this many minutes, to be resumed later; 0 for no limit."""
    shards: bool = False
    """Also write half-precision shards at the end and when the time is up; --init_weights reads
    them."""
    tensorboard: bool = True
    """Log to TensorBoard if it is installed."""
    progress: bool = True
    """Show a progress bar if on a terminal and tqdm is installed, otherwise a line now and then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """A training run as data: what is trained on what, and how.

    Attributes:
        model_name: the network's name in the table of models.
        licence: licence of the resulting weights, as far as it depends on the data.
        compares_with_start: whether the run ends by telling what it changed on the samples that are
            scored on, from the weights that it began with to those that came out.
    """

    model_name: ClassVar[str]
    licence: ClassVar[str] = "Apache-2.0"
    compares_with_start: ClassVar[bool] = False

    preset: str = ""
    """Name of the preset that these settings are based on; for the record."""
    seed: int = setting(0, low=0)
    """Random seed of weights, order, measurements and augmentation."""
    epochs: int = setting(10, low=1)
    """Passes over the samples."""
    max_steps: int = setting(0, low=0)
    """Stop after this many steps at the latest; 0 for no limit."""
    batch_size: int = setting(8, low=1)
    """Samples per step, over all devices and passes together."""
    passes: int = setting(1, low=1)
    """Number of parts in which a step's samples are processed; their gradients are added."""
    precision: Precision = "32"
    """Number format of the forward pass; weights and losses are always float32."""
    clip_norm: float = setting(0.0, low=0.0)
    """Largest norm of the gradients, to which larger ones are scaled; 0 for no limit."""
    average_decay: float = setting(0.0, low=0.0, high=1.0)
    """Share of the old average in each update of the averaged weights; 0 for no average."""
    init_weights: str = ""
    """Start from the weights of this checkpoint (.safetensors) or folder of shards."""
    target_loss: float = setting(0.0, low=0.0)
    """Fail unless the mean loss of the last 10 steps is below this; 0 for no such check."""
    optimizer: OptimizerConfig = field(default_factory=OptimizerConfig)
    schedule: ScheduleConfig = field(default_factory=ScheduleConfig)
    validate: ValidationConfig = field(default_factory=ValidationConfig)
    run: RunConfig = field(default_factory=RunConfig)
    data: Feed
    """The samples to train on."""
    validation: DatasetFeed
    """The samples to validate on."""

    def stream(self, device: torch.device, requires: Requirements) -> BatchStream:
        """The samples of the steps; raises DataError where something is missing."""
        return self.data.stream(
            seed=self.seed, batch_size=self.batch_size, device=device, requires=requires
        )

    def held_out(self) -> DatasetFeed:
        """The samples that are scored on, with what they take over from those trained on."""
        return self.validation.beside(self.data)

    def starting_weights(self) -> Path | None:
        """The checkpoint or folder of shards that the run begins from; None for random weights."""
        return Path(self.init_weights) if self.init_weights else None

    def validation_steps(self, steps_per_epoch: int) -> int:
        """Steps between validations; 0 for none.

        Raises:
            ConfigError: the learning rate waits for scores that never come.
        """
        steps = self.validate.every_steps or self.validate.every_epochs * steps_per_epoch
        if self.schedule.kind == "plateau" and not steps:
            raise ConfigError(
                "a plateau schedule follows the scores of validation, and there is none: give "
                "--validate.every_epochs 1, or another --schedule.kind"
            )
        return steps

    def build_model(self) -> CompletionModel:
        """The network with random weights from torch's generator.

        Raises:
            TrainingError: a part of it that is to be read from a file cannot be.
        """
        raise NotImplementedError

    def objective(self, model: CompletionModel) -> Objective:
        """The network with its losses, and what is learned beside it."""
        raise NotImplementedError

    def network_trainings(self) -> dict[str, NetworkTraining]:
        """How each network of the objective is trained, by its name there.

        Networks that are not named are trained as the optimiser and the schedule say.
        """
        return {}


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
