# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from depth_completion_core.geometry.transforms import RigidTransform
from rosbag_tools.complete import main as complete
from rosbag_tools.errors import BagError
from rosbag_tools.from_dataset import main
from tests.bags.bag_factory import depths_of, leftovers, picture, points_of, read_bag, stamp_ns

_WIDTH, _HEIGHT = 96, 64
_P2 = np.array([[70.0, 0.0, 47.3, 5.1], [0.0, 70.0, 30.2, 0.2], [0.0, 0.0, 1.0, 0.0027]])
_RECT_00 = RigidTransform.from_quaternion((0.004, -0.003, 0.002, 1.0), (0.0, 0.0, 0.0))
_CAMERA_FROM_VELO = RigidTransform.from_quaternion(
    (0.505, -0.495, 0.498, 0.502), (-0.004, -0.076, -0.272)
)
_POINT = np.array([9.0, 1.5, -0.75], np.float32)
_STAMPS = ("2011-09-26 13:02:25.594360375", "2011-09-26 13:02:25.697912480")
_FIRST_NS = 1_317_042_145_594_360_375


def _numbers(values: npt.ArrayLike) -> str:
    return " ".join(f"{number:.12e}" for number in np.asarray(values).reshape(-1))


def _drive(root: Path, *, is_official: bool = True) -> Path:
    """A drive of two images, each with a sweep of one known point and a few others."""
    drive = root / "2011_09_26_drive_0001_sync" if is_official else root
    images = drive / ("image_02/data" if is_official else "image_02")
    sweeps = drive / ("velodyne_points/data" if is_official else "velodyne_fov")
    images.mkdir(parents=True)
    sweeps.mkdir(parents=True)
    for index in range(2):
        pixels = cv2.cvtColor(picture(index, _WIDTH, _HEIGHT), cv2.COLOR_RGB2BGR)
        cv2.imwrite(str(images / f"{index:010d}.png"), pixels)
        points = np.array([[*_POINT, 0.5], [20.0, -6.0, 2.0, 0.1], [-5.0, 0.0, 0.0, 0.9]])
        points.astype("<f4").tofile(sweeps / f"{index:010d}.bin")
    if is_official:
        for folder in (images.parent, sweeps.parent):
            (folder / "timestamps.txt").write_text("\n".join(_STAMPS) + "\n", encoding="utf-8")
    cameras = [
        "calib_time: 09-Jan-2012 13:57:47",
        f"S_rect_02: {_WIDTH:.6e} {_HEIGHT:.6e}",
        f"R_rect_00: {_numbers(_RECT_00.rotation)}",
        f"P_rect_02: {_numbers(_P2)}",
    ]
    velodyne = [
        "calib_time: 15-Mar-2012 11:37:16",
        f"R: {_numbers(_CAMERA_FROM_VELO.rotation)}",
        f"T: {_numbers(_CAMERA_FROM_VELO.translation)}",
    ]
    (root / "calib_cam_to_cam.txt").write_text("\n".join(cameras), encoding="utf-8")
    (root / "calib_velo_to_cam.txt").write_text("\n".join(velodyne), encoding="utf-8")
    return drive


def _kitti(drive: Path, out: Path) -> None:
    assert main([str(out), "--layout", "kitti_raw", "--root", str(drive)]) == 0


def _pixel_and_depth() -> tuple[int, int, float]:
    """KITTI's own formula: y = P2 R_rect_00 Tr_velo_to_cam x."""
    rect = np.eye(4)
    rect[:3, :3] = _RECT_00.rotation
    u, v, w = _P2 @ rect @ _CAMERA_FROM_VELO.matrix @ np.array([*_POINT, 1.0])
    return round(v / w), round(u / w), float(w)


@pytest.mark.parametrize("is_official", [True, False])
def test_points_land_where_kittis_formula_puts_them(tmp_path: Path, is_official: bool) -> None:
    _kitti(_drive(tmp_path / "kitti", is_official=is_official), tmp_path / "bag")
    flags = ["--device", "cpu", "--model", "nearest", "--topics", "sparse_depth/image"]
    assert complete([str(tmp_path / "bag"), str(tmp_path / "out"), *flags]) == 0
    row, column, depth = _pixel_and_depth()
    found = depths_of(tmp_path / "out", "/sparse_depth/image")
    assert len(found) == 2
    for sparse in found:
        assert sparse.shape == (_HEIGHT, _WIDTH)
        assert sparse[row, column] == pytest.approx(depth, rel=1e-6)
        assert np.isfinite(sparse).sum() <= 2


