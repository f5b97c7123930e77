# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The orientation that a camera or phone noted in an image file (EXIF 2.32, tag 0x0112)."""

from __future__ import annotations

import struct

_ORIENTATION = 0x0112
_FARTHEST = 1 << 16  # bytes from the start of the file; cameras put it into the first kilobytes
_UPRIGHT = 1


def orientation_of(file: bytes) -> int:
    """1 for upright or unknown, 2 to 8 for turned or mirrored, of a JPEG, PNG or WebP file."""
    head = file[:_FARTHEST]
    for mark, length in ((b"Exif\0\0", 6), (b"eXIf", 4), (b"EXIF", 8)):
        at = head.find(mark)
        if at >= 0:
            return _tiff_orientation(head[at + length :])
    return _UPRIGHT


def _tiff_orientation(tiff: bytes) -> int:
    order = {b"II": "<", b"MM": ">"}.get(tiff[:2])
    try:
        if order is None:
            return _UPRIGHT
        (first,) = struct.unpack_from(f"{order}I", tiff, 4)
        (count,) = struct.unpack_from(f"{order}H", tiff, first)
        for entry in range(count):
            tag, _, _, value = struct.unpack_from(f"{order}HHIH", tiff, first + 2 + 12 * entry)
            if tag == _ORIENTATION:
                return int(value) if 1 <= value <= 8 else _UPRIGHT
    except struct.error:  # cut short
        pass
    return _UPRIGHT
