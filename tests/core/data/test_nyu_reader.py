# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import importlib
import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from depth_completion_core.data import build_dataset
from depth_completion_core.data.readers.nyu import NYU_CAMERA, PIPELINES, STORED_CAMERA, Nyu
from depth_completion_core.data.sample import DataError
from depth_completion_core.data.sampling.sparsify import Sparsifier, sparsified
from depth_completion_core.geometry.arrays import Float32Array, UInt8Array
from depth_completion_core.settings.fields import ConfigError
from tests.core.data.written_files import random_image, write_text

h5py = pytest.importorskip("h5py")

_TESTS = ("val/official/00001", "val/official/00009", "val/official/00014")
_TRAINING = ("train/attic_0001/00001", "train/attic_0001/00011", "train/den_0002/00001")


def _write(path: Path, rgb: object, depth: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with h5py.File(path, "w") as file:
        file["rgb"] = rgb
        file["depth"] = depth


def _frame(seed: int) -> tuple[UInt8Array, Float32Array]:
    depth = np.random.default_rng(seed).uniform(1.0, 9.0, (480, 640)).astype(np.float32)
    depth[100:140, 200:260] = 0.0
    return random_image(seed, 480, 640), depth


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("nyudepthv2")
    for seed, name in enumerate(_TESTS + _TRAINING):
        image, depth = _frame(seed)
        _write(folder / f"{name}.h5", image.transpose(2, 0, 1), depth)
    return folder


def test_folders_tell_the_splits(root: Path) -> None:
    dataset = build_dataset("nyu", root)
    assert isinstance(dataset, Nyu)
    assert dataset.names == list(_TESTS)
    assert dataset.protocol == "nyu"
    assert build_dataset("nyu", root, {"split": "train"}).names == list(_TRAINING)
    with pytest.raises(DataError, match=r"split val; name a list of it in split_file"):
        build_dataset("nyu", root, {"split": "val"})


@pytest.mark.parametrize("pipeline", ["nlspn", "cspn"])
def test_frames_are_halved_as_area_weighted_means_and_cut(root: Path, pipeline: str) -> None:
    sample = build_dataset("nyu", root, {"pipeline": pipeline})[0]
    image, depth = _frame(0)
    # A triangle of four source pixels, by OpenCV: a filter, then every second pixel.
    kernel = np.array([1, 3, 3, 1]) / 8

    def halved(array: UInt8Array | Float32Array) -> npt.NDArray[np.float64]:
        filtered = cv2.sepFilter2D(array.astype(np.float64), -1, kernel, kernel, anchor=(1, 1))
        return np.asarray(filtered[::2, ::2][6:234, 8:312])

    assert sample.truth is not None
    np.testing.assert_allclose(sample.truth.depth, halved(depth), atol=1e-5)
    np.testing.assert_allclose(sample.image.astype(np.float64), halved(image), atol=1.01)


def test_sparse_to_dense_takes_every_second_pixel(root: Path) -> None:
    sample = build_dataset("nyu", root, {"pipeline": "sparse_to_dense"})[0]
    image, depth = _frame(0)
    assert sample.truth is not None
    np.testing.assert_array_equal(sample.image, image[13:469:2, 17:625:2])
    np.testing.assert_array_equal(sample.truth.depth, depth[13:469:2, 17:625:2])
    np.testing.assert_array_equal(sample.truth.valid, sample.truth.depth > 0)


@pytest.mark.parametrize("pipeline", list(PIPELINES))
def test_samples_have_a_camera_and_leave_drawing_to_the_caller(root: Path, pipeline: str) -> None:
    dataset = build_dataset("nyu", root, {"pipeline": pipeline})
    assert isinstance(dataset, Nyu)
    assert dataset.default_sparsifier == PIPELINES[pipeline].sparsifier
    sample = dataset[1]
    assert sample.sparse is None
    assert sample.camera == NYU_CAMERA
    assert sample.image.shape == (228, 304, 3)
    drawn = sparsified(sample, Sparsifier.from_text(dataset.default_sparsifier), seed=0)
    assert drawn.frame().sparse is not None
    if pipeline == "nlspn":
        assert drawn.sparse is not None
        assert drawn.sparse.count == 500


def test_camera_is_nlspns() -> None:
    expected = np.array([[259.429, 0, 154.791], [0, 259.735, 120.868], [0, 0, 1]])
    np.testing.assert_allclose(NYU_CAMERA.K, expected, rtol=1e-9)


def test_lists_of_nlspn_and_cspn(root: Path) -> None:
    entries = {
        "train": [{"filename": f"{_TRAINING[2]}.h5"}],
        "val": [{"filename": f"{_TRAINING[1]}.h5"}, {"filename": f"{_TRAINING[0]}.h5"}],
        "test": [{"filename": f"{name}.h5"} for name in _TESTS],
    }
    write_text(root / "nyu.json", json.dumps(entries))
    for split, expected in (("train", _TRAINING[2:]), ("val", _TRAINING[1::-1]), ("test", _TESTS)):
        config = {"split": split, "split_file": "nyu.json"}
        assert build_dataset("nyu", root, config).names == list(expected)
    lines = ["Name", *(f"data/nyudepth_hdf5/{name}.h5" for name in _TESTS[::-1])]
    write_text(root / "nyudepth_hdf5_val.csv", "\n".join(lines) + "\n")
    config = {"split_file": "nyudepth_hdf5_val.csv"}
    assert build_dataset("nyu", root, config).names == list(_TESTS[::-1])


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("lost.csv", "Name\nval/official/00002.h5\n", "1 are not there"),
        ("short.csv", "Name\n", r"lists no \.h5 files in its first column"),
        ("short.json", '{"train": []}', "has train, expected .*test.*filename"),
        ("empty.json", '{"test": []}', "lists no files of the split test"),
        ("other.json", '{"test": [{"rgb": "a.png"}]}', "entry 0 of 'test' is .*rgb.*, expected"),
        ("number.json", '{"test": [{"filename": 3}]}', "entry 0 of 'test' is"),
        ("list.json", "[]", r"has list, expected \{.test"),
        ("broken.json", "{", r"broken\.json is no JSON"),
        ("outside.csv", "../val/../../secret.h5\n", "expected a path with train/ or val/"),
        ("elsewhere.csv", "official/00001.h5\n", "expected a path with train/ or val/"),
    ],
)
def test_lists_that_cannot_be_used(root: Path, name: str, text: str, words: str) -> None:
    write_text(root / name, text)
    with pytest.raises(DataError, match=words) as caught:
        build_dataset("nyu", root, {"split_file": name})
    assert name in str(caught.value)


