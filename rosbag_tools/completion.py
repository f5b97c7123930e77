# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A bag in, the same bag with dense depth out."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tqdm import tqdm

from depth_completion_core.completer import DepthCompleter
from depth_completion_core.config import PairingConfig
from depth_completion_core.frame import DepthPrediction, SparseDepth
from depth_completion_core.metrics import Protocol
from depth_completion_core.sensing.frame_builder import PlacedFrame
from depth_completion_core.sensing.holdout import Holdout
from rosbag_tools.bag_frames import BagFrames, FrameToComplete
from rosbag_tools.completion_plan import Plan
from rosbag_tools.errors import BagError
from rosbag_tools.outputs import Outputs, OutputWriter
from rosbag_tools.preview import Preview
from rosbag_tools.reader import BagReader, RawMessage
from rosbag_tools.scoring import Scores
from rosbag_tools.thread_pipeline import ThreadPipeline
from rosbag_tools.writer import BagWriter, InputCopier


@dataclass(frozen=True, slots=True, kw_only=True)
class CompletionOptions:
    """What to make of a planned bag.

    Attributes:
        outputs: which topics to write, and how.
        pairing: which cloud belongs to which image.
        copy_inputs: whether the output holds all messages of the input too.
        holdout: measurements kept back for scoring.
        protocol: which pixels of a truth count.
        preview: folder for pictures; None for none.
        preview_every: a picture of every n-th frame.
        max_frames: stop after so many; 0 for all.
    """

    outputs: Outputs = field(default_factory=Outputs)
    pairing: PairingConfig = field(default_factory=PairingConfig)
    copy_inputs: bool = True
    holdout: Holdout = field(default_factory=Holdout)
    protocol: Protocol
    preview: Path | None = None
    preview_every: int = 1
    max_frames: int = 0


@dataclass(slots=True, kw_only=True)
class CompletionReport:
    """What came of it.

    Attributes:
        frames: frames completed and written.
        images: images in the bag.
        drops: messages that were not used, by reason.
        scores: mean metrics; empty without a truth.
        model_ms: time in the model and around it (projection included), for each frame.
        gap_ms: time between image and cloud of each pair.
        confidence: mean confidence of each frame, where the model gives one.
        coverage: share of the image's pixels with a depth, of each frame.
        interrupted: whether the user stopped it.
        damage: why reading ended early; empty where it did not.
    """

    frames: int = 0
    images: int = 0
    drops: Counter[str] = field(default_factory=Counter)
    scores: dict[str, float] = field(default_factory=dict)
    model_ms: list[float] = field(default_factory=list)
    gap_ms: list[float] = field(default_factory=list)
    confidence: list[float] = field(default_factory=list)
    coverage: list[float] = field(default_factory=list)
    interrupted: bool = False
    damage: str = ""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class _Completed:
    placed: PlacedFrame
    log_ns: int
    truth: SparseDepth | None
    prediction: DepthPrediction


def complete_bag(
    reader: BagReader,
    writer: BagWriter,
    plan: Plan,
    completer: DepthCompleter,
    options: CompletionOptions,
) -> CompletionReport:
    """Complete every pair of a bag; Ctrl-C ends it early, with what was done so far kept.

    Reading and decoding, the model, and encoding and writing each run on a thread of their own.

    Raises:
        BagError: no frame could be completed, or the output cannot be written.
        KeyboardInterrupt: Ctrl-C came before the first frame was complete.
    """
    source = BagFrames(reader, plan, options.pairing)
    run = _Run(reader, writer, plan, completer, options)
    report = run.complete(source)
    if report.frames == 0 and report.interrupted:
        raise KeyboardInterrupt
    if report.frames == 0:
        raise BagError(_nothing_completed(report, source.best_gap_ns))
    return report


class _Run:
    def __init__(
        self,
        reader: BagReader,
        writer: BagWriter,
        plan: Plan,
        completer: DepthCompleter,
        options: CompletionOptions,
    ) -> None:
        self._completer, self._options = completer, options
        self._scores = Scores(options.protocol)
        self._preview = Preview(options.preview) if options.preview else None
        self._outputs = OutputWriter(writer, options.outputs)
        self._copier = InputCopier(reader, writer) if options.copy_inputs else None
        everything = list(reader.connections)
        self._connections = everything if options.copy_inputs else plan.topics.connections
        self._report = CompletionReport(images=plan.topics.image.count)
        total = options.max_frames or self._report.images
        self._bar: tqdm[Any] = tqdm(
            total=total, unit="frame", desc="completing", dynamic_ncols=True, delay=0.1
        )

    def complete(self, source: BagFrames) -> CompletionReport:
        report = self._report
        self._announce_copies()
        stages = ThreadPipeline([self._run_model, self._write])
        with self._bar:
            try:
                self._feed(source, stages)
            except KeyboardInterrupt:
                report.interrupted = True
            finally:  # after an error too: no thread may outlive the bag that it writes
                stages.finish()
        report.drops.update(source.drops)
        report.damage = source.damage
        report.scores = self._scores.summary()
        return report

    def _announce_copies(self) -> None:
        if self._copier:
            self._copier.add(self._connections)
            for topic, reason in self._copier.skipped.items():
                self._report.drops[f"topic {topic} not copied: {reason}"] += 1
            self._outputs.check_free([connection.topic for connection in self._connections])

    def _feed(self, source: BagFrames, stages: ThreadPipeline) -> None:
        fed = 0
        for item in source.items(self._connections):
            stages.put(item)
            fed += isinstance(item, FrameToComplete)
            if 0 < self._options.max_frames <= fed:
                return

    def _run_model(self, item: FrameToComplete | RawMessage) -> _Completed | RawMessage | None:
        if isinstance(item, RawMessage):
            return item
        if self._report.interrupted:  # what waits in the queue is not worth a slow model's time
            return None
        frame, truth = item.placed.frame, item.truth
        if self._options.holdout.is_on:
            frame, truth = self._options.holdout.split(item.placed, self._completer.sparse_depth)
        start = time.perf_counter()
        prediction = self._completer.complete(frame)
        self._report.model_ms.append(1e3 * (time.perf_counter() - start))
        return _Completed(
            placed=item.placed, log_ns=item.log_ns, truth=truth, prediction=prediction
        )

    def _write(self, item: _Completed | RawMessage | None) -> None:
        if item is None:
            return
        if isinstance(item, RawMessage):
            if self._copier:
                self._copier.copy(item)
            return
        prediction, report = item.prediction, self._report
        if prediction.sparse.count == 0:
            report.drops["no point of the cloud lies in the image: depth is empty"] += 1
        self._outputs.write(item.placed, prediction, item.log_ns)
        if item.truth is not None:
            self._scores.add(prediction, item.truth)
        if self._preview and report.frames % self._options.preview_every == 0:
            self._preview.write(item.placed.frame.image, prediction, item.truth)
        report.frames += 1
        report.gap_ms.append(item.placed.gap_ns / 1e6)
        report.coverage.append(float(prediction.valid.mean()))
        if prediction.confidence is not None:
            report.confidence.append(float(prediction.confidence.mean()))
        self._bar.update()


def _nothing_completed(report: CompletionReport, best_gap_ns: int | None) -> str:
    reasons = [f"{reason} ({count} times)" for reason, count in report.drops.most_common(5)]
    gap = "" if best_gap_ns is None else f" The smallest gap seen was {best_gap_ns / 1e6:.1f} ms."
    listed = "; ".join([*reasons, *([report.damage] if report.damage else [])])
    return f"not one of {report.images} images could be completed: {listed or 'no pairs'}.{gap}"
