# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Bags of data sets: what comes out is what the set holds, and it can be completed."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from depth_completion_core.data.readers.nyu import NYU_CAMERA
from depth_completion_core.geometry.transforms import RigidTransform
from rosbag_tools.complete import main as complete
from rosbag_tools.errors import BagError
from rosbag_tools.from_dataset import main
from rosbag_tools.layout_sets import SetWishes, set_sequences
from tests.bags.bag_factory import ReadBag, depths_of, floats, read_bag, stamp_ns
from tests.core.data import kitti_trees
from tests.core.data.trees import K, WrittenFrame, write_frame, write_matrix, write_numbers

_STAMPS = ["1552696001.5523", "1552696001.6523", "1552696001.8523"]
_COMPLETE = ["--device=cpu", "--model=nearest", "--topics", "sparse_depth/image"]


def _sequence(folder: Path, names: list[str], seed: int) -> list[WrittenFrame]:
    random = np.random.default_rng(seed)
    write_matrix(folder / "K.txt", K)
    return [write_frame(folder, name, random) for name in names]


@pytest.fixture(scope="module")
def void(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("void_release")
    _sequence(root / "void_150" / "data" / "stairs4", _STAMPS, 1)
    return root


@pytest.fixture(scope="module")
def frames(tmp_path_factory: pytest.TempPathFactory) -> list[WrittenFrame]:
    return _sequence(tmp_path_factory.mktemp("same"), _STAMPS, 1)


@pytest.fixture(scope="module")
def bag(void: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("bags") / "bag.mcap"
    assert main([str(out), "--layout", "void", "--root", str(void), "--density", "150"]) == 0
    return out


def _images(bag: ReadBag) -> list[npt.NDArray[np.uint8]]:
    return [
        np.asarray(message.data).reshape(message.height, message.width, 3)
        for message in bag.messages("/camera/image_rect_color")
    ]


def _cameras_in_odom(bag: ReadBag) -> list[RigidTransform]:
    """What /tf and /tf_static say, multiplied by hand."""

    def of(message: object) -> dict[str, RigidTransform]:
        return {
            item.child_frame_id: RigidTransform.from_quaternion(
                [getattr(item.transform.rotation, axis) for axis in "xyzw"],
                [getattr(item.transform.translation, axis) for axis in "xyz"],
            )
            for item in message.transforms  # type: ignore[attr-defined]
        }

    base_from_camera = of(bag.messages("/tf_static")[0])["camera_optical_frame"]
    return [of(message)["base_link"] @ base_from_camera for message in bag.messages("/tf")]


def test_a_bag_holds_what_the_set_holds(bag: Path, frames: list[WrittenFrame]) -> None:
    read = read_bag(bag)
    stamps = [stamp_ns(message) for message in read.messages("/camera/image_rect_color")]
    assert stamps == [1552696001552300000, 1552696001652300000, 1552696001852300000]
    (info, *_) = read.messages("/camera/camera_info")
    np.testing.assert_array_equal(np.asarray(info.k).reshape(3, 3), K)
    for image, frame in zip(_images(read), frames, strict=True):
        np.testing.assert_array_equal(image, frame.image)
    for topic, part in (("/camera/sparse_depth", "sparse"), ("/camera/depth_truth", "truth")):
        for message, frame in zip(read.messages(topic), frames, strict=True):
            np.testing.assert_array_equal(np.nan_to_num(floats(message)), getattr(frame, part))
    for pose, frame in zip(_cameras_in_odom(read), frames, strict=True):
        np.testing.assert_allclose(pose.matrix, frame.world_from_camera.matrix, atol=1e-14)


@pytest.mark.parametrize(
    "flags", [[], ["--measurements", "depth", "--depth", "/camera/sparse_depth"]]
)
def test_points_and_depth_image_are_completed_alike(
    bag: Path, frames: list[WrittenFrame], tmp_path: Path, flags: list[str]
) -> None:
    truth = ["--truth", "/camera/depth_truth"]
    arguments = [*_COMPLETE, "--projection.occlusion.enabled", "false", *truth, *flags]
    assert complete([str(bag), str(tmp_path / "out"), *arguments]) == 0
    found = depths_of(tmp_path / "out", "/sparse_depth/image")
    for depth, frame in zip(found, frames, strict=True):
        np.testing.assert_array_equal(np.nan_to_num(depth), frame.sparse)


def test_the_progress_ends_at_the_end(void: Path) -> None:
    (sequence,) = set_sequences("void", void, SetWishes(density=150))
    recording = sequence.recording()
    assert len(list(recording.events)) == recording.event_count == 6  # images and poses


def test_every_sequence_of_a_folder_is_a_bag(tmp_path: Path) -> None:
    for seed, name in enumerate(("first", "second")):
        folder = tmp_path / "set" / name
        frames = _sequence(folder, ["1", "2", "10"], seed)
        for number, frame in zip(("1", "2", "10"), frames, strict=True):
            for kind, depth in (("sparse_depth", frame.sparse), ("ground_truth", frame.truth)):
                numbers = np.rint(depth * 1000).astype(np.uint16)
                write_numbers(folder / kind / f"{number}.png", numbers)
    flags = ["--layout", "folder", "--root", str(tmp_path / "set"), "--depth-scale", "1000"]
    assert main([str(tmp_path / "out"), *flags, "--image-rate-hz", "10"]) == 0
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["first", "second"]
    read = read_bag(tmp_path / "out" / "second")
    times = [stamp_ns(message) for message in read.messages("/camera/image_rect_color")]
    assert np.diff(times).tolist() == [100_000_000, 100_000_000]
    (*_, last) = read.messages("/camera/depth_truth")
    np.testing.assert_allclose(np.nan_to_num(floats(last)), frames[-1].truth, atol=6e-4)
    with pytest.raises(BagError, match=r"2 sequences.*first, second"):
        main([str(tmp_path / "out.mcap"), *flags])
    with pytest.raises(BagError, match=r"no sequence 'third'; it has first, second"):
        main([str(tmp_path / "out.mcap"), *flags, "--sequence", "third"])
    assert main([str(tmp_path / "one.mcap"), *flags, "--sequence", "second"]) == 0


def test_a_drive_of_kitti_depth_completion(tmp_path: Path) -> None:
    raw = tmp_path / "kitti_raw" / kitti_trees.DATE
    drive = raw / kitti_trees.DRIVE
    kitti_trees.write_drive(drive, range(2), cameras=(2, 3))
    kitti_trees.write_camera_calibration(raw)
    kitti_trees.write_rigid_calibrations(raw)
    random = np.random.default_rng(0)
    size = (kitti_trees.HEIGHT, kitti_trees.WIDTH)
    numbers = random.integers(300, 9000, size).astype(np.uint16) * (random.random(size) < 0.3)
    for number in range(2):
        kitti_trees.write_oxts(drive, number, 49.0, 8.4 + 1e-5 * number, 110.0, 0.01, 0.02, 0.3)
        for camera in ("image_02", "image_03"):
            for kind in ("velodyne_raw", "groundtruth"):
                name = kitti_trees.number_png(number)
                depth = tmp_path / "val" / kitti_trees.DRIVE / "proj_depth" / kind / camera
                write_numbers(depth / name, numbers)
    assert main([str(tmp_path / "out"), "--layout", "kitti_dc", "--root", str(tmp_path)]) == 0
    read = read_bag(tmp_path / "out" / f"{kitti_trees.DRIVE}_image_03")
    (info, _) = read.messages("/camera/camera_info")
    np.testing.assert_array_equal(
        np.asarray(info.k).reshape(3, 3), kitti_trees.PROJECTIONS[3][:, :3]
    )
    (sparse, _) = read.messages("/camera/sparse_depth")
    np.testing.assert_array_equal(np.nan_to_num(floats(sparse)), numbers / np.float32(256))
    first, second = _cameras_in_odom(read)
    metres_per_degree = np.cos(np.radians(49.0)) * 6378137.0 * np.pi / 180
    assert np.linalg.norm(second.translation - first.translation) == pytest.approx(
        1e-5 * metres_per_degree, rel=1e-4
    )


def test_scenes_of_nyu_get_sampled_points(tmp_path: Path) -> None:
    h5py = pytest.importorskip("h5py")
    random = np.random.default_rng(0)
    for number in (1, 11):
        path = tmp_path / "nyu" / "train" / "attic_0001" / f"{number:05d}.h5"
        path.parent.mkdir(parents=True, exist_ok=True)
        with h5py.File(path, "w") as file:
            file["rgb"] = random.integers(0, 256, (3, 480, 640), dtype=np.uint8)
            file["depth"] = cv2.resize(random.uniform(1, 9, (4, 6)), (640, 480)).astype(np.float32)
    flags = ["--layout", "nyu", "--root", str(tmp_path / "nyu"), "--split", "train"]
    assert main([str(tmp_path / "bag"), *flags, "--points", "uniform:77"]) == 0
    read = read_bag(tmp_path / "bag")
    for sparse, truth, cloud in zip(
        *(read.messages(f"/camera/{name}") for name in ("sparse_depth", "depth_truth")),
        read.messages("/camera/sparse_points"),
        strict=True,
    ):
        measured = np.isfinite(floats(sparse))
        assert measured.sum() == cloud.width == 77
        np.testing.assert_array_equal(floats(sparse)[measured], floats(truth)[measured])
        x, y, z = np.asarray(cloud.data).view("<f4").reshape(-1, 3).T
        row, column = np.nonzero(measured)
        np.testing.assert_allclose(NYU_CAMERA.fx * x / z + NYU_CAMERA.cx, column, atol=1e-3)
        np.testing.assert_allclose(NYU_CAMERA.fy * y / z + NYU_CAMERA.cy, row, atol=1e-3)
        np.testing.assert_array_equal(z, floats(truth)[measured])
    assert "/tf" not in read.topics
    assert main([str(tmp_path / "other"), *flags]) == 0
    (sparse, _) = read_bag(tmp_path / "other").messages("/camera/sparse_depth")
    assert np.isfinite(floats(sparse)).sum() == 500


def test_sets_that_cannot_become_bags(void: Path, tmp_path: Path) -> None:
    def refusal(root: Path, *flags: str) -> str:
        with pytest.raises((BagError, ValueError)) as caught:
            main([str(tmp_path / "bag"), "--root", str(root), *flags])
        assert not (tmp_path / "bag").exists()
        return str(caught.value)

    assert "no void_500; it has void_150" in refusal(void, "--layout=void", "--density=500")
    assert "no split 'all'; it has val, train" in refusal(void, "--layout=kitti_dc", "--split=all")
    _sequence(tmp_path / "set" / "data" / "a", ["left", "right"], 0)
    assert "'left' is not named after its time" in refusal(tmp_path / "set", "--layout=void")
    (tmp_path / "set" / "data" / "a" / "K.txt").unlink()
    root = tmp_path / "set" / "data"
    assert "no intrinsics" in refusal(root, "--layout=folder")
    for name, offset in (("left", 0), ("right", 1)):
        matrix = K + np.diag([offset, 0, 0])
        write_matrix(root / "a" / "intrinsics" / f"{name}.txt", matrix)
    assert "a/right has another size or other intrinsics" in refusal(root, "--layout=folder")
