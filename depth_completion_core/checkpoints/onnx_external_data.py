# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Which other files an .onnx file makes its reader open.

Large weights lie beside the network, in files that it names. A stranger's file could name any file
of this machine, and not every version of onnxruntime objects; so the names are checked here first.
The numbers of fields are those of https://github.com/onnx/onnx/blob/main/onnx/onnx.proto, the
encoding is that of https://protobuf.dev/programming-guides/encoding/.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from depth_completion_core.checkpoints.errors import CheckpointError

# By message, the fields that lead to tensors, and the message that each of them holds.
MESSAGES: dict[str, dict[int, str]] = {
    "ModelProto": {7: "GraphProto", 20: "TrainingInfoProto", 25: "FunctionProto"},
    "GraphProto": {1: "NodeProto", 5: "TensorProto", 15: "SparseTensorProto"},
    "NodeProto": {5: "AttributeProto"},
    "AttributeProto": {
        5: "TensorProto",
        6: "GraphProto",
        10: "TensorProto",
        11: "GraphProto",
        22: "SparseTensorProto",
        23: "SparseTensorProto",
    },
    "SparseTensorProto": {1: "TensorProto", 2: "TensorProto"},
    "TrainingInfoProto": {1: "GraphProto", 2: "GraphProto"},
    "FunctionProto": {7: "NodeProto", 11: "AttributeProto"},
    "TensorProto": {13: "StringStringEntryProto"},
}
_KEY, _VALUE = 1, 2  # of a StringStringEntryProto
_FIXED_SIZES = {1: 8, 5: 4}  # bytes, by wire type
_VARINT, _BYTES = 0, 2
_MOST_BYTES = 2**31  # of any message of protobuf
_DEEPEST = 100  # messages in each other, as protobuf's own readers allow


def check_external_data(path: Path) -> None:
    """Refuse an .onnx file that names files outside of its folder, or files that are not there.

    Raises:
        CheckpointError: it does, or it is not an .onnx file.
        OSError: it cannot be read.
    """
    folder = Path(os.path.abspath(path.parent))  # noqa: PTH100 - resolve() would follow links
    for name in sorted(external_files(path)):
        target = Path(os.path.abspath(folder / name))  # noqa: PTH100
        if "\\" in name or "\0" in name or folder not in target.parents:
            raise CheckpointError(
                f"{path} wants to read {name!r:.80}, which is not in its folder; do not use it, or "
                "export it again with its weights beside it"
            )
        if not target.is_file():
            raise CheckpointError(f"{path} keeps weights in {name}, which is not there: copy it")


def external_files(path: Path) -> set[str]:
    """The names of the files that hold weights of an .onnx file, as they stand in it.

    Raises:
        CheckpointError: it is not an .onnx file.
        OSError: it cannot be read.
    """
    if path.stat().st_size > _MOST_BYTES:
        raise CheckpointError(f"{path} is larger than 2 GiB, which no .onnx file can be")
    try:
        return set(_locations(memoryview(path.read_bytes()), "ModelProto", 0))
    except (ValueError, IndexError) as error:
        raise CheckpointError(
            f"{path} cannot be read as an .onnx file ({error}); it is damaged or of another kind"
        ) from error


def _locations(message: memoryview, kind: str, depth: int) -> Iterator[str]:
    if depth > _DEEPEST:
        raise ValueError(f"more than {_DEEPEST} messages in each other")
    if kind == "StringStringEntryProto":
        fields = list(_fields(message))
        if any(number == _KEY and bytes(value) == b"location" for number, value in fields):
            yield from (str(value, "utf-8") for number, value in fields if number == _VALUE)
        return
    inside = MESSAGES[kind]
    for number, value in _fields(message):
        if number in inside:
            yield from _locations(value, inside[number], depth + 1)


def _fields(message: memoryview) -> Iterator[tuple[int, memoryview]]:
    """Number and content of the fields that hold bytes: texts and messages."""
    position = 0
    while position < len(message):
        tag, position = _varint(message, position)
        number, wire_type = tag >> 3, tag & 7
        if wire_type == _VARINT:
            _, position = _varint(message, position)
        elif wire_type == _BYTES:
            length, position = _varint(message, position)
            yield number, message[position : position + length]
            position += length
        elif wire_type in _FIXED_SIZES:
            position += _FIXED_SIZES[wire_type]
        else:
            raise ValueError(f"a field of the unknown kind {wire_type}")
    if position != len(message):
        raise ValueError("the end is missing")


def _varint(message: memoryview, position: int) -> tuple[int, int]:
    """A number of variable length, and where the next one begins."""
    value = 0
    for index in range(10):
        byte = message[position + index]
        value |= (byte & 0x7F) << (7 * index)
        if byte < 0x80:
            return value, position + index + 1
    raise ValueError("a number of more than ten bytes")
