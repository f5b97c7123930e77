# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The one way to write a file: after a crash or a power cut it is whole, or as it was before."""

from __future__ import annotations

import errno
import os
import secrets
import shutil
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

PARTIAL = ".partial"
_FLUSHED_AT_ONCE = 16


class WriteError(OSError):
    """A file that cannot be written; its text names the file, ``errno`` says why."""

    def __str__(self) -> str:
        """A sentence for whoever runs the program."""
        return f"{self.filename} cannot be written: {self.strerror}; what was there is unchanged"


def write_whole(path: Path, content: bytes) -> None:
    """Write a file under a temporary name, flush it to the disk, and rename it.

    Args:
        path: the file; folders that are missing are made.
        content: all of it.

    Raises:
        WriteError: there is no room or no right to write, or the path is no regular file; a file
            that was there stays as it was, and nothing half-written is left.
    """
    partial = _temporary(path)
    with blamed_on(path):
        _refuse_other_kinds(path)
        _make_folder(path.parent)
        try:
            with partial.open("xb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            partial.replace(path)
        finally:  # also after Ctrl-C
            partial.unlink(missing_ok=True)
        _sync_folder(path.parent)


@contextmanager
def blamed_on(path: Path) -> Iterator[None]:
    """Turn an OSError, which often names no file where a disk is full, into a WriteError."""
    try:
        yield
    except WriteError:
        raise
    except OSError as error:
        raise WriteError(error.errno, error.strerror or str(error), str(path)) from error


def write_text(path: Path, text: str) -> None:
    """Write UTF-8 text; raises WriteError, as :func:`write_whole` does."""
    write_whole(path, text.encode("utf-8"))


def put_in_place(
    finished: Path, path: Path, *, replaces: bool = True, is_flushed: bool = False
) -> None:
    """Give a finished file or folder its name, after all of it has reached the disk.

    What has this name already is replaced, where that is wanted. No rename replaces a folder, so an
    old folder is moved aside first: a power cut between the two renames leaves it beside the new
    one's place, under a name that begins with a dot.

    Args:
        finished: on the same file system as ``path``, with no file of it open.
        path: its name from now on.
        replaces: whether something of this name may be replaced.
        is_flushed: whether :func:`flush_tree` was called for it, or for what it lies in.

    Raises:
        WriteError: it cannot be renamed or flushed; what was there is back in its place. Its
            ``errno`` is EEXIST where something has this name that is not to be replaced.
    """
    with blamed_on(path):
        if not is_flushed:
            flush_tree(finished)
        if not replaces:
            _rename_to_new(finished, path)
        elif path.is_dir() or (path.exists() and finished.is_dir()):
            aside = _temporary(path)
            path.rename(aside)
            try:
                finished.rename(path)
            except BaseException:
                aside.rename(path)
                raise
            _sync_folder(path.parent)
            aside.unlink() if aside.is_symlink() or aside.is_file() else shutil.rmtree(aside)
        else:
            finished.replace(path)
        _sync_folder(path.parent)


def _rename_to_new(finished: Path, path: Path) -> None:
    """A rename that replaces nothing, also when another process takes the name at this moment."""
    if finished.is_dir():
        path.mkdir()  # fails where something is; the rename replaces an empty folder alone
        try:
            finished.rename(path)
        except BaseException:
            with suppress(OSError):
                path.rmdir()
            raise
        return
    try:
        path.hardlink_to(finished)
    except FileExistsError:
        raise
    except OSError:  # a file system without hard links
        if path.exists():
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(path)) from None
        finished.rename(path)
    else:
        finished.unlink()


def remove_partial(folder: Path) -> None:
    """Remove what a killed process left half-written in a folder."""
    for path in folder.glob(f".*{PARTIAL}"):
        path.unlink(missing_ok=True)


def _temporary(path: Path) -> Path:
    """A name in the same folder that no other process or thread takes."""
    return path.with_name(f".{path.name}.{secrets.token_hex(4)}{PARTIAL}")


def _refuse_other_kinds(path: Path) -> None:
    """A rename would put a file in the place of /dev/null."""
    if path.exists() and not path.is_file():
        raise FileExistsError(errno.EEXIST, "it is a folder or a device, not a file")


def _make_folder(folder: Path) -> None:
    missing = [each for each in (folder, *folder.parents) if not each.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    for each in missing:
        _sync_folder(each.parent)


def flush_tree(path: Path) -> None:
    """Flush a file, or a folder with all that is in it; many at once, which disks do faster.

    Raises:
        OSError: what was written does not reach the disk.
    """
    if not path.is_dir():
        _sync_file(path)
        return
    inside = list(_below(path))
    files = {entry.inode(): entry.path for entry in inside if entry.is_file()}
    folders = [str(path), *(entry.path for entry in inside if entry.is_dir())]
    with ThreadPoolExecutor(_FLUSHED_AT_ONCE) as threads:
        list(threads.map(partial(_sync_each, _sync_file), _dealt([*files.values()])))
        list(threads.map(partial(_sync_each, _sync_folder), _dealt(folders)))


def _below(folder: str | Path) -> Iterator[os.DirEntry[str]]:
    """All that is in a folder and in those below it, but for symbolic links."""
    with os.scandir(folder) as entries:
        for entry in entries:
            if not entry.is_symlink():
                yield entry
                if entry.is_dir():
                    yield from _below(entry.path)


def _dealt(paths: Sequence[str]) -> list[Sequence[str]]:
    """One share for each thread: handing over each path may take longer than flushing it."""
    return [paths[number::_FLUSHED_AT_ONCE] for number in range(_FLUSHED_AT_ONCE)]


def _sync_each(sync: Callable[[str], object], paths: Sequence[str]) -> None:
    for path in paths:
        sync(path)


def _sync_file(path: str | Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _sync_folder(folder: str | Path) -> None:
    """Flush names: a new file or a rename is safe only after that."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno != errno.EINVAL:  # file systems that cannot flush a folder say this
            raise
    finally:
        os.close(handle)
