# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What of a sequence is written already, so that a run can go on where it was killed."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from depth_completion_core.files.making import LineLog
from rosbag_tools.void_sets.frame_files import Record, checksum_of


class Journal:
    """A file of one line for each frame that is done, in their order.

    A frame counts as done where its line and all its files are whole, which their checksums tell:
    a power cut may have kept the line and lost the files.

    Args:
        path: the file, which is made.
        folder: where the files of the frames are.
    """

    def __init__(self, path: Path, folder: Path, advance: Callable[[], object]) -> None:
        self.done: list[Record] = []
        kept_bytes = 0
        for line in path.read_bytes().splitlines(keepends=True) if path.exists() else []:
            record = _whole(line, folder)
            if record is None:
                break
            self.done.append(record)
            kept_bytes += len(line)
            advance()
        self._log = LineLog(path, kept_bytes)

    def add(self, record: Record) -> None:
        """Remember a frame whose files are written."""
        self._log.add(json.dumps(record, separators=(",", ":")))

    def close(self) -> None:
        """No more frames come."""
        self._log.close()


def _whole(line: bytes, folder: Path) -> Record | None:
    """The record of a line, unless that or a file of it is damaged."""
    try:
        record: Record = json.loads(line)
        is_whole = line.endswith(b"\n") and all(
            checksum_of((folder / path).read_bytes()) == known
            for path, known in record.get("sha256", {}).items()
        )
    except (ValueError, OSError):
        return None
    return record if is_whole else None
