# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What an image file claims to be, looked at before anything is decoded.

A decoder believes a header: a file of a few hundred bytes makes it reserve gigabytes. So the size
is read here, and no more is believed than so many bytes can hold.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Collection, Iterator
from typing import Literal, NamedTuple

ImageKind = Literal["PNG", "JPEG", "BMP", "PPM", "WebP"]

MAX_PIXELS = 1 << 26
"""Images above this size (8192 x 8192) are taken for corrupt headers."""

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_JPEG_START, _JPEG_SCAN, _JPEG_END = b"\xff\xd8", b"\xff\xda", b"\xff\xd9"

# Deflate makes at most 1,032 bytes of one. A JPEG has at least a bit for each block of 8x8 pixels.
_MOST_OF_A_PNG_BYTE = 1032
_MOST_PIXELS_OF_A_JPEG_BYTE = 8 * 64
# Each scan of a progressive JPEG passes over all pixels; encoders write about ten.
_MOST_JPEG_SCANS = 64
_PNG_PIXEL_CHUNKS = (b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND")
_PNG_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}


class ImageError(ValueError):
    """An image file that is not decoded; the message continues a sentence that names it."""


class _Claim(NamedTuple):
    kind: ImageKind
    width: int
    height: int


def checked_image(file: bytes, kinds: Collection[ImageKind]) -> bytes:
    """The file, as far as its pixels need it.

    Args:
        file: all of its bytes.
        kinds: those that are taken.

    Raises:
        ImageError: it is of another kind, cut short, damaged, or claims more pixels than
            :data:`MAX_PIXELS`, or than it can hold.
    """
    claim = _claim(file)
    if claim is None or claim.kind not in kinds:
        what = f"begins with {file[:8]!r}" if claim is None else f"is {claim.kind}"
        raise ImageError(f"is not a {' or '.join(kinds)} file: it has {len(file)} bytes and {what}")
    check_pixel_count(claim.width, claim.height)
    if claim.kind == "PNG":
        return _checked_png(file, claim)
    if claim.kind == "JPEG":
        _check_jpeg(file, claim)
    return file


def check_pixel_count(width: int, height: int) -> None:
    """Refuse sizes before memory is reserved for them; raises ImageError."""
    if not 0 < width * height <= MAX_PIXELS:
        raise ImageError(
            f"claims {width}x{height} pixels, expected 1 to {MAX_PIXELS} of them; it is damaged, "
            "or not what its format says"
        )


def _claim(file: bytes) -> _Claim | None:
    """What a file says of itself; None where it is of no kind that is known here."""
    try:
        if file.startswith(PNG_SIGNATURE):
            return _Claim("PNG", *struct.unpack(">II", file[16:24]))
        if file.startswith(_JPEG_START):
            return _jpeg_claim(file)
        if file.startswith(b"BM"):
            is_old = file[14:18] == b"\x0c\0\0\0"
            width, height = struct.unpack_from("<HH" if is_old else "<ii", file, 18)
            return _Claim("BMP", abs(width), abs(height))
        if file.startswith(b"RIFF") and file[8:12] == b"WEBP":
            return _webp_claim(file)
    except (struct.error, IndexError) as error:
        raise ImageError(f"stops within its header, after {len(file)} bytes") from error
    found = re.match(rb"P[1-6](?:\s|#[^\n]*\n)+(\d{1,9})(?:\s|#[^\n]*\n)+(\d{1,9})\s", file[:4096])
    return _Claim("PPM", int(found[1]), int(found[2])) if found else None


def _jpeg_claim(file: bytes) -> _Claim:
    """From the start of frame, the first segment of its kind (ITU T.81, B.2.2)."""
    place = 2
    while True:
        while file[place] == 0xFF and file[place + 1] == 0xFF:  # fill bytes
            place += 1
        if file[place] != 0xFF or file[place + 1] == _JPEG_SCAN[1]:
            raise ImageError("is a damaged JPEG: its header names no size")
        marker = file[place + 1]
        (length,) = struct.unpack(">H", file[place + 2 : place + 4])
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height, width = struct.unpack(">HH", file[place + 5 : place + 9])
            return _Claim("JPEG", width, height)
        place += 2 + length


def _check_jpeg(file: bytes, claim: _Claim) -> None:
    # Inside a scan 0xFF is always escaped, so a later end marker is the real one.
    if file.rfind(_JPEG_END) < file.rfind(_JPEG_SCAN):
        raise _cut_short(file)
    if claim.width * claim.height > _MOST_PIXELS_OF_A_JPEG_BYTE * len(file):
        raise _too_small(file, claim)
    scans = file.count(_JPEG_SCAN)
    if scans > _MOST_JPEG_SCANS:
        raise ImageError(f"is a JPEG of {scans} scans, expected at most {_MOST_JPEG_SCANS}")


def _checked_png(file: bytes, claim: _Claim) -> bytes:
    """Without the chunks that no pixel needs, which may be compressed or claim further images."""
    chunks = list(_png_chunks(file))
    names = [name for name, _ in chunks]
    if names[0] != b"IHDR" or len(file) < 33:
        raise ImageError("is a damaged PNG: it does not begin with its header")
    if names[-1] != b"IEND":
        raise _cut_short(file)
    bits, colour = file[24], file[25]
    row_bytes = (claim.width * bits * _PNG_CHANNELS.get(colour, 4) + 7) // 8 + 1
    stored = sum(len(chunk) for name, chunk in chunks if name == b"IDAT")
    if claim.height * row_bytes > _MOST_OF_A_PNG_BYTE * stored:
        raise _too_small(file, claim)
    if set(names) <= set(_PNG_PIXEL_CHUNKS):
        return file
    return PNG_SIGNATURE + b"".join(chunk for name, chunk in chunks if name in _PNG_PIXEL_CHUNKS)


def _png_chunks(file: bytes) -> Iterator[tuple[bytes, memoryview]]:
    """Name and bytes of every chunk up to IEND, or up to where the file ends within one."""
    view, place = memoryview(file), len(PNG_SIGNATURE)
    while place + 12 <= len(file):
        (length,) = struct.unpack_from(">I", file, place)
        end = place + 12 + length
        if end > len(file):
            raise _cut_short(file)
        name = file[place + 4 : place + 8]
        yield name, view[place:end]
        if name == b"IEND":
            return
        place = end
    raise _cut_short(file)


def _webp_claim(file: bytes) -> _Claim:
    """From the first chunk (RFC 9649)."""
    kind, body = file[12:16], file[20:30]
    if kind == b"VP8X":
        width, height = (int.from_bytes(body[at : at + 3], "little") + 1 for at in (4, 7))
    elif kind == b"VP8L":
        numbers = int.from_bytes(body[1:5], "little")
        width, height = (numbers & 0x3FFF) + 1, (numbers >> 14 & 0x3FFF) + 1
    else:
        width, height = (side & 0x3FFF for side in struct.unpack("<HH", body[6:10]))
    return _Claim("WebP", width, height)


def _cut_short(file: bytes) -> ImageError:
    return ImageError(f"stops after {len(file)} bytes, before the end of the file")


def _too_small(file: bytes, claim: _Claim) -> ImageError:
    return ImageError(
        f"claims {claim.width}x{claim.height} pixels, more than {len(file)} bytes of {claim.kind} "
        "can hold; it is damaged"
    )
