# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Bags that these tools wrote, which alone they replace."""

from __future__ import annotations

import sqlite3
import struct
from contextlib import closing
from pathlib import Path

import yaml

from rosbag_tools.errors import BagError

OUR_MARK = ("written_by", "depth_completion_ros")
"""Key and value among the bag's custom data."""

_MCAP_MAGIC = b"\x89MCAP0\r\n"
_MCAP_FOOTER = struct.Struct("<BQQQI8s")  # opcode, length, summary, its offsets, CRC, magic
_MARK_WITHIN = 1 << 16  # bytes; custom data ends the metadata, which ends the data section


def check_replaceable(path: Path) -> None:
    """Raise BagError where something has this name that is not, as a whole, a bag of ours."""
    if not path.exists() and not path.is_symlink():
        return
    reason = _why_foreign(path)
    if reason:
        raise BagError(
            f"{path} {reason}: --overwrite replaces only bags that these tools wrote. Give another "
            "name, or remove it yourself"
        )


def _why_foreign(path: Path) -> str:
    if path.is_dir():
        return _why_foreign_folder(path)
    try:
        text = _file_metadata(path)
    except (OSError, sqlite3.Error, struct.error):
        text = ""
    return "" if _is_marked(text) else "is no bag of ours"


def _why_foreign_folder(path: Path) -> str:
    metadata = path / "metadata.yaml"
    if not metadata.is_file():
        return "is a folder but no bag"
    try:
        text = metadata.read_text(encoding="utf-8")
        files = yaml.safe_load(text)["rosbag2_bagfile_information"]["relative_file_paths"]
        expected = {"metadata.yaml", *(str(name) for name in files)}
    except (OSError, ValueError, TypeError, KeyError, yaml.YAMLError, RecursionError):
        return "holds a metadata.yaml that is none of a bag"
    others = sorted({item.name for item in path.iterdir()} - expected)
    if others:
        more = f" and {len(others) - 1} more" if len(others) > 1 else ""
        return f"holds '{others[0]}'{more}, which the bag in it does not know"
    return "" if _is_marked(text) else "is no bag of ours"


def _is_marked(text: str) -> bool:
    key, value = OUR_MARK
    return f"{key}: {value}" in text


def _file_metadata(path: Path) -> str:
    """What the one file of a bag says of it; '' where that is not said."""
    if path.suffix == ".db3":
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as database:
            return "\n".join(text for (text,) in database.execute("SELECT metadata FROM metadata"))
    with path.open("rb") as file:
        if file.read(len(_MCAP_MAGIC)) != _MCAP_MAGIC:
            return ""
        file.seek(-_MCAP_FOOTER.size, 2)
        _, _, summary, _, _, magic = _MCAP_FOOTER.unpack(file.read())
        if magic != _MCAP_MAGIC:
            return ""
        start = max(summary - _MARK_WITHIN, 0)
        file.seek(start)
        return file.read(min(summary - start, _MARK_WITHIN)).decode(errors="replace")
