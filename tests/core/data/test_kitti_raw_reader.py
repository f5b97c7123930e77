# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from depth_completion_core.completer import load_model
from depth_completion_core.config import CompletionConfig, ProjectionConfig
from depth_completion_core.data import build_dataset
from depth_completion_core.data.readers.kitti_drive import calibrated_camera
from depth_completion_core.data.readers.kitti_oxts import imu_pose
from depth_completion_core.data.readers.kitti_raw import KittiRaw
from depth_completion_core.data.sample import DataError
from depth_completion_core.frame import Frame
from depth_completion_core.geometry.transforms import RigidTransform
from tests.core.data.kitti_trees import (
    DATE,
    DRIVE,
    HEIGHT,
    VELODYNE_FROM_IMU,
    WIDTH,
    kitti_pixels,
    number_png,
    write_camera_calibration,
    write_drive,
    write_oxts,
    write_rigid_calibrations,
    write_sweep,
)
from tests.core.data.views import images_of, motions
from tests.core.data.written_files import random_image, write_image, write_text

_REAL = "DEPTH_COMPLETION_REAL_DATA"
_OTHER_DRIVE = "2011_09_26_drive_0002_sync"


def _wall(lines: int = 32) -> npt.NDArray[np.float64]:
    """A spinning lidar's view of a wall 10 m ahead, and of a post 4 m ahead."""
    azimuth = np.radians(np.arange(-40.0, 40.0, 0.5))
    elevation = np.radians(-14.0 + 0.8 * np.arange(lines))
    x = np.where(np.abs(azimuth) < 0.05, 4.0, 10.0)
    points = [
        np.column_stack([x, x * np.tan(azimuth), np.hypot(x, x * np.tan(azimuth)) * np.tan(angle)])
        for angle in elevation
    ]
    return np.concatenate(points)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Drive 1 with frames 0 to 4 and 6, no sweep 1; drive 2 with frame 0."""
    date = tmp_path / "kitti" / DATE
    for drive, numbers in ((DRIVE, (*range(5), 6)), (_OTHER_DRIVE, (0,))):
        for number in numbers:
            write_drive(date / drive, range(number, number + 1), cameras=(2, 3))
            if number != 1:
                sweep = f"velodyne_points/data/{number:010d}.bin"
                write_sweep(date / drive / sweep, _wall())
    write_camera_calibration(date)
    write_rigid_calibrations(date)
    return tmp_path / "kitti"


def _names(drive: str, camera: int, *numbers: int) -> list[str]:
    return [f"{DATE}/{drive}/image_{camera:02d}/{number:010d}" for number in numbers]


def test_names_of_images_that_have_a_sweep(root: Path) -> None:
    left = _names(DRIVE, 2, 0, 2, 3, 4, 6)
    dataset = build_dataset("kitti_raw", root)
    assert isinstance(dataset, KittiRaw)
    assert dataset.names == [*left, *_names(_OTHER_DRIVE, 2, 0)]
    assert build_dataset("kitti_raw", root, {"drives": [DRIVE]}).names == left
    config = {"drives": [_OTHER_DRIVE], "camera": "both"}
    both = [*_names(_OTHER_DRIVE, 2, 0), *_names(_OTHER_DRIVE, 3, 0)]
    assert build_dataset("kitti_raw", root, config).names == both
    one_drive = build_dataset("kitti_raw", root / DATE / _OTHER_DRIVE, {"camera": "right"})
    assert one_drive.names == ["image_03/0000000000"]


@pytest.mark.parametrize(("camera", "index"), [("left", 2), ("right", 3)])
def test_points_land_where_kittis_formula_puts_them(root: Path, camera: str, index: int) -> None:
    points = np.array([[9.0, 1.5, -0.75], [12.0, -3.0, 0.5], [-5.0, 0.0, 0.0], [20.0, 6.0, 1.0]])
    write_sweep(root / DATE / _OTHER_DRIVE / "velodyne_points/data/0000000000.bin", points)
    config = {"camera": camera, "drives": [_OTHER_DRIVE]}
    sample = build_dataset("kitti_raw", root, config)[0]
    assert sample.truth is None
    assert sample.sparse is not None
    np.testing.assert_array_equal(sample.image, random_image(100 * index, HEIGHT, WIDTH))
    pixels, depth = kitti_pixels(points[[0, 1, 3]], index)
    assert sample.sparse.count == 3
    for (u, v), z in zip(pixels, depth, strict=True):
        assert sample.sparse.depth[round(v), round(u)] == pytest.approx(z, rel=1e-6)


def test_sparse_depth_is_what_the_completer_makes_of_the_sweep(root: Path) -> None:
    sample = build_dataset("kitti_raw", root)[0]
    path = root / DATE / DRIVE / "velodyne_points/data/0000000000.bin"
    frame = Frame(
        image=sample.image,
        camera=sample.camera,
        points=np.fromfile(path, "<f4").reshape(-1, 4)[:, :3].copy(),
        camera_from_points=_camera_from_velodyne(),
    )
    config = CompletionConfig(projection=ProjectionConfig())
    expected = load_model("nearest", device="cpu", config=config).sparse_depth(frame)
    assert sample.sparse is not None
    np.testing.assert_array_equal(sample.sparse.valid, expected.valid)
    np.testing.assert_allclose(sample.sparse.depth, expected.depth, rtol=1e-6)


def _camera_from_velodyne() -> RigidTransform:
    """From KITTI's formula: the transform under which these points get their pixels and depth."""
    points = np.random.default_rng(0).uniform((5, -2, -1), (20, 2, 1), (20, 3))
    pixels, depth = kitti_pixels(points, 2)
    rays = np.column_stack([(pixels - (47.3, 30.2)) / 70.0, np.ones(len(depth))])
    homogeneous = np.column_stack([points, np.ones(len(points))])
    solved, *_ = np.linalg.lstsq(homogeneous, rays * depth[:, None], rcond=None)
    return RigidTransform.from_matrix(solved.T)