def test_bag_is_as_drivers_would_record_it(tmp_path: Path) -> None:
    _kitti(_drive(tmp_path / "kitti"), tmp_path / "bag.mcap")
    bag = read_bag(tmp_path / "bag.mcap")
    images = bag.messages("/camera/image_rect_color")
    assert [stamp_ns(message) for message in images] == [_FIRST_NS, _FIRST_NS + 103_552_105]
    for index, message in enumerate(images):
        pixels = np.asarray(message.data).reshape(_HEIGHT, _WIDTH, 3)
        np.testing.assert_array_equal(pixels, picture(index, _WIDTH, _HEIGHT))
    cloud = bag.messages("/lidar/points")[0]
    assert [item.name for item in cloud.fields] == ["x", "y", "z", "intensity"]
    xyzi = np.asarray(cloud.data).view("<f4").reshape(-1, 4)
    np.testing.assert_array_equal(xyzi[0], [*_POINT, np.float32(0.5)])
    (mounts,) = bag.messages("/tf_static")
    assert {item.child_frame_id for item in mounts.transforms} == {
        images[0].header.frame_id,
        cloud.header.frame_id,
    }


def test_drive_without_time_stamps_runs_at_ten_hertz(tmp_path: Path) -> None:
    _kitti(_drive(tmp_path / "kitti", is_official=False), tmp_path / "bag")
    first, second = read_bag(tmp_path / "bag").messages("/camera/image_rect_color")
    assert stamp_ns(second) - stamp_ns(first) == 100_000_000


def test_navigation_becomes_the_odometry(tmp_path: Path) -> None:
    """A car that has turned to the left after 2 m to the east; the IMU lies before the lidar."""
    drive = _drive(tmp_path / "kitti")
    metres_per_degree = np.cos(np.radians(49.0)) * 6378137.0 * np.pi / 180
    for number, (east, yaw) in enumerate([(0.0, 0.0), (2.0, np.pi / 2)]):
        navigation = [49.0, 8.4 + east / metres_per_degree, 110.0, 0.0, 0.0, yaw, *[0.0] * 24]
        path = drive / "oxts" / "data" / f"{number:010d}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(" ".join(map(str, navigation)), encoding="utf-8")
    (drive / "oxts" / "timestamps.txt").write_text("\n".join(_STAMPS) + "\n", encoding="utf-8")
    without = tmp_path / "without"
    _kitti(drive, without)
    assert "/tf" not in read_bag(without).topics
    lidar_from_imu = f"R: {_numbers(np.eye(3))}\nT: -0.8 0.3 -0.8\n"
    (tmp_path / "kitti" / "calib_imu_to_velo.txt").write_text(lidar_from_imu, encoding="utf-8")
    _kitti(drive, tmp_path / "bag")
    first, second = read_bag(tmp_path / "bag").messages("/tf")
    assert first.transforms[0].transform.rotation.w == pytest.approx(1.0)
    assert stamp_ns(second.transforms[0]) == _FIRST_NS + 103_552_105
    (moved,) = second.transforms
    assert (moved.header.frame_id, moved.child_frame_id) == ("odom", "base_link")
    assert moved.transform.rotation.z == pytest.approx(np.sqrt(0.5))
    place = [getattr(moved.transform.translation, axis) for axis in "xyz"]
    # The IMU is 0.8 m behind the lidar and 0.3 m left of it, which has turned about the IMU.
    np.testing.assert_allclose(place, [2.0 - 0.8 + 0.3, 0.3 + 0.8, 0.0], atol=1e-6)


def _refusal(drive: Path, folder: Path) -> str:
    with pytest.raises((BagError, ValueError)) as caught:
        _kitti(drive, folder / "bag")
    assert not (folder / "bag").exists()
    assert leftovers(folder) == []
    return str(caught.value)


@pytest.mark.parametrize("name", ["calib_cam_to_cam.txt", "calib_velo_to_cam.txt"])
def test_calibration_that_is_missing(tmp_path: Path, name: str) -> None:
    drive = _drive(tmp_path / "kitti")
    (tmp_path / "kitti" / name).unlink()
    assert f"no {name} in" in _refusal(drive, tmp_path)


@pytest.mark.parametrize(
    ("name", "words"),
    [("calib_cam_to_cam.txt", "P_rect_02"), ("calib_velo_to_cam.txt", "lacks the entry 'R'")],
)
def test_calibration_that_lacks_an_entry(tmp_path: Path, name: str, words: str) -> None:
    drive = _drive(tmp_path / "kitti")
    (tmp_path / "kitti" / name).write_text("calib_time: today\n", encoding="utf-8")
    assert words in _refusal(drive, tmp_path)


