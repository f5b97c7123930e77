# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import logging
import struct
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest

from depth_completion_core.files.exif import orientation_of
from depth_completion_core.files.input_files import read_image

_PICTURE = np.random.default_rng(0).integers(0, 255, (8, 12, 3), dtype=np.uint8)


def _tiff(orientation: int, order: str) -> bytes:
    mark = b"II" if order == "<" else b"MM"
    entries = struct.pack(f"{order}HHIHH", 0x0100, 3, 1, 12, 0)
    entries += struct.pack(f"{order}HHIHH", 0x0112, 3, 1, orientation, 0)
    return mark + struct.pack(f"{order}HIH", 42, 8, 2) + entries + bytes(4)


def _jpeg(orientation: int, order: str = ">") -> bytes:
    file = cv2.imencode(".jpg", _PICTURE)[1].tobytes()
    content = b"Exif\0\0" + _tiff(orientation, order)
    return file[:2] + b"\xff\xe1" + struct.pack(">H", len(content) + 2) + content + file[2:]


def _png(orientation: int) -> bytes:
    file = cv2.imencode(".png", _PICTURE)[1].tobytes()
    body = b"eXIf" + _tiff(orientation, ">")
    chunk = struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))
    return file[:33] + chunk + file[33:]


@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
def test_orientation_is_found(orientation: int) -> None:
    for file in (_jpeg(orientation), _jpeg(orientation, "<"), _png(orientation)):
        assert orientation_of(file) == orientation


def test_files_without_one_are_upright() -> None:
    plain = cv2.imencode(".jpg", _PICTURE)[1].tobytes()
    assert orientation_of(plain) == orientation_of(b"") == orientation_of(_jpeg(9)) == 1
    whole = _jpeg(6)
    assert {orientation_of(whole[:end]) for end in range(len(whole))} == {1, 6}


def test_images_are_not_turned_and_that_is_said_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    # The comparison is with the decoder, which turns this file when it is not told otherwise.
    turned = cv2.imdecode(np.frombuffer(_jpeg(6), np.uint8), cv2.IMREAD_COLOR)
    assert turned is not None
    assert turned.shape == (12, 8, 3)
    for name, file in (("a.jpg", _jpeg(6)), ("b.png", _png(6))):
        (tmp_path / name).write_bytes(file)
    with caplog.at_level(logging.WARNING):
        assert read_image(tmp_path / "a.jpg").shape == (8, 12, 3)
        np.testing.assert_array_equal(read_image(tmp_path / "b.png")[..., ::-1], _PICTURE)
    assert len(caplog.records) == 1
    assert "orientation in EXIF, which is not followed" in caplog.text
