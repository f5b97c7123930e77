# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The one loop: from a recipe to weights, whatever the network, through any number of stops."""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from depth_completion_core.checkpoints.errors import CheckpointError
from depth_completion_core.files.json_files import write_json
from depth_completion_core.training.errors import TrainingError
from depth_completion_core.training.feeds.batch import Batch
from depth_completion_core.training.feeds.requirements import TRUTH, Requirements
from depth_completion_core.training.feeds.sample_loader import SampleLoader
from depth_completion_core.training.feeds.sample_order import ProcessShare, SampleOrder
from depth_completion_core.training.loop.devices import started_fabric
from depth_completion_core.training.loop.failures import what_happened
from depth_completion_core.training.loop.optimizer_step import NotFiniteError
from depth_completion_core.training.loop.results import (
    check_target,
    metrics_of,
    write_shards,
    write_weights,
)
from depth_completion_core.training.loop.run_checkpoints import RunCheckpoints
from depth_completion_core.training.loop.run_folder import RunFolder, check_same
from depth_completion_core.training.loop.run_progress import RunProgress, TimeSpent
from depth_completion_core.training.loop.skip_notes import SkipNotes
from depth_completion_core.training.loop.start_and_end import (
    compare_with_start,
    require_comparable,
)
from depth_completion_core.training.loop.telemetry import ShownStep, Telemetry
from depth_completion_core.training.loop.train_state import TrainState
from depth_completion_core.training.loop.validation import validated
from depth_completion_core.training.recipes.recipe import Recipe, resolved
from depth_completion_core.training.recipes.schedule import learning_rate

if TYPE_CHECKING:
    from lightning_fabric import Fabric


def train(recipe: Recipe, name: str) -> dict[str, Any]:
    """Train, or go on where an earlier run of the same settings in the same folder ended.

    Args:
        recipe: all settings.
        name: of the recipe, for the record and the folder.

    Returns:
        What ``metrics.json`` holds.

    Raises:
        TrainingError: the run cannot start or go on; the last good checkpoint is as it was.
        DataError: a sample is missing or damaged.
    """
    return Trainer(recipe, name, started_fabric(recipe)).run()