def test_list_that_is_missing(root: Path) -> None:
    words = r"there is no list .*nowhere\.csv; python -m depth_completion_core\.prepare"
    with pytest.raises(DataError, match=words):
        build_dataset("nyu", root, {"split_file": "nowhere.csv"})


def test_folder_without_files(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"val/official holds no \.h5 files; unpack"):
        build_dataset("nyu", tmp_path)


@pytest.mark.parametrize("pipeline", ["nlspns", ""])
def test_pipeline_that_is_not_known(root: Path, pipeline: str) -> None:
    with pytest.raises(ConfigError, match="nlspn, cspn, sparse_to_dense"):
        build_dataset("nyu", root, {"pipeline": pipeline})


def _refusal(folder: Path) -> str:
    with pytest.raises(DataError) as caught:
        build_dataset("nyu", folder)[0]
    assert str(folder / "val" / "official" / "00001.h5") in str(caught.value)
    return str(caught.value)


def test_damaged_file(tmp_path: Path) -> None:
    path = tmp_path / "val" / "official" / "00001.h5"
    write_text(path, "")
    _refusal(tmp_path)
    image, depth = _frame(0)
    _write(path, image.transpose(2, 0, 1), depth[:100])
    assert "depth (100, 640), expected (3, 480, 640) of uint8 and (480, 640)" in _refusal(tmp_path)
    _write(path, image, depth)
    assert "rgb is (480, 640, 3)" in _refusal(tmp_path)
    with h5py.File(path, "w") as file:
        file["rgb"] = image
    assert "lacks depth; it has rgb" in _refusal(tmp_path)
    _write(path, image.transpose(2, 0, 1), depth)
    path.write_bytes(path.read_bytes()[:-100_000])
    assert "is no whole HDF5 file" in _refusal(tmp_path)
    assert "copy or unpack it again" in _refusal(tmp_path)


def test_stored_frames_are_whole(root: Path) -> None:
    sample = build_dataset("nyu", root, {"frame": "stored"})[0]
    image, depth = _frame(0)
    np.testing.assert_array_equal(sample.image, image)
    assert sample.truth is not None
    np.testing.assert_array_equal(sample.truth.depth, depth)
    assert sample.camera == STORED_CAMERA


def test_without_h5py(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = importlib.import_module

    def without(name: str, package: str | None = None) -> Any:  # noqa: ANN401
        if name == "h5py":
            raise ImportError(name)
        return real(name, package)

    monkeypatch.setattr(importlib, "import_module", without)
    with pytest.raises(DataError, match=r"pip install 'depth_completion_ros\[evaluation\]'"):
        Nyu(root)
