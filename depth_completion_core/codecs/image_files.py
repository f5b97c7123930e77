# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""PNG and JPEG files in memory -> arrays, refusing what is cut short or absurdly large.

OpenCV fills the missing part of a truncated JPEG with grey and calls it a success.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from depth_completion_core.codecs.errors import CodecError
from depth_completion_core.codecs.messages import MessageBytes, byte_view

MAX_PIXELS = 1 << 26
"""Images above this size (8192 x 8192) are taken for corrupt headers."""

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_JPEG_START, _JPEG_SCAN, _JPEG_END = b"\xff\xd8", b"\xff\xda", b"\xff\xd9"


def check_pixel_count(width: int, height: int, what: str) -> None:
    """Refuse sizes before memory is reserved for them.

    Raises:
        CodecError: no pixels, or more than :data:`MAX_PIXELS`.
    """
    if not 0 < width * height <= MAX_PIXELS:
        raise CodecError(
            f"{what} claims {width}x{height} pixels, expected 1 to {MAX_PIXELS} of them. "
            "The message is corrupt, or not what its format says"
        )


def decode_file(data: MessageBytes, what: str) -> npt.NDArray[Any]:
    """An image file as stored: no rotation, no conversion, colours in BGR order.

    Args:
        data: the file, as array.array, bytes or ndarray.
        what: subject of the error's sentence.

    Returns:
        (height, width) or (height, width, 3 or 4), uint8 or uint16.

    Raises:
        CodecError: empty, truncated, too large, or not an image file.
    """
    view = byte_view(data)
    if view.size == 0:
        raise CodecError(f"{what} carries 0 bytes; check the camera driver and its USB or network")
    _check_container(view.tobytes(), what)
    try:
        stored = cv2.imdecode(view, cv2.IMREAD_UNCHANGED)
    except cv2.error as error:
        raise CodecError(f"{what} of {view.size} bytes cannot be decoded: {error}") from error
    if stored is None or stored.dtype not in (np.uint8, np.uint16):
        raise CodecError(
            f"{what} of {view.size} bytes is not a JPEG or PNG file of 8 or 16 bits; it begins "
            f"with {view[:8].tobytes()!r}. Video streams (H.264, ffmpeg transport) are not decoded"
        )
    pixels: npt.NDArray[Any] = stored
    return pixels


def _check_container(file: bytes, what: str) -> None:
    if file.startswith(PNG_SIGNATURE):
        complete = file.rfind(b"IEND") > 0
        check_pixel_count(
            int.from_bytes(file[16:20], "big"), int.from_bytes(file[20:24], "big"), what
        )
    elif file.startswith(_JPEG_START):
        # Inside a scan 0xFF is always escaped, so a later end marker is the real one.
        complete = file.rfind(_JPEG_END) > file.rfind(_JPEG_SCAN)
    else:
        return
    if not complete:
        raise CodecError(
            f"{what} stops after {len(file)} bytes, before the end of the file. Frames are cut "
            "short on the way: check the USB bandwidth or the network's fragment settings"
        )
