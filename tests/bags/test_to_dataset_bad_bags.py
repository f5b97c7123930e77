# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What is wrong with a bag is said and counted; what is right of it is written."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rosbags.rosbag1 import Writer as Writer1

from depth_completion_core.geometry.camera import CameraModel
from rosbag_tools.complete import main as complete
from rosbag_tools.to_dataset import main
from rosbag_tools.void_sets.set_frames import OTHER_CALIBRATION
from tests.bags.bag_factory import (
    CAMERA,
    CLOUD_TOPIC,
    INFO_TOPIC,
    MS,
    Entry,
    cloud,
    cloud_entry,
    info_entry,
    stamp_of,
    without,
    write_ros1,
    write_ros2,
)
from tests.bags.program import exit_code
from tests.bags.truth_bag import TRUTH_TOPIC, in_order, recording

_FRAMES = 6


def _run(entries: list[Entry], folder: Path, *flags: object) -> tuple[int, dict[str, Any]]:
    """The exit code, and the summary of the sequence."""
    bag = write_ros2(folder / "hall", entries)
    code = exit_code(main, bag, "--out", folder / "out", "--densities", 50, *flags)
    summary = json.loads((folder / "out" / "summary.json").read_text())
    (sequence,) = summary["sequences"]
    images = list((folder / "out" / "void_50" / "data" / "hall" / "image").iterdir())
    assert len(images) == sequence["frames"]
    return code, sequence


def test_calibration_that_changes(tmp_path: Path) -> None:
    zoomed = CameraModel(fx=55.0, fy=53.0, cx=31.25, cy=23.75, width=64, height=48)
    entries = without(recording(_FRAMES), INFO_TOPIC)
    entries += [
        info_entry(stamp_of(index) - MS, CAMERA if index < 4 else zoomed)
        for index in range(_FRAMES)
    ]
    code, sequence = _run(in_order(entries), tmp_path)
    assert code == 0
    assert sequence["frames"] == 4
    assert sequence["drops"] == {OTHER_CALIBRATION: 2}
    example = sequence["drop_examples"][OTHER_CALIBRATION]
    assert "fx 55, fy 53" in example
    assert "fx 50, fy 48" in example
    assert any("2 images are left out" in line for line in sequence["warnings"])
    assert any("2 of 6 messages of /camera/camera_info" in line for line in sequence["plan"])
    np.testing.assert_allclose(
        np.loadtxt(tmp_path / "out" / "void_50" / "data" / "hall" / "K.txt"), CAMERA.K
    )


