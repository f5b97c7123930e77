# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Where a set's sparse and true depth come from, and which frames it gets."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from depth_completion_core.geometry.camera import CameraModel
from depth_completion_core.geometry.transforms import RigidTransform
from depth_completion_core.sensing.tracked_corners import CornerTracker
from depth_completion_core.sensing.undistortion import Undistorter
from rosbag_tools.to_dataset import main
from tests.bags.bag_factory import (
    CLOUD_TOPIC,
    INFO_TOPIC,
    info_entry,
    picture,
    stamp_of,
    without,
    write_ros1,
    write_ros2,
)
from tests.bags.depth_bag import TOPIC, depth_drive, measured
from tests.bags.program import exit_code
from tests.bags.truth_bag import TRUTH_TOPIC, in_order, recording, true_depth

_FRAMES = 4


def _run(bag: Path, out: Path, *flags: object) -> dict[str, Any]:
    """The summary of the only sequence."""
    assert exit_code(main, bag, "--out", out, *flags) == 0
    (sequence,) = json.loads((out / "summary.json").read_text())["sequences"]
    return dict(sequence)


def _numbers(out: Path, what: str, index: int, density: int) -> npt.NDArray[np.int64]:
    path = out / f"void_{density}" / "data" / "hall" / what / f"1700000000.{index}000.png"
    stored = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    assert stored is not None
    return stored.astype(np.int64)


def test_a_depth_image_is_measurement_and_truth(tmp_path: Path) -> None:
    """As of an RGB-D camera alone: some pixels are measured, all are true."""
    bag = write_ros2(tmp_path / "hall", depth_drive(2))
    sequence = _run(bag, tmp_path / "out", "--measurements", "depth", "--densities", 40)
    assert sequence["frames"] == 2
    assert "no absolute_pose" in sequence["warnings"][0]
    assert not list((tmp_path / "out").rglob("absolute_pose*"))
    for index in range(2):
        expected = np.rint(measured(index).astype(np.float64) * 256)
        np.testing.assert_array_equal(
            _numbers(tmp_path / "out", "ground_truth", index, 40), expected
        )
        sparse = _numbers(tmp_path / "out", "sparse_depth", index, 40)
        assert np.count_nonzero(sparse) == 40
        np.testing.assert_array_equal(sparse[sparse > 0], expected[sparse > 0])


def test_corners_take_the_true_depth(tmp_path: Path) -> None:
    bag = write_ros2(tmp_path / "hall", recording(_FRAMES))
    sequence = _run(bag, tmp_path / "out", "--sparse-from", "corners", "--densities", 10, 30)
    assert (sequence["frames"], sequence["drops"]) == (_FRAMES, {})
    tracker = CornerTracker(36)
    for index in range(_FRAMES):
        truth = _numbers(tmp_path / "out", "ground_truth", index, 30)
        corners = [(row, column) for row, column in tracker.pixels(picture(index))]
        with_depth = [place for place in corners if truth[place]]
        assert 10 < len(with_depth) < 36
        for density in (10, 30):
            expected = np.zeros_like(truth)
            for place in with_depth[:density]:
                expected[place] = truth[place]
            sparse = _numbers(tmp_path / "out", "sparse_depth", index, density)
            np.testing.assert_array_equal(sparse, expected)


_PIXELS = [(10.2, 20.4), (30.0, 5.0), (11.0, 40.0), (63.4, 47.4), (200.0, 3.0)]


