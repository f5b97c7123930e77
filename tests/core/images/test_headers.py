# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Image files that claim more than they are, and files that are what they claim."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from depth_completion_core.images.decoding import decode_image_bytes
from depth_completion_core.images.headers import ImageError, ImageKind, checked_image

_ALL: tuple[ImageKind, ...] = ("PNG", "JPEG", "BMP", "PPM", "WebP")
_PNG: tuple[ImageKind, ...] = ("PNG",)
_OF_CAMERAS: tuple[ImageKind, ...] = ("PNG", "JPEG")
_LOSSLESS = 101  # a WebP quality above 100
_WRITERS: dict[str, tuple[str, list[int]]] = {
    "png": (".png", []),
    "jpeg": (".jpg", []),
    "progressive": (".jpg", [cv2.IMWRITE_JPEG_PROGRESSIVE, 1]),
    "bmp": (".bmp", []),
    "ppm": (".ppm", []),
    "webp": (".webp", [cv2.IMWRITE_WEBP_QUALITY, 80]),
    "lossless webp": (".webp", [cv2.IMWRITE_WEBP_QUALITY, _LOSSLESS]),
}
AnyArray = npt.NDArray[Any]


def _file(writer: str, pixels: AnyArray) -> bytes:
    ending, flags = _WRITERS[writer]
    written, file = cv2.imencode(ending, pixels, flags)
    assert written
    return file.tobytes()


def _picture(height: int, width: int) -> AnyArray:
    return np.random.default_rng(height).integers(0, 256, (height, width, 3), dtype=np.uint8)


@pytest.mark.parametrize("writer", _WRITERS)
@pytest.mark.parametrize("size", [(1, 1), (3, 500), (481, 640)])
def test_what_is_whole_is_decoded_as_by_opencv(writer: str, size: tuple[int, int]) -> None:
    file = _file(writer, _picture(*size))
    decoded = decode_image_bytes(file, _ALL)
    assert decoded.shape[:2] == size
    np.testing.assert_array_equal(
        decoded, cv2.imdecode(np.frombuffer(file, np.uint8), cv2.IMREAD_UNCHANGED)
    )


@pytest.mark.parametrize("writer", [name for name in _WRITERS if name not in ("bmp", "ppm")])
@pytest.mark.parametrize("shape", [(2000, 3000, 3), (3000, 2000)])
def test_flat_pictures_of_very_few_bytes_are_decoded(writer: str, shape: tuple[int, ...]) -> None:
    assert decode_image_bytes(_file(writer, np.zeros(shape, np.uint8)), _ALL).shape[:2] == shape[:2]


def test_flat_depth_of_very_few_bytes_is_decoded() -> None:
    file = _file("png", np.zeros((3000, 2000), np.uint16))
    assert decode_image_bytes(file, _PNG).shape == (3000, 2000)


def _at(place: int, form: str) -> Callable[[bytes, int], bytes]:
    def claiming(file: bytes, side: int) -> bytes:
        values = struct.pack(form, side, side)
        return file[:place] + values + file[place + len(values) :]

    return claiming


def _after(mark: bytes, skipped: int, form: str) -> Callable[[bytes, int], bytes]:
    return lambda file, side: _at(file.index(mark) + skipped, form)(file, side)


def _claiming_webp(file: bytes, side: int) -> bytes:
    numbers = (side - 1) | (side - 1) << 14
    return file[:21] + struct.pack("<I", numbers) + file[25:]


_CLAIMING: dict[str, Callable[[bytes, int], bytes]] = {
    "png": _at(16, ">II"),
    "jpeg": _after(b"\xff\xc0", 5, ">HH"),
    "progressive": _after(b"\xff\xc2", 5, ">HH"),
    "bmp": _at(18, "<ii"),
    "ppm": lambda file, side: file.replace(b"16 16", f"{side} {side}".encode(), 1),
    "webp": _at(26, "<HH"),
    "lossless webp": _claiming_webp,
}