def test_other_lines_are_the_truth(root: Path) -> None:
    everything = build_dataset("kitti_raw", root)[0].sparse
    sample = build_dataset("kitti_raw", root, {"keep_rows": 4})[0]
    assert everything is not None
    assert sample.sparse is not None
    assert sample.truth is not None
    assert not np.any(sample.sparse.valid & sample.truth.valid)
    assert 0.15 < sample.sparse.count / everything.count < 0.35
    truth = sample.truth
    np.testing.assert_array_equal(truth.depth[truth.valid], everything.depth[truth.valid])
    assert np.all(everything.valid[truth.valid])


def test_neighbours_are_by_number(root: Path) -> None:
    dataset = build_dataset("kitti_raw", root, {"triplet_offset": 1})
    assert dataset.names == _names(DRIVE, 2, 2, 3)
    before, after = images_of(dataset[1])
    np.testing.assert_array_equal(before, random_image(202, HEIGHT, WIDTH))
    np.testing.assert_array_equal(after, random_image(204, HEIGHT, WIDTH))
    assert all(view.view_from_target is None for view in dataset[1].views)


def test_stamps_are_those_of_the_drive(root: Path) -> None:
    sample = build_dataset("kitti_raw", root, {"triplet_offset": 1})[0]
    assert [view.stamp_ns - sample.stamp_ns for view in sample.views] == [-(10**8), 10**8]
    lines = [f"2011-09-26 13:02:{25 + number}.594360375" for number in range(7)]
    write_text(root / DATE / DRIVE / "image_02/timestamps.txt", "\n".join(lines))
    sample = build_dataset("kitti_raw", root, {"triplet_offset": 1, "drives": [DRIVE]})[0]
    assert [view.stamp_ns - sample.stamp_ns for view in sample.views] == [-(10**9), 10**9]
    assert sample.stamp_ns % 10**9 == 594360375