@pytest.mark.parametrize(("file_count", "densities"), [(1, (2, 5)), (2, (2, 5)), (2, (5, 2))])
def test_the_raw_bags_of_void(tmp_path: Path, file_count: int, densities: tuple[int, int]) -> None:
    """No CameraInfo, no TF: an image, a registered depth image, and a file of features beside."""
    kept = without(recording(_FRAMES), INFO_TOPIC, CLOUD_TOPIC, "/tf", "/tf_static")
    bag = write_ros1(tmp_path / "hall.bag", kept)
    (tmp_path / "K.txt").write_text("50 0 31.25\n0 48 23.75\n0 0 1\n")
    files = [tmp_path / "dataset", tmp_path / "dataset_500"][:file_count]
    for density, path in zip(densities, files, strict=False):
        first = 1 if file_count == 2 and density == 2 else 0
        path.write_bytes(_features_file(_PIXELS[first:]))
    features = ["--sparse-from", "features", "--features", *files]
    intrinsics = ["--intrinsics", tmp_path / "K.txt"]
    sequence = _run(bag, tmp_path / "out", *features, *intrinsics, "--densities", *densities)
    assert (sequence["frames"], sequence["drops"]) == (_FRAMES - 1, {"no features of its time": 1})
    for index in range(_FRAMES - 1):
        truth = np.rint(true_depth(index).astype(np.float64) * 256)
        truth[truth > 65535] = 0
        places = [(round(y), round(x)) for x, y in _PIXELS[:4]]
        expected = np.zeros_like(truth)
        with_depth = [place for place in places if truth[place]]
        for place in with_depth:
            expected[place] = truth[place]
        sparse = _numbers(tmp_path / "out", "sparse_depth", index, 5)
        np.testing.assert_array_equal(sparse, expected)
        few = _numbers(tmp_path / "out", "sparse_depth", index, 2)
        assert places[0] in with_depth
        wanted = with_depth if file_count == 1 else with_depth[1:]
        assert [place for place in with_depth if few[place]] == wanted[:2]
        pose = tmp_path / "out" / "void_5" / "data" / "hall" / "absolute_pose"
        np.testing.assert_allclose(
            np.loadtxt(pose / f"1700000000.{index}000.txt"), _vio_pose(index).matrix[:3], atol=1e-12
        )


def test_features_without_true_depth_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """VIO says where; of what depth only the truth says, be it accumulated sweeps."""
    bag = write_ros2(tmp_path / "hall", without(recording(_FRAMES), TRUTH_TOPIC))
    everywhere = [(float(x), float(y)) for x in range(3, 64, 6) for y in range(3, 48, 5)]
    (tmp_path / "dataset").write_bytes(_features_file(everywhere))
    features = ["--sparse-from", "features", "--features", tmp_path / "dataset"]
    assert exit_code(main, bag, "--out", tmp_path / "out", *features) == 1
    told = capsys.readouterr().err
    assert "--sparse-from features takes its depth from the truth" in told
    assert "--truth-from none" not in told
    sweeps = ["--truth-from", "sweeps", "--sweeps-around", 1, "--densities", 5]
    sequence = _run(bag, tmp_path / "out", *features, *sweeps)
    assert sequence["points"]["5"]["max"] > 0
    for index in range(sequence["frames"]):
        sparse = _numbers(tmp_path / "out", "sparse_depth", index, 5)
        truth = _numbers(tmp_path / "out", "ground_truth", index, 5)
        np.testing.assert_array_equal(sparse[sparse > 0], truth[sparse > 0])


def test_accumulated_sweeps_are_the_truth_where_there_is_no_other(tmp_path: Path) -> None:
    bag = write_ros2(tmp_path / "hall", without(recording(_FRAMES), TRUTH_TOPIC))
    sequence = _run(bag, tmp_path / "out", "--densities", 20, "--sweeps-around", 1)
    assert sequence["frames"] == _FRAMES
    assert any("1 before and 1 after it" in line for line in sequence["plan"])
    assert np.count_nonzero(_numbers(tmp_path / "out", "ground_truth", 1, 20)) > 50


