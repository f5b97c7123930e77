# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""RVL, the lossless depth compression of A. Wilson ("Fast Lossless Depth Image Compression", 2017).

A row-major uint16 image is a sequence of runs: a count of zeros, a count of non-zeros, then for
each of these the difference to the last non-zero pixel, folded to a natural number (0, -1, 1, -2,
... -> 0, 1, 2, 3, ...). Every number is written in groups of three bits, least significant first,
each in a nibble whose top bit says that more follow; eight nibbles fill a 32-bit little-endian
word from its top. image_transport puts two uint32 in front: columns and rows.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from depth_completion_core.codecs.errors import CodecError
from depth_completion_core.codecs.messages import UInt8Array
from depth_completion_core.images.headers import ImageError, check_pixel_count

_SIZE_BYTES = 8
_MAX_NIBBLES = 10
_NIBBLES_PER_WORD = 8
_MOST_BYTES_PER_PIXEL, _SLACK_BYTES = 4, 64

Int64Array = npt.NDArray[np.int64]


def decode_rvl(payload: UInt8Array) -> npt.NDArray[np.uint16]:
    """The (rows, columns) uint16 image of an RVL payload that begins with columns and rows.

    Raises:
        CodecError: truncated, or its runs do not add up to the size that it claims. The sum is
            checked before the image is allocated.
    """
    if payload.size < _SIZE_BYTES:
        raise _corrupt(f"has {payload.size} bytes, expected at least {_SIZE_BYTES}")
    columns, rows = (int(number) for number in payload[:_SIZE_BYTES].view("<u4"))
    try:
        check_pixel_count(columns, rows)
    except ImageError as error:
        raise CodecError(f"the RVL depth image {error}") from error
    # A pixel takes six nibbles at most and, where zeros alternate with it, two for its run.
    most_bytes = _MOST_BYTES_PER_PIXEL * rows * columns + _SLACK_BYTES
    numbers = _read_numbers(_nibbles(payload[_SIZE_BYTES:][:most_bytes]))
    pixel_starts, number_starts, lengths = _find_runs(numbers, rows * columns)

    # Index within each run, for all the runs at once.
    within = np.arange(lengths.sum()) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    folded = numbers[np.repeat(number_starts, lengths) + within]
    differences = (folded >> 1) ^ -(folded & 1)
    image = np.zeros(rows * columns, np.uint16)
    image[np.repeat(pixel_starts, lengths) + within] = np.cumsum(differences) & 0xFFFF
    return image.reshape(rows, columns)


def encode_rvl(image: npt.NDArray[np.uint16]) -> UInt8Array:
    """The RVL payload of a (rows, columns) uint16 image, beginning with columns and rows."""
    pixels = image.reshape(-1).astype(np.int64)
    is_measured = np.concatenate(([False], pixels != 0, [False]))
    edges = np.flatnonzero(is_measured[1:] != is_measured[:-1])
    starts, ends = edges[0::2], edges[1::2]
    zeros = starts - np.concatenate(([0], ends[:-1])) if starts.size else starts
    counts = np.stack([zeros, ends - starts], axis=1)
    measured_before = np.cumsum(counts[:, 1]) - counts[:, 1]
    last_end = int(ends[-1]) if ends.size else 0
    if last_end < pixels.size:
        counts = np.concatenate([counts, [[pixels.size - last_end, 0]]])
        measured_before = np.append(measured_before, np.count_nonzero(pixels))

    differences = np.diff(pixels[pixels != 0], prepend=0)
    folded = (differences << 1) ^ (differences >> 63)
    numbers = np.insert(folded, np.repeat(measured_before, 2), counts.reshape(-1))
    rows, columns = image.shape
    size = np.array([columns, rows], "<u4").view(np.uint8)
    return np.concatenate([size, _packed_words(_write_numbers(numbers))])


def _corrupt(found: str) -> CodecError:
    return CodecError(
        f"the RVL depth image {found}. The message is truncated, or is not RVL although its format "
        "says so; check the publisher and the network"
    )


def _nibbles(body: UInt8Array) -> UInt8Array:
    whole_words = body[: body.size // 4 * 4].reshape(-1, 4)[:, ::-1].reshape(-1)
    return np.stack([whole_words >> 4, whole_words & 15], axis=1).reshape(-1)


def _packed_words(nibbles: UInt8Array) -> UInt8Array:
    padding = np.zeros(-nibbles.size % _NIBBLES_PER_WORD, np.uint8)
    pairs = np.concatenate([nibbles, padding]).reshape(-1, 2)
    packed: UInt8Array = pairs[:, 0] << 4 | pairs[:, 1]
    return packed.reshape(-1, 4)[:, ::-1].reshape(-1)


def _read_numbers(nibbles: UInt8Array) -> Int64Array:
    """All the numbers of the stream; zeros that fill up the last word become numbers too."""
    ends = np.flatnonzero(nibbles < 8)
    starts = np.concatenate(([0], ends[:-1] + 1))[: ends.size]
    lengths = ends - starts + 1
    if lengths.size and lengths.max() > _MAX_NIBBLES:
        raise _corrupt(f"holds a number of {lengths.max()} nibbles, expected {_MAX_NIBBLES}")
    numbers = np.zeros(ends.size, np.int64)
    bits = (nibbles & 7).astype(np.int64)
    for group in range(int(lengths.max(initial=0))):
        has_group = np.flatnonzero(lengths > group)
        numbers[has_group] |= bits[starts[has_group] + group] << 3 * group
    return numbers


def _write_numbers(numbers: Int64Array) -> UInt8Array:
    lengths = np.ones(numbers.size, np.int64)
    for group in range(1, _MAX_NIBBLES):
        lengths += numbers >> 3 * group > 0
    starts = np.cumsum(lengths) - lengths
    nibbles = np.zeros(int(lengths.sum()), np.uint8)
    for group in range(int(lengths.max())):
        has_group = np.flatnonzero(lengths > group)
        more_follow = (lengths[has_group] > group + 1) << 3
        nibbles[starts[has_group] + group] = numbers[has_group] >> 3 * group & 7 | more_follow
    return nibbles


def _find_runs(numbers: Int64Array, pixel_count: int) -> tuple[Int64Array, Int64Array, Int64Array]:
    """Of every run of non-zeros: its first pixel, its first number, its length."""
    values = numbers.tolist()
    runs = []
    pixel, index = 0, 0
    while pixel < pixel_count:
        if index + 2 > len(values):
            raise _corrupt(f"ends after {pixel} of {pixel_count} pixels")
        zeros, length = values[index], values[index + 1]
        pixel, index = pixel + zeros, index + 2
        runs.append((pixel, index, length))
        pixel, index = pixel + length, index + length
    if pixel > pixel_count or index > len(values):
        raise _corrupt(f"holds runs of {pixel} pixels, expected {pixel_count}, or ends within one")
    pixel_starts, number_starts, lengths = np.array(runs, np.int64).T
    return pixel_starts, number_starts, lengths
