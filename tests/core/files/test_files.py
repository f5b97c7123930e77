# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import struct
from pathlib import Path

import cv2
import numpy as np
import pytest

from depth_completion_core.files.input_files import (
    IMAGE_TYPES,
    InputFileError,
    files_of,
    matched,
    read_depth,
    read_image,
    read_intrinsics,
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
        camera = read_intrinsics(tmp_path / name, width=640, height=480)
        np.testing.assert_allclose(camera.K, K)
    with pytest.raises(InputFileError, match="there is no file"):
        read_intrinsics(tmp_path / "no.txt", width=1, height=1)


def test_files_of_a_file_a_folder_and_a_list(tmp_path: Path) -> None:
    for name in ("b.png", "a.jpg", "notes.md"):
        (tmp_path / name).write_bytes(b"x")
    listing = tmp_path / "list.txt"
    listing.write_text("b.png\na.jpg\n\n", encoding="utf-8")
    one = tmp_path / "b.png"
    assert files_of(one, IMAGE_TYPES, root=tmp_path) == [one]
    names = [path.name for path in files_of(tmp_path, IMAGE_TYPES, root=tmp_path)]
    assert names == ["a.jpg", "b.png"]
    names = [path.name for path in files_of(listing, IMAGE_TYPES, root=tmp_path)]
    assert names == ["b.png", "a.jpg"]


def test_lists_stay_inside_their_root(tmp_path: Path) -> None:
    (tmp_path / "root").mkdir()
    (tmp_path / "secret.png").write_bytes(b"x")
    listing = tmp_path / "root" / "list.txt"
    for line in ("../secret.png", str(tmp_path / "secret.png")):
        listing.write_text(line, encoding="utf-8")
        with pytest.raises(InputFileError, match=r"leads out.*--root"):
            files_of(listing, IMAGE_TYPES, root=tmp_path / "root")
    listing.write_text("missing.png", encoding="utf-8")
    with pytest.raises(InputFileError, match="which is not there"):
        files_of(listing, IMAGE_TYPES, root=tmp_path / "root")


def test_nothing_there(tmp_path: Path) -> None:
    with pytest.raises(InputFileError, match="holds no"):
        files_of(tmp_path, IMAGE_TYPES, root=tmp_path)
    with pytest.raises(InputFileError, match="there is no file or folder"):
        files_of(tmp_path / "x", IMAGE_TYPES, root=tmp_path)


def test_partners_by_name_else_by_place() -> None:
    images = [Path("i/1.jpg"), Path("i/2.jpg")]
    depths = [Path("d/0.png"), Path("d/2.png"), Path("d/1.png")]
    assert matched(images, depths, "depth") == [Path("d/1.png"), Path("d/2.png")]
    assert matched(images, depths[:2], "depth") == depths[:2]
    twice = [Path("drive1/5.png"), Path("drive2/5.png")]
    others = [Path("depth1/5.png"), Path("depth2/5.png")]
    assert matched(twice, others, "depth") == others
    with pytest.raises(InputFileError, match=r"none belongs to 1\.jpg"):
        matched(images, [Path("d/7.png")], "depth")


def test_a_few_names_and_how_many_more() -> None:
    assert listed([]) == "none"
    assert listed(["a", "b"]) == "a, b"
    assert listed(list("abcdef")) == "a, b, c, d, e and 1 more"
    assert listed(list("abc"), most=1) == "a and 2 more"
