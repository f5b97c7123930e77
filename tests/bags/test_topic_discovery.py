# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from rosbags.typesys import Stores, get_types_from_msg, get_typestore

from depth_completion_core.geometry.transforms import RigidTransform
from rosbag_tools.complete import main
from rosbag_tools.errors import BagError
from rosbag_tools.messages import TYPESTORE, header
from tests.bags.bag_factory import (
    BASE_FRAME,
    CAMERA_FRAME,
    CLOUD_TOPIC,
    DEPTH_TOPIC,
    IMAGE_TOPIC,
    START_NS,
    Entry,
    UInt8Array,
    cloud,
    cloud_entry,
    compressed_entry,
    depth_entry,
    depths_of,
    drive,
    image_entry,
    info_entry,
    picture,
    read_bag,
    stamp_of,
    tf_entry,
    without,
    write_ros2,
)

_FRAMES = 2


def _run(folder: Path, entries: Iterable[Entry], *flags: str) -> Path:
    source = write_ros2(folder / "drive", sorted(entries, key=lambda entry: entry.log_ns))
    common = ["--device", "cpu", "--model", "nearest"]
    assert main([str(source), str(folder / "out"), *common, *flags]) == 0
    return folder / "out"


def _png(pixels: UInt8Array) -> UInt8Array:
    encoded = cv2.imencode(".png", cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR))[1]
    return encoded.reshape(-1).astype(np.uint8)


def _second(entries: Iterable[Entry], names: dict[str, str]) -> list[Entry]:
    """Copies of some topics under other names."""
    return [replace(entry, topic=names[entry.topic]) for entry in entries if entry.topic in names]


def _measured(bag: Path) -> int:
    return sum(int(np.isfinite(depth).sum()) for depth in depths_of(bag, "/sparse_depth/image"))


