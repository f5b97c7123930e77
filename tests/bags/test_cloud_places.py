# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What a bag says of where its clouds were measured, and how far it is believed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from depth_completion_core.geometry.transforms import RigidTransform
from rosbag_tools.complete import main
from rosbag_tools.errors import BagError
from tests.bags.bag_factory import (
    BASE_FRAME,
    BASE_FROM_CAMERA,
    BASE_FROM_LIDAR,
    CAMERA_FRAME,
    CAMERA_FROM_LIDAR,
    CLOUD_TOPIC,
    IMAGE_TOPIC,
    INFO_TOPIC,
    LIDAR_FRAME,
    MS,
    START_NS,
    Entry,
    Float32Array,
    cloud,
    cloud_entry,
    depths_of,
    drive,
    image_entry,
    info_entry,
    mounts_entry,
    picture,
    replaced,
    tf_entry,
    without,
    write_ros2,
)

_MOUNTS = {CAMERA_FRAME: BASE_FROM_CAMERA, LIDAR_FRAME: BASE_FROM_LIDAR}


def _sparse(folder: Path, entries: Iterable[Entry], *flags: str) -> Float32Array:
    """The measurements that reach the model with the first image; NaN where there are none."""
    folder.mkdir(exist_ok=True)
    source = write_ros2(folder / "drive", sorted(entries, key=lambda entry: entry.log_ns))
    common = ["--device", "cpu", "--model", "nearest", "--projection.occlusion.enabled", "False"]
    common += ["--topics", "sparse_depth/image"]
    assert main([str(source), str(folder / "out"), *common, *flags]) == 0
    return depths_of(folder / "out", "/sparse_depth/image")[0]


def _extrinsics(folder: Path, transform: RigidTransform, frame: str = LIDAR_FRAME) -> list[str]:
    path = folder / "extrinsics.yaml"
    matrix = transform.matrix.tolist()
    text = f"optical_frame_from:\n  '{frame}': {{matrix: {matrix}}}\n"
    path.write_text(text, encoding="utf-8")
    return ["--extrinsics", str(path)]


# Extrinsics by hand on a robot that moves


def _odom_from_base(stamp_ns: int) -> RigidTransform:
    """5 m/s ahead and half a radian per second to the left."""
    seconds = (stamp_ns - START_NS) / 1e9
    half = 0.25 * seconds
    return RigidTransform.from_quaternion(
        (0.0, 0.0, np.sin(half), np.cos(half)), (5.0 * seconds, 0.0, 0.0)
    )


def _moving(*mounted: str, gap_ns: int = 40 * MS) -> list[Entry]:
    """A sweep with a time for each point, before its image; only some frames are in TF."""
    image_ns = START_NS + gap_ns
    count = 400
    times_ns = np.linspace(0, 90 * MS, count).astype(np.int64)
    random = np.random.default_rng(3)
    ahead = random.uniform(6.0, 15.0, count)
    world = np.column_stack([ahead, *(random.uniform(-0.5, 0.5, (2, count)) * ahead)])
    points = np.stack(
        [
            (_odom_from_base(START_NS + int(at)) @ BASE_FROM_LIDAR).inverse().apply(point)
            for at, point in zip(times_ns, world, strict=True)
        ]
    )
    sweep = cloud_entry(
        START_NS, points.astype(np.float32), extra={"time": (times_ns / 1e9).astype(np.float64)}
    )
    poses = [
        tf_entry(at, ("odom", BASE_FRAME, _odom_from_base(at)), static=False)
        for at in range(START_NS - 50 * MS, START_NS + 150 * MS, 5 * MS)
    ]
    mounts = tf_entry(START_NS, *((BASE_FRAME, name, _MOUNTS[name]) for name in mounted))
    mounts = replace(mounts, log_ns=START_NS - 100 * MS)
    return [mounts, *poses, sweep, info_entry(image_ns), image_entry(image_ns, picture(0))]


