# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A bag in, the same bag with dense depth out."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rosbags.interfaces import Connection
from tqdm import tqdm

from depth_completion_core.completer import DepthCompleter
from depth_completion_core.config import PairingConfig
from depth_completion_core.frame import DepthPrediction, SparseDepth
from depth_completion_core.metrics import Protocol
from depth_completion_core.pairing import Pair, Pairer
from depth_completion_core.transforms import TransformError
from rosbag_tools.errors import BagError
from rosbag_tools.frames import FrameBuilder, PlacedFrame
from rosbag_tools.messages import stamp_ns_of
from rosbag_tools.outputs import Outputs, OutputWriter
from rosbag_tools.plan import Plan
from rosbag_tools.preview import Preview
from rosbag_tools.reader import BagReader, RawMessage
from rosbag_tools.scoring import Scores, Truths, Withholding, decode_truth
from rosbag_tools.stages import Stages
from rosbag_tools.writer import BagWriter, InputCopier


@dataclass(frozen=True, slots=True, kw_only=True)
class CompletionOptions:
    """What to make of a planned bag.

    Attributes:
        outputs: which topics to write, and how.
        pairing: which cloud belongs to which image.
        copy_inputs: whether the output holds all messages of the input too.
        withholding: measurements kept back for scoring.
        protocol: which pixels of a truth count.
        preview: folder for pictures; None for none.
        preview_every: a picture of every n-th frame.
        max_frames: stop after so many; 0 for all.
    """

    outputs: Outputs = field(default_factory=Outputs)
    pairing: PairingConfig = field(default_factory=PairingConfig)
    copy_inputs: bool = True
    withholding: Withholding = field(default_factory=Withholding)
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


@dataclass(slots=True, eq=False, kw_only=True)
class _Task:
    """One frame on its way through the stages."""

    placed: PlacedFrame
    log_ns: int
    truth: SparseDepth | None
    prediction: DepthPrediction | None = None


