# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Reads files of torch.save without running anything of them.

torch.load is not used anywhere: it also runs TorchScript and unpacks tar files, and what it checks
differs between versions (see restricted_unpickler). The formats:
https://docs.pytorch.org/docs/stable/notes/serialization.html and torch/serialization.py.
"""

from __future__ import annotations

import io
import pickle
import sys
import zipfile
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from depth_completion_core.checkpoints.errors import CheckpointError
from depth_completion_core.checkpoints.file_kinds import TORCH_FILE, foreign_kind
from depth_completion_core.checkpoints.restricted_unpickler import Held, unpickle

_LEGACY_MAGIC, _LEGACY_PROTOCOL = 0x1950A86A20F9469CFC6C, 1001


def load_torch_file(path: Path, *, with_stubs: bool = True) -> dict[Any, Any]:
    """The dict in a file of torch.save, of the zip format or the one before it.

    Args:
        path: the file.
        with_stubs: whether objects of other classes than those of weights become stubs; if not,
            they are an error.

    Returns:
        Tensors, in dicts and lists, are on the CPU in their own dtype.

    Raises:
        CheckpointError: the file is missing, truncated, of another kind, or holds no dict.
    """
    try:
        kind = foreign_kind(path)
        if kind != TORCH_FILE:
            raise CheckpointError(f"{path} is {kind or 'of an unknown kind'}, not {TORCH_FILE}")
        content = path.read_bytes()
    except OSError as error:
        raise CheckpointError(f"{path} cannot be read: {error.strerror}") from error
    try:
        load = _load_zip if content.startswith(b"PK") else _load_legacy
        state = load(content, with_stubs)
    # A damaged or hostile pickle can raise anything; MemoryError where it claims to be huge.
    except Exception as error:
        reason = str(error) or type(error).__name__
        raise CheckpointError(
            f"{path} cannot be read as {TORCH_FILE}: {reason}; it is truncated, damaged, or holds "
            "more than weights"
        ) from error
    if not isinstance(state, dict):
        raise CheckpointError(f"{path} holds a {type(state).__name__}, not a dict of weights")
    _release(state)
    return state


def _release(state: dict[Any, Any]) -> None:
    """Put tensors in the place of what held them, in dicts and lists at any depth."""
    pending: list[Any] = [state]
    seen = {id(state)}
    while pending:
        item = pending.pop()
        for key, value in item.items() if isinstance(item, dict) else enumerate(item):
            if isinstance(value, Held):
                item[key] = value.value
            elif isinstance(value, (dict, list)) and id(value) not in seen:  # it may hold itself
                seen.add(id(value))
                pending.append(value)


def _load_zip(content: bytes, with_stubs: bool) -> object:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        names = archive.namelist()
        root = next(name for name in names if name.endswith("/data.pkl")).removesuffix("data.pkl")
        if sum(entry.file_size for entry in archive.infolist()) > len(content):
            raise pickle.UnpicklingError("it is compressed, which torch.save never does")
        order = archive.read(f"{root}byteorder") if f"{root}byteorder" in names else b"little"
        if order.decode().strip() != sys.byteorder:
            raise pickle.UnpicklingError("it is from a machine with another byte order")
        flats: dict[str, Tensor] = {}

        def storage(dtype: torch.dtype, key: str, count: int) -> Tensor:
            if key not in flats:
                flats[key] = _flat(archive.read(f"{root}data/{key}"), dtype, count)
            return _checked(flats[key], dtype, count)

        data = io.BytesIO(archive.read(f"{root}data.pkl"))
        return unpickle(data, storage, with_stubs=with_stubs)


def _load_legacy(content: bytes, with_stubs: bool) -> object:
    """Five pickles in a row, and after them the bytes of the storages."""
    file = io.BytesIO(content)
    if unpickle(file) != _LEGACY_MAGIC or unpickle(file) != _LEGACY_PROTOCOL:
        raise pickle.UnpicklingError("it is a pickle of something else")
    system = unpickle(file)
    if not isinstance(system, dict) or system.get("little_endian") != (sys.byteorder == "little"):
        raise pickle.UnpicklingError("it is from a machine with another byte order")
    flats: dict[str, Tensor] = {}

    def storage(dtype: torch.dtype, key: str, count: int) -> Tensor:
        if key not in flats:
            if not 0 <= count <= len(content):
                raise pickle.UnpicklingError(f"the end is missing ({count} numbers were promised)")
            flats[key] = torch.empty(count, dtype=dtype)
        return _checked(flats[key], dtype, count)

    state = unpickle(file, storage, with_stubs=with_stubs)
    keys = unpickle(file)
    if not isinstance(keys, list) or set(keys) != set(flats):
        raise pickle.UnpicklingError("its list of storages is not that of its tensors")
    for key in keys:  # the tensors are views of the flats
        flat = flats[key]
        if int.from_bytes(file.read(8), sys.byteorder) != (count := flat.numel()):
            raise pickle.UnpicklingError(f"the storage '{key}' has another size than promised")
        flat.copy_(_flat(file.read(count * flat.itemsize), flat.dtype, count))
    return state


def _flat(data: bytes, dtype: torch.dtype, count: int) -> Tensor:
    if count < 0 or len(data) != count * dtype.itemsize:
        raise pickle.UnpicklingError(f"the end is missing ({len(data)} bytes, {count} numbers)")
    return torch.frombuffer(bytearray(data), dtype=dtype) if data else torch.zeros(0, dtype=dtype)


def _checked(flat: Tensor, dtype: torch.dtype, count: int) -> Tensor:
    if flat.dtype != dtype or flat.numel() != count:
        raise pickle.UnpicklingError("a storage is used with two dtypes or sizes")
    return flat
