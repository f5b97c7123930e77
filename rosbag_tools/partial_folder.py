# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Where a bag is written until it is whole."""

from __future__ import annotations

import os
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path

from depth_completion_core.files.process_lock import LockedError, ProcessLock

_LOCK = "lock"


class PartialFolder:
    """A hidden folder beside the output, of this process alone.

    Those that processes left which were killed while they wrote the same output are removed.

    Attributes:
        path: the folder.
    """

    def __init__(self, parent: Path, name: str) -> None:
        prefix = f".{name}.partial-"
        _remove_left_over(parent, prefix)
        # By the process, because a lock is none between the threads of one.
        self.path = Path(tempfile.mkdtemp(prefix=f"{prefix}{os.getpid()}-", dir=parent))
        self._lock = ProcessLock(self.path / _LOCK)

    def remove(self) -> None:
        """Remove it with all that is in it."""
        shutil.rmtree(self.path, ignore_errors=True)
        self._lock.release()


def _remove_left_over(parent: Path, prefix: str) -> None:
    for folder in parent.iterdir():
        is_one = folder.name.startswith(prefix) and (folder / _LOCK).is_file()
        if not is_one or folder.name.startswith(f"{prefix}{os.getpid()}-"):
            continue
        with suppress(LockedError, OSError):  # its process works on, or it is not ours to remove
            ProcessLock(folder / _LOCK).release()
            shutil.rmtree(folder)