def test_raw_goes_before_compressed_of_the_same_camera(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    entries = drive(_FRAMES)
    for index in range(_FRAMES):
        stamp_ns, topic = stamp_of(index), f"{IMAGE_TOPIC}/compressed"
        entries.append(compressed_entry(stamp_ns, _png(picture(index)), topic=topic))
    _run(tmp_path, entries)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith(f"image        {IMAGE_TOPIC}  (rgb8")


def test_compressed_alone_gives_the_same_colours(tmp_path: Path) -> None:
    entries = without(drive(_FRAMES), IMAGE_TOPIC)
    for index in range(_FRAMES):
        topic = f"{IMAGE_TOPIC}/compressed"
        entries.append(compressed_entry(stamp_of(index), _png(picture(index)), topic=topic))
    out = _run(tmp_path, entries, "--cloud.organized", "True")
    message = read_bag(out).messages("/depth/points")[0]
    colours = np.asarray(message.data).reshape(48, 64, 16)[:, :, 12:15]
    np.testing.assert_array_equal(colours[:, :, ::-1], picture(0))


def test_depth_images_are_never_taken_for_colour(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    entries = drive(_FRAMES)
    for index in range(_FRAMES):
        depth = np.full((48, 64), 2.0, np.float32)
        entries.append(depth_entry(stamp_of(index), depth, topic="/camera/depth_rect"))
        entries.append(
            compressed_entry(
                stamp_of(index),
                np.zeros(20, np.uint8),
                topic="/camera/depth/compressedDepth",
                format_="16UC1; compressedDepth",
            )
        )
    _run(tmp_path, entries)
    assert f"image        {IMAGE_TOPIC}" in capsys.readouterr().out


def test_image_of_a_camera_without_calibration_is_passed_over(tmp_path: Path) -> None:
    entries = drive(_FRAMES)
    for index in range(_FRAMES):
        pixels = picture(9)
        entries.append(image_entry(stamp_of(index), pixels, topic="/webcam/image", frame="webcam"))
    assert len(depths_of(_run(tmp_path, entries))) == _FRAMES


def test_two_cameras_are_listed_with_the_flag(tmp_path: Path) -> None:
    names = {IMAGE_TOPIC: "/right/image_raw", "/camera/camera_info": "/right/camera_info"}
    entries = drive(_FRAMES) + _second(drive(_FRAMES), names)
    with pytest.raises(BagError) as caught:
        _run(tmp_path, entries)
    for words in ("several colour image topics", IMAGE_TOPIC, "/right/image_raw", "--image TOPIC"):
        assert words in str(caught.value)
    assert not (tmp_path / "out").exists()


def test_one_of_two_cameras_is_chosen_by_the_flag(tmp_path: Path) -> None:
    names = {IMAGE_TOPIC: "/right/image_raw", "/camera/camera_info": "/right/camera_info"}
    entries = drive(_FRAMES) + _second(drive(_FRAMES), names)
    assert len(depths_of(_run(tmp_path, entries, "--image", "/right/image_raw"))) == _FRAMES


def test_leading_slash_may_be_left_out(tmp_path: Path) -> None:
    flags = ("--image", IMAGE_TOPIC[1:], "--points", CLOUD_TOPIC[1:])
    assert len(depths_of(_run(tmp_path, drive(_FRAMES), *flags))) == _FRAMES


def test_calibration_far_from_the_image_is_found_by_its_frame(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    renamed = _second(drive(_FRAMES), {"/camera/camera_info": "/elsewhere/info"})
    _run(tmp_path, without(drive(_FRAMES), "/camera/camera_info") + renamed)
    assert "calibration  /elsewhere/info" in capsys.readouterr().out


def test_no_calibration_for_the_image(tmp_path: Path) -> None:
    entries = without(drive(_FRAMES), "/camera/camera_info")
    entries.append(info_entry(START_NS, topic="/other/camera_info", frame="other"))
    with pytest.raises(BagError, match=r"no CameraInfo belongs to .*/other/camera_info.*--camera"):
        _run(tmp_path, entries)


def test_calibration_by_hand(tmp_path: Path) -> None:
    entries = without(drive(_FRAMES), "/camera/camera_info")
    entries.append(info_entry(START_NS, topic="/other/camera_info", frame="other"))
    out = _run(tmp_path, entries, "--camera-info", "/other/camera_info")
    assert len(depths_of(out)) == _FRAMES


def _with_second_lidar(frame: str, topic: str = "/rear/points") -> list[Entry]:
    entries = drive(_FRAMES)
    moved = RigidTransform.from_quaternion((0.0, 0.0, 0.0, 1.0), (0.5, 0.0, 1.0))
    entries.append(tf_entry(START_NS, (BASE_FRAME, "rear_lidar", moved)))
    entries += [
        cloud_entry(stamp_of(index), cloud(50 + index), topic=topic, frame=frame)
        for index in range(_FRAMES)
    ]
    return entries


def test_two_lidars_are_merged(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    entries = _with_second_lidar("rear_lidar")
    flags = ("--topics", "sparse_depth/image", "--projection.occlusion.enabled", "False")
    (tmp_path / "one").mkdir()
    one = _measured(_run(tmp_path / "one", entries, *flags, "--points", CLOUD_TOPIC))
    capsys.readouterr()
    both = _measured(_run(tmp_path, entries, *flags))
    assert both > 1.5 * one
    text = capsys.readouterr().out
    assert "used together" in text
    assert "points       /rear/points" in text


def test_two_clouds_of_one_frame_ask_which(tmp_path: Path) -> None:
    entries = _with_second_lidar("lidar", "/lidar/filtered")
    with pytest.raises(BagError) as caught:
        _run(tmp_path, entries)
    for words in ("several point cloud topics", CLOUD_TOPIC, "/lidar/filtered", "--points TOPIC"):
        assert words in str(caught.value)


def test_points_flag_takes_several(tmp_path: Path) -> None:
    entries = _with_second_lidar("lidar", "/lidar/second")
    out = _run(tmp_path, entries, "--points", CLOUD_TOPIC, "/lidar/second")
    assert len(depths_of(out)) == _FRAMES


def test_cloud_of_a_depth_camera_is_passed_over(tmp_path: Path) -> None:
    entries = drive(_FRAMES)
    for index in range(_FRAMES):
        entries.append(
            cloud_entry(stamp_of(index), cloud(7), topic="/camera/points", frame=CAMERA_FRAME)
        )
    assert len(depths_of(_run(tmp_path, entries))) == _FRAMES


@pytest.mark.parametrize(
    ("flag", "wrong", "near"),
    [
        ("--image", "/camera/image_rwa", IMAGE_TOPIC),
        ("--camera-info", "/camera/camerainfo", "/camera/camera_info"),
        ("--points", "/lidar/point", CLOUD_TOPIC),
        ("--truth", "/camera/truht", "/camera/truth"),
    ],
)
def test_nearest_name_is_suggested(tmp_path: Path, flag: str, wrong: str, near: str) -> None:
    depth = np.full((48, 64), 2.0, np.float32)
    entries = [*drive(1), depth_entry(START_NS, depth, topic="/camera/truth")]
    with pytest.raises(BagError, match="no such topic") as caught:
        _run(tmp_path, entries, flag, wrong)
    assert f"Did you mean {near}?" in str(caught.value)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("missing", "words"),
    [(IMAGE_TOPIC, "no colour image topic"), (CLOUD_TOPIC, "no point cloud topic")],
)
def test_nothing_of_a_kind(tmp_path: Path, missing: str, words: str) -> None:
    with pytest.raises(BagError, match=words):
        _run(tmp_path, without(drive(1), missing))


_UNREADABLE = [
    ("ouster_sensor_msgs/msg/PacketMsg", CLOUD_TOPIC, "raw packets"),
    ("velodyne_msgs/msg/VelodyneScan", CLOUD_TOPIC, "raw packets"),
    ("foxglove_msgs/msg/CompressedVideo", IMAGE_TOPIC, "video"),
    ("ffmpeg_image_transport_msgs/msg/FFMPEGPacket", IMAGE_TOPIC, "video"),
    ("theora_image_transport/msg/Packet", IMAGE_TOPIC, "video"),
]


@pytest.mark.parametrize(("msgtype", "missing", "words"), _UNREADABLE)
def test_what_is_there_in_another_form_is_named(
    tmp_path: Path, msgtype: str, missing: str, words: str
) -> None:
    store = get_typestore(Stores.ROS2_HUMBLE)
    store.register(get_types_from_msg("uint8[] data\n", msgtype))
    packet: Any = store.types[msgtype](data=np.zeros(3, np.uint8))
    entries = [*without(drive(1), missing), Entry("/device/stream", msgtype, START_NS, packet)]
    source = write_ros2(tmp_path / "drive", entries, typestore=store)
    with pytest.raises(BagError, match=rf"/device/stream \({msgtype}\).*{words}.*ecord"):
        main([str(source), str(tmp_path / "out")])


def test_a_scan_of_one_line_is_named(tmp_path: Path) -> None:
    msgtype = "sensor_msgs/msg/LaserScan"
    angles = ("angle_min", "angle_max", "angle_increment", "time_increment", "scan_time")
    numbers = dict.fromkeys((*angles, "range_min", "range_max"), 0.0)
    nothing = np.zeros(0, np.float32)
    scan: Any = TYPESTORE.types[msgtype](
        header=header(START_NS, "scan"), ranges=nothing, intensities=nothing, **numbers
    )
    entries = [*without(drive(1), CLOUD_TOPIC), Entry("/scan", msgtype, START_NS, scan)]
    with pytest.raises(BagError, match=r"/scan \(sensor_msgs/msg/LaserScan\).*laser_geometry"):
        _run(tmp_path, entries)


def test_completing_a_completed_bag_uses_its_sensors(tmp_path: Path) -> None:
    """Its depth is neither an image nor a cloud of a sensor."""
    first = _run(tmp_path, drive(_FRAMES))
    flags = ["--device", "cpu", "--model", "nearest", "--namespace", "again"]
    assert main([str(first), str(tmp_path / "twice"), *flags]) == 0
    for one, other in zip(
        depths_of(first), depths_of(tmp_path / "twice", f"/again{DEPTH_TOPIC}"), strict=True
    ):
        np.testing.assert_array_equal(one, other)
