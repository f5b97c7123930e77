# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The loop: every sample is read once, for all models and conditions."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path, PurePosixPath

from depth_completion_core.data.sample import DataError, DepthDataset, Sample
from depth_completion_core.evaluation.conditions import Condition
from depth_completion_core.evaluation.predictors import Predictor
from depth_completion_core.evaluation.records import FrameRecord, FrameTable
from depth_completion_core.files.depth_pngs import DepthPngs
from depth_completion_core.files.output_files import write_depth_npy
from depth_completion_core.frame import OF_ONE_FRAME, DepthPrediction
from depth_completion_core.geometry.intrinsics_doubts import DoubtsOnce
from depth_completion_core.metrics import Protocol, depth_metrics, rel_at
from depth_completion_core.progress import with_progress

NO_TRUTH = "the data set has no true depth"
NOTHING_SCORED = "no true depth that the protocol scores"
EMPTY = "no true depth in the data set, and none from the model"
NO_PREDICTION = "no prediction where there is true depth"

PNG_DEPTH_SCALE = 256.0
PREDICTIONS, SUBMISSION = "predictions", "kitti_submission"


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Job:
    """One model under one condition.

    Attributes:
        predictor: the model.
        condition: the measurements that it sees.
        table: the records so far.
        save: format of the predictions to write: npy, png or kitti; empty to write none.
        pngs: the predictions that were written as PNGs.
    """

    predictor: Predictor
    condition: Condition
    table: FrameTable
    save: str = ""
    pngs: DepthPngs = field(default_factory=partial(DepthPngs, PNG_DEPTH_SCALE))

    @property
    def prediction_folder(self) -> Path:
        """Where predictions are written."""
        return self.table.folder / (SUBMISSION if self.save == "kitti" else PREDICTIONS)

    def prediction_file(self, name: str) -> Path:
        """The file of a sample; raises DataError for a name that points outside the folder."""
        path = PurePosixPath(name)
        if path.is_absolute() or ".." in path.parts or not path.parts:
            raise DataError(f"the sample's name '{name}' cannot be used as a file name")
        return self.prediction_folder / f"{name}.{'npy' if self.save == 'npy' else 'png'}"

    def is_done(self, name: str) -> bool:
        """Whether this frame is scored and, if requested, its prediction written."""
        return self.table.has(name) and (not self.save or self.prediction_file(name).is_file())


def score(
    dataset: DepthDataset,
    indices: Sequence[int],
    jobs: Sequence[Job],
    protocol: Protocol,
    *,
    title: str = "",
) -> None:
    """Score samples; a failure of one is recorded, and the run continues.

    Frames that are already in a table are skipped. Complete tables are written to disk every few
    seconds, at the end, and after Ctrl-C.

    Args:
        dataset: the data set to score on.
        indices: which samples.
        jobs: the jobs whose tables are filled.
        protocol: how to score.
        title: what the progress display calls it.

    Raises:
        OSError: a result cannot be written.
        ImportError: a model needs a package that is not installed.
    """
    names, intrinsics = dataset.names, DoubtsOnce()
    try:
        for index in with_progress(indices, title, unit="frame", total=len(indices)):
            todo = [job for job in jobs if not job.is_done(names[index])]
            if todo:
                sample = _sample(dataset, index, names[index], todo, intrinsics)
                if sample is not None:
                    _score_sample(sample, names[index], todo, protocol)
    finally:
        for job in jobs:
            job.table.write()


def _sample(
    dataset: DepthDataset, index: int, name: str, jobs: Sequence[Job], intrinsics: DoubtsOnce
) -> Sample | None:
    """Read a sample; what is wrong with it is recorded, what is odd about its camera is told."""
    try:
        sample = dataset[index]
    except OF_ONE_FRAME as error:
        for job in jobs:
            job.table.add(FrameRecord(name=name, failed=_reason(error)))
        return None
    for doubt in intrinsics.new(sample.camera):
        print(f"warning: {name}: {doubt}", file=sys.stderr)
    return sample


def _score_sample(sample: Sample, name: str, jobs: Sequence[Job], protocol: Protocol) -> None:
    seen: dict[Condition, Sample] = {}
    for job in jobs:
        try:
            if job.condition not in seen:
                seen[job.condition] = job.condition.apply(sample)
            shown = seen[job.condition]
            prediction, ms = job.predictor.predict(shown)
        except OF_ONE_FRAME as error:
            job.table.add(FrameRecord(name=name, failed=_reason(error)))
            continue
        _save(job, name, prediction)
        job.table.add(record_of(shown, prediction, ms, protocol))


def record_of(
    sample: Sample, prediction: DepthPrediction, ms: float, protocol: Protocol
) -> FrameRecord:
    """Score one prediction; if there are no metrics, the record says why."""
    depth, sparse = prediction.along_z, prediction.sparse
    seen, rel = sparse.count, rel_at(depth.depth, depth.valid, sparse.depth, sparse.valid)
    record = FrameRecord(name=sample.name, measured_pixels=seen, rel_measured=rel, ms=ms)
    if sample.truth is None:
        return replace(record, skipped=NO_TRUTH if prediction.valid.any() else EMPTY)
    metrics = depth_metrics(
        depth.depth, depth.valid, sample.truth.depth, sample.truth.valid, protocol
    )
    skipped = "" if metrics.pixels else NO_PREDICTION if metrics.truth_pixels else NOTHING_SCORED
    return replace(record, metrics=metrics, skipped=skipped)


def _save(job: Job, name: str, prediction: DepthPrediction) -> None:
    if not job.save:
        return
    path, depth = job.prediction_file(name), prediction.along_z
    if job.save == "npy":
        write_depth_npy(path, depth.depth, depth.valid)
    else:
        job.pngs.write(path, depth.depth, depth.valid)


def _reason(error: Exception) -> str:
    """The first line of a message: torch appends many lines of advice to some."""
    lines = str(error).splitlines()
    return lines[0] if lines else type(error).__name__