def test_calibration_that_is_wrong_at_first(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """As of a driver that begins with a default: what most images have counts, and it is told."""
    default = CameraModel(fx=500.0, fy=500.0, cx=32.0, cy=24.0, width=64, height=48)
    count = 11
    entries = without(recording(count), INFO_TOPIC)
    entries += [
        info_entry(stamp_of(index) - MS, CAMERA if index else default) for index in range(count)
    ]
    code, sequence = _run(in_order(entries), tmp_path)
    assert code == 3
    assert (sequence["frames"], sequence["drops"]) == (count - 1, {OTHER_CALIBRATION: 1})
    (doubt,) = sequence["doubts"]
    first_s = (stamp_of(0) - MS) / 1e9
    assert f"1 of 11 messages of {INFO_TOPIC}, the first of them recorded at {first_s:.3f}" in doubt
    assert "fx 500, fy 500" in doubt
    assert "--intrinsics FILE" in doubt
    np.testing.assert_allclose(
        np.loadtxt(tmp_path / "out" / "void_50" / "data" / "hall" / "K.txt"), CAMERA.K
    )
    assert exit_code(complete, tmp_path / "hall", tmp_path / "dense") == 3
    assert f"warning      {doubt}" in capsys.readouterr().out


def test_camera_info_that_cannot_be_used_is_counted_each_time(tmp_path: Path) -> None:
    entries = without(recording(_FRAMES), INFO_TOPIC)
    infos = [info_entry(stamp_of(index) - MS) for index in range(_FRAMES)]
    for entry in infos[2:]:
        entry.message.k[:] = 0
    code, sequence = _run(in_order([*entries, *infos]), tmp_path)
    assert (code, sequence["frames"]) == (0, _FRAMES)
    assert sequence["drops"] == {"CameraInfo: cannot be used": _FRAMES - 2}


def test_calibration_that_trembles_is_one(tmp_path: Path) -> None:
    """As of phones, whose lens moves by what no pixel shows."""
    trembling = CameraModel(fx=50.001, fy=48.001, cx=31.251, cy=23.75, width=64, height=48)
    entries = without(recording(_FRAMES), INFO_TOPIC)
    entries += [
        info_entry(stamp_of(index) - MS, trembling if index % 2 else CAMERA)
        for index in range(_FRAMES)
    ]
    _, sequence = _run(in_order(entries), tmp_path)
    assert (sequence["frames"], sequence["drops"]) == (_FRAMES, {})


def test_odometry_that_ends_half_way(tmp_path: Path) -> None:
    kept = [
        entry for entry in recording(_FRAMES) if entry.topic != "/tf" or entry.log_ns <= stamp_of(2)
    ]
    _, sequence = _run(kept, tmp_path)
    assert sequence["frames"] == 3
    assert sequence["drops"] == {"no transform": 3}
    assert "is known from" in sequence["drop_examples"]["no transform"]


def test_clock_that_jumps_back(tmp_path: Path) -> None:
    """The same stamps again are no new frames."""
    first = recording(_FRAMES)
    shift_ns = _FRAMES * 100 * MS
    again = [
        Entry(entry.topic, entry.msgtype, entry.log_ns + shift_ns, entry.message, entry.latched)
        for entry in first
        if entry.topic != "/tf"
    ]
    _, sequence = _run([*first, *again], tmp_path, "--pairing.jump-back-ms", 300)
    assert sequence["frames"] == _FRAMES
    assert sequence["drops"]["time jumped back"] >= 1
    assert sequence["drops"]["another frame has its time"] == _FRAMES


def test_stamps_that_are_repeated(tmp_path: Path) -> None:
    entries = recording(_FRAMES)
    twice = [entry for entry in entries if entry.topic == "/camera/image_raw"][2]
    again = Entry(twice.topic, twice.msgtype, twice.log_ns + MS, twice.message)
    _, sequence = _run(in_order([*entries, again]), tmp_path)
    assert sequence["frames"] == _FRAMES
    assert sequence["drops"] == {"image: stamped as the image before it": 1}


def test_images_without_truth(tmp_path: Path) -> None:
    kept = [
        entry
        for entry in recording(_FRAMES)
        if entry.topic != TRUTH_TOPIC or entry.log_ns != stamp_of(3)
    ]
    _, sequence = _run(kept, tmp_path)
    assert sequence["frames"] == _FRAMES - 1
    assert sequence["drops"] == {"no true depth of its time": 1}


def test_clouds_beside_the_image(tmp_path: Path) -> None:
    """One cloud lies behind the camera: its frame would be empty."""
    entries = [
        cloud_entry(entry.log_ns, -cloud(1))
        if entry.topic == CLOUD_TOPIC and entry.log_ns == stamp_of(1)
        else entry
        for entry in recording(_FRAMES)
    ]
    _, sequence = _run(entries, tmp_path)
    assert sequence["frames"] == _FRAMES - 1
    assert sequence["drops"] == {"no measurement lies in the image": 1}


def test_no_pairs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    late = [
        cloud_entry(entry.log_ns + 5_000 * MS, cloud(1)) if entry.topic == CLOUD_TOPIC else entry
        for entry in recording(_FRAMES)
    ]
    bag = write_ros2(tmp_path / "hall", in_order(late))
    out = tmp_path / "out"
    assert exit_code(main, bag, "--out", out, "--densities", 50) == 1
    told = capsys.readouterr().err
    assert f"error: hall: not one of {_FRAMES} images could be written" in told
    assert "the smallest gap is 4500.0 ms" in told
    assert not out.exists()  # nothing is left to go on with


def test_what_lies_before_the_damage_is_written(tmp_path: Path) -> None:
    packed = Writer1.CompressionFormat.BZ2
    bag = write_ros1(tmp_path / "hall.bag", recording(12), compression=packed, chunk_bytes=30_000)
    data = bytearray(bag.read_bytes())
    start = int(0.6 * len(data))
    data[start : start + 3000] = bytes(3000)
    bag.write_bytes(data)
    assert exit_code(main, bag, "--out", tmp_path / "out", "--densities", 50) == 1
    summary = json.loads((tmp_path / "out" / "summary.json").read_text())
    assert 3 <= summary["totals"]["frames"] < 12
    assert "cannot be read as a bag" in summary["sequences"][0]["damage"]


def test_a_bag_that_cannot_be_read_does_not_stop_the_others(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    damaged = tmp_path / "damaged.mcap"
    damaged.write_bytes(b"no bag at all")
    bag = write_ros2(tmp_path / "hall", recording(2))
    assert exit_code(main, damaged, bag, "--out", tmp_path / "out", "--densities", 50) == 1
    assert "error: damaged: " in capsys.readouterr().err
    lines = (tmp_path / "out" / "void_50" / "train_image.txt").read_text().splitlines()
    assert len(lines) == 2
