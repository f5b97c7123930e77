# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Bytes of an image file -> its pixels as stored.

OpenCV takes many more kinds of files, and fills the missing part of a truncated JPEG with grey and
calls it a success; :mod:`~depth_completion_core.images.headers` refuses both.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import numpy as np
import numpy.typing as npt

from depth_completion_core.images.headers import ImageError, ImageKind, checked_image


def decode_image_bytes(file: bytes, kinds: Collection[ImageKind]) -> npt.NDArray[Any]:
    """The pixels as they are stored: no rotation by EXIF, no conversion, colours in BGR order.

    Args:
        file: all of its bytes.
        kinds: of files that are taken.

    Returns:
        (height, width) or (height, width, 3 or 4), uint8 or uint16.

    Raises:
        ImageError: empty, truncated, too large, damaged, or of another kind.
    """
    import cv2  # noqa: PLC0415 - readers of data sets are known without it

    checked = np.frombuffer(checked_image(file, kinds), np.uint8)
    try:
        stored = cv2.imdecode(checked, cv2.IMREAD_UNCHANGED)
    except cv2.error as error:
        raise ImageError(f"of {len(file)} bytes cannot be decoded: {error.err}") from error
    if stored is None:
        raise ImageError(f"of {len(file)} bytes is damaged: OpenCV cannot decode it")
    if stored.dtype not in (np.uint8, np.uint16):
        raise ImageError(f"holds {stored.dtype} numbers, expected 8 or 16 bits")
    pixels: npt.NDArray[Any] = stored
    return pixels
