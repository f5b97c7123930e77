# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import struct
from pathlib import Path

import cv2
import numpy as np
import pytest

from depth_completion_core.files.calibration_files import read_intrinsics
from depth_completion_core.files.input_files import (
    InputFileError,
    read_depth,
    read_image,
    read_validity,
)
from depth_completion_core.files.listing import listed
from depth_completion_core.files.output_files import (
    write_depth_npy,
    write_depth_png,
    write_picture,
    write_ply,
)

_RANDOM = np.random.default_rng(0)


@pytest.mark.parametrize("depth_scale", [256.0, 1000.0])
def test_depth_png_round_trip(tmp_path: Path, depth_scale: float) -> None:
    depth = _RANDOM.uniform(0.1, 60.0, (7, 9)).astype(np.float32)
    valid = depth < 50
    path = tmp_path / "new" / "depth.png"
    write_depth_png(path, depth, valid, depth_scale=depth_scale)
    read = read_depth(path, depth_scale=depth_scale)
    np.testing.assert_array_equal(read.valid, valid)
    np.testing.assert_allclose(read.depth[valid], depth[valid], atol=0.51 / depth_scale)


def test_depth_beyond_16_bits_is_no_depth(tmp_path: Path) -> None:
    depth = np.array([[65.535, 65.536]], dtype=np.float32)
    write_depth_png(tmp_path / "a.png", depth, depth > 0, depth_scale=1000.0)
    assert read_depth(tmp_path / "a.png", depth_scale=1000.0).valid.tolist() == [[True, False]]


def test_npy_round_trip(tmp_path: Path) -> None:
    depth = _RANDOM.uniform(0.1, 200.0, (5, 6)).astype(np.float32)
    valid = depth > 50
    write_depth_npy(tmp_path / "a.npy", depth, valid)
    read = read_depth(tmp_path / "a.npy", depth_scale=256.0)
    np.testing.assert_array_equal(read.depth, np.where(valid, depth, 0))


def test_picture_round_trip(tmp_path: Path) -> None:
    picture = _RANDOM.integers(0, 255, (5, 6, 3), dtype=np.uint8)
    write_picture(tmp_path / "a.png", picture)
    np.testing.assert_array_equal(read_image(tmp_path / "a.png"), picture)


def test_ply_by_hand(tmp_path: Path) -> None:
    points = _RANDOM.normal(size=(4, 3)).astype(np.float32)
    colors = _RANDOM.integers(0, 255, (4, 3), dtype=np.uint8)
    write_ply(tmp_path / "a.ply", points, colors)
    header, _, body = (tmp_path / "a.ply").read_bytes().partition(b"end_header\n")
    assert header.startswith(b"ply\nformat binary_little_endian 1.0\nelement vertex 4\n")
    assert len(body) == 4 * 15
    for index in range(4):
        *xyz, red, green, blue = struct.unpack_from("<3f3B", body, 15 * index)
        np.testing.assert_array_equal(np.array(xyz, dtype=np.float32), points[index])
        assert [red, green, blue] == colors[index].tolist()


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.png", b"", "empty file"),
        ("a.png", b"not a picture", "not a readable"),
        ("a.npy", b"not an array", "not a readable .npy"),
    ],
)
def test_damaged_depth_is_named(tmp_path: Path, name: str, content: bytes, words: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputFileError, match=rf"{name}.*{words}"):
        read_depth(tmp_path / name, depth_scale=256.0)


def test_endings_may_be_in_capitals(tmp_path: Path) -> None:
    depth = np.array([[0, 1.5]], np.float32)
    np.save(tmp_path / "a.npy", depth)
    (tmp_path / "a.npy").rename(tmp_path / "A.NPY")
    np.testing.assert_array_equal(read_depth(tmp_path / "A.NPY", depth_scale=256.0).depth, depth)