@pytest.mark.parametrize("size", [0, 10])
def test_sweep_that_was_cut_off(tmp_path: Path, size: int) -> None:
    drive = _drive(tmp_path / "kitti")
    path = drive / "velodyne_points" / "data" / "0000000001.bin"
    path.write_bytes(path.read_bytes()[: 4 * size])
    sentence = _refusal(drive, tmp_path)
    assert f"{path} holds {size} numbers" in sentence
    assert "x y z reflectance" in sentence


@pytest.mark.parametrize("index", [0, 1])
def test_image_that_cannot_be_read(tmp_path: Path, index: int) -> None:
    drive = _drive(tmp_path / "kitti")
    path = drive / "image_02" / "data" / f"{index:010d}.png"
    path.write_bytes(b"no image")
    assert f"{path} is not a readable image: it is not a PNG or JPEG" in _refusal(drive, tmp_path)


def test_image_of_another_size(tmp_path: Path) -> None:
    drive = _drive(tmp_path / "kitti")
    path = drive / "image_02" / "data" / "0000000001.png"
    cv2.imwrite(str(path), picture(0, 40, 30))
    assert "is (30, 40), expected (64, 96)" in _refusal(drive, tmp_path)


@pytest.mark.parametrize(
    ("text", "words"), [("yesterday\n", "not a time stamp"), ("", "has 1 lines")]
)
def test_time_stamps_that_do_not_fit(tmp_path: Path, text: str, words: str) -> None:
    drive = _drive(tmp_path / "kitti")
    (drive / "image_02" / "timestamps.txt").write_text(text or _STAMPS[0], encoding="utf-8")
    assert words in _refusal(drive, tmp_path)


def test_folder_that_is_no_drive(tmp_path: Path) -> None:
    sentence = _refusal(tmp_path / "nowhere", tmp_path)
    assert "no .png or .jpg files in" in sentence
    assert "image_02/data" in sentence


def test_existing_output_is_kept(tmp_path: Path) -> None:
    drive = _drive(tmp_path / "kitti")
    _kitti(drive, tmp_path / "bag")
    with pytest.raises(BagError, match="exists already"):
        _kitti(drive, tmp_path / "bag")
    assert (
        main([str(tmp_path / "bag"), "--layout=kitti_raw", f"--root={drive}", "--overwrite"]) == 0
    )


# Rendered drives


def test_rendered_drive(tmp_path: Path) -> None:
    flags = ["--layout", "synthetic", "--duration", "0.11", "--image-rate-hz", "12.5"]
    assert main([str(tmp_path / "bag"), *flags]) == 0
    bag = read_bag(tmp_path / "bag")
    counts = {topic: len(items) for topic, items in bag.topics.items()}
    assert counts == {
        "/camera/image_raw": 2,
        "/camera/camera_info": 2,
        "/camera/depth_truth": 2,
        "/lidar/points": 2,
        "/tf": 31,
        "/tf_static": 1,
    }
    first, second = (stamp_ns(message) for message in bag.messages("/camera/image_raw"))
    assert second - first == 80_000_000
    sweep, _ = bag.topics["/lidar/points"]
    assert sweep.log_ns == stamp_ns(sweep.message) + 100_000_000
    names = [item.name for item in sweep.message.fields]
    assert names == ["x", "y", "z", "intensity", "ring", "t"]
    flags = ["--device", "cpu", "--model", "nearest", "--truth", "/camera/depth_truth"]
    assert complete([str(tmp_path / "bag"), str(tmp_path / "out"), *flags]) == 0
    for depth, truth, message in zip(
        depths_of(tmp_path / "out"),
        depths_of(tmp_path / "bag", "/camera/depth_truth"),
        read_bag(tmp_path / "out").messages("/depth/points"),
        strict=True,
    ):
        both = np.isfinite(depth) & np.isfinite(truth)
        assert both.mean() > 0.8
        assert np.median(np.abs(depth - truth)[both]) < 0.1
        assert len(points_of(message)) == np.isfinite(depth).sum()


@pytest.mark.parametrize("flags", [("--duration", "0"), ("--image-rate-hz", "-1")])
def test_drive_of_no_length(tmp_path: Path, flags: tuple[str, str]) -> None:
    with pytest.raises(BagError, match="must be positive"):
        main([str(tmp_path / "bag"), "--layout", "synthetic", *flags])


def test_scene_that_is_not_known(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"moon.*room.*street"):
        main([str(tmp_path / "bag"), "--layout", "synthetic", "--scene", "moon"])
    assert list(tmp_path.iterdir()) == []
