# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Whether a path is a bag, told before anything is opened: by its name and what lies beside it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import yaml

from rosbag_tools.errors import BagError

_FILE_TYPES = (".bag", ".mcap", ".db3")
_ZSTD = (".zstd", ".zst")
_ARCHIVES = (".gz", ".tgz", ".bz2", ".xz", ".lz4", ".zip", ".7z", ".tar")


def check_paths(paths: Sequence[Path]) -> None:
    """Refuse what is no bag, or not yet one.

    Raises:
        BagError: with what to do about it.
    """
    if not paths:
        raise BagError("no bag was given")
    for path in paths:
        if not path.exists():
            raise BagError(f"there is no bag at {path}")
        if path.is_dir():
            _check_folder(path)
        elif path.stat().st_size == 0:
            raise BagError(f"{path} is an empty file: its recording never started")
        elif path.suffix not in _FILE_TYPES:
            raise BagError(f"{path} {_why_no_bag(path)}")
    kinds = {path.suffix == ".bag" for path in paths}
    if len(kinds) > 1:
        raise BagError("bags of ROS 1 and of ROS 2 cannot be read together; convert one of them")


def check_apart(inputs: Sequence[Path], output: Path) -> None:
    """Refuse to write where bags are read: BagError."""
    whole = output.resolve()
    for path in (item.resolve() for item in inputs):
        if whole in (path, *path.parents) or path in whole.parents:
            raise BagError(
                f"the output {output} is an input too, or one lies inside the other; "
                "give it another name"
            )


def unmerged(paths: Sequence[Path]) -> list[str]:
    """What of SQLite bags lies in write-ahead logs, which are not read, in sentences."""
    files = [
        file for path in paths for file in ([*path.glob("*.db3")] if path.is_dir() else [path])
    ]
    logs = {file: file.with_name(f"{file.name}-wal") for file in files}
    return [
        f"{log.name} holds messages that are not read, as of a recording that was cut off: merge "
        f"them with: sqlite3 {file} 'PRAGMA wal_checkpoint(TRUNCATE)'"
        for file, log in logs.items()
        if log.exists() and log.stat().st_size
    ]


def unnamed(paths: Sequence[Path]) -> list[str]:
    """Files of bags that lie beside those that a metadata.yaml names, in sentences."""
    return [
        f"{path / name} is not read, as metadata.yaml does not name it: if it is part of the "
        f"recording, run 'ros2 bag reindex {path}'"
        for path in paths
        if path.is_dir()
        for name in sorted(_files_in(path) - _named_in(path / "metadata.yaml"))
    ]


def _files_in(folder: Path) -> set[str]:
    """The recordings in a folder; what lies there packed and unpacked counts once."""
    packed = {p.name for ending in _ZSTD for p in folder.glob(f"*{ending}")}
    unpacked = {p.name for ending in _FILE_TYPES for p in folder.glob(f"*{ending}")}
    return unpacked | {name for name in packed if Path(name).stem not in unpacked}


def _named_in(metadata: Path) -> set[str]:
    """Names of files, packed and unpacked."""
    try:
        content = yaml.safe_load(metadata.read_text(encoding="utf-8"))
        told = content["rosbag2_bagfile_information"]["relative_file_paths"]
        names = [Path(str(each)).name for each in told]
    except (OSError, ValueError, KeyError, TypeError, yaml.YAMLError):
        return _files_in(metadata.parent)  # whoever opens the bag says what is wrong with it
    return {*names, *(Path(name).stem for name in names if name.endswith(_ZSTD))}


def _check_folder(path: Path) -> None:
    if (path / "metadata.yaml").exists():
        return
    names = sorted(item.name for item in path.iterdir())
    files = [name for name in names if name.endswith(_FILE_TYPES)]
    packed = [name for name in names if name.endswith(_ZSTD)]
    if files:
        hint = f"it holds {', '.join(files)}: give one of these files, or run 'ros2 bag reindex'"
    elif packed:
        hint = f"it holds {', '.join(packed)}: {_unpacked(path / packed[0])}"
    else:
        hint = "a bag of ROS 2 is a folder with a metadata.yaml and .mcap or .db3 files"
    raise BagError(f"{path} has no metadata.yaml; {hint}")


def _why_no_bag(path: Path) -> str:
    if path.suffix == ".active":
        closed = path.with_suffix("")
        return (
            "was not closed: its recording was cut off before the index was written. Write it with "
            f"'rosbag reindex {path}', then rename the file to {closed.name}"
        )
    if path.suffix in _ZSTD:
        if (path.parent / "metadata.yaml").exists():
            return f"is one compressed file of a bag: give the folder with it, {path.parent}"
        return (
            "is a compressed file of a bag: give the folder with its metadata.yaml, or "
            f"{_unpacked(path)}"
        )
    if path.suffix in _ARCHIVES:
        return "is an archive: unpack it, and give the bag that it holds"
    return "does not look like a bag: expected a .bag, .mcap or .db3 file, or a folder"


def _unpacked(path: Path) -> str:
    return f"unpack it with 'zstd -d {path} -o {path.with_suffix('')}' and give that file"
