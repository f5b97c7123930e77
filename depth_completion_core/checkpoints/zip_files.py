# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Zip files of strangers: how many entries they list, before zipfile makes an object of each."""

from __future__ import annotations

import mmap
import re
import zipfile
from pathlib import Path

MOST_ENTRIES = 50_000  # torch.save writes one for each tensor
_ENTRY = re.compile(rb"PK\x01\x02")  # begins each entry of the list (APPNOTE 4.3.12)


def open_zip(path: Path) -> zipfile.ZipFile:
    """The archive.

    Raises:
        OSError: it cannot be read.
        zipfile.BadZipFile: it is none, or lists more than :data:`MOST_ENTRIES`.
    """
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as view:
        entries = sum(1 for _ in _ENTRY.finditer(view))
    if entries > MOST_ENTRIES:
        raise zipfile.BadZipFile(f"it lists {entries} entries, expected at most {MOST_ENTRIES}")
    return zipfile.ZipFile(path)
