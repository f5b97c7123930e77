# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from depth_completion_core.data import build_dataset
from depth_completion_core.data.sample import DataError, DepthDataset
from depth_completion_core.files.output_files import write_picture
from depth_completion_core.settings.fields import ConfigError
from tests.core.data.trees import (
    SINGULAR_K,
    K,
    WrittenFrame,
    write_frame,
    write_matrix,
    write_numbers,
)
from tests.core.data.views import motions

_LISTS = {
    "image": "data/{}/image/{}.png",
    "sparse_depth": "data/{}/sparse_depth/{}.png",
    "validity_map": "data/{}/validity_map/{}.png",
    "ground_truth": "data/{}/ground_truth/{}.png",
    "absolute_pose": "data/{}/absolute_pose/{}.txt",
    "intrinsics": "data/{}/K.txt",
}
Written = dict[str, WrittenFrame]


def _stamp(number: int) -> str:
    return f"1552696{number:03d}.5523"


def _release(root: Path, *, prefix: str = "void_1500/", density: int = 1500) -> Written:
    """Two sequences of six frames; the test list has every second one of the first."""
    folder, random = root / f"void_{density}", np.random.default_rng(0)
    written = {}
    for sequence in ("classroom6", "stairs4"):
        for number in range(6):
            name = f"{sequence}/{_stamp(number)}"
            written[name] = write_frame(folder / "data" / sequence, _stamp(number), random)
        write_matrix(folder / "data" / sequence / "K.txt", K)
    for split, sequence, numbers in (
        ("test", "classroom6", range(0, 6, 2)),
        ("train", "stairs4", range(6)),
    ):
        for what, line in _LISTS.items():
            lines = [prefix + line.format(sequence, _stamp(number)) for number in numbers]
            (folder / f"{split}_{what}.txt").write_text("\n".join(lines), encoding="utf-8")
    return written


def _void(root: Path, **config: Any) -> DepthDataset:  # noqa: ANN401
    return build_dataset("void", root, config)


@pytest.mark.parametrize("prefix", ["void_1500/", "", "data/void_release/void_1500/"])
@pytest.mark.parametrize("root", ["", "void_1500"])
def test_both_roots_and_all_forms_of_lists(tmp_path: Path, prefix: str, root: str) -> None:
    written = _release(tmp_path, prefix=prefix)
    void = _void(tmp_path / root)
    assert void.names == [f"classroom6/{_stamp(number)}" for number in (0, 2, 4)]
    assert len(void) == 3
    for name, sample in zip(void.names, (void[0], void[1], void[2]), strict=True):
        assert sample.name == name
        np.testing.assert_array_equal(sample.image, written[name].image)
        assert sample.sparse is not None
        assert sample.truth is not None
        assert sample.camera is not None
        np.testing.assert_array_equal(sample.sparse.depth, written[name].sparse)
        np.testing.assert_array_equal(sample.truth.depth, written[name].truth)
        np.testing.assert_allclose(sample.camera.K, K)
        assert sample.views == ()


def test_train_and_a_density(tmp_path: Path) -> None:
    _release(tmp_path)
    _release(tmp_path, prefix="void_150/", density=150)
    assert len(_void(tmp_path, split="train", density=150)) == 6
    assert len(_void(tmp_path / "void_150")) == 3
    with pytest.raises(DataError, match=r"void_150 is another density than 500"):
        _void(tmp_path / "void_150", density=500)
    with pytest.raises(DataError, match=r"has no void_500, but void_150, void_1500: choose"):
        _void(tmp_path, density=500)
    with pytest.raises(ConfigError, match="one of test, train"):
        _void(tmp_path, split="val")
    assert _void(tmp_path).protocol == "void"


def test_lists_other_than_that_of_images_may_be_missing(tmp_path: Path) -> None:
    written = _release(tmp_path)
    for what in _LISTS:
        if what != "image":
            (tmp_path / "void_1500" / f"test_{what}.txt").unlink()
    sample = _void(tmp_path)[1]
    assert sample.sparse is not None
    np.testing.assert_array_equal(sample.sparse.depth, written[sample.name].sparse)
    (tmp_path / "void_1500" / "test_image.txt").unlink()
    with pytest.raises(DataError, match=r"test_image\.txt"):
        _void(tmp_path)


