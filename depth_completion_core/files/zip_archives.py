# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Archives of files, written whole or not at all."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from depth_completion_core.files.atomic import PARTIAL, blamed_on, put_in_place

_NO_TIME = (
    1980,
    1,
    1,
    0,
    0,
    0,
)  # the earliest there is, so that the same files give the same bytes


def write_flat_zip(path: Path, files: Sequence[Path]) -> None:
    """Write an archive with files at its root, by their names, as they are: PNGs are compressed.

    Args:
        path: the archive; one that was there is replaced.
        files: of different names.

    Raises:
        WriteError: it cannot be written; what was there is unchanged.
    """
    with (
        blamed_on(path),
        TemporaryDirectory(dir=path.parent, prefix=f".{path.name}.", suffix=PARTIAL) as folder,
    ):
        finished = Path(folder) / path.name
        with zipfile.ZipFile(finished, "w", zipfile.ZIP_STORED) as archive:
            for file in files:
                archive.writestr(zipfile.ZipInfo(file.name, _NO_TIME), file.read_bytes())
        put_in_place(finished, path)
