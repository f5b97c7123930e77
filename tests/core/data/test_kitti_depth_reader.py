# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import shutil
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from depth_completion_core.data import build_dataset
from depth_completion_core.data.readers.kitti_depth import KittiDepth
from depth_completion_core.data.sample import DataError
from depth_completion_core.metrics import PROTOCOLS, scored_pixels
from tests.core.data.kitti_trees import (
    DATE,
    DRIVE,
    HEIGHT,
    PROJECTIONS,
    WIDTH,
    number_png,
    write_camera_calibration,
    write_drive,
    write_oxts,
    write_rigid_calibrations,
)
from tests.core.data.views import images_of, motions
from tests.core.data.written_files import (
    random_image,
    spelled,
    write_image,
    write_numbers,
    write_text,
)

_NUMBERS = range(5, 8)  # as in the set, whose first and last five frames have no truth
_CROPPED = "depth_selection/val_selection_cropped"
_ANONYMOUS = "depth_selection/test_depth_completion_anonymous"
_SELECTED = "2011_09_26_drive_0002_sync_{}_0000000005_image_02"


def _depth_numbers(seed: int, height: int = HEIGHT) -> npt.NDArray[np.uint16]:
    random = np.random.default_rng(seed)
    numbers = random.integers(1 * 256, 90 * 256, (height, WIDTH))
    return np.where(random.random((height, WIDTH)) < 0.3, numbers, 0).astype(np.uint16)


def _write_depth(root: Path, split: str, *, sweeps: str = "", truths: str = "") -> None:
    for camera in (2, 3):
        for number in _NUMBERS:
            below = f"{split}/{DRIVE}/proj_depth/{{}}/image_{camera:02d}/{number_png(number)}"
            seed = 10 * camera + number
            write_numbers(root / sweeps / below.format("velodyne_raw"), _depth_numbers(seed))
            write_numbers(root / truths / below.format("groundtruth"), _depth_numbers(seed + 1))


def _write_raw(folder: Path) -> None:
    write_drive(folder / DRIVE, range(10), cameras=(2, 3))
    write_camera_calibration(folder)
    write_rigid_calibrations(folder)


def _names(camera: int) -> list[str]:
    return [f"{DRIVE}/image_{camera:02d}/{number:010d}" for number in _NUMBERS]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for split in ("train", "val"):
        _write_depth(tmp_path, split)
    _write_raw(tmp_path / "kitti_raw" / DATE)
    return tmp_path


def _write_selection(root: Path) -> None:
    for kind, seed in (("velodyne_raw", 1), ("groundtruth_depth", 2)):
        path = root / _CROPPED / kind / f"{_SELECTED.format(kind)}.png"
        write_numbers(path, _depth_numbers(seed))
    name = _SELECTED.format("image")
    write_image(root / _CROPPED / "image" / f"{name}.png", random_image(3, HEIGHT, WIDTH))
    K = spelled(PROJECTIONS[2][:, :3])
    write_text(root / _CROPPED / "intrinsics" / f"{name}.txt", K + "\n")


def _write_anonymous(root: Path) -> None:
    folder = root / _ANONYMOUS
    write_numbers(folder / "velodyne_raw" / number_png(0), _depth_numbers(1))
    write_image(folder / "image" / number_png(0), random_image(3, HEIGHT, WIDTH))
    write_text(folder / "intrinsics" / "0000000000.txt", spelled(PROJECTIONS[2][:, :3]))


def _check_first_frame(sample_of: KittiDepth) -> None:
    sample = sample_of[0]
    assert sample.camera is not None
    assert sample.sparse is not None
    assert sample.truth is not None
    np.testing.assert_array_equal(sample.image, random_image(205, HEIGHT, WIDTH))
    np.testing.assert_array_equal(sample.sparse.depth * 256, _depth_numbers(25))
    np.testing.assert_array_equal(sample.truth.depth * 256, _depth_numbers(26))
    np.testing.assert_array_equal(sample.truth.valid, _depth_numbers(26) > 0)
    np.testing.assert_allclose(sample.camera.K, PROJECTIONS[2][:, :3])


@pytest.mark.parametrize(
    ("sweeps", "truths", "images"),
    [
        ("", "", "kitti_raw/2011_09_26"),
        ("", "", "train"),
        ("data_depth_velodyne", "data_depth_annotated", "kitti_raw/2011_09_26"),
        ("data_depth_velodyne", "data_depth_annotated", "data_rgb/train"),
    ],
)
def test_layouts_of_the_archives(tmp_path: Path, sweeps: str, truths: str, images: str) -> None:
    _write_depth(tmp_path, "train", sweeps=sweeps, truths=truths)
    _write_raw(tmp_path / images)
    dataset = build_dataset("kitti_depth", tmp_path, {"split": "train", "camera": "left"})
    assert isinstance(dataset, KittiDepth)
    assert dataset.protocol == "kitti"
    assert dataset.names == _names(2)
    _check_first_frame(dataset)


