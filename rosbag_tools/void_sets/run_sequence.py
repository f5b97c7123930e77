# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Writing one sequence of a set, wherever its job was described."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

from depth_completion_core.files.atomic import WriteError
from depth_completion_core.files.making import write_part
from depth_completion_core.progress import ProgressDisplay
from rosbag_tools.errors import BagError, is_out_of_room
from rosbag_tools.many.threads import computing_threads
from rosbag_tools.no_frame import no_frame_done
from rosbag_tools.ordered_threads import in_threads
from rosbag_tools.reader import BagReader
from rosbag_tools.told_plan import told_plan
from rosbag_tools.void_sets.frame_files import FrameFiles, Record
from rosbag_tools.void_sets.frame_sources import FrameSources
from rosbag_tools.void_sets.job import DatasetJob
from rosbag_tools.void_sets.places import K_FILE, density_name
from rosbag_tools.void_sets.sequence_folder import SequenceFolder
from rosbag_tools.void_sets.sequence_record import (
    WrittenSequence,
    bags_of,
    sequence_record,
)
from rosbag_tools.void_sets.set_frames import SetFrames
from rosbag_tools.void_sets.truth_choice import choose_truth, told_sources


def run_dataset_job(
    job: DatasetJob,
    tell: Callable[[str], object] = lambda line: None,
    *,
    threads: int,
    is_shown: bool = True,
) -> dict[str, Any]:
    """Write a sequence, or go on with one, or find it finished.

    Args:
        job: what to write.
        tell: is given the plan, line by line, before the first frame.
        threads: that write frames.
        is_shown: whether progress is shown.

    Returns:
        The record of the sequence, the same however often the run was stopped; see
        :func:`sequence_record`.

    Raises:
        BagError: the bag cannot be read, a topic is missing, no frame can be written, there is no
            room for them, or another run wrote the sequence with other settings.
        KeyboardInterrupt: Ctrl-C; the same job goes on from there.
    """
    with ExitStack() as bags:
        reader = bags.enter_context(_reader(job))
        folder = SequenceFolder(job, {**job.written_settings, "bags": bags_of(reader)})
        if (record := folder.finished()) is not None:
            tell(f"{job.sequence} is there already: {record['summary']['frames']} frames")
            return record
        if job.dry_run:
            return _Run(reader, job, tell, bags, threads=threads, is_shown=is_shown).dry()
        try:
            with folder.opened():
                if (record := folder.unplaced()) is None:
                    run = _Run(reader, job, tell, bags, threads=threads, is_shown=is_shown)
                    record = run.write(folder)
                folder.place(record)
        except BrokenPipeError:  # whoever is told has left
            raise
        except OSError as error:
            raise _not_written(error, job.output) from error
    return record


def _reader(job: DatasetJob) -> BagReader:
    return BagReader(job.inputs, stamps=job.reads.stamps)


class _Run:
    def __init__(
        self,
        reader: BagReader,
        job: DatasetJob,
        tell: Callable[[str], object],
        bags: ExitStack,
        *,
        threads: int,
        is_shown: bool,
    ) -> None:
        self._reader, self._job = reader, job
        self._threads, self._is_shown = threads, is_shown
        truth = choose_truth(reader, job)
        self._told: list[str] = []
        self._plan = told_plan(
            reader, truth.reads, job.settings.pairing, lambda line: self._tell(tell, line)
        )
        sweeps = bags.enter_context(_reader(job)) if truth.kind == "sweeps" else reader
        sources = FrameSources(sweeps, self._plan, truth, job)
        for line in told_sources(job, truth):
            self._tell(tell, line)
        self._frames = SetFrames(reader, self._plan, sources, job)

    def _tell(self, tell: Callable[[str], object], line: str) -> None:
        self._told.append(line)
        tell(line)

    def dry(self) -> dict[str, Any]:
        """The record of a sequence that is not written."""
        with self._display("looking at") as display:
            return self._record(list(self._done(self._files(None), [], display)))

    def write(self, folder: SequenceFolder) -> dict[str, Any]:
        """Write the frames that are missing; returns the record of them all."""
        with self._display("checking") as display:
            journal = folder.journal(display.advance)
        with closing(journal), self._display("writing", done=len(journal.done)) as display:
            records = list(journal.done)
            for record in self._done(self._files(folder.path), journal.done, display):
                journal.add(record)
                records.append(record)
        record = self._record(records)
        for density in self._job.densities:
            path = folder.path / density_name(density) / K_FILE
            write_part(path, record["K"].encode())
        return record

    def _done(
        self, files: FrameFiles, done: list[Record], display: ProgressDisplay
    ) -> Generator[Record, None, None]:
        """The records of the frames that are not done; the others are read again, and no more."""
        left = (frame for frame in self._frames if frame.number >= len(done))
        # Each frame on one thread: threads that share a frame mostly wait for each other.
        pool = in_threads(left, files.write, self._threads)
        with computing_threads(1), closing(pool) as records:
            for record in records:
                yield record
                display.advance()

    def _files(self, folder: Path | None) -> FrameFiles:
        job = self._job
        return FrameFiles(
            folder=folder,
            densities=job.densities,
            projection=job.settings.projection,
            seed=job.seed,
        )

    def _display(self, doing: str, done: int = 0) -> ProgressDisplay:
        return ProgressDisplay(
            f"{doing} {self._job.sequence}",
            unit="frame",
            total=self._job.frames.max_frames or self._plan.topics.image.count,
            done=done,
            is_shown=self._is_shown,
        )

    def _record(self, records: list[Record]) -> dict[str, Any]:
        source, images = self._frames.source, self._plan.topics.image.count
        for record in records:
            if "dropped" in record:
                source.refused.add(record["dropped"], record["why"])
        frames = [record for record in records if "dropped" not in record]
        if not frames:
            raise BagError(no_frame_done("written", images, source, self._job.settings.pairing))
        return sequence_record(
            WrittenSequence(
                job=self._job,
                bags=bags_of(self._reader),
                plan=self._plan,
                told=self._told,
                source=source,
                recorded_camera=self._frames.recorded_camera,
                camera=self._frames.camera,
                frames=frames,
            )
        )


def _not_written(error: OSError, output: Path) -> BagError:
    reason = error.strerror if isinstance(error, WriteError) or error.strerror else str(error)
    full = is_out_of_room(error)
    return BagError(
        f"{f'no room left in {output}' if full else f'{output} cannot be written'} ({reason}): no "
        "file is half-written, and the same command goes on from where it was once "
        + ("there is room" if full else "it can be written, or give another --out")
    )