def test_frames_of_a_list(root: Path) -> None:
    path = f"{DATE}/{DRIVE}/image_02/data"
    lines = [f"{path}/{number_png(number)} and more" for number in (4, 0, 1)]
    write_text(root / "eigen.txt", "\n".join(lines) + "\n")
    dataset = build_dataset("kitti_raw", root, {"split_file": "eigen.txt"})
    assert dataset.names == _names(DRIVE, 2, 4, 0)
    write_text(root / "none.txt", f"{path}/0000000099.png\n")
    with pytest.raises(DataError, match=r"none\.txt names .*, none of which is there"):
        build_dataset("kitti_raw", root, {"split_file": "none.txt"})
    write_text(root / "empty.txt", "")
    with pytest.raises(DataError, match=r"empty\.txt is empty"):
        build_dataset("kitti_raw", root, {"split_file": "empty.txt"})


# Poses


def test_pose_moves_as_far_as_on_a_sphere(tmp_path: Path) -> None:
    latitude, longitude = 49.01, 8.43
    write_oxts(tmp_path, 0, latitude, longitude, 112.0, 0.0, 0.0, 0.0)
    write_oxts(tmp_path, 1, latitude + 1e-4, longitude + 2e-4, 113.5, 0.0, 0.0, 0.0)
    moved = imu_pose(tmp_path, 1).translation - imu_pose(tmp_path, 0).translation
    metres_per_radian = 6378137.0
    north = metres_per_radian * np.radians(1e-4)
    east = metres_per_radian * np.cos(np.radians(latitude)) * np.radians(2e-4)
    np.testing.assert_allclose(moved, [east, north, 1.5], rtol=1e-4)


def test_pose_turns_roll_first_and_yaw_last(tmp_path: Path) -> None:
    angles = 0.1, -0.2, 2.0
    write_oxts(tmp_path, 0, 49.0, 8.4, 100.0, *angles)
    expected = RigidTransform.identity()
    for axis, angle in zip(np.eye(3)[::-1], angles[::-1], strict=True):
        half = (*(axis * np.sin(angle / 2)), np.cos(angle / 2))
        expected = expected @ RigidTransform.from_quaternion(half, (0.0, 0.0, 0.0))
    np.testing.assert_allclose(imu_pose(tmp_path, 0).rotation, expected.rotation, atol=1e-12)


def test_poses_of_views_keep_a_landmark_in_place(root: Path) -> None:
    drive = root / DATE / DRIVE
    for number in range(7):
        write_oxts(
            drive, number, 49.0 + 1e-5 * number, 8.4, 100.0 + 0.1 * number, 0.01, 0.02, 0.1 * number
        )
    sample = build_dataset("kitti_raw", root, {"triplet_offset": 1, "drives": [DRIVE]})[0]
    landmark = imu_pose(drive, 0).translation + np.array([[10.0, 5.0, 1.0]])
    camera_from_imu = _camera_from_velodyne() @ VELODYNE_FROM_IMU
    before, image, after = (
        (camera_from_imu @ imu_pose(drive, number).inverse()).apply(landmark)
        for number in (1, 2, 3)
    )
    for transform, expected in zip(motions(sample), (before, after), strict=True):
        np.testing.assert_allclose(transform.apply(image), expected, atol=1e-5)
    assert np.abs(before - image).max() > 0.5


@pytest.mark.parametrize("text", ["", "49.0 8.4 100.0 0.1 0.2", "49.0 8.4 nan 0 0 0", "north"])
def test_navigation_that_is_damaged(root: Path, text: str) -> None:
    drive = root / DATE / DRIVE
    for number in range(7):
        write_oxts(drive, number, 49.0, 8.4, 100.0, 0.0, 0.0, 0.0)
    dataset = build_dataset("kitti_raw", root, {"triplet_offset": 1, "drives": [DRIVE]})
    path = drive / "oxts" / "data" / "0000000003.txt"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match=str(path)):
        dataset[0]


# Bad data


