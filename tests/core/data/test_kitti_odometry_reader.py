# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from depth_completion_core.data import build_dataset
from depth_completion_core.data.readers.kitti_odometry import KittiOdometry
from depth_completion_core.data.sample import DataError
from depth_completion_core.data.sampling.sparsify import Sparsifier, sparsified
from tests.core.data.published_trees import h5_frame, write_h5, write_odometry
from tests.core.data.written_files import write_text

pytest.importorskip("h5py")


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("kitti")
    write_odometry(folder, frames=2)
    return folder


@pytest.mark.parametrize(
    ("crop", "rows", "columns"),
    [
        ("none", (0, 370), (0, 1215)),
        ("region", (130, 370), (10, 1210)),
        ("centre", (136, 364), (154, 1066)),
    ],
)
def test_frames_are_cut_as_cspn_does(
    root: Path, crop: str, rows: tuple[int, int], columns: tuple[int, int]
) -> None:
    dataset = build_dataset("kitti_odometry", root, {"split": "train", "crop": crop})
    assert isinstance(dataset, KittiOdometry)
    assert dataset.names == ["train/00-L/00000", "train/00-L/00001"]
    sample = dataset[1]
    rgb, depth = h5_frame(1, 370, 1215)
    window = slice(*rows), slice(*columns)
    np.testing.assert_array_equal(sample.image, rgb.transpose(1, 2, 0)[window])
    assert sample.truth is not None
    np.testing.assert_array_equal(sample.truth.depth, depth[window])
    np.testing.assert_array_equal(sample.truth.valid, depth[window] > 0)
    assert sample.camera is None


def test_points_are_five_hundred_on_average(root: Path) -> None:
    """However few pixels are valid."""
    sample = build_dataset("kitti_odometry", root)[0]
    drawn = [
        sparsified(sample, Sparsifier.from_text(KittiOdometry.default_sparsifier), seed=seed)
        for seed in range(30)
    ]
    counts = [each.sparse.count for each in drawn if each.sparse is not None]
    assert len(counts) == 30
    assert abs(np.mean(counts) - 500) < 5 * np.sqrt(500 / 30)
    assert len(set(counts)) > 10


def test_a_list_of_cspn(root: Path) -> None:
    write_text(root / "val.csv", "Name\n/data/kitti/val/11-R/00000.h5\n")
    assert build_dataset("kitti_odometry", root, {"split_file": "val.csv"}).names == [
        "val/11-R/00000"
    ]


def test_frames_that_are_too_small(tmp_path: Path) -> None:
    write_h5(tmp_path / "val/11-L/00000.h5", *h5_frame(0, 40, 50))
    with pytest.raises(DataError, match=r"is 50x40 pixels, expected at least 1210x370"):
        build_dataset("kitti_odometry", tmp_path)[0]
    assert build_dataset("kitti_odometry", tmp_path, {"crop": "none"})[0].image.shape == (40, 50, 3)


def test_an_image_of_another_size_than_its_depth(tmp_path: Path) -> None:
    write_h5(tmp_path / "val/11-L/00000.h5", h5_frame(0, 40, 50)[0], np.ones((40, 60)))
    with pytest.raises(DataError, match=r"00000.h5: rgb is \(3, 40, 50\) .* expected \(3, H, W\)"):
        build_dataset("kitti_odometry", tmp_path)[0]


def test_an_empty_folder(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"val holds no \.h5 files; unpack kitti\.tar\.gz"):
        build_dataset("kitti_odometry", tmp_path)
