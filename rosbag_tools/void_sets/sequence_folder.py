# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The folder of a sequence: in the making, then in its place."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from depth_completion_core.files.atomic import flush_tree, put_in_place
from depth_completion_core.files.json_files import write_json
from depth_completion_core.files.process_lock import LockedError, ProcessLock
from rosbag_tools.errors import BagError
from rosbag_tools.void_sets.earlier_sequences import (
    check_files,
    check_settings,
    read_record,
    remove_densities,
)
from rosbag_tools.void_sets.frame_files import make_folders
from rosbag_tools.void_sets.job import DatasetJob
from rosbag_tools.void_sets.journal import Journal
from rosbag_tools.void_sets.places import SHARED, SetPlaces, density_name

_SPARSE = ("sparse_depth", "validity_map")
_JOURNAL = "journal.jsonl"
_RECORD = "record.json"
_SETTINGS = "settings.json"


class SequenceFolder:
    """Where a job writes, and what earlier runs of it have left."""

    def __init__(self, job: DatasetJob, written_from: dict[str, Any]) -> None:
        """Take a job, and all that decides on what it writes, as plain values."""
        self._job, self._written_from = job, written_from
        self._places = SetPlaces(job.output)
        self.path = self._places.partial(job.sequence)
        self._lock_file = self.path.with_name(f"{self.path.name}.lock")

    def finished(self) -> dict[str, Any] | None:
        """The record of a sequence that is there already; None where there is work to do.

        Raises:
            BagError: it was written with other settings, or of another recording, or some of its
                files are gone.
        """
        path = self._places.record(self._job.sequence)
        if self._job.overwrite or not path.exists():
            return None
        record = read_record(path)
        check_settings(record["written_from"], self._written_from, path)
        check_files(record, self._job.output)
        return record

    @contextmanager
    def opened(self) -> Iterator[None]:
        """Make the folder, or go on with the one that a killed run has left; locked.

        Raises:
            BagError: another process writes it, or it was begun with other settings.
        """
        lock = self._locked()
        try:
            self._begin()
            yield
        finally:
            if not self._has_frames:
                shutil.rmtree(self.path, ignore_errors=True)
            self._lock_file.unlink(missing_ok=True)
            lock.release()
            with suppress(OSError):  # sequences are in the making
                self.path.parent.rmdir()
                self.path.parent.parent.rmdir()

    def _locked(self) -> ProcessLock:
        while True:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            try:
                return ProcessLock(self._lock_file)
            except LockedError as error:
                name = self._job.sequence
                raise BagError(f"sequence {name} is being written by {error}") from error
            except FileNotFoundError:  # another sequence ended meanwhile and removed the folder
                continue

    def _begin(self) -> None:
        settings = self.path / _SETTINGS
        if settings.exists() and self._has_frames and not self._job.overwrite:
            check_settings(read_record(settings), self._written_from, self.path)
            return
        shutil.rmtree(self.path, ignore_errors=True)
        make_folders(self.path, self._job.densities, (*SHARED, *_SPARSE))
        write_json(settings, self._written_from)

    @property
    def _has_frames(self) -> bool:
        """Whether there is something to go on with."""
        journal = self.path / _JOURNAL
        return journal.exists() and journal.stat().st_size > 0

    def journal(self, advance: Callable[[], object]) -> Journal:
        """What is done; ``advance`` is called for each frame of it."""
        return Journal(self.path / _JOURNAL, self.path, advance)

    def unplaced(self) -> dict[str, Any] | None:
        """The record of a sequence that is whole but was not put in its place; None for none."""
        path = self.path / _RECORD
        return read_record(path) if path.exists() else None

    def place(self, record: dict[str, Any]) -> None:
        """Put everything in its place, the record last; a killed run does it again."""
        if self.unplaced() is None:
            for density in self._job.densities:
                for what in SHARED:
                    with suppress(OSError):  # it holds something
                        (self.path / density_name(density) / what).rmdir()
            flush_tree(self.path)
            write_json(self.path / _RECORD, record)
        for density in self._job.densities:
            finished = self.path / density_name(density)
            target = self._places.sequence(density, self._job.sequence)
            if finished.exists():
                target.parent.mkdir(parents=True, exist_ok=True)
                put_in_place(finished, target, is_flushed=True)
        remove_densities(self._places, self._job.sequence, self._job.densities)
        write_json(self._places.record(self._job.sequence), record)
        shutil.rmtree(self.path)
