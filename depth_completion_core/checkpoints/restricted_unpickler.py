# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A reader of pickles that runs nothing of them.

A pickle is a program: it names functions and calls them. Here a name leads to one of the few below,
or to a stub that takes whatever is done to it and does nothing. It stands in for torch's own reader
with ``weights_only``, which did run a stranger's code before torch 2.6 (CVE-2025-32434) and let it
overwrite memory before torch 2.10 (CVE-2026-24747).
"""

from __future__ import annotations

import io
import math
from typing import Any

import torch
from torch import Tensor

from depth_completion_core.checkpoints.pickle_machine import Machine, StorageLookup
from depth_completion_core.checkpoints.pickle_values import (
    Arguments,
    Attributes,
    Known,
    PickleError,
    Stub,
    check_levels,
    checked_key,
)

_MOST_NAME_CHARACTERS = 1000
_MOST_DIMENSIONS = 64


def _ordered_dict(arguments: Arguments) -> dict[Any, Any]:
    made: dict[Any, Any] = {}
    for pairs in arguments[:1]:
        if not isinstance(pairs, list):
            raise PickleError("an OrderedDict is made of something else than a list of pairs")
        for pair in pairs:
            key, value = pair
            made[checked_key(key)] = value
    return made


def _namespace(arguments: Arguments) -> Attributes:
    del arguments  # they come as attributes
    return Attributes()


def _size(arguments: Arguments) -> tuple[int, ...]:
    (size,) = arguments
    return _dimensions(size)


def _rebuilt_tensor(arguments: Arguments) -> Tensor:
    """A view of a storage. Gradients' flags and hooks, which follow, are left."""
    storage, offset, size, stride = arguments[:4]
    size, stride = _dimensions(size), _dimensions(stride)
    if not (isinstance(storage, Tensor) and isinstance(offset, int) and len(size) == len(stride)):
        raise PickleError("a tensor is made of something else than numbers")
    count = math.prod(size)
    last = offset + sum((side - 1) * step for side, step in zip(size, stride, strict=True))
    stored = storage.numel()
    # Strides of 0 make terabytes of a byte.
    if offset < 0 or count > stored or (count and last >= stored):
        raise PickleError(f"a tensor of shape {size} is larger than what is stored")
    return storage.as_strided(size, stride, offset)


def _first(arguments: Arguments) -> object:
    return arguments[0]


def _dimensions(value: object) -> tuple[int, ...]:
    is_short = isinstance(value, (tuple, list)) and len(value) <= _MOST_DIMENSIONS
    if not is_short or not all(isinstance(one, int) and one >= 0 for one in value):  # type: ignore[attr-defined]
        raise PickleError(f"a shape is not {_MOST_DIMENSIONS} or fewer whole numbers from 0")
    return tuple(value)  # type: ignore[arg-type]


_DTYPES = {
    "DoubleStorage": torch.float64,
    "FloatStorage": torch.float32,
    "HalfStorage": torch.float16,
    "BFloat16Storage": torch.bfloat16,
    "LongStorage": torch.int64,
    "IntStorage": torch.int32,
    "ShortStorage": torch.int16,
    "CharStorage": torch.int8,
    "ByteStorage": torch.uint8,
    "BoolStorage": torch.bool,
}

# The whole list of what a file can name. All else is a stub.
_ALLOWED = {
    known.name: known
    for known in (
        Known("collections.OrderedDict", call=_ordered_dict),
        Known("argparse.Namespace", call=_namespace),
        Known("torch.Size", call=_size),
        Known("torch._utils._rebuild_tensor", call=_rebuilt_tensor),
        Known("torch._utils._rebuild_tensor_v2", call=_rebuilt_tensor),
        Known("torch._utils._rebuild_parameter", call=_first),
        Known("torch._utils._rebuild_parameter_with_state", call=_first),
        Known("torch.storage.UntypedStorage", dtype=torch.uint8),
        *(Known(f"torch.{name}", dtype=dtype) for name, dtype in _DTYPES.items()),
        *(Known(f"torch.cuda.{name}", dtype=dtype) for name, dtype in _DTYPES.items()),
    )
}


def unpickle(
    file: io.BytesIO, storage: StorageLookup | None = None, *, with_stubs: bool = True
) -> object:
    """Read one pickle; the file is left at its end.

    Args:
        file: at the start of the pickle.
        storage: gives the numbers of a storage by dtype, key and count, as a flat tensor; without
            it there are no tensors.
        with_stubs: False to refuse what is not on the list.

    Returns:
        Plain Python and tensors; all that is not on the list as a ``Stub``.

    Raises:
        PickleError: it asks for too much, or for what is not given to it.
        Exception: of other kinds, as a damaged pickle can cause them.
    """
    value = Machine(_known_or_stub if with_stubs else _known, storage).run(file)
    check_levels(value)
    return value


def _known_or_stub(name: str) -> Stub:
    if len(name) > _MOST_NAME_CHARACTERS:
        raise PickleError(f"it holds a name of {len(name)} characters")
    return _ALLOWED.get(name) or Stub(name)


def _known(name: str) -> Stub:
    found = _ALLOWED.get(name)
    if found is None:
        raise PickleError(f"it names {name:.{_MOST_NAME_CHARACTERS}}, which is not on the list")
    return found
