# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""MCAP files that hold more than ROS 2: what else is in them is hidden from the reader of bags.

Loggers write JSON or Protobuf beside ROS 2 into one file, and may leave its profile empty. The
layout of records is that of https://mcap.dev/spec.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, NamedTuple

from rosbag_tools.errors import BagError
from rosbag_tools.patched_file import PatchedPath

_MAGIC = b"\x89MCAP0\r\n"
_SCHEMA, _CHANNEL, _FOOTER = 0x03, 0x04, 0x02
_PRIVATE = b"\x80"  # the opcode of a record that every reader has to skip
_ROS2_SCHEMAS = ("ros2msg", "ros2idl", "omgidl", "")
_LONGEST_HEAD = 1 << 16  # bytes of a record: names come first, definitions after them
_PROFILE_AT = len(_MAGIC) + 9  # in the first record
_LONGEST_PROFILE = 64  # bytes
_SUMMARY_START_AT = -20 - len(_MAGIC)  # in the last record


class ForeignChannel(NamedTuple):
    """A channel whose messages are not ROS 2's, and how they are encoded."""

    topic: str
    encoding: str


@dataclass(slots=True)
class _Contents:
    """What a file says of itself, and the patches that hide what is foreign in it."""

    foreign: list[ForeignChannel] = field(default_factory=list)
    ros2_channels: int = 0
    patches: dict[int, bytes] = field(default_factory=dict)


def views_of_ros2(path: Path) -> tuple[Sequence[Path | PatchedPath], list[ForeignChannel]]:
    """The path itself, or views of its MCAP files in which only ROS 2's channels are seen.

    Files without a summary, as of a recording that was cut off, are left as they are.

    Args:
        path: a file or a folder.

    Returns:
        What to read, and the channels that are not seen in it.

    Raises:
        BagError: the profile is another one, or there are channels, but none of ROS 2.
    """
    files = sorted(path.glob("*.mcap")) if path.is_dir() else [path]
    contents = {file: _contents(file) for file in files if file.suffix == ".mcap"}
    if not any(found.patches for found in contents.values()):
        return [path], []
    foreign = [channel for found in contents.values() for channel in found.foreign]
    if foreign and not any(found.ros2_channels for found in contents.values()):
        raise BagError(f"{path} holds no messages of ROS 2, only {listed(foreign)}")
    return [PatchedPath(file, found.patches) for file, found in contents.items()], foreign


def listed(foreign: Sequence[ForeignChannel]) -> str:
    """Channels in words, each once."""
    return ", ".join(f"{topic} ({encoding})" for topic, encoding in dict.fromkeys(foreign))


def _contents(path: Path) -> _Contents:
    found = _Contents()
    try:
        with path.open("rb") as file:
            if file.read(len(_MAGIC)) == _MAGIC:
                _patch_profile(path, file, found)
                _look_at_channels(file, found)
    except (OSError, struct.error, UnicodeDecodeError):
        return _Contents()  # damaged: the reader of bags says so
    return found


def _patch_profile(path: Path, file: BinaryIO, found: _Contents) -> None:
    """An empty profile becomes ROS 2's, with four characters of the writer's name less."""
    file.seek(_PROFILE_AT)
    head = file.read(_LONGEST_PROFILE)
    (length,) = struct.unpack_from("<I", head)
    profile = head[4 : 4 + length]
    if profile not in (b"", b"ros2"):
        raise BagError(
            f"{path} has the profile '{profile.decode(errors='replace')}', expected ros2: its "
            "messages are not ROS 2's. If it was made from a .bag of ROS 1, give that one"
        )
    (library_length,) = struct.unpack_from("<I", head, 4 + length)
    if not profile and library_length >= len(b"ros2"):
        found.patches[_PROFILE_AT] = struct.pack("<I4sI", 4, b"ros2", library_length - 4)


def _look_at_channels(file: BinaryIO, found: _Contents) -> None:
    foreign_schemas: dict[int, str] = {}
    for opcode, offset, head in _summary(file):
        number, names = struct.unpack_from("<H", head)[0], head[2:]
        if opcode == _SCHEMA:
            _, encoding = _strings(names)
            if encoding in _ROS2_SCHEMAS:
                continue
            foreign_schemas[number] = encoding
        else:
            (schema,) = struct.unpack_from("<H", names)
            topic, encoding = _strings(names[2:])
            if encoding == "cdr" and schema not in foreign_schemas:
                found.ros2_channels += 1
                continue
            found.foreign.append(ForeignChannel(topic, encoding))
        found.patches[offset] = _PRIVATE


def _summary(file: BinaryIO) -> Iterator[tuple[int, int, bytes]]:
    """Opcode, offset and first bytes of the schemas and channels in the summary of a file."""
    end = file.seek(_SUMMARY_START_AT, os.SEEK_END)
    position = struct.unpack("<Q", file.read(8))[0]
    while 0 < position < end:
        file.seek(position)
        opcode, length = struct.unpack("<BQ", file.read(9))
        if opcode == _FOOTER:
            return
        if opcode in (_SCHEMA, _CHANNEL):
            yield opcode, position, file.read(min(length, _LONGEST_HEAD))
        position += 9 + length


def _strings(data: bytes) -> tuple[str, str]:
    """Two strings one after the other, each with its length before it."""
    (first,) = struct.unpack_from("<I", data)
    (second,) = struct.unpack_from("<I", data, 4 + first)
    return data[4 : 4 + first].decode(), data[8 + first : 8 + first + second].decode()
