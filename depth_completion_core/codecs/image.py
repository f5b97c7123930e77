# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""sensor_msgs/Image and CompressedImage <-> RGB arrays.

No cv_bridge: its C extension is built for NumPy 1 on Humble and Jazzy.
"""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np
import numpy.typing as npt

from depth_completion_core.codecs.errors import CodecError, unknown_encoding
from depth_completion_core.codecs.image_files import decode_file
from depth_completion_core.codecs.messages import (
    CompressedMessage,
    ImageFields,
    ImageMessage,
    UInt8Array,
    pixel_rows,
)
from depth_completion_core.images.used_bits import UsedBits


class _Layout(NamedTuple):
    channels: int
    bytes_per_channel: int
    to_rgb: int | None


# OpenCV names a Bayer pattern after the second row's second and third pixel, so that ROS's RGGB is
# OpenCV's BG.
_BAYER_TO_RGB = {
    "rggb": cv2.COLOR_BayerBG2RGB,
    "bggr": cv2.COLOR_BayerRG2RGB,
    "gbrg": cv2.COLOR_BayerGR2RGB,
    "grbg": cv2.COLOR_BayerGB2RGB,
}

# What the abstract types 8UC3 and 8UC4 hold is not told; OpenCV's order is the common one.
_LAYOUTS: dict[str, _Layout] = {
    "rgb8": _Layout(3, 1, None),
    "bgr8": _Layout(3, 1, cv2.COLOR_BGR2RGB),
    "rgba8": _Layout(4, 1, cv2.COLOR_RGBA2RGB),
    "bgra8": _Layout(4, 1, cv2.COLOR_BGRA2RGB),
    "mono8": _Layout(1, 1, cv2.COLOR_GRAY2RGB),
    "8UC1": _Layout(1, 1, cv2.COLOR_GRAY2RGB),
    "8UC3": _Layout(3, 1, cv2.COLOR_BGR2RGB),
    "8UC4": _Layout(4, 1, cv2.COLOR_BGRA2RGB),
    "rgb16": _Layout(3, 2, None),
    "bgr16": _Layout(3, 2, cv2.COLOR_BGR2RGB),
    "rgba16": _Layout(4, 2, cv2.COLOR_RGBA2RGB),
    "bgra16": _Layout(4, 2, cv2.COLOR_BGRA2RGB),
    "mono16": _Layout(1, 2, cv2.COLOR_GRAY2RGB),
    "16UC1": _Layout(1, 2, cv2.COLOR_GRAY2RGB),
    **{f"bayer_{pattern}8": _Layout(1, 1, code) for pattern, code in _BAYER_TO_RGB.items()},
    **{f"bayer_{pattern}16": _Layout(1, 2, code) for pattern, code in _BAYER_TO_RGB.items()},
    "yuv422": _Layout(2, 1, cv2.COLOR_YUV2RGB_UYVY),
    "uyvy": _Layout(2, 1, cv2.COLOR_YUV2RGB_UYVY),
    "yuv422_yuy2": _Layout(2, 1, cv2.COLOR_YUV2RGB_YUY2),
    "yuyv": _Layout(2, 1, cv2.COLOR_YUV2RGB_YUY2),
}

# YUV 4:2:0: a plane of brightness, then half as many rows of interleaved colours.
_PLANAR_TO_RGB = {"nv12": cv2.COLOR_YUV2RGB_NV12, "nv21": cv2.COLOR_YUV2RGB_NV21}

_FILE_CHANNELS_TO_RGB = {
    1: cv2.COLOR_GRAY2RGB,
    3: cv2.COLOR_BGR2RGB,
    4: cv2.COLOR_BGRA2RGB,
}

_RGB_TO: dict[str, int | None] = {
    "rgb8": None,
    "bgr8": cv2.COLOR_RGB2BGR,
    "rgba8": cv2.COLOR_RGB2RGBA,
    "bgra8": cv2.COLOR_RGB2BGRA,
    "mono8": cv2.COLOR_RGB2GRAY,
}

_GRAY_TO: dict[str, int | None] = {
    "rgb8": cv2.COLOR_GRAY2RGB,
    "bgr8": cv2.COLOR_GRAY2BGR,
    "rgba8": cv2.COLOR_GRAY2RGBA,
    "bgra8": cv2.COLOR_GRAY2BGRA,
    "mono8": None,
}


def decode_image(message: ImageMessage, bits: UsedBits | None = None) -> UInt8Array:
    """A sensor_msgs/Image of any common encoding as RGB.

    Of 16-bit channels the upper 8 of the bits that are used are kept; grey is repeated three times;
    alpha is dropped; Bayer mosaics are interpolated bilinearly; YUV is read as BT.601 of
    limited range, as OpenCV does. Encodings: ros2/common_interfaces, image_encodings.hpp.

    Args:
        message: rclpy's, rosbags', or what :func:`encode_image` returns.
        bits: what the stream that it is of has shown of its 16-bit numbers; None for an image
            alone.

    Returns:
        (height, width, 3) uint8, contiguous. For an rgb8 message without row padding it is a
        zero-copy view, read-only where the message is: copy it before writing to it.

    Raises:
        CodecError: unknown encoding, empty image, or sizes that contradict each other.
    """
    if message.encoding in _PLANAR_TO_RGB:
        return _decode_planar(message)
    layout = _LAYOUTS.get(message.encoding)
    if layout is None:
        raise unknown_encoding(
            message.encoding,
            (*_LAYOUTS, *_PLANAR_TO_RGB),
            "Convert the images, or check that the topic is the camera's and not a depth image",
        )
    rows = pixel_rows(message, layout.channels * layout.bytes_per_channel)
    _check_shared_colours(message, layout)
    pixels = np.ascontiguousarray(rows).reshape(message.height, message.width, -1)
    if layout.bytes_per_channel == 2:
        numbers = pixels.view(">u2" if message.is_bigendian else "<u2")
        pixels = (bits or UsedBits()).to_8_bits(numbers)
    return _converted(pixels, layout.to_rgb)


def decode_compressed_image(message: CompressedMessage, bits: UsedBits | None = None) -> UInt8Array:
    """A sensor_msgs/CompressedImage (JPEG or PNG) as RGB.

    image_transport stores the colours in the file's own order whatever the format string says
    ("rgb8; jpeg compressed bgr8" tells the encoding before compression), so the file alone decides.
    Only a Bayer encoding is read from that string: such mosaics are stored as grey. An EXIF
    orientation is ignored, because CameraInfo describes the pixels as they are stored.

    Args:
        message: rclpy's or rosbags'.
        bits: as for :func:`decode_image`.

    Returns:
        (height, width, 3) uint8, contiguous.

    Raises:
        CodecError: empty, truncated or not an image file.
    """
    if "compressedDepth" in message.format:
        raise CodecError(
            f"format is '{message.format}', expected a JPEG or PNG of the camera. This is a depth "
            "image: give the colour camera's .../compressed topic instead"
        )
    stored = decode_file(message.data, f"the compressed image (format '{message.format}')")
    pixels: UInt8Array = (
        (bits or UsedBits()).to_8_bits(stored)
        if stored.dtype == np.uint16
        else stored.astype(np.uint8, copy=False)
    )
    channels = 1 if pixels.ndim == 2 else pixels.shape[2]
    code: int | None = _FILE_CHANNELS_TO_RGB[channels]
    encoding = message.format.partition(";")[0].strip()
    if channels == 1 and encoding.startswith("bayer_") and encoding in _LAYOUTS:
        code = _LAYOUTS[encoding].to_rgb
    return _converted(pixels, code)


def encode_image(image: npt.ArrayLike, encoding: str = "rgb8") -> ImageFields:
    """The fields of a sensor_msgs/Image.

    Args:
        image: (height, width, 3) uint8 RGB or (height, width) uint8 grey.
        encoding: rgb8, bgr8, rgba8, bgra8 (alpha 255) or mono8.

    Returns:
        Fields without row padding. ``data`` is a view of ``image`` where nothing had to change.

    Raises:
        CodecError: another encoding, shape or dtype.
    """
    pixels = np.asarray(image)
    is_rgb = pixels.ndim == 3 and pixels.shape[2] == 3
    if pixels.dtype != np.uint8 or pixels.size == 0 or not (is_rgb or pixels.ndim == 2):
        raise CodecError(
            f"the image to encode is {pixels.dtype} of shape {pixels.shape}, expected uint8 of "
            "shape (height, width, 3) or (height, width)"
        )
    codes = _RGB_TO if is_rgb else _GRAY_TO
    if encoding not in codes:
        raise unknown_encoding(encoding, codes, "Choose one of these to publish images")
    converted = _converted(pixels, codes[encoding])
    height, width = converted.shape[:2]
    step = converted.size // height
    return ImageFields(height, width, encoding, 0, step, converted.reshape(-1))


def _decode_planar(message: ImageMessage) -> UInt8Array:
    width, height = int(message.width), int(message.height)
    if width % 2 or height % 2:
        raise CodecError(
            f"the {message.encoding} image is {width}x{height} pixels, expected even numbers: in "
            "4:2:0 four pixels share their colour. Set an even size in the camera driver"
        )
    planes = np.ascontiguousarray(pixel_rows(message, 1, rows=height * 3 // 2))
    return _converted(planes, _PLANAR_TO_RGB[message.encoding])


def _check_shared_colours(message: ImageMessage, layout: _Layout) -> None:
    size = f"the {message.encoding} image is {message.width}x{message.height} pixels"
    if layout.channels == 2 and message.width % 2:
        raise CodecError(
            f"{size}, expected an even width: in 4:2:2 two pixels share their colour. Set an even "
            "width in the camera driver"
        )
    if layout.to_rgb in _BAYER_TO_RGB.values() and min(message.width, message.height) < 3:
        # OpenCV returns such images black.
        raise CodecError(f"{size}, expected at least 3x3 to interpolate the colours of a mosaic")


def _converted(pixels: UInt8Array, code: int | None) -> UInt8Array:
    if code is None:
        return np.ascontiguousarray(pixels)
    return np.asarray(cv2.cvtColor(pixels, code), dtype=np.uint8)
