# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The stack machine whose programs pickles are; opcodes as in pickletools.

No method of any object is called, and steps are counted: a few hundred bytes can describe what no
memory holds and what takes years to compare.
"""

from __future__ import annotations

import io
import pickletools
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from depth_completion_core.checkpoints.pickle_values import (
    Attributes,
    Known,
    PickleError,
    Stub,
    checked_key,
    checked_literal,
)

# A checkpoint of 1,000 tensors with its optimizer takes some 60,000 steps.
_MOST_STEPS = 500_000

StorageLookup = Callable[[torch.dtype, str, int], Tensor]


class Machine:
    """A stack, its marks, and what the pickle remembers.

    Args:
        named: what a dotted name stands for; raises PickleError.
        storage: the numbers of a storage by dtype, key and count, flat; None where there are none.
    """

    def __init__(self, named: Callable[[str], Stub], storage: StorageLookup | None) -> None:
        self._named, self._storage = named, storage
        self._stack: list[Any] = []
        self._marks: list[int] = []
        self._memo: dict[int, Any] = {}
        self._steps = 0

    def run(self, file: io.BytesIO) -> object:
        """What the pickle makes; the file is left at its end.

        Raises:
            PickleError: it asks for too much, or for what is not given to it.
            Exception: of other kinds, as a damaged pickle can cause them.
        """
        for opcode, argument, _ in pickletools.genops(file):
            self._spend(1)
            name = opcode.name
            if name == "STOP":
                break
            if name in _LITERALS:
                self._stack.append(checked_literal(argument))
            elif name in _CONSTANTS:
                self._stack.append(_CONSTANTS[name])
            elif name in _STEPS:
                _STEPS[name](self, argument)
            else:
                raise PickleError(f"it holds the opcode {name}, which no file of weights needs")
        return self._pop()

    def _spend(self, steps: int) -> None:
        self._steps += steps
        if self._steps > _MOST_STEPS:
            raise PickleError(f"it takes more than {_MOST_STEPS} steps, as no file of weights does")

    def _pop(self) -> Any:  # noqa: ANN401 - whatever the pickle made
        if self._marks and self._marks[-1] >= len(self._stack):
            raise PickleError("it takes from its stack what is not there")
        return self._stack.pop()

    def _pop_to_mark(self) -> list[Any]:
        mark = self._marks.pop()
        items = self._stack[mark:]
        del self._stack[mark:]
        return items

    # Steps; the argument is what follows the opcode.

    def _nothing(self, argument: object) -> None:
        pass

    def _mark(self, argument: object) -> None:
        self._marks.append(len(self._stack))

    def _drop(self, argument: object) -> None:
        self._pop()

    def _drop_to_mark(self, argument: object) -> None:
        self._pop_to_mark()

    def _double(self, argument: object) -> None:
        self._stack.append(self._stack[-1])

    def _empty_list(self, argument: object) -> None:
        self._stack.append([])

    def _empty_dict(self, argument: object) -> None:
        self._stack.append({})

    def _empty_set(self, argument: object) -> None:
        self._stack.append(set())

    def _list(self, argument: object) -> None:
        self._stack.append(self._pop_to_mark())

    def _tuple(self, argument: object) -> None:
        self._stack.append(tuple(self._pop_to_mark()))

    def _dict(self, argument: object) -> None:
        items = self._pop_to_mark()
        self._stack.append({})
        self._set(items)

    def _frozen_set(self, argument: object) -> None:
        self._stack.append(frozenset(map(checked_key, self._pop_to_mark())))

    def _tuple_1(self, argument: object) -> None:
        self._stack.append((self._pop(),))

    def _tuple_2(self, argument: object) -> None:
        last = self._pop()
        self._stack.append((self._pop(), last))

    def _tuple_3(self, argument: object) -> None:
        last, middle = self._pop(), self._pop()
        self._stack.append((self._pop(), middle, last))

    def _append(self, argument: object) -> None:
        self._extend([self._pop()])

    def _appends(self, argument: object) -> None:
        self._extend(self._pop_to_mark())

    def _extend(self, items: list[Any]) -> None:
        if isinstance(self._target(list), list):
            self._stack[-1].extend(items)

    def _set_item(self, argument: object) -> None:
        value = self._pop()
        self._set([self._pop(), value])

    def _set_items(self, argument: object) -> None:
        self._set(self._pop_to_mark())

    def _set(self, items: list[Any]) -> None:
        if isinstance(self._target(dict), dict):
            keys = map(checked_key, items[::2])
            self._stack[-1].update(zip(keys, items[1::2], strict=True))

    def _add_items(self, argument: object) -> None:
        items = self._pop_to_mark()
        if isinstance(self._target(set), set):
            self._stack[-1].update(map(checked_key, items))

    def _target(self, kind: type) -> object:
        """The top of the stack, which must be of a kind or a stub, which ignores it."""
        target = self._stack[-1]
        if not isinstance(target, (kind, Stub)):
            raise PickleError(f"it wants to change a {type(target).__name__}")
        return target

    def _put(self, argument: int) -> None:
        self._memo[argument] = self._stack[-1]

    def _memoize(self, argument: object) -> None:
        self._memo[len(self._memo)] = self._stack[-1]

    def _get(self, argument: int) -> None:
        if argument not in self._memo:
            raise PickleError(f"its memo has no place {argument}")
        self._stack.append(self._memo[argument])

    def _global(self, argument: str) -> None:
        self._stack.append(self._named(argument.replace(" ", ".", 1)))

    def _stack_global(self, argument: object) -> None:
        name, module = self._pop(), self._pop()
        self._stack.append(self._named(f"{module:s}.{name:s}"))

    def _reduce(self, argument: object) -> None:
        arguments = self._pop()
        self._stack.append(self._called(self._pop(), arguments))

    def _new_object_with_words(self, argument: object) -> None:
        self._pop()
        self._reduce(argument)

    def _object(self, argument: object) -> None:
        called, *arguments = self._pop_to_mark()
        self._stack.append(self._called(called, tuple(arguments)))

    def _instance(self, argument: str) -> None:
        arguments = tuple(self._pop_to_mark())
        self._stack.append(self._called(self._named(argument.replace(" ", ".", 1)), arguments))

    def _called(self, called: object, arguments: object) -> object:
        if not isinstance(called, Stub) or not isinstance(arguments, tuple):
            raise PickleError(f"it wants to call a {type(called).__name__}")
        if not isinstance(called, Known) or called.call is None:
            return called  # what a stub would have returned is a stub, too
        # Calls may copy what they are given.
        self._spend(sum(len(one) for one in arguments if isinstance(one, (list, tuple))))
        return called.call(arguments)

    def _build(self, argument: object) -> None:
        """Attributes of an object. Others than a command line's, as a state dict's, are left."""
        attributes, target = self._pop(), self._target(dict)
        if isinstance(target, Attributes) and isinstance(attributes, dict):
            self._spend(len(attributes))
            target.update(attributes)

    def _persistent(self, argument: object) -> None:
        """The flat tensor that ('storage', class, key, place, count[, view]) names."""
        match self._pop():
            case ("storage", Known(dtype=torch.dtype() as dtype), str(key), _, int(count), *views):
                if self._storage is not None and all(view is None for view in views):
                    self._stack.append(self._storage(dtype, key, count))
                    return
        raise PickleError("a tensor's storage is named as no file of torch.save does")


_CONSTANTS: dict[str, object] = {
    "NONE": None,
    "NEWTRUE": True,
    "NEWFALSE": False,
    "EMPTY_TUPLE": (),
}

_LITERALS = frozenset(
    (
        *("INT", "BININT", "BININT1", "BININT2", "LONG", "LONG1", "LONG4", "FLOAT", "BINFLOAT"),
        *("STRING", "BINSTRING", "SHORT_BINSTRING", "UNICODE", "BINUNICODE", "SHORT_BINUNICODE"),
        *("BINUNICODE8", "BINBYTES", "SHORT_BINBYTES", "BINBYTES8", "BYTEARRAY8"),
    )
)

_STEPS: dict[str, Callable[[Machine, Any], None]] = {
    "PROTO": Machine._nothing,
    "FRAME": Machine._nothing,
    "MARK": Machine._mark,
    "POP": Machine._drop,
    "POP_MARK": Machine._drop_to_mark,
    "DUP": Machine._double,
    "EMPTY_LIST": Machine._empty_list,
    "EMPTY_DICT": Machine._empty_dict,
    "EMPTY_SET": Machine._empty_set,
    "LIST": Machine._list,
    "TUPLE": Machine._tuple,
    "DICT": Machine._dict,
    "FROZENSET": Machine._frozen_set,
    "TUPLE1": Machine._tuple_1,
    "TUPLE2": Machine._tuple_2,
    "TUPLE3": Machine._tuple_3,
    "APPEND": Machine._append,
    "APPENDS": Machine._appends,
    "SETITEM": Machine._set_item,
    "SETITEMS": Machine._set_items,
    "ADDITEMS": Machine._add_items,
    "PUT": Machine._put,
    "BINPUT": Machine._put,
    "LONG_BINPUT": Machine._put,
    "MEMOIZE": Machine._memoize,
    "GET": Machine._get,
    "BINGET": Machine._get,
    "LONG_BINGET": Machine._get,
    "GLOBAL": Machine._global,
    "STACK_GLOBAL": Machine._stack_global,
    "REDUCE": Machine._reduce,
    "NEWOBJ": Machine._reduce,
    "NEWOBJ_EX": Machine._new_object_with_words,
    "OBJ": Machine._object,
    "INST": Machine._instance,
    "BUILD": Machine._build,
    "BINPERSID": Machine._persistent,
}
