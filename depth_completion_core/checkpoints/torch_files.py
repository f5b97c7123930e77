# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Reads files of torch.save without running anything of them.

torch.load is not used anywhere: it also runs TorchScript and unpacks tar files, and what it checks
differs between versions (see restricted_unpickler). The formats:
https://docs.pytorch.org/docs/stable/notes/serialization.html and torch/serialization.py.
"""

from __future__ import annotations

import io
import sys
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from depth_completion_core.checkpoints.errors import CheckpointError
from depth_completion_core.checkpoints.file_kinds import TORCH_FILE, foreign_kind
from depth_completion_core.checkpoints.pickle_values import PickleError
from depth_completion_core.checkpoints.restricted_unpickler import unpickle
from depth_completion_core.checkpoints.zip_files import open_zip

_LEGACY_MAGIC, _LEGACY_PROTOCOL = 0x1950A86A20F9469CFC6C, 1001
_MOST_PICKLE_BYTES = 1 << 26  # besides the numbers themselves
_MOST_REASON_CHARACTERS = 500


def load_torch_file(path: Path, *, with_stubs: bool = True) -> dict[Any, Any]:
    """The dict in a file of torch.save, of the zip format or the one before it.

    Args:
        path: the file.
        with_stubs: whether objects of other classes than those of weights become stubs; if not,
            they are an error.

    Returns:
        Tensors, in dicts and lists, are on the CPU in their own dtype.

    Raises:
        CheckpointError: the file is missing, truncated, of another kind, holds no dict, or asks for
            more than a file of weights does.
    """
    try:
        kind = foreign_kind(path)
        if kind != TORCH_FILE:
            raise CheckpointError(f"{path} is {kind or 'of an unknown kind'}, not {TORCH_FILE}")
        with path.open("rb") as file:
            load = _load_zip if file.read(2) == b"PK" else _load_legacy
    except OSError as error:
        raise CheckpointError(f"{path} cannot be read: {error.strerror}") from error
    try:
        state = load(path, with_stubs)
    # A damaged or hostile pickle can raise anything; MemoryError where it claims to be huge.
    except Exception as error:
        reason = str(error) or type(error).__name__
        raise CheckpointError(
            f"{path} cannot be read as {TORCH_FILE}: {reason:.{_MOST_REASON_CHARACTERS}}; it is "
            "truncated, damaged, or holds more than weights"
        ) from error
    if not isinstance(state, dict):
        raise CheckpointError(f"{path} holds a {type(state).__name__}, not a dict of weights")
    return state


def _load_zip(path: Path, with_stubs: bool) -> object:
    with open_zip(path) as archive:
        names = archive.namelist()
        root = next(name for name in names if name.endswith("/data.pkl")).removesuffix("data.pkl")
        if sum(entry.file_size for entry in archive.infolist()) > path.stat().st_size:
            raise PickleError("it is compressed, which torch.save never does")
        if (size := archive.getinfo(f"{root}data.pkl").file_size) > _MOST_PICKLE_BYTES:
            raise PickleError(f"its pickle has {size} bytes, expected {_MOST_PICKLE_BYTES} at most")
        order = archive.read(f"{root}byteorder") if f"{root}byteorder" in names else b"little"
        if order.decode().strip() != sys.byteorder:
            raise PickleError("it is from a machine with another byte order")
        flats: dict[str, Tensor] = {}

        def storage(dtype: torch.dtype, key: str, count: int) -> Tensor:
            if key not in flats:
                flats[key] = _flat(archive.read(f"{root}data/{key}"), dtype, count)
            return _checked(flats[key], dtype, count)

        data = io.BytesIO(archive.read(f"{root}data.pkl"))
        return unpickle(data, storage, with_stubs=with_stubs)


def _load_legacy(path: Path, with_stubs: bool) -> object:
    """Five pickles in a row, and after them the bytes of the storages."""
    content = path.read_bytes()
    file = io.BytesIO(content)
    if unpickle(file) != _LEGACY_MAGIC or unpickle(file) != _LEGACY_PROTOCOL:
        raise PickleError("it is a pickle of something else")
    system = unpickle(file)
    if not isinstance(system, dict) or system.get("little_endian") != (sys.byteorder == "little"):
        raise PickleError("it is from a machine with another byte order")
    flats: dict[str, Tensor] = {}
    promised = 0

    def storage(dtype: torch.dtype, key: str, count: int) -> Tensor:
        nonlocal promised
        if key not in flats:
            promised += count * dtype.itemsize
            if count < 0 or promised > len(content):
                raise PickleError(f"the end is missing ({promised} bytes of numbers were promised)")
            flats[key] = torch.empty(count, dtype=dtype)
        return _checked(flats[key], dtype, count)

    state = unpickle(file, storage, with_stubs=with_stubs)
    keys = unpickle(file)
    if not isinstance(keys, list) or set(keys) != set(flats):
        raise PickleError("its list of storages is not that of its tensors")
    for key in keys:  # the tensors are views of the flats
        flat = flats[key]
        if int.from_bytes(file.read(8), sys.byteorder) != (count := flat.numel()):
            raise PickleError(f"the storage '{key}' has another size than promised")
        flat.copy_(_flat(file.read(count * flat.itemsize), flat.dtype, count))
    return state


def _flat(data: bytes, dtype: torch.dtype, count: int) -> Tensor:
    if count < 0 or len(data) != count * dtype.itemsize:
        raise PickleError(f"the end is missing ({len(data)} bytes, {count} numbers)")
    return torch.frombuffer(bytearray(data), dtype=dtype) if data else torch.zeros(0, dtype=dtype)


def _checked(flat: Tensor, dtype: torch.dtype, count: int) -> Tensor:
    if flat.dtype != dtype or flat.numel() != count:
        raise PickleError("a storage is used with two dtypes or sizes")
    return flat
