# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What stops a bag tool."""

from __future__ import annotations

import errno
import shutil
from pathlib import Path


class BagError(Exception):
    """Something that only the user can mend: the message says what was found and what to do."""


class SeveralInfosError(BagError):
    """Several CameraInfo topics may be that of the images, and their names do not tell which.

    Attributes:
        topics: their names.
    """

    def __init__(self, message: str, topics: list[str]) -> None:
        super().__init__(message)
        self.topics = topics


class UndecodableError(BagError):
    """The bytes of one message do not fit its type; the others may be whole."""

    drop_reason = "message cannot be decoded"


FOR_THE_USER = (BagError, ValueError, ImportError, OSError)
"""Each of them means that the user can do something: their messages say what."""

_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def is_out_of_room(error: Exception) -> bool:
    """Whether a write failed because the disk is full."""
    return getattr(error, "errno", None) in _NO_ROOM or "disk is full" in str(error)  # of SQLite


def write_error(error: Exception, target: Path) -> BagError:
    """A failed write as a sentence; a full disk is named as such."""
    folder = next(parent for parent in (target, *target.parents) if parent.exists())
    reason = (error.strerror if isinstance(error, OSError) else None) or error
    if is_out_of_room(error):
        free_mib = shutil.disk_usage(folder).free // 2**20
        return BagError(
            f"no room left to write {target} ({reason}; {free_mib} MiB free there). "
            "Nothing half-written was left behind. Free some space or write to another disk; "
            "--no-copy-inputs leaves the input messages out"
        )
    return BagError(f"cannot write {target}: {reason}")