@pytest.fixture
def _undecoded(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        pytest.fail("it was decoded")

    monkeypatch.setattr(cv2, "imdecode", fail)


@pytest.mark.usefixtures("_undecoded")
@pytest.mark.parametrize("writer", _CLAIMING)
def test_an_absurd_size_is_refused_before_anything_is_decoded(writer: str) -> None:
    side = 16000 if "webp" in writer else 32000
    file = _CLAIMING[writer](_file(writer, _picture(16, 16)), side)
    with pytest.raises(ImageError, match=f"claims {side}x{side} pixels, expected 1 to"):
        decode_image_bytes(file, _ALL)


@pytest.mark.usefixtures("_undecoded")
@pytest.mark.parametrize("writer", ["png", "jpeg", "progressive"])
def test_more_pixels_than_the_bytes_can_hold(writer: str) -> None:
    file = _CLAIMING[writer](_file(writer, _picture(16, 16)), 8000)
    with pytest.raises(ImageError, match=r"8000x8000 pixels, more than .* bytes of .* can hold"):
        decode_image_bytes(file, _ALL)


@pytest.mark.usefixtures("_undecoded")
@pytest.mark.parametrize("name", [b"IDAT", b"IEND", b"IHDR"])
@pytest.mark.parametrize("length", [0x7FFFFFFF, 0xFFFFFF00])
def test_a_png_chunk_that_is_longer_than_the_file(name: bytes, length: int) -> None:
    file = _file("png", _picture(16, 16))
    place = file.index(name) - 4
    file = file[:place] + struct.pack(">I", length) + file[place + 4 :]
    with pytest.raises(ImageError, match="stops after"):
        decode_image_bytes(file, _ALL)


def _chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def test_what_no_pixel_of_a_png_needs_is_not_looked_at() -> None:
    """A text that unpacks to gigabytes, a colour profile, and further frames of an animation."""
    picture = _picture(16, 16)
    file = _file("png", picture)
    bomb = zlib.compress(bytes(10**6), 9)
    further = b"".join(
        [
            _chunk(b"zTXt", b"a\0\0" + bomb),
            _chunk(b"iCCP", b"a\0\0" + bomb),
            _chunk(b"acTL", struct.pack(">II", 2**31 - 1, 0)),
            _chunk(b"fcTL", struct.pack(">IIIIIHHBB", 0, 2**31 - 1, 2**31 - 1, 0, 0, 1, 1, 0, 0)),
        ]
    )
    loaded = file[:33] + further + file[33:]
    assert len(checked_image(loaded, _PNG)) <= len(file)
    np.testing.assert_array_equal(decode_image_bytes(loaded, _PNG), picture)


@pytest.mark.usefixtures("_undecoded")
def test_a_jpeg_of_endless_scans() -> None:
    file = _file("progressive", _picture(64, 64))
    start = file.rindex(b"\xff\xda")
    many = file[:start] + 100 * file[start:-2] + file[-2:]
    with pytest.raises(ImageError, match=r"JPEG of 1\d\d scans"):
        decode_image_bytes(many, _ALL)


@pytest.mark.usefixtures("_undecoded")
@pytest.mark.parametrize("writer", ["bmp", "ppm", "webp"])
def test_kinds_that_are_not_asked_for(writer: str) -> None:
    with pytest.raises(ImageError, match=r"is not a PNG or JPEG file: it has .* and is "):
        decode_image_bytes(_file(writer, _picture(16, 16)), _OF_CAMERAS)


@pytest.mark.usefixtures("_undecoded")
@pytest.mark.parametrize("file", [b"GIF89a\0}\0}", b"II*\0\x50\0\0", b"P7\nWIDTH 9\n", b"\x59\xa6"])
def test_kinds_that_are_not_known(file: bytes) -> None:
    with pytest.raises(ImageError, match=r"is not a PNG or JPEG .* and begins with"):
        decode_image_bytes(file, _OF_CAMERAS)


@pytest.mark.parametrize("writer", _WRITERS)
def test_a_file_cut_anywhere_is_refused_or_decoded(writer: str) -> None:
    """Without any other error; the kinds of cameras and lidars are refused."""
    whole = _file(writer, _picture(16, 16))
    for end in range(len(whole)):
        try:
            decode_image_bytes(whole[:end], _ALL)
        except ImageError:
            continue
        assert writer not in ("png", "jpeg", "progressive"), end