def test_an_image_of_12_bits_is_not_dark(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    for name in ("a.png", "b.png"):
        cv2.imwrite(str(tmp_path / name), np.full((4, 4), 4080, np.uint16))
        assert (read_image(tmp_path / name) == 255).all()
    assert [record.getMessage() for record in caplog.records if "12 bits" in record.getMessage()]
    assert len(caplog.records) == 1


def test_white_pixels_of_an_image_of_12_bits_are_told_with_an_example(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    image = np.full((40, 40), 4080, np.uint16)
    for name, hot in (("a.png", 0), ("b.png", 3), ("c.png", 5)):
        image[0, :hot] = 65535
        cv2.imwrite(str(tmp_path / name), image)
        assert (read_image(tmp_path / name) == 255).all()
    told = [record.getMessage() for record in caplog.records]
    assert len(told) == 2
    assert "b.png: up to 3 numbers of an image are larger than 12 bits" in told[1]


def test_a_jpeg_that_is_cut_short_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    cv2.imwrite(str(path), np.random.default_rng(0).integers(0, 256, (32, 32, 3), np.uint8))
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(InputFileError, match=r"a\.jpg is not a readable image: it stops after"):
        read_image(path)


def test_depth_of_another_kind_is_refused(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "a.png"), np.zeros((4, 4), np.uint8))
    with pytest.raises(InputFileError, match="uint8 numbers, expected a 16-bit PNG"):
        read_depth(tmp_path / "a.png", depth_scale=256.0)
    np.save(tmp_path / "b.npy", np.zeros((4, 4, 3)))
    with pytest.raises(InputFileError, match=r"shape \(4, 4, 3\)"):
        read_depth(tmp_path / "b.npy", depth_scale=256.0)
    np.save(tmp_path / "c.npy", np.array([{"a": 1}], dtype=object), allow_pickle=True)
    with pytest.raises(InputFileError, match="not a readable"):
        read_depth(tmp_path / "c.npy", depth_scale=256.0)


def test_intrinsics_as_text_and_npy(tmp_path: Path) -> None:
    K = np.array([[500.0, 0, 320], [0, 510, 240], [0, 0, 1]])
    np.savetxt(tmp_path / "K.txt", K)
    np.save(tmp_path / "K.npy", K)
    for name in ("K.txt", "K.npy"):
        camera = read_intrinsics(tmp_path / name, width=640, height=480, image=Path("a.png"))
        np.testing.assert_allclose(camera.K, K)
    with pytest.raises(InputFileError, match="cannot read"):
        read_intrinsics(tmp_path / "no.txt", width=1, height=1, image=Path("a.png"))


def test_npy_depth_is_of_floating_point_metres(tmp_path: Path) -> None:
    for name, array, words in (
        ("mm.npy", np.full((4, 4), 5000, np.int32), "int32 numbers, expected metres.* 1000"),
        ("u16.npy", np.full((4, 4), 5000, np.uint16), "uint16 numbers, expected metres"),
        ("mask.npy", np.ones((4, 4), np.bool_), "true and false, expected metres"),
        ("complex.npy", np.ones((4, 4), np.complex64), "complex64 numbers"),
        ("words.npy", np.full((4, 4), "x"), "<U1, expected numbers"),
    ):
        np.save(tmp_path / name, array)
        with pytest.raises(InputFileError, match=rf"{name} holds {words}"):
            read_depth(tmp_path / name, depth_scale=256.0)
    for kind in (np.float16, np.float32, np.float64):
        np.save(tmp_path / "metres.npy", np.full((2, 3), 1.5, dtype=kind))
        depth = read_depth(tmp_path / "metres.npy", depth_scale=256.0).depth
        np.testing.assert_array_equal(depth, np.full((2, 3), 1.5, np.float32))


@pytest.mark.parametrize("header", ["(100000, 100000)", "(-1, 4)", "((((((((", "(2, 2, 'a')", ""])
def test_npy_headers_are_not_believed(tmp_path: Path, header: str) -> None:
    np.save(tmp_path / "a.npy", np.zeros((2, 2)))
    content = (tmp_path / "a.npy").read_bytes()
    assert content.count(b"(2, 2)") == 1
    (tmp_path / "a.npy").write_bytes(content.replace(b"(2, 2)", header.encode()))
    with pytest.raises(InputFileError, match=r"a\.npy is not a readable \.npy"):
        read_depth(tmp_path / "a.npy", depth_scale=256.0)


@pytest.mark.parametrize("mark", [1, 255, 256])
def test_validity_maps_of_8_and_16_bits(tmp_path: Path, mark: int) -> None:
    expected = _RANDOM.random((5, 6)) < 0.5
    for dtype in (np.uint8, np.uint16)[mark > 255 :]:
        path = tmp_path / f"{mark}.png"
        cv2.imwrite(str(path), np.where(expected, mark, 0).astype(dtype))
        np.testing.assert_array_equal(read_validity(path), expected)
    np.save(tmp_path / "a.npy", expected)
    np.testing.assert_array_equal(read_validity(tmp_path / "a.npy"), expected)


@pytest.mark.parametrize("numbers", [[[0, 7]], [[255, 1]], [[0, 511]]])
def test_other_numbers_are_no_validity_map(tmp_path: Path, numbers: list[list[int]]) -> None:
    cv2.imwrite(str(tmp_path / "a.png"), np.array(numbers, dtype=np.uint16))
    with pytest.raises(InputFileError, match=r"a\.png is not a validity map: it holds"):
        read_validity(tmp_path / "a.png")


def test_intrinsics_of_another_size_are_refused(tmp_path: Path) -> None:
    np.savetxt(tmp_path / "K.txt", np.array([[500.0, 0, 320], [0, 510, 240], [0, 0, 1]]))
    with pytest.raises(InputFileError, match=r"K\.txt has .* at \(320, 240\), .* but a\.png has"):
        read_intrinsics(tmp_path / "K.txt", width=320, height=240, image=Path("a.png"))


def test_a_few_names_and_how_many_more() -> None:
    assert listed([]) == "none"
    assert listed(["a", "b"]) == "a, b"
    assert listed(list("abcdef")) == "a, b, c, d, e and 1 more"
    assert listed(list("abc"), most=1) == "a and 2 more"
