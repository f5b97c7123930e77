# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A bag in, the same bag with dense depth out."""

from __future__ import annotations

import time
from contextlib import nullcontext
from dataclasses import dataclass

from depth_completion_core.completer import DepthCompleter
from depth_completion_core.frame import DepthPrediction, SparseDepth
from depth_completion_core.geometry.transform_buffer import TransformError
from depth_completion_core.metrics import protocol_named
from depth_completion_core.progress import ProgressDisplay
from depth_completion_core.sensing.empty_frames import DEPTH_IS_EMPTY, why_empty
from depth_completion_core.sensing.placed_frame import PlacedFrame
from depth_completion_core.sensing.wanted_views import WantedViews
from rosbag_tools.bag_frames import BagFrames, FrameToComplete
from rosbag_tools.completion_job import CompletionJob
from rosbag_tools.completion_page import write_completion_page
from rosbag_tools.completion_plan import Plan
from rosbag_tools.completion_report import CompletionReport
from rosbag_tools.errors import BagError, UndecodableError
from rosbag_tools.frame_outcome import outcome_of
from rosbag_tools.input_copier import InputCopier
from rosbag_tools.no_frame import no_frame_done
from rosbag_tools.outputs import OutputWriter
from rosbag_tools.preview import Preview
from rosbag_tools.reader import BagReader, RawMessage
from rosbag_tools.rerun_file import RerunFile
from rosbag_tools.scoring import Scores
from rosbag_tools.seen_frames import SeenFrames
from rosbag_tools.shown_frame import shown_frame
from rosbag_tools.thread_pipeline import ThreadPipeline
from rosbag_tools.writer import BagWriter


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class _Completed:
    placed: PlacedFrame
    log_ns: int
    truth: SparseDepth | None
    prediction: DepthPrediction
    model_ms: float


def complete_bag(
    reader: BagReader,
    writer: BagWriter,
    plan: Plan,
    completer: DepthCompleter,
    job: CompletionJob,
    *,
    is_shown: bool = True,
) -> CompletionReport:
    """Complete every pair of an open bag; Ctrl-C ends it early, with what was done so far kept.

    Reading and decoding, the model, and encoding and writing each run on a thread of their own.

    Raises:
        BagError: no frame could be completed, or the output cannot be written.
        KeyboardInterrupt: Ctrl-C came before the first frame was complete, or the job keeps no
            part.
    """
    offsets = completer.model.needs.view_offsets
    wanted = WantedViews(offsets=offsets, project=completer.sparse_depth)
    source = BagFrames(reader, plan, job.settings.pairing, wanted)
    run = _Run(reader, writer, plan, completer, job, is_shown=is_shown)
    report = run.complete(source)
    if report.interrupted and not (report.frames and job.keeps_part):
        raise KeyboardInterrupt
    if report.frames == 0:
        raise BagError(no_frame_done("completed", report.images, source, job.settings.pairing))
    if max(report.known("coverage")) == 0 and not report.interrupted:
        raise BagError(_all_empty(report, plan))
    return report


