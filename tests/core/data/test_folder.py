# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest

from depth_completion_core.data import build_dataset
from depth_completion_core.data.sample import DataError
from depth_completion_core.files.output_files import write_depth_png
from tests.core.data.trees import SINGULAR_K, K, WrittenFrame, write_frame, write_matrix
from tests.core.data.views import motions


def _folder(root: Path, count: int = 4) -> list[WrittenFrame]:
    random = np.random.default_rng(0)
    write_matrix(root / "K.txt", K)
    return [write_frame(root, f"{number:04d}", random) for number in range(count)]


def test_reads_what_is_there(tmp_path: Path) -> None:
    written = _folder(tmp_path)
    folder = build_dataset("folder", tmp_path)
    assert folder.names == ["0000", "0001", "0002", "0003"]
    for index, frame in enumerate(written):
        sample = folder[index]
        np.testing.assert_array_equal(sample.image, frame.image)
        assert sample.sparse is not None
        assert sample.truth is not None
        assert sample.camera is not None
        np.testing.assert_array_equal(sample.sparse.depth, frame.sparse)
        np.testing.assert_array_equal(sample.truth.depth, frame.truth)
        np.testing.assert_allclose(sample.camera.K, K)
        sample.frame()


def test_what_is_not_read_is_told(tmp_path: Path) -> None:
    _folder(tmp_path, 2)
    (ranges,) = build_dataset("folder", tmp_path).remarks
    assert ranges.startswith("Depth of the first and the last frame: measurements ")
    for name in ("image/more/a.png", "image/x.tif", "ground_truth/9.png", "other/image/a.png"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    assert build_dataset("folder", tmp_path).remarks == [
        "Not read: other/ in ./.",
        "Not read: more/, x.tif in image/.",
        "Not read: 9.png in ground_truth/.",
        ranges,
    ]


def test_only_images(tmp_path: Path) -> None:
    _folder(tmp_path)
    for name in ("sparse_depth", "ground_truth", "validity_map"):
        shutil.rmtree(tmp_path / name)
    (tmp_path / "K.txt").unlink()
    sample = build_dataset("folder", tmp_path)[0]
    assert (sample.sparse, sample.truth, sample.camera) == (None, None, None)


def test_a_folder_of_folders(tmp_path: Path) -> None:
    for name in ("b", "a"):
        _folder(tmp_path / name, 3)
    assert build_dataset("folder", tmp_path).names == [
        *("a/0000", "a/0001", "a/0002", "b/0000", "b/0001", "b/0002")
    ]
    triplets = build_dataset("folder", tmp_path, {"triplet_offset": 1})
    assert triplets.names == ["a/0001", "b/0001"]
    assert len(triplets[1].views) == len(motions(triplets[1])) == 2


def test_views_have_the_intrinsics_of_their_own_image(tmp_path: Path) -> None:
    _folder(tmp_path, 3)
    (tmp_path / "K.txt").unlink()
    for number in range(3):
        own = K * [[1 + number, 1, 1], [1, 1 + number, 1], [1, 1, 1]]
        write_matrix(tmp_path / "intrinsics" / f"000{number}.txt", own)
    sample = build_dataset("folder", tmp_path, {"triplet_offset": 1})[0]
    assert [view.camera.fx for view in sample.views if view.camera] == [30.0, 90.0]


def test_intrinsics_of_each_image_and_npy_depth(tmp_path: Path) -> None:
    written = _folder(tmp_path, 2)
    (tmp_path / "K.txt").unlink()
    (tmp_path / "intrinsics").mkdir()
    write_matrix(tmp_path / "intrinsics" / "0000.txt", K)
    np.save(tmp_path / "intrinsics" / "0001.npy", K * [[2], [2], [1]])
    (tmp_path / "sparse_depth" / "0001.png").unlink()
    np.save(tmp_path / "sparse_depth" / "0001.npy", written[1].sparse)
    folder = build_dataset("folder", tmp_path)
    cameras = [folder[index].camera for index in range(2)]
    assert [camera.fx for camera in cameras if camera] == [30.0, 60.0]
    sparse = folder[1].sparse
    assert sparse is not None
    np.testing.assert_array_equal(sparse.depth, written[1].sparse)
    np.save(tmp_path / "intrinsics" / "0001.npy", SINGULAR_K)
    with pytest.raises(DataError, match=r"0001\.npy is no calibration: focal length"):
        folder[1]


def test_millimetres(tmp_path: Path) -> None:
    (written,) = _folder(tmp_path, 1)
    for name in ("sparse_depth", "ground_truth"):
        depth = written.truth
        write_depth_png(tmp_path / name / "0000.png", depth, depth > 0, depth_scale=1000.0)
    truth = build_dataset("folder", tmp_path, {"depth_scale": 1000})[0].truth
    assert truth is not None
    np.testing.assert_allclose(truth.depth, written.truth, atol=0.00051)


def test_wrong_folders(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="holds no folder image/"):
        build_dataset("folder", tmp_path)
    (tmp_path / "image").mkdir()
    with pytest.raises(DataError, match="image holds no images"):
        build_dataset("folder", tmp_path)
    _folder(tmp_path)
    (tmp_path / "sparse_depth" / "0002.png").unlink()
    with pytest.raises(DataError, match=r"none of 3 files of sparse_depth .* belongs to 0002\.png"):
        build_dataset("folder", tmp_path)


def test_two_images_of_one_name(tmp_path: Path) -> None:
    _folder(tmp_path)
    shutil.copy(tmp_path / "image" / "0001.png", tmp_path / "image" / "0001.jpg")
    with pytest.raises(DataError, match="names the sample '0001' 2 times"):
        build_dataset("folder", tmp_path)


def test_names_may_have_other_zeros_and_numbers_are_in_order(tmp_path: Path) -> None:
    written = _folder(tmp_path, 12)
    for kind in ("image", "ground_truth"):
        for number in range(12):
            path = tmp_path / kind / f"{number:04d}.png"
            path.rename(path.with_name(f"{kind}{number}.png"))
    folder = build_dataset("folder", tmp_path, {"triplet_offset": 1, "skip_edges": False})
    assert folder.names == [f"image{number}" for number in range(12)]
    for index in (2, 10):
        sample = folder[index]
        assert sample.truth is not None
        assert sample.sparse is not None
        np.testing.assert_array_equal(sample.truth.depth, written[index].truth)
        np.testing.assert_array_equal(sample.sparse.depth, written[index].sparse)
        np.testing.assert_array_equal(sample.views[0].image, written[index - 1].image)


def test_an_image_of_another_size_is_named_beside_what_does_not_fit(tmp_path: Path) -> None:
    _folder(tmp_path, 1)
    cv2.imwrite(str(tmp_path / "image" / "0000.png"), np.zeros((1, 999, 3), np.uint8))
    words = r"is 32x24 pixels, expected 999x1 as .*image/0000\.png has: one of the two is damaged"
    with pytest.raises(DataError, match=words):
        build_dataset("folder", tmp_path)[0]
    for name in ("sparse_depth", "ground_truth", "validity_map"):
        shutil.rmtree(tmp_path / name)
    words = r"K\.txt has its principal point .* outside of the 999x1 pixels of .*image/0000\.png"
    with pytest.raises(DataError, match=words):
        build_dataset("folder", tmp_path)[0]


def test_damaged_files(tmp_path: Path) -> None:
    _folder(tmp_path)
    folder = build_dataset("folder", tmp_path)
    (tmp_path / "ground_truth" / "0000.png").write_bytes(b"")
    with pytest.raises(DataError, match=r"ground_truth/0000\.png is an empty file"):
        folder[0]
    write_matrix(tmp_path / "K.txt", SINGULAR_K)
    with pytest.raises(DataError, match=r"K\.txt is no calibration"):
        folder[1]