def test_folder_that_holds_no_drive(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"holds no drive of KITTI's raw data; expected image_02"):
        build_dataset("kitti_raw", tmp_path)


def test_drive_that_is_not_there(root: Path) -> None:
    with pytest.raises(DataError, match="lacks the drives 2011_09_26_drive_0099_sync"):
        build_dataset("kitti_raw", root, {"drives": ["2011_09_26_drive_0099_sync"]})


def test_drive_without_sweeps(root: Path) -> None:
    (root / DATE / _OTHER_DRIVE / "velodyne_points/data/0000000000.bin").unlink()
    with pytest.raises(DataError, match=rf"no \.bin files in .*{_OTHER_DRIVE}/velodyne_points"):
        build_dataset("kitti_raw", root)


def _refusal(root: Path) -> str:
    with pytest.raises(DataError) as caught:
        build_dataset("kitti_raw", root)[0]
    return str(caught.value)


@pytest.mark.parametrize("name", ["calib_cam_to_cam.txt", "calib_velo_to_cam.txt"])
def test_calibration_that_is_missing_or_lacks_an_entry(root: Path, name: str) -> None:
    path = root / DATE / name
    path.write_text("calib_time: today\n", encoding="utf-8")
    sentence = _refusal(root)
    assert str(path) in sentence
    assert "'P_rect_02'" in sentence or "lacks the entry 'R'" in sentence
    path.unlink()
    assert f"no {name} in {root / DATE / DRIVE} or the folder above it" in _refusal(root)


def test_singular_intrinsics(root: Path) -> None:
    write_camera_calibration(root / DATE, projection=np.zeros(12))
    sentence = _refusal(root)
    assert f"{root / DATE / 'calib_cam_to_cam.txt'}: 'P_rect_02': focal length is 0 x 0" in sentence


@pytest.mark.parametrize("size", [0, 24])
def test_sweep_that_was_cut_off(root: Path, size: int) -> None:
    path = root / DATE / DRIVE / "velodyne_points/data/0000000000.bin"
    path.write_bytes(path.read_bytes()[:size])
    assert f"{path} holds {size // 4} numbers, expected x y z reflectance" in _refusal(root)


def test_image_of_no_bytes(root: Path) -> None:
    path = root / DATE / DRIVE / "image_02" / "data" / number_png(0)
    path.write_bytes(b"")
    assert f"{path} is an empty file" in _refusal(root)


def test_views_of_another_size(root: Path) -> None:
    path = root / DATE / DRIVE / "image_02" / "data" / number_png(1)
    write_image(path, random_image(0, 30, 40))
    with pytest.raises(DataError, match=rf"{path} is 40x30 pixels, expected 100x60"):
        build_dataset("kitti_raw", root, {"triplet_offset": 1})[0]


# Recorded data


@pytest.mark.real_data
def test_recorded_drive() -> None:
    folder = Path(os.environ.get(_REAL, "")) / "nc/kitti_raw_sequence"
    if _REAL not in os.environ or not folder.is_dir():
        pytest.skip(f"{_REAL} names no folder with nc/kitti_raw_sequence")
    dataset = build_dataset("kitti_raw", folder, {"keep_rows": 4})
    assert len(dataset) == 20
    sample = dataset[7]
    assert sample.sparse is not None
    assert sample.truth is not None
    assert sample.image.shape == (375, 1242, 3)
    assert 3_000 < sample.sparse.count < 6_000
    assert 10_000 < sample.truth.count < 16_000
    assert not np.any(sample.sparse.valid & sample.truth.valid)
    assert 5 < np.median(sample.truth.depth[sample.truth.valid]) < 40
    rows, _ = np.nonzero(sample.truth.valid)
    assert np.percentile(rows, 5) > 120  # its highest lines look up by 2 degrees
    rig = json.loads((folder / "calib.json").read_text(encoding="utf-8"))
    found = calibrated_camera(folder, 2, size=(375, 1242)).camera_from_frame.matrix
    np.testing.assert_allclose(found, rig["T_cam_lidar"], atol=1e-6)
