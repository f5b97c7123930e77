# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""An unpickler that runs nothing of a file.

A pickle is a program: it names functions and calls them. Here a name leads to one of the few below,
or to a stub that takes whatever is done to it and does nothing. It stands in for torch's own reader
with ``weights_only``, which did run a stranger's code before torch 2.6 (CVE-2025-32434) and let it
overwrite memory before torch 2.10 (CVE-2026-24747).
"""

from __future__ import annotations

import io
import math
import pickle
import pickletools
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

_MAX_STUBS = 1000  # classes are large; a file of names alone would fill the memory
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

StorageLookup = Callable[[torch.dtype, str, int], Tensor]


class _StubType(type):
    """Its classes cannot be changed: the opcode BUILD sets attributes of what it likes."""

    def __setattr__(cls, name: str, value: object) -> None:
        raise pickle.UnpicklingError(f"the file wants to change {cls.__name__}")


class Stub(metaclass=_StubType):
    """Stands for an object of a class that is not on the list; its class has the name it had."""

    __slots__ = ()

    def __new__(cls, *args: object, **kwargs: object) -> Stub:
        """Ignores what the object was to be made of."""
        return super().__new__(cls)

    def __call__(self, *args: object) -> Stub:
        """What a stub would have returned is a stub, too."""
        return self

    def _ignore(self, *args: object) -> None:
        pass

    __setstate__ = __setitem__ = append = extend = add = _ignore


class _Dict(dict[Any, Any], metaclass=_StubType):
    """For OrderedDict, whose attributes a file can set, and with them what its methods are."""

    __slots__ = ()

    def __setstate__(self, state: object) -> None:
        """Ignores attributes, such as the versions that a state dict carries."""


class _Fixed:
    """BUILD cannot give it attributes, as it could give a function other defaults."""

    __slots__ = ("value",)
    value: Any

    def __init__(self, value: object) -> None:
        object.__setattr__(self, "value", value)

    def _refuse(self, *_: object) -> None:
        raise pickle.UnpicklingError("the file wants to change what reads it")

    __setattr__ = __setstate__ = _refuse


class _Function(_Fixed):
    __slots__ = ()

    def __call__(self, *args: object) -> object:
        return self.value(*args)


class _StorageClass(_Fixed):
    """Names the dtype of a storage."""

    __slots__ = ()


class Held(_Fixed):
    """A tensor or storage while the pickle runs, which could call a real one's methods."""

    __slots__ = ()


def _rebuild_tensor(
    storage: Held, offset: int, size: tuple[int, ...], stride: tuple[int, ...], *_: object
) -> Held:
    """A view of a storage. Gradients' flags and hooks, which follow, are left."""
    if math.prod(size) > storage.value.numel():  # strides of 0 make terabytes of a byte
        raise pickle.UnpicklingError(f"a tensor of shape {size} is larger than what is stored")
    return Held(storage.value.as_strided(size, stride, offset))


# The whole list of what a file can name. All else is a stub.
_ALLOWED: dict[tuple[str, str], object] = {
    ("collections", "OrderedDict"): _Dict,
    ("torch", "Size"): _Function(tuple),
    ("torch._utils", "_rebuild_tensor"): _Function(_rebuild_tensor),
    ("torch._utils", "_rebuild_tensor_v2"): _Function(_rebuild_tensor),
    ("torch._utils", "_rebuild_parameter"): _Function(lambda data, *_: data),
    ("torch._utils", "_rebuild_parameter_with_state"): _Function(lambda data, *_: data),
    ("torch.storage", "UntypedStorage"): _StorageClass(torch.uint8),
    **{("torch", name): _StorageClass(dtype) for name, dtype in _DTYPES.items()},
    **{("torch.cuda", name): _StorageClass(dtype) for name, dtype in _DTYPES.items()},
}


class _Unpickler(pickle.Unpickler):
    def __init__(
        self, file: io.BytesIO, storage: StorageLookup | None, *, with_stubs: bool
    ) -> None:
        super().__init__(file, encoding="utf-8")
        self._storage, self._with_stubs = storage, with_stubs
        self._stubs: dict[tuple[str, str], type] = {}

    def find_class(self, module: str, name: str) -> object:
        """The allowed object of this name, or a stub class; nothing is imported."""
        if (module, name) in _ALLOWED:
            return _ALLOWED[module, name]
        if not self._with_stubs:
            raise pickle.UnpicklingError(f"it names {module}.{name}, which is not on the list")
        if len(self._stubs) >= _MAX_STUBS:
            raise pickle.UnpicklingError(f"it names more than {_MAX_STUBS} classes")
        stub: type = _StubType(f"{module}.{name}", (Stub,), {"__slots__": ()})
        return self._stubs.setdefault((module, name), stub)

    def persistent_load(self, pid: Any) -> Held:  # noqa: ANN401
        """The flat tensor that ('storage', class, key, place, count[, view]) names."""
        match pid:
            case ("storage", _StorageClass() as kind, str(key), _, int(count), *views) if (
                self._storage is not None and all(view is None for view in views)
            ):
                return Held(self._storage(kind.value, key, count))
        raise pickle.UnpicklingError(f"a tensor's storage is named as {pid!r:.80}")


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
        Plain Python; tensors in a ``Held`` each, all that is not on the list as a ``Stub``.

    Raises:
        Exception: of any kind, as a damaged or hostile pickle can cause it.
    """
    start = file.tell()
    for count, (opcode, index, _) in enumerate(pickletools.genops(file)):
        # The memo grows to the index that a file names: gigabytes for five bytes.
        if opcode.name.endswith("PUT") and (not isinstance(index, int) or index > count):
            raise pickle.UnpicklingError(f"its memo has a place {index}")
    file.seek(start)
    return _Unpickler(file, storage, with_stubs=with_stubs).load()
