# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A lock that a process holds until it ends, whatever ends it."""

from __future__ import annotations

import os
import socket
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

try:
    import fcntl
except ImportError:  # Windows, where nothing is locked
    fcntl = None  # type: ignore[assignment]


class LockedError(Exception):
    """Another process holds the lock; the text says which."""


class ProcessLock:
    """Locks a file, which is made; the lock is none among the threads of one process.

    Child processes do not inherit it, so that it never outlives a process that was killed.

    Args:
        path: the file; it stays when the lock is released, with the name of the last holder.

    Raises:
        LockedError: another process holds it.
        OSError: the file cannot be made.
    """

    def __init__(self, path: Path) -> None:
        self._file: BinaryIO = path.open("a+b")
        try:
            self._lock()
        except BaseException:
            self._file.close()
            raise

    def release(self) -> None:
        """Let others have it."""
        self._file.close()

    def _lock(self) -> None:
        if fcntl is None:
            return
        try:
            fcntl.lockf(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            self._file.seek(0)
            raise LockedError(self._file.read(200).decode(errors="replace").strip()) from error
        with suppress(OSError):  # a full disk: the lock holds without the name, too
            self._file.truncate(0)
            self._file.write(f"process {os.getpid()} on {socket.gethostname()}\n".encode())
            self._file.flush()