def test_raw_data_somewhere_else(root: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere") / "raw"
    shutil.move(root / "kitti_raw", elsewhere)
    with pytest.raises(DataError, match=r"there is no such folder: .*image_02/data"):
        build_dataset("kitti_depth", root, {"split": "train"})
    config = {"split": "train", "raw_folder": str(elsewhere)}
    assert len(build_dataset("kitti_depth", root, config)) == 6


@pytest.mark.parametrize(
    ("camera", "expected"), [("left", (2,)), ("right", (3,)), ("both", (2, 3))]
)
def test_cameras(root: Path, camera: str, expected: tuple[int, ...]) -> None:
    dataset = build_dataset("kitti_depth", root, {"split": "train", "camera": camera})
    assert dataset.names == [name for index in expected for name in _names(index)]
    sample = dataset[len(dataset) - 1]
    assert sample.camera is not None
    np.testing.assert_allclose(sample.camera.K, PROJECTIONS[expected[-1]][:, :3])


def test_neighbours_of_frames_with_and_without_depth(root: Path) -> None:
    config = {"split": "train", "camera": "left", "triplet_offset": 2}
    dataset = build_dataset("kitti_depth", root, config)
    assert dataset.names == _names(2)
    sample = dataset[2]
    for found, number in zip(images_of(sample), (5, 9), strict=True):
        np.testing.assert_array_equal(found, random_image(200 + number, HEIGHT, WIDTH))
    assert all(view.view_from_target is None for view in sample.views)
    for number in range(10):
        write_oxts(
            root / "kitti_raw" / DATE / DRIVE, number, 49.0, 8.4, 100.0 + number, 0.0, 0.0, 0.0
        )
    distances = [np.linalg.norm(pose.translation) for pose in motions(dataset[2])]
    np.testing.assert_allclose(distances, 2.0)
    config["triplet_offset"] = 3
    assert build_dataset("kitti_depth", root, config).names == _names(2)[:2]


def test_selected_crops(root: Path) -> None:
    _write_selection(root)
    dataset = build_dataset("kitti_depth", root)
    assert dataset.names == [_SELECTED.format("image")]
    sample = dataset[0]
    assert sample.camera is not None
    assert sample.sparse is not None
    assert sample.truth is not None
    np.testing.assert_array_equal(sample.sparse.depth * 256, _depth_numbers(1))
    np.testing.assert_array_equal(sample.truth.depth * 256, _depth_numbers(2))
    np.testing.assert_allclose(sample.camera.K, PROJECTIONS[2][:, :3])
    assert len(build_dataset("kitti_depth", root, {"camera": "left"})) == 1
    with pytest.raises(DataError, match="no frame of selection"):
        build_dataset("kitti_depth", root, {"camera": "right"})


def test_selected_crops_in_their_archives_folder(root: Path) -> None:
    _write_selection(root / "data_depth_selection")
    assert len(build_dataset("kitti_depth", root)) == 1


@pytest.mark.parametrize("camera", ["left", "both"])
def test_anonymous_frames_have_no_truth(root: Path, camera: str) -> None:
    _write_anonymous(root)
    dataset = build_dataset("kitti_depth", root, {"split": "test", "camera": camera})
    assert dataset.names == ["0000000000"]
    assert dataset[0].truth is None
    assert dataset[0].sparse is not None


def test_selections_have_no_neighbours(root: Path) -> None:
    _write_selection(root)
    with pytest.raises(DataError, match="selection is of single images"):
        build_dataset("kitti_depth", root, {"triplet_offset": 1})


def test_crop_of_val_is_what_the_protocol_scores(tmp_path: Path) -> None:
    height, width = 375, 1242
    numbers = np.random.default_rng(0).integers(256, 60000, (height, width)).astype(np.uint16)
    below = f"val/{DRIVE}/proj_depth/{{}}/image_02/{number_png(5)}"
    for kind in ("velodyne_raw", "groundtruth"):
        write_numbers(tmp_path / below.format(kind), numbers)
    image = random_image(0, height, width)
    write_image(tmp_path / f"val/{DRIVE}/image_02/data" / number_png(5), image)
    write_camera_calibration(tmp_path / "val" / DRIVE)
    config = {"split": "val", "camera": "left"}
    cut = build_dataset("kitti_depth", tmp_path, config)[0]
    whole = build_dataset("kitti_depth", tmp_path, {**config, "crop": "none"})[0]
    assert whole.truth is not None
    assert cut.truth is not None
    assert cut.camera is not None
    assert whole.camera is not None
    scored = scored_pixels(whole.truth.depth, whole.truth.valid, PROTOCOLS["kitti"])
    np.testing.assert_array_equal(whole.truth.depth[scored], cut.truth.depth.reshape(-1))
    np.testing.assert_array_equal(whole.image[scored], cut.image.reshape(-1, 3))
    pixel, _ = cut.camera.project((1.0, 1.5, 4.0))
    pixel_of_whole, _ = whole.camera.project((1.0, 1.5, 4.0))
    np.testing.assert_allclose(pixel_of_whole - pixel, (13, 23))
    assert cut.frame().size == (352, 1216)


# Bad data


def _refusal(root: Path) -> str:
    with pytest.raises(DataError) as caught:
        build_dataset("kitti_depth", root, {"split": "train", "camera": "left"})[0]
    return str(caught.value)


def _sparse(root: Path) -> Path:
    return root / "train" / DRIVE / "proj_depth/velodyne_raw/image_02" / number_png(5)


def test_empty_folder(tmp_path: Path) -> None:
    words = (
        r"holds no train/DRIVE/proj_depth/velodyne_raw/image_02; unpack data_depth_velodyne\.zip"
    )
    with pytest.raises(DataError, match=words):
        build_dataset("kitti_depth", tmp_path, {"split": "train"})
    with pytest.raises(DataError, match=r"no such folder: .*val_selection_cropped"):
        build_dataset("kitti_depth", tmp_path)
    (tmp_path / _CROPPED).mkdir(parents=True)
    with pytest.raises(DataError, match=r"holds no \.png images; unpack data_depth_selection\.zip"):
        build_dataset("kitti_depth", tmp_path)


@pytest.mark.parametrize("kind", ["velodyne_raw", "groundtruth", "image"])
def test_file_that_is_missing_or_empty(root: Path, kind: str) -> None:
    if kind == "image":
        path = root / "kitti_raw" / DATE / DRIVE / "image_02" / "data" / number_png(5)
    else:
        path = root / "train" / DRIVE / "proj_depth" / kind / "image_02" / number_png(5)
    path.write_bytes(b"")
    assert f"{path} is an empty file" in _refusal(root)
    if kind != "velodyne_raw":  # without that, the frame is none
        path.unlink()
        assert f"cannot read {path}" in _refusal(root)


def test_truth_that_is_not_there_at_all(root: Path) -> None:
    shutil.rmtree(root / "train" / DRIVE / "proj_depth" / "groundtruth")
    assert "no such folder" in _refusal(root)


def test_depth_of_another_size(root: Path) -> None:
    write_numbers(_sparse(root), _depth_numbers(0, height=50))
    assert f"{_sparse(root)} is 100x50 pixels, expected 100x60" in _refusal(root)


def test_depth_that_was_saved_with_8_bits(root: Path) -> None:
    small = (_depth_numbers(0) >> 8).astype(np.uint8)
    cv2.imwrite(str(_sparse(root)), small)
    assert f"{_sparse(root)} holds uint8 numbers, expected a 16-bit PNG" in _refusal(root)
    write_numbers(_sparse(root), small)
    sentence = _refusal(root)
    assert f"{_sparse(root)} holds no number above" in sentence
    assert "8-bit image" in sentence
    write_numbers(_sparse(root), np.zeros_like(small))
    assert build_dataset("kitti_depth", root, {"split": "train"})[0].sparse is not None


def test_image_smaller_than_the_crop(root: Path) -> None:
    with pytest.raises(DataError, match=r"is 100x60 pixels, expected at least 1216x352"):
        build_dataset("kitti_depth", root, {"split": "val"})[0]


@pytest.mark.parametrize(
    ("K", "words"),
    [("1 0 0 0 1", "found 5 numbers"), ("0 0 0 0 0 0 0 0 0", "focal length is 0 x 0")],
)
def test_intrinsics_of_a_crop_that_are_none(root: Path, K: str, words: str) -> None:
    _write_selection(root)
    path = root / _CROPPED / "intrinsics" / f"{_SELECTED.format('image')}.txt"
    path.write_text(K, encoding="utf-8")
    with pytest.raises(DataError, match=words) as caught:
        build_dataset("kitti_depth", root)[0]
    assert str(path) in str(caught.value)


def test_singular_projection(root: Path) -> None:
    write_camera_calibration(root / "kitti_raw" / DATE, projection=np.zeros(12))
    assert "calib_cam_to_cam.txt: 'P_rect_02': focal length is 0 x 0" in _refusal(root)
