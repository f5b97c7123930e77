# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""tf2_msgs/TFMessage as it travels: the edges that it tells of, without decoding their numbers.

The encoding is CDR (OMG, DDS-XTypes 7.4.3, version 1): four bytes that name it, then each field on
a multiple of its size, counted from there.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import NamedTuple

from depth_completion_core.codecs.errors import CodecError

_NS_PER_S = 10**9
_BODY = 4  # where the fields begin
_PLAIN_CDR = {b"\x00\x00": ">", b"\x00\x01": "<"}
_NUMBERS = 56  # bytes
_FLOATS = struct.Struct("<7d")


class TransformBytes(NamedTuple):
    """One geometry_msgs/TransformStamped.

    Attributes:
        stamp_ns: its stamp, nanoseconds.
        parent: frame id, UTF-8, as published.
        child: child frame id, likewise.
        numbers: seven little-endian float64: translation x, y, z (metres), rotation x, y, z, w.
    """

    stamp_ns: int
    parent: bytes
    child: bytes
    numbers: bytes

    def decoded(self) -> tuple[float, ...]:
        """The seven numbers."""
        return _FLOATS.unpack(self.numbers)


def transforms_in(message: bytes) -> Iterator[TransformBytes]:
    """The transforms of a serialised TFMessage of either byte order.

    Raises:
        CodecError: another encoding, or the message ends too early; what came before is given.
    """
    order = _PLAIN_CDR.get(message[:2])
    if order is None:
        raise CodecError(
            f"a TFMessage begins with the bytes {message[:2].hex(' ')}, expected 00 00 or 00 01 "
            "(plain CDR, version 1): choose that encoding in the middleware of its publisher"
        )
    try:
        yield from _walked(message, order)
    except struct.error as error:
        raise CodecError(
            f"a TFMessage of {len(message)} bytes ends within a transform; it is damaged"
        ) from error


def _walked(message: bytes, order: str) -> Iterator[TransformBytes]:
    length_at = struct.Struct(f"{order}I").unpack_from
    stamp_and_length_at = struct.Struct(f"{order}iII").unpack_from
    (count,) = length_at(message, _BODY)
    at, size = _BODY + 4, len(message)
    for _ in range(count):
        seconds, nanoseconds, length = stamp_and_length_at(message, at)
        start, at = at + 12, at + 12 + length
        parent = message[start : at - 1] if length else b""  # it ends with a zero
        at += -at & 3
        (length,) = length_at(message, at)
        start, at = at + 4, at + 4 + length
        child = message[start : at - 1] if length else b""
        at += _BODY - at & 7
        numbers = message[at : at + _NUMBERS]
        at += _NUMBERS
        if at > size:
            raise struct.error
        if order == ">":
            numbers = _FLOATS.pack(*struct.unpack(">7d", numbers))
        yield TransformBytes(seconds * _NS_PER_S + nanoseconds, parent, child, numbers)
