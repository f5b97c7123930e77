# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""KITTI depth completion by lists as NLSPN's."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from depth_completion_core.data import build_dataset
from depth_completion_core.data.readers.kitti_depth import KittiDepth
from depth_completion_core.data.sample import DataError
from tests.core.data.kitti_trees import PROJECTIONS, number_png, write_camera_calibration
from tests.core.data.published_trees import DRIVES, depth_numbers, write_kitti_depth
from tests.core.data.written_files import random_image, spelled, write_image, write_text

_DRIVE = DRIVES["train"][0]
_ANONYMOUS = "depth_selection/test_depth_completion_anonymous"


def _entry(camera: int, number: int) -> dict[str, str]:
    name, folder = number_png(number), f"image_{camera:02d}"
    return {
        "rgb": f"train/{_DRIVE}/{folder}/data/{name}",
        "depth": f"train/{_DRIVE}/proj_depth/velodyne_raw/{folder}/{name}",
        "gt": f"train/{_DRIVE}/proj_depth/groundtruth/{folder}/{name}",
        "K": f"train/{_DRIVE}/calib_cam_to_cam.txt",
    }


_ENTRIES = [_entry(3, 6), _entry(2, 5), _entry(3, 5)]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    write_kitti_depth(tmp_path)
    write_camera_calibration(tmp_path / "train" / _DRIVE)
    for entry in (*_ENTRIES, _entry(2, 6)):
        number = int(Path(entry["rgb"]).stem)
        camera = int(Path(entry["rgb"]).parts[-3][-2:])
        write_image(tmp_path / entry["rgb"], random_image(100 * camera + number, 60, 100))
    return tmp_path


def _listed(root: Path, entries: list[Any], **config: Any) -> KittiDepth:  # noqa: ANN401
    write_text(root / "some.json", json.dumps({"train": entries, "test": entries}))
    settings = {"split": "train", "split_file": "some.json", **config}
    dataset = build_dataset("kitti_depth", root, settings)
    assert isinstance(dataset, KittiDepth)
    return dataset


def test_frames_are_those_of_the_list_in_its_order(root: Path) -> None:
    dataset = _listed(root, _ENTRIES)
    assert dataset.names == [
        f"{_DRIVE}/image_03/0000000006",
        f"{_DRIVE}/image_02/0000000005",
        f"{_DRIVE}/image_03/0000000005",
    ]
    sample = dataset[0]
    np.testing.assert_array_equal(sample.image, random_image(306, 60, 100))
    assert sample.sparse is not None
    assert sample.truth is not None
    assert sample.camera is not None
    np.testing.assert_array_equal(sample.sparse.depth * 256, depth_numbers(10 * 6 + 3))
    np.testing.assert_array_equal(sample.truth.depth * 256, depth_numbers(10 * 106 + 3))
    np.testing.assert_allclose(sample.camera.K, PROJECTIONS[3][:, :3])
    assert _listed(root, _ENTRIES, camera="left").names == dataset.names[1:2]


def test_a_frame_by_list_is_the_one_of_the_folders(root: Path) -> None:
    shutil.rmtree(root / "train" / DRIVES["train"][1])
    listed = _listed(root, [_entry(2, 5)])[0]
    folders = build_dataset("kitti_depth", root, {"split": "train", "camera": "left"})
    index = folders.names.index(listed.name)
    other = folders[index]
    assert other.sparse is not None
    assert listed.sparse is not None
    np.testing.assert_array_equal(other.image, listed.image)
    np.testing.assert_array_equal(other.sparse.depth, listed.sparse.depth)
    assert other.camera == listed.camera


def test_the_servers_images_have_no_truth(root: Path) -> None:
    """Lists name their measurements in its place."""
    entry = _entry(2, 5)
    write_text(root / _ANONYMOUS / "intrinsics/0000000000.txt", spelled(PROJECTIONS[2][:, :3]))
    write_image(root / _ANONYMOUS / "image/0000000000.png", random_image(1, 60, 100))
    anonymous = {
        "rgb": f"{_ANONYMOUS}/image/0000000000.png",
        "depth": entry["depth"],
        "gt": entry["depth"],
        "K": f"{_ANONYMOUS}/intrinsics/0000000000.txt",
    }
    for split in ("test", "selection"):
        dataset = _listed(root, [anonymous], split=split)
        assert dataset.names == ["0000000000"]
        sample = dataset[0]
        assert sample.truth is None
        assert sample.sparse is not None
        assert sample.camera is not None
        np.testing.assert_allclose(sample.camera.K, PROJECTIONS[2][:, :3])


def test_rows_at_the_top_are_left_out(root: Path) -> None:
    whole, cut = (_listed(root, _ENTRIES, cut_top_px=rows)[0] for rows in (0, 25))
    assert whole.sparse is not None
    assert cut.sparse is not None
    assert whole.camera is not None
    assert cut.camera is not None
    np.testing.assert_array_equal(cut.image, whole.image[25:])
    np.testing.assert_array_equal(cut.sparse.depth, whole.sparse.depth[25:])
    assert cut.camera.cy == whole.camera.cy - 25
    with pytest.raises(DataError, match=r"0000000006.png has 60 rows, all of which cut_top_px 60"):
        _listed(root, _ENTRIES, cut_top_px=60)[0]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"rgb": "train/nowhere.png"}, r"lists 4 files, 1 are not there, such as .*nowhere\.png"),
        ({"gt": "../../secret.png"}, r"'../../secret.png', which leads out of the data set"),
        ({"depth": "/etc/passwd"}, r"'/etc/passwd', which leads out"),
        ({"K": ""}, r"entry 0 of 'train' is .*, expected"),
    ],
)
def test_entries_that_cannot_be_used(root: Path, changes: dict[str, str], words: str) -> None:
    with pytest.raises(DataError, match=words) as caught:
        _listed(root, [{**_entry(2, 5), **changes}])
    assert "some.json" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_list_has_no_neighbours(root: Path) -> None:
    with pytest.raises(DataError, match=r"some\.json is of single images; set triplet_offset to 0"):
        _listed(root, _ENTRIES, triplet_offset=1)


def test_an_image_of_another_size_is_told(root: Path) -> None:
    write_image(root / _ENTRIES[0]["rgb"], random_image(0, 50, 100))
    with pytest.raises(DataError, match=r"is 100x60 pixels, expected 100x50 as .*0000000006.png"):
        _listed(root, _ENTRIES)[0]
