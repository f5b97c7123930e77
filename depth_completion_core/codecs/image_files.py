# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""PNG and JPEG files in messages -> arrays."""

from __future__ import annotations

from typing import Any

import numpy.typing as npt

from depth_completion_core.codecs.errors import CodecError
from depth_completion_core.codecs.messages import MessageBytes, byte_view
from depth_completion_core.images.decoding import decode_image_bytes
from depth_completion_core.images.headers import ImageError, ImageKind

_KINDS: tuple[ImageKind, ...] = ("JPEG", "PNG")  # what image_transport writes


def decode_file(data: MessageBytes, what: str) -> npt.NDArray[Any]:
    """An image file as stored: no rotation, no conversion, colours in BGR order.

    Args:
        data: the file, as array.array, bytes or ndarray.
        what: subject of the error's sentence.

    Returns:
        (height, width) or (height, width, 3 or 4), uint8 or uint16.

    Raises:
        CodecError: empty, truncated, too large, damaged, or neither PNG nor JPEG.
    """
    view = byte_view(data)
    if view.size == 0:
        raise CodecError(f"{what} carries 0 bytes; check the camera driver and its USB or network")
    try:
        return decode_image_bytes(view.tobytes(), _KINDS)
    except ImageError as error:
        raise CodecError(
            f"{what} {error}. If images are cut short on their way, check the USB bandwidth or the "
            "network's fragment settings; video streams (H.264, ffmpeg transport) are not decoded"
        ) from error