class _Run:
    def __init__(
        self,
        reader: BagReader,
        writer: BagWriter,
        plan: Plan,
        completer: DepthCompleter,
        job: CompletionJob,
        *,
        is_shown: bool,
    ) -> None:
        self._completer, self._job, self._plan = completer, job, plan
        self._scores = Scores(protocol_named(job.protocol))
        self._preview = Preview(job.preview) if job.preview else None
        self._seen = SeenFrames(plan.geometry) if job.report else None
        fixed_frame = plan.geometry.fixed_frame
        self._world = fixed_frame or "camera"
        self._recording = (
            RerunFile(job.rerun, [self._world], z_is_up=bool(fixed_frame)) if job.rerun else None
        )
        self._outputs = OutputWriter(writer, job.writes, job.settings.cloud)
        self._copier = InputCopier(reader, writer) if job.copies_inputs else None
        everything = list(reader.connections)
        self._connections = everything if job.copies_inputs else plan.topics.connections
        self._report = CompletionReport(images=plan.topics.image.count, doubts=plan.doubts)
        total = job.max_frames or self._report.images
        self._display = ProgressDisplay("completing", unit="frame", total=total, is_shown=is_shown)

    def complete(self, source: BagFrames) -> CompletionReport:
        report = self._report
        self._announce_copies()
        stages = ThreadPipeline([self._run_model, self._write])
        with self._display, self._recording or nullcontext():
            try:
                self._feed(source, stages)
            except KeyboardInterrupt:
                report.interrupted = True
            finally:  # after an error too: no thread may outlive the bag that it writes
                stages.finish()
        report.drops.update(source.drops)
        report.damage = source.damage
        told = self._plan.notes
        report.notes = [line for line in self._plan.geometry.habits.history if line not in told]
        report.notes += self._completer.notes
        report.scores = self._scores.summary()
        if self._job.report and self._seen and report.frames:
            write_completion_page(self._job.report, report, self._seen, self._plan, self._job)
        return report

    def _announce_copies(self) -> None:
        if self._copier:
            self._copier.add(self._connections)
            for topic, reason in self._copier.skipped.items():
                self._report.drops.add(f"topic {topic} not copied: {reason}")
            self._outputs.check_free([connection.topic for connection in self._connections])

    def _feed(self, source: BagFrames, stages: ThreadPipeline) -> None:
        fed, truth = 0, self._plan.topics.truth
        for item in source.items(self._connections):
            stages.put(item)
            if not isinstance(item, FrameToComplete):
                continue
            if truth and item.truth is None:
                source.refused.add(f"score only: no truth on {truth.name} within 5 ms")
            fed += 1
            if 0 < self._job.max_frames <= fed:
                return

    def _run_model(self, item: FrameToComplete | RawMessage) -> _Completed | RawMessage | None:
        if isinstance(item, RawMessage):
            return item
        if self._report.interrupted:  # what waits in the queue is not worth a slow model's time
            return None
        frame, truth = item.placed.frame, item.truth
        if self._job.holdout.is_on:
            frame, truth = self._job.holdout.split(item.placed, self._completer.sparse_depth)
        start = time.perf_counter()
        prediction = self._completer.complete(frame)
        return _Completed(
            placed=item.placed,
            log_ns=item.log_ns,
            truth=truth,
            prediction=prediction,
            model_ms=1e3 * (time.perf_counter() - start),
        )

    def _write(self, item: _Completed | RawMessage | None) -> None:
        if item is None:
            return
        if isinstance(item, RawMessage):
            self._copy(item)
            return
        prediction, report = item.prediction, self._report
        if self._completer.model.needs.sparse_depth and prediction.sparse.count == 0:
            max_depth = self._completer.config.projection.max_depth
            report.drops.add(*why_empty(item.placed, max_depth))
        self._outputs.write(item.placed, prediction, item.log_ns)
        metrics = None if item.truth is None else self._scores.add(prediction, item.truth)
        if self._preview and report.frames % self._job.preview_every == 0:
            self._preview.write(item.placed.frame.image, prediction, item.truth)
        outcome = outcome_of(
            item.placed,
            prediction,
            model_ms=item.model_ms,
            metrics=metrics,
            is_16uc1=self._job.writes.encoding == "16UC1",
        )
        report.outcomes.append(outcome)
        if self._seen:
            self._seen.add(outcome, item.placed, prediction, item.truth)
        if self._recording:
            self._record(self._recording, item)
        self._display.advance()

    def _record(self, recording: RerunFile, item: _Completed) -> None:
        try:
            frame = shown_frame(item.placed, item.prediction, self._plan.geometry)
        except TransformError as error:
            self._report.drops.add("viewer only: no pose of the camera", str(error))
        else:
            recording.add(self._world, frame)

    def _copy(self, message: RawMessage) -> None:
        if self._copier is None:
            return
        try:
            self._copier.copy(message)
        except UndecodableError as error:
            self._report.drops.add(f"{message.connection.topic}: message not copied", str(error))


def _all_empty(report: CompletionReport, plan: Plan) -> str:
    empty = {why: n for why, n in report.drops.counts.items() if why.endswith(DEPTH_IS_EMPTY)}
    if sum(empty.values()) < report.frames:
        why = (
            plan.geometry.habits.depth_unit.note
            or "nothing was kept of them (output.min_depth, output.max_depth, support_radius_px)"
        )
    elif plan.doubts:
        why = ". ".join(plan.doubts)
    else:
        why = ". ".join(report.drops.example(reason) for reason in empty)
    return f"all {report.frames} depth images are empty: {why}"