def complete_bag(
    reader: BagReader,
    writer: BagWriter,
    plan: Plan,
    completer: DepthCompleter,
    options: CompletionOptions,
) -> CompletionReport:
    """Complete every pair of a bag; Ctrl-C ends it early, with what was done so far kept.

    Raises:
        BagError: no frame could be completed, or the output cannot be written.
    """
    run = _Run(reader, writer, plan, completer, options)
    report = run.complete()
    if report.frames == 0:
        raise BagError(_nothing_completed(report, run.pairer))
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
        self._reader, self._plan, self._options = reader, plan, options
        self._completer = completer
        self._builder = FrameBuilder(plan.topics, plan.geometry)
        self.pairer: Pairer[RawMessage, Any] = Pairer(options.pairing, len(plan.topics.clouds))
        self._truths = Truths()
        self._scores = Scores(options.protocol)
        self._preview = Preview(options.preview) if options.preview else None
        self._outputs = OutputWriter(writer, options.outputs)
        self._copier = InputCopier(reader, writer) if options.copy_inputs else None
        self._report = CompletionReport(images=plan.topics.image.connection.msgcount)
        self._fed = 0
        self._bar: tqdm[Any]

    def complete(self) -> CompletionReport:
        report, connections = self._report, self._connections()
        if self._copier:
            self._copier.add(connections)
            for topic, reason in self._copier.skipped.items():
                report.drops[f"topic {topic} not copied: {reason}"] += 1
        self._use_first_calibration()
        stages = Stages([self._run_model, self._write])
        with self._progress():
            try:
                for message in self._readable(connections):
                    self._feed(message, stages)
                    if self._is_enough():
                        break
                else:
                    self._feed_pairs(self.pairer.flush(), stages)
            except KeyboardInterrupt:
                report.interrupted = True
            stages.finish()
        report.drops.update(self.pairer.drops)
        report.scores = self._scores.summary()
        return report

    def _connections(self) -> list[Connection]:
        if self._options.copy_inputs:
            return list(self._reader.connections)
        return self._plan.topics.connections

    def _readable(self, connections: list[Connection]) -> Iterator[RawMessage]:
        """All messages up to where the bag is damaged."""
        messages = self._reader.messages(connections)
        while True:
            try:
                message = next(messages, None)
            except BagError as error:
                self._report.damage = str(error)
                return
            if message is None:
                return
            yield message

    def _use_first_calibration(self) -> None:
        """The first images of a bag often come before the first CameraInfo."""
        info = self._reader.first(self._plan.topics.camera_info.connection)
        if info is None:
            raise BagError(f"{self._plan.topics.camera_info.name} holds no readable CameraInfo")
        try:
            self._builder.set_camera_info(info)
        except ValueError as error:
            raise BagError(f"{self._plan.topics.camera_info.name}: {error}") from error

    def _feed(self, message: RawMessage, stages: Stages) -> None:
        if self._copier:
            stages.put(message)
        topics, topic = self._plan.topics, message.connection.topic
        clouds = [cloud.name for cloud in topics.clouds]
        if topic == topics.image.name:
            stamp_ns = stamp_ns_of(self._reader.decoded(message))
            self._feed_pairs(self.pairer.add_image(stamp_ns, message), stages)
        elif topic in clouds:
            cloud = self._reader.decoded(message)
            pairs = self.pairer.add_cloud(stamp_ns_of(cloud), cloud, clouds.index(topic))
            self._feed_pairs(pairs, stages)
        elif topic == topics.camera_info.name:
            self._take_camera_info(message)
        elif topics.truth and topic == topics.truth.name:
            truth = self._reader.decoded(message)
            self._truths.add(stamp_ns_of(truth), truth)

    def _take_camera_info(self, message: RawMessage) -> None:
        try:
            self._builder.set_camera_info(self._reader.decoded(message))
        except ValueError as error:
            self._report.drops[f"CameraInfo: {error}"] += 1

    def _feed_pairs(self, pairs: list[Pair[RawMessage, Any]], stages: Stages) -> None:
        for pair in pairs:
            if self._is_enough():
                return
            task = self._task(pair)
            if task is not None:
                self._fed += 1
                stages.put(task)

    def _is_enough(self) -> bool:
        return 0 < self._options.max_frames <= self._fed

    def _task(self, pair: Pair[RawMessage, Any]) -> _Task | None:
        """Decode a pair; one that does not decode is counted under its reason and left out."""
        raw = pair.image
        try:
            decoded = Pair(
                image=self._reader.decoded(raw),
                image_stamp_ns=pair.image_stamp_ns,
                clouds=pair.clouds,
                cloud_stamps_ns=pair.cloud_stamps_ns,
                gap_ns=pair.gap_ns,
            )
            placed = self._builder.build(decoded)
            truth = self._truth_of(placed)
        except (ValueError, TransformError, BagError) as error:
            self._report.drops[str(error)] += 1
            return None
        return _Task(placed=placed, log_ns=raw.log_ns, truth=truth)

    def _truth_of(self, placed: PlacedFrame) -> SparseDepth | None:
        topic = self._plan.topics.truth
        message = self._truths.at(placed.frame.stamp_ns) if topic else None
        if topic is None:
            return None
        if message is None:
            self._report.drops[f"score only: no truth on {topic.name} within 5 ms"] += 1
            return None
        return decode_truth(message, topic.connection.msgtype, placed.frame.size)

    def _run_model(self, item: _Task | RawMessage) -> _Task | RawMessage:
        if isinstance(item, RawMessage):
            return item
        frame, withholding = item.placed.frame, self._options.withholding
        if withholding.is_on:
            frame, item.truth = withholding.split(item.placed, self._completer)
        start = time.perf_counter()
        item.prediction = self._completer.complete(frame)
        self._report.model_ms.append(1e3 * (time.perf_counter() - start))
        return item

    def _write(self, item: _Task | RawMessage) -> None:
        if isinstance(item, RawMessage):
            if self._copier:
                self._copier.copy(item)
            return
        prediction, report = item.prediction, self._report
        assert prediction is not None  # noqa: S101 - set by the stage before
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

    @contextmanager
    def _progress(self) -> Iterator[None]:
        total = self._options.max_frames or self._report.images
        self._bar = tqdm(total=total, unit="frame", desc="completing", dynamic_ncols=True)
        with self._bar:
            yield


def _nothing_completed(report: CompletionReport, pairer: Pairer[Any, Any]) -> str:
    if report.interrupted:
        return "interrupted before the first frame was complete; nothing was written"
    reasons = [f"{reason} ({count} times)" for reason, count in report.drops.most_common(5)]
    gap_ns = pairer.best_gap_ns
    gap = "" if gap_ns is None else f" The smallest gap seen was {gap_ns / 1e6:.1f} ms."
    listed = "; ".join([*reasons, *([report.damage] if report.damage else [])])
    return f"not one of {report.images} images could be completed: {listed or 'no pairs'}.{gap}"
