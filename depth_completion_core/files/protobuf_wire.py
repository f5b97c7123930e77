# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The wire format of protocol buffers: the fields of a message, without its definition.

A message is a row of fields. Each begins with a varint of its number and the kind of its value: a
varint, 8 or 4 bytes, or a length and as many bytes, which are text, numbers in a row or another
message (https://protobuf.dev/programming-guides/encoding). Nothing is copied, and nothing is
believed that the bytes do not bear out.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, NamedTuple

import numpy as np

_VARINT, _EIGHT_BYTES, _LENGTH, _FOUR_BYTES = 0, 1, 2, 5
_SIZES = {_EIGHT_BYTES: 8, _FOUR_BYTES: 4}
_LONGEST_VARINT = 10


class WireError(ValueError):
    """Bytes that are no message; the text says where and continues a sentence."""


class WireField(NamedTuple):
    """A field of a message.

    Attributes:
        number: what the definition calls it.
        kind: whole number, 8 or 4 bytes, or any number of bytes.
        whole: the value where it is a whole number, else 0.
        data: its bytes where it is no whole number.
    """

    number: int
    kind: Literal["whole", "8 bytes", "4 bytes", "bytes"]
    whole: int
    data: memoryview

    def numbers(self, most: int) -> list[float]:
        """The floating-point numbers of a field that holds one, or several in a row.

        A row of doubles and one of floats differ by their definition alone, so how many there are
        must be known.

        Args:
            most: how many are in a row, where they are not given one by one.

        Raises:
            WireError: it holds others.
        """
        counts = {"8 bytes": 1, "4 bytes": 1, "bytes": most if self.data else 0, "whole": -1}
        count = counts[self.kind]
        if len(self.data) not in (8 * count, 4 * count):
            raise WireError(
                f"holds {len(self.data)} bytes in field {self.number}, expected {most} numbers"
            )
        dtype = "<f8" if len(self.data) == 8 * count else "<f4"
        return [float(number) for number in np.frombuffer(self.data, dtype=dtype)]


_NOTHING = memoryview(b"")


def wire_fields(message: memoryview) -> Iterator[WireField]:
    """The fields of a message, in its order.

    Raises:
        WireError: it ends within a field, or is none.
    """
    place, end = 0, len(message)
    while place < end:
        key, place = _varint(message, place)
        number, wire = key >> 3, key & 7
        if number == 0 or wire not in (_VARINT, _EIGHT_BYTES, _LENGTH, _FOUR_BYTES):
            raise WireError(f"is no protocol buffer: byte {place - 1} begins no field")
        if wire == _VARINT:
            whole, place = _varint(message, place)
            yield WireField(number, "whole", whole, _NOTHING)
            continue
        size = _SIZES.get(wire, 0)
        if wire == _LENGTH:
            size, place = _varint(message, place)
        if size > end - place:
            raise WireError(
                f"stops within field {number}: {size} bytes should follow byte {place}, and there "
                f"are {end - place}"
            )
        data = message[place : place + size]
        place += size
        if wire == _LENGTH:
            yield WireField(number, "bytes", 0, data)
        else:
            yield WireField(number, "8 bytes" if size == 8 else "4 bytes", 0, data)


def _varint(message: memoryview, place: int) -> tuple[int, int]:
    """A number in groups of seven bits, the lowest first; and the place behind it."""
    value = 0
    for count in range(_LONGEST_VARINT):
        if place >= len(message):
            raise WireError(f"stops within a number, at byte {place}")
        byte = message[place]
        place += 1
        value |= (byte & 0x7F) << (7 * count)
        if byte < 0x80:
            return value & 0xFFFFFFFFFFFFFFFF, place
    raise WireError(f"is no protocol buffer: the number before byte {place} does not end")