@pytest.mark.parametrize("in_tf", [CAMERA_FRAME, LIDAR_FRAME])
def test_motion_is_undone_with_extrinsics_by_hand_as_with_those_of_tf(
    tmp_path: Path, in_tf: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Either sensor in TF is enough: the two are one rigid body."""
    by_tf = _sparse(tmp_path / "tf", _moving(CAMERA_FRAME, LIDAR_FRAME))
    capsys.readouterr()
    flags = _extrinsics(tmp_path, CAMERA_FROM_LIDAR)
    by_file = _sparse(tmp_path / "file", _moving(in_tf), *flags)
    assert "undone through the fixed frame 'odom'" in capsys.readouterr().out
    assert np.isfinite(by_tf).sum() > 100
    np.testing.assert_allclose(by_file, by_tf, atol=2e-5)
    left = _sparse(tmp_path / "left", _moving(in_tf), *flags, "--fixed-frame", "none")
    assert not np.array_equal(np.isfinite(left), np.isfinite(by_tf))


def test_motion_of_a_rig_that_is_not_in_tf_is_not_undone_and_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    entries = _moving()
    _sparse(tmp_path / "bag", entries, *_extrinsics(tmp_path, CAMERA_FROM_LIDAR))
    assert "not undone: no fixed frame" in capsys.readouterr().out


# Frames that say nothing


def _named(frame: str) -> list[Entry]:
    def renamed(message: object) -> object:
        header = replace(message.header, frame_id=frame)  # type: ignore[attr-defined]
        return replace(message, header=header)  # type: ignore[type-var]

    return replaced(drive(1), CLOUD_TOPIC, renamed)


def _everywhere(frame: str) -> list[Entry]:
    entries = without(drive(1), "/tf_static", CLOUD_TOPIC, IMAGE_TOPIC, INFO_TOPIC)
    return [
        *entries,
        info_entry(START_NS, frame=frame),
        image_entry(START_NS, picture(0), frame=frame),
        cloud_entry(START_NS, cloud(0), frame=frame),
    ]


@pytest.mark.parametrize(
    ("entries", "words"),
    [
        (_everywhere(""), "frame_id of the cloud is empty"),
        (_everywhere("camera"), "same frame_id 'camera'"),
        (_named(""), "frame_id of the cloud is empty"),
        (_named(CAMERA_FRAME), f"same frame_id '{CAMERA_FRAME}'"),
    ],
)
def test_a_frame_id_that_does_not_place_the_cloud_is_refused(
    tmp_path: Path, entries: list[Entry], words: str
) -> None:
    with pytest.raises(BagError, match=words) as caught:
        _sparse(tmp_path, entries)
    assert "--extrinsics" in str(caught.value)


def test_extrinsics_of_another_frame_are_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """An error where TF does not place the cloud, and told where it does."""
    flags = _extrinsics(tmp_path, CAMERA_FROM_LIDAR, "velodyne")
    with pytest.raises(BagError, match=rf"are of 'velodyne', but the cloud is of '{LIDAR_FRAME}'"):
        _sparse(tmp_path, without(drive(1), "/tf_static"), *flags)
    by_tf = _sparse(tmp_path / "tf", drive(1), *flags)
    assert "extrinsics of 'velodyne' are not used: the clouds are" in capsys.readouterr().out
    np.testing.assert_array_equal(by_tf, _sparse(tmp_path / "plain", drive(1)))


@pytest.mark.parametrize("frame", ["", "camera"])
def test_extrinsics_by_hand_place_what_frame_ids_do_not(tmp_path: Path, frame: str) -> None:
    flags = _extrinsics(tmp_path, CAMERA_FROM_LIDAR, frame)
    by_file = _sparse(tmp_path / "file", _everywhere(frame), *flags)
    np.testing.assert_allclose(by_file, _sparse(tmp_path / "tf", drive(1)), rtol=1e-6)


def test_points_of_the_camera_itself_are_believed_when_it_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    in_camera = CAMERA_FROM_LIDAR.apply(cloud(0)).astype(np.float32)
    entries = [*without(drive(1), CLOUD_TOPIC)]
    entries.append(cloud_entry(START_NS, in_camera, frame=CAMERA_FRAME))
    found = _sparse(tmp_path / "vio", entries, "--points-in-camera-frame")
    assert "in the camera's own frame" in capsys.readouterr().out
    np.testing.assert_allclose(found, _sparse(tmp_path / "tf", drive(1)), rtol=1e-5)


@pytest.mark.parametrize(("rows", "columns", "is_believed"), [(24, 32, True), (8, 96, False)])
def test_a_cloud_organised_like_the_image_is_that_of_a_depth_camera(
    tmp_path: Path, rows: int, columns: int, is_believed: bool
) -> None:
    """Half of the image's 48 rows and 64 columns; a spinning lidar has other rows."""
    random = np.random.default_rng(1)
    points = np.column_stack([*random.uniform(-0.5, 0.5, (2, 768)), np.full(768, 2.0)])
    entry = cloud_entry(START_NS, points.astype(np.float32), frame=CAMERA_FRAME)
    entry.message.height, entry.message.width = rows, columns
    entry.message.row_step = columns * entry.message.point_step
    entries = [*without(drive(1), CLOUD_TOPIC, "/tf_static"), entry]
    if is_believed:
        assert np.nanmax(_sparse(tmp_path, entries)) == 2.0
    else:
        with pytest.raises(BagError, match="no rows and columns"):
            _sparse(tmp_path, entries)


def test_a_mount_by_tf_needs_no_flag(tmp_path: Path) -> None:
    """The guard: what TF places is asked nothing."""
    assert np.isfinite(_sparse(tmp_path, [mounts_entry(), *without(drive(1), "/tf_static")])).any()