def test_the_validity_map_counts(tmp_path: Path) -> None:
    written = _release(tmp_path)
    path = tmp_path / "void_1500" / "data" / "classroom6" / "validity_map" / f"{_stamp(0)}.png"
    half = np.zeros((24, 32), dtype=np.uint16)
    half[:, :16] = 256
    write_numbers(path, half)
    sparse = _void(tmp_path)[0].sparse
    assert sparse is not None
    expected = written[f"classroom6/{_stamp(0)}"].sparse * (half > 0)
    np.testing.assert_array_equal(sparse.depth, expected)
    write_numbers(path, np.zeros((24, 32), dtype=np.uint16))
    sparse = _void(tmp_path)[0].sparse
    assert sparse is not None
    assert sparse.count == 0
    write_numbers(path, np.full((24, 32), 7, dtype=np.uint16))
    with pytest.raises(DataError, match=r"5523\.png is not a validity map: it holds 7, expected"):
        _void(tmp_path)[0]


def test_views_come_from_the_sequence_not_from_the_list(tmp_path: Path) -> None:
    written = _release(tmp_path)
    void = _void(tmp_path, triplet_offset=1)
    assert void.names == [f"classroom6/{_stamp(number)}" for number in (2, 4)]
    sample, number = void[0], 2
    around = [written[f"classroom6/{_stamp(number + step)}"] for step in (-1, 1)]
    own = written[sample.name].world_from_camera
    point = np.array([0.3, -0.2, 2.0])
    for index, other in enumerate(around):
        np.testing.assert_array_equal(sample.views[index].image, other.image)
        np.testing.assert_allclose(
            other.world_from_camera.apply(motions(sample)[index].apply(point)),
            own.apply(point),
            atol=1e-5,
        )
    kept = _void(tmp_path, triplet_offset=1, skip_edges=False)
    assert [len(kept[index].views) for index in range(3)] == [0, 2, 2]


def test_views_without_poses(tmp_path: Path) -> None:
    _release(tmp_path)
    shutil.rmtree(tmp_path / "void_1500" / "data" / "classroom6" / "absolute_pose")
    sample = _void(tmp_path, triplet_offset=1)[0]
    assert len(sample.views) == 2
    assert all(view.view_from_target is None for view in sample.views)


def test_names_of_files_are_times(tmp_path: Path) -> None:
    _release(tmp_path)
    sample = _void(tmp_path, triplet_offset=1)[0]
    assert sample.name == "classroom6/1552696002.5523"
    assert [view.stamp_ns - sample.stamp_ns for view in sample.views] == [-(10**9), 10**9]
    assert sample.stamp_ns == 1552696002_552300000


def test_starts_and_ends_of_sequences_are_left_out(tmp_path: Path) -> None:
    _release(tmp_path)
    names = _void(tmp_path, split="train", skip_start=1, skip_end=2).names
    assert names == [f"stairs4/{_stamp(number)}" for number in (1, 2, 3)]
    assert _void(tmp_path, split="train", triplet_offset=10).names == []


def test_lists_in_another_order_are_refused(tmp_path: Path) -> None:
    _release(tmp_path)
    listing = tmp_path / "void_1500" / "test_ground_truth.txt"
    lines = listing.read_text(encoding="utf-8").splitlines()
    listing.write_text("\n".join(reversed(lines)), encoding="utf-8")
    words = r"path 1 of .*test_image\.txt is .*000\.5523\.png, but path 1 of .*truth\.txt is .*004"
    with pytest.raises(DataError, match=words):
        _void(tmp_path)


def test_a_short_list(tmp_path: Path) -> None:
    _release(tmp_path)
    listing = tmp_path / "void_1500" / "test_sparse_depth.txt"
    lines = listing.read_text(encoding="utf-8").splitlines()
    listing.write_text("\n".join([lines[0], "", lines[1]]), encoding="utf-8")
    with pytest.raises(DataError, match=r"test_sparse_depth\.txt lists 2 paths, expected 3"):
        _void(tmp_path)


