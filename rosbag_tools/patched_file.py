# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A file that reads as if some of its bytes were others; on disk nothing changes."""

from __future__ import annotations

import io
import os
from collections.abc import Mapping
from pathlib import Path, PurePath
from typing import Any, BinaryIO


class PatchedPath:
    """A path whose file is read with patches, for readers that take anything like a path.

    Attributes:
        path: of the file.
        patches: bytes by the offset at which they stand for those of the file.
    """

    def __init__(self, path: Path, patches: Mapping[int, bytes]) -> None:
        self.path, self.patches = path, dict(patches)

    def open(self, *args: Any, **kwargs: Any) -> BinaryIO:  # noqa: ANN401 - whatever the mode
        """The bytes of the file, to be read."""
        return io.BufferedReader(_PatchedFile(self.path, self.patches))

    def exists(self) -> bool:
        """Whether there is such a file."""
        return self.path.exists()

    def is_dir(self) -> bool:
        """Whether it is a folder: never."""
        return False

    def stat(self, *, follow_symlinks: bool = True) -> os.stat_result:
        """Its size, among others."""
        return self.path.stat(follow_symlinks=follow_symlinks)

    def read_text(self, encoding: str | None = None) -> str:
        """The whole of it as text."""
        return self.open().read().decode(encoding or "utf-8")

    @property
    def stem(self) -> str:
        """Its name without the ending."""
        return self.path.stem

    @property
    def suffix(self) -> str:
        """The ending of its name."""
        return self.path.suffix

    def __truediv__(self, key: PatchedPath | PurePath | str) -> PatchedPath:
        raise NotADirectoryError(f"{self.path} is a file")

    def __str__(self) -> str:
        return str(self.path)


class _PatchedFile(io.RawIOBase):
    """All reading of a RawIOBase goes through readinto."""

    def __init__(self, path: Path, patches: Mapping[int, bytes]) -> None:
        self._file = path.open("rb", buffering=0)
        self._patches = patches

    def readinto(self, buffer: Any, /) -> int:  # noqa: ANN401 - any writable buffer
        start = self._file.tell()
        count = self._file.readinto(buffer)
        view = memoryview(buffer).cast("B")
        for offset, patch in self._patches.items():
            first, last = max(offset, start), min(offset + len(patch), start + count)
            if first < last:
                view[first - start : last - start] = patch[first - offset : last - offset]
        return count

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        return self._file.seek(offset, whence)

    def close(self) -> None:
        self._file.close()
        super().close()
