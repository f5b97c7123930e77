# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Files of a folder in the making: no one reads it before ``put_in_place`` has flushed it.

A killed process leaves half a file here; what is whole must be told by something else, such as a
:class:`LineLog` that names each file when it is written.
"""

from __future__ import annotations

import os
from pathlib import Path


def write_part(path: Path, content: bytes) -> None:
    """Write a file straight under its name, and leave it to the system when it reaches the disk.

    Raises:
        OSError: there is no room or no right to write.
    """
    path.write_bytes(content)


def link_part(original: Path, path: Path) -> None:
    """Give a file another name, or copy it where the file system knows no hard links."""
    try:
        os.link(original, path)
    except FileExistsError:  # of a run that was killed
        path.unlink()
        link_part(original, path)
    except OSError:
        path.write_bytes(original.read_bytes())


class LineLog:
    """Appends lines to a file; a killed process leaves at most one that is not whole.

    Args:
        path: the file, which is made.
        kept_bytes: where to go on; what lies behind is cut off.
    """

    def __init__(self, path: Path, kept_bytes: int) -> None:
        self._file = path.open("ab")
        self._file.truncate(kept_bytes)

    def add(self, line: str) -> None:
        """Append a line, without its end."""
        self._file.write(f"{line}\n".encode())
        self._file.flush()

    def close(self) -> None:
        """No more lines come."""
        self._file.close()