def test_empty_lines_do_not_count(tmp_path: Path) -> None:
    written = _release(tmp_path)
    for what, blank in (("image", 0), ("sparse_depth", 1), ("ground_truth", 2)):
        listing = tmp_path / "void_1500" / f"test_{what}.txt"
        lines = listing.read_text(encoding="utf-8").splitlines()
        listing.write_text("\n".join([*lines[:blank], "", *lines[blank:]]), encoding="utf-8")
    void = _void(tmp_path)
    assert void.names == [f"classroom6/{_stamp(number)}" for number in (0, 2, 4)]
    for index, name in enumerate(void.names):
        sparse = void[index].sparse
        assert sparse is not None
        np.testing.assert_array_equal(sparse.depth, written[name].sparse)


@pytest.mark.parametrize("folder", ["image", "sparse_depth", "validity_map", "ground_truth"])
def test_a_missing_an_empty_and_a_wrong_sized_file(tmp_path: Path, folder: str) -> None:
    _release(tmp_path)
    path = tmp_path / "void_1500" / "data" / "classroom6" / folder / f"{_stamp(2)}.png"
    void = _void(tmp_path)
    path.write_bytes(b"")
    with pytest.raises(DataError, match=rf"{folder}/{_stamp(2)}\.png is an empty file"):
        void[1]
    path.unlink()
    with pytest.raises(DataError, match=rf"{folder}/{_stamp(2)}\.png"):
        void[1]
    if folder == "image":
        write_picture(path, np.zeros((5, 7, 3), dtype=np.uint8))
    else:
        write_numbers(path, np.zeros((5, 7), dtype=np.uint16))
    with pytest.raises(DataError, match=r"is (7x5|32x24) pixels, expected (32x24|7x5)"):
        void[1]
    void[0]


def test_intrinsics_that_are_none(tmp_path: Path) -> None:
    _release(tmp_path)
    path = tmp_path / "void_1500" / "data" / "classroom6" / "K.txt"
    for matrix in (SINGULAR_K, np.zeros((3, 3)), np.eye(2)):
        write_matrix(path, matrix)
        with pytest.raises(DataError, match=r"K\.txt is no calibration"):
            _void(tmp_path)[0]
    path.unlink()
    with pytest.raises(DataError, match=r"K\.txt"):
        _void(tmp_path)[0]


def test_lists_of_something_else(tmp_path: Path) -> None:
    _release(tmp_path)
    listing = tmp_path / "void_1500" / "test_image.txt"
    first, *rest = listing.read_text(encoding="utf-8").splitlines()
    for line, words in (
        ("void_150/data/a/image/1.png", "lists void_150, expected paths of void_1500"),
        ("1.png", "expected data/SEQUENCE/image/STAMP.png"),
        (rest[0], "names the sample 'classroom6/1552696002.5523' 2 times"),
    ):
        listing.write_text("\n".join([line, *rest]), encoding="utf-8")
        with pytest.raises(DataError, match=words):
            _void(tmp_path)
    listing.write_text("\n".join([first, *rest]), encoding="utf-8")
    with pytest.raises(IndexError):
        _void(tmp_path)[3]
    for what in _LISTS:
        if what != "image":
            (tmp_path / "void_1500" / f"test_{what}.txt").unlink()
    listing.write_text("\n".join(["data/../../../a/1.png", *rest]), encoding="utf-8")
    with pytest.raises(DataError, match="leads out of"):
        _void(tmp_path)[0]


def test_a_pose_that_is_none(tmp_path: Path) -> None:
    _release(tmp_path)
    path = tmp_path / "void_1500" / "data" / "classroom6" / "absolute_pose" / f"{_stamp(1)}.txt"
    write_matrix(path, np.eye(3))
    with pytest.raises(DataError, match=r"5523\.txt: holds 9 numbers, expected a 3x4"):
        _void(tmp_path, triplet_offset=1)[0]


def test_no_folder(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="there is no folder"):
        _void(tmp_path / "x")
    with pytest.raises(DataError, match="is not VOID"):
        _void(tmp_path)