def test_no_truth_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bag = write_ros2(tmp_path / "hall", depth_drive(2))
    flags = ["--measurements", "depth", "--depth", TOPIC, "--truth-from", "none"]
    sequence = _run(bag, tmp_path / "out", *flags, "--densities", 20)
    assert "ground_truth is empty, as --truth-from none says" in sequence["warnings"]
    assert not _numbers(tmp_path / "out", "ground_truth", 0, 20).any()
    flags = ["--sparse-from", "corners", "--truth-from", "none"]
    assert exit_code(main, bag, "--out", tmp_path / "other", *flags) == 1
    assert "takes its depth from the truth" in capsys.readouterr().err


def test_undistorted_images_have_their_own_k(tmp_path: Path) -> None:
    lens = CameraModel(
        fx=50.0,
        fy=48.0,
        cx=31.25,
        cy=23.75,
        width=64,
        height=48,
        distortion_model="plumb_bob",
        distortion=(-0.2, 0.03, 0.0, 0.0, 0.0),
    )
    infos = [info_entry(stamp_of(index) - 1, lens) for index in range(2)]
    bag = write_ros2(tmp_path / "hall", in_order([*without(recording(2), INFO_TOPIC), *infos]))
    sequence = _run(bag, tmp_path / "out", "--undistort", "--densities", 20)
    straight = Undistorter(lens)
    place = tmp_path / "out" / "void_20" / "data" / "hall"
    np.testing.assert_allclose(np.loadtxt(place / "K.txt"), straight.camera.K, rtol=1e-12)
    image = cv2.imread(str(place / "image" / "1700000000.1000.png"))
    assert image is not None
    np.testing.assert_array_equal(image[..., ::-1], straight.image(picture(1)))
    assert not any("not rectified" in line for line in sequence["warnings"])
    raw = _run(bag, tmp_path / "raw", "--densities", 20)
    assert any("--undistort takes out of the images" in line for line in raw["warnings"])


def test_a_lower_rate_and_frames_that_show_nothing_new(tmp_path: Path) -> None:
    bag = write_ros2(tmp_path / "hall", recording(8))
    sequence = _run(bag, tmp_path / "slow", "--rate-hz", 5, "--densities", 20)
    assert sequence["frames"] == 4  # every other one of 10 images per second
    assert sequence["drops"]["between the frames of --rate-hz 5"] == 4
    flags = ["--skip-near-static", "--near-static.translation", 1.2]
    flags += ["--near-static.rotation-deg", 90]
    still = _run(bag, tmp_path / "still", *flags, "--densities", 20)  # 0.5 m from frame to frame
    assert still["frames"] == 3
    assert still["drops"] == {"near-static: it shows nothing new": 5}


# VOID's protocol buffers, by hand


def _features_file(pixels: list[tuple[float, float]]) -> bytes:
    """Packets of all frames but the last, 1 ms beside the images."""
    return b"".join(_field(3, _packet(index, pixels)) for index in range(_FRAMES - 1))


def _packet(index: int, pixels: list[tuple[float, float]]) -> bytes:
    seconds = stamp_of(index) / 1e9 + 0.001
    pose = struct.pack("<12d", *_vio_pose(index).matrix[:3].reshape(-1))
    rejected = _feature(99, 3, (20.0, 20.0))
    features = [_feature(number, 6, pixel) for number, pixel in enumerate(pixels)]
    return (
        b"\x09"
        + struct.pack("<d", seconds)
        + _field(2, pose)
        + b"".join(_field(3, feature) for feature in [rejected, *features])
    )


def _feature(number: int, status: int, pixel: tuple[float, float]) -> bytes:
    return bytes([0x08, number, 0x10, status]) + _field(3, struct.pack("<2d", *pixel))


def _field(number: int, content: bytes) -> bytes:
    length = len(content)
    size = b""
    while length > 127:
        size += bytes([length & 127 | 128])
        length >>= 7
    return bytes([number << 3 | 2]) + size + bytes([length]) + content


def _vio_pose(index: int) -> RigidTransform:
    return RigidTransform.from_quaternion((0.0, 0.6, 0.0, 0.8), (0.1 * index, 1.0, 2.0))