class Trainer:
    """A run.

    Args:
        recipe: all settings.
        name: of the recipe.
        fabric: with its processes started.
    """

    def __init__(self, recipe: Recipe, name: str, fabric: Fabric) -> None:
        self._recipe, self._name, self._fabric = recipe, name, fabric
        self._folder = RunFolder(Path(recipe.run.out or f"runs/{name}"))
        self._states = RunCheckpoints(self._folder.states, keep=recipe.run.keep_last)
        self._share = ProcessShare(
            rank=fabric.global_rank, world=fabric.world_size, passes=recipe.passes
        )
        self._share.check(recipe.batch_size)
        self._state = TrainState(recipe, fabric)
        self._samples = recipe.stream(fabric.device, self._state.requires)
        self._order = SampleOrder(
            seed=recipe.seed,
            samples=len(self._samples),
            batch_size=recipe.batch_size,
            epochs=recipe.epochs,
            max_steps=recipe.max_steps,
        )
        self._validation_steps = recipe.validation_steps(self._order.steps_per_epoch)
        scores = bool(self._validation_steps) or recipe.compares_with_start
        self._held_out = self._held_out_samples() if scores and fabric.is_global_zero else None
        self._skip_notes = SkipNotes()
        self._progress = RunProgress()
        self._names: list[str] = []
        self._started = time.monotonic()
        self._spent = TimeSpent()

    def run(self) -> dict[str, Any]:
        """See :func:`train`."""
        lock = None
        try:
            if self._fabric.is_global_zero:
                lock = self._folder.lock()
            self._begin()
            if self._make_steps():
                self._check_learned()
                self._hand_out()
        except (OSError, CheckpointError, NotFiniteError) as error:
            step, newest = self._progress.step, self._states.newest
            raise TrainingError(what_happened(error, step, newest, self._names)) from error
        finally:
            self._skip_notes.close()
            if lock is not None:
                lock.release()
        return self._metrics()

    def _held_out_samples(self) -> SampleLoader:
        requires = Requirements.of(self._state.model_needs, [TRUTH])
        held_out = self._recipe.held_out().samples(self._recipe.seed, requires)
        if self._recipe.compares_with_start:
            require_comparable(held_out)
        return held_out

    def _begin(self) -> None:
        """Go back to the newest state, if there is one and it is wanted."""
        config = resolved(self._recipe)
        if self._fabric.is_global_zero:
            self._states.clean()
            if self._recipe.run.fresh:
                self._states.clear()
                self._folder.clear()
        self._fabric.barrier()
        state = self._states.load()
        if state is not None:
            check_same(state["config"], config, self._folder.path)
            self._progress = RunProgress(**state["progress"])
            self._state.restore(state)
        if self._fabric.is_global_zero:
            for note in self._samples.notes:
                print(note, file=sys.stderr, flush=True)
            self._folder.begin(self._name, config, self._fabric.world_size)

    def _make_steps(self) -> bool:
        """Make the steps that are left; False where the time was up before the last one."""
        recipe, progress, total = self._recipe, self._progress, self._order.total_steps
        stream = self._samples.batches(
            self._order,
            self._share,
            first_step=progress.step,
            workers=recipe.run.workers,
        )
        shown = Telemetry(self._folder.path, recipe.run, self._fabric.is_global_zero)
        with closing(stream), shown as telemetry:
            telemetry.begin(progress.step, total)
            while progress.step < total:
                is_stopped = self._one_step(stream, telemetry)
                self._validate_if_due(telemetry)
                if is_stopped or progress.is_due(recipe.run.checkpoint_steps, total):
                    self._save()
                if is_stopped:
                    self._write_shards()
                    return progress.step == total
        return True

    def _one_step(self, stream: Iterator[Batch], telemetry: Telemetry) -> bool:
        """Make a step; whether the run is to stop after it."""
        began = time.monotonic()
        passes = [next(stream) for _ in range(self._recipe.passes)]
        self._skip_notes.take(passes)
        self._names = [
            name
            for batch in passes
            for name in (*batch.names, *(skipped.name for skipped in batch.skipped))
        ]
        read, rates = time.monotonic(), self._rates()
        result = self._state.step(passes, rates=rates, wants_stop=self._is_time_up())
        self._progress.count(result.loss, result.skipped)
        done = time.monotonic()
        self._spent.count(data_s=read - began, compute_s=done - read)
        telemetry.step(
            ShownStep(
                number=self._progress.step,
                batch=passes[-1],
                result=result,
                rates=rates,
                data_s=read - began,
                compute_s=done - read,
            )
        )
        return result.asked_to_stop

    def _rates(self) -> dict[str, float]:
        """The learning rate of each network."""
        trainings = self._recipe.network_trainings()
        shared = self._recipe.schedule
        return {
            name: learning_rate(
                trainings[name].schedule(shared) if name in trainings else shared,
                self._progress.step,
                steps_per_epoch=self._order.steps_per_epoch,
                total_steps=self._order.total_steps,
                is_restart=self._recipe.starting_weights() is not None,
                scores=self._progress.watched,
            )
            for name in self._state.network_names
        }

    def _is_time_up(self) -> bool:
        limit = self._recipe.run.max_minutes
        return bool(limit) and self._minutes() > limit

    def _minutes(self) -> float:
        return (time.monotonic() - self._started) / 60.0

    def _validate_if_due(self, telemetry: Telemetry) -> None:
        every = self._validation_steps
        if not every or not self._progress.is_due(every, self._order.total_steps):
            return
        if self._held_out is not None:
            self._validate(self._held_out, telemetry)
        if self._recipe.schedule.kind == "plateau":
            score = self._progress.scores.get(self._recipe.schedule.watch, math.nan)
            self._progress.watched.append(self._fabric.broadcast(score))
        self._fabric.barrier()

    def _validate(self, held_out: SampleLoader, telemetry: Telemetry) -> None:
        """Score the weights, and keep them if they are the best."""
        progress, settings = self._progress, self._recipe.validate
        networks = self._state.shown_networks()
        progress.scores = validated(
            networks.depth, held_out, settings.protocol, self._fabric.device
        )
        telemetry.scores(progress.step, progress.scores)
        if progress.scores[settings.best_by] < progress.best:
            progress.best, progress.best_step = progress.scores[settings.best_by], progress.step
            write_weights(self._folder.best, networks, self._recipe, self._name, progress)

    def _save(self) -> None:
        """Write a state; every process takes part."""
        epoch, position = divmod(self._progress.step, self._order.steps_per_epoch)
        state = {
            "config": resolved(self._recipe),
            "progress": asdict(self._progress),
            "epoch": epoch,
            "position": position,
            **self._state.state(),
        }
        if self._fabric.is_global_zero:
            self._states.save(state, self._progress.step)
        self._fabric.barrier()

    def _check_learned(self) -> None:
        """Refuse to hand out weights that are as they were, for want of samples."""
        if math.isnan(self._progress.first_loss):
            raise TrainingError(
                f"nothing was learned: all {self._progress.skipped} samples of the run were left "
                "out, for reasons that were named above; begin again with --run.fresh true when "
                "the data or the settings are others"
            )

    def _hand_out(self) -> None:
        """Write what came out."""
        if self._fabric.is_global_zero:
            networks = self._state.shown_networks()
            write_weights(self._folder.final, networks, self._recipe, self._name, self._progress)
            write_json(self._folder.metrics, self._metrics())
            if self._held_out is not None and self._recipe.compares_with_start:
                objective, device = self._state.shown_objective(), self._fabric.device
                compare_with_start(self._recipe, objective, self._held_out, self._folder, device)
        self._write_shards()
        self._fabric.barrier()
        check_target(self._recipe, self._progress)

    def _write_shards(self) -> None:
        """Write what is small enough to be carried away, after a stop, too."""
        if self._recipe.run.shards and self._fabric.is_global_zero:
            networks = self._state.shown_networks()
            write_shards(self._folder, networks, self._recipe, self._name, self._progress)

    def _metrics(self) -> dict[str, Any]:
        times = {"minutes": self._minutes(), **self._spent.means()}
        return metrics_of(self._progress, self._order, self._name, times)
