# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A file of intrinsics in place of CameraInfo messages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from depth_completion_core.config import PairingConfig
from depth_completion_core.geometry.camera import CameraModel
from rosbag_tools.complete import main
from rosbag_tools.errors import BagError
from rosbag_tools.inspection import inspect_bag
from rosbag_tools.reader import BagReader
from rosbag_tools.wishes import PlanWishes, TopicWishes
from tests.bags.bag_factory import (
    CAMERA,
    IMAGE_TOPIC,
    INFO_TOPIC,
    Entry,
    compressed_entry,
    depths_of,
    drive,
    info_entry,
    picture,
    stamp_of,
    without,
    write_ros2,
)

_BENT = replace(CAMERA, distortion_model="plumb_bob", distortion=(-0.2, 0.05, 0.001, 0.002, 0.0))
_CAMCHAIN = f"""\
cam0:
  camera_model: pinhole
  intrinsics: [{CAMERA.fx}, {CAMERA.fy}, {CAMERA.cx}, {CAMERA.cy}]
  distortion_model: radtan
  distortion_coeffs: [-0.2, 0.05, 0.001, 0.002]
  resolution: [64, 48]
  rostopic: {IMAGE_TOPIC}
cam1:
  camera_model: pinhole
  intrinsics: [90.0, 90.0, 30.0, 20.0]
  distortion_model: none
  distortion_coeffs: []
  resolution: [64, 48]
  rostopic: /other/image_raw
"""


def _drive(camera: CameraModel) -> list[Entry]:
    infos = [info_entry(stamp_of(index), camera) for index in range(3)]
    return [*without(drive(), INFO_TOPIC), *infos]


def _compressed(entries: Sequence[Entry]) -> list[Entry]:
    pictures = [
        compressed_entry(
            stamp_of(index),
            cv2.imencode(".png", cv2.cvtColor(picture(index), cv2.COLOR_RGB2BGR))[1],
            topic=IMAGE_TOPIC,
        )
        for index in range(3)
    ]
    return [*without(entries, IMAGE_TOPIC), *pictures]


def _depths(folder: Path, name: str, entries: Sequence[Entry], *flags: str) -> list[object]:
    bag, out = (
        write_ros2(folder / name, sorted(entries, key=lambda e: e.log_ns)),
        folder / f"{name}_out",
    )
    assert main([str(bag), str(out), "--model", "nearest", "--device", "cpu", *flags]) == 0
    return list(depths_of(out))


@pytest.mark.parametrize("form", ["camchain", "matrix", "compressed"])
def test_a_file_does_what_the_same_messages_do(tmp_path: Path, form: str) -> None:
    camera = CAMERA if form == "matrix" else _BENT
    file = tmp_path / "camera.yaml"
    if form == "matrix":
        np.savetxt(file, CAMERA.K)
    else:
        file.write_text(_CAMCHAIN, encoding="utf-8")
    entries = _compressed(_drive(camera)) if form == "compressed" else _drive(camera)
    expected = _depths(tmp_path, "messages", entries)
    flags = ["--intrinsics", str(file)]
    found = _depths(tmp_path, "file", without(entries, INFO_TOPIC), *flags)
    np.testing.assert_array_equal(found, expected)
    assert len(found) == 3
    # Where both are there, the file counts.
    wrong = replace(CAMERA, fx=90.0, cx=20.0)
    np.testing.assert_array_equal(
        _depths(tmp_path, "both", [*without(entries, INFO_TOPIC), *_infos(wrong)], *flags), expected
    )


def _infos(camera: CameraModel) -> list[Entry]:
    return [info_entry(stamp_of(index), camera) for index in range(3)]


def test_the_plan_names_the_file(tmp_path: Path) -> None:
    file = tmp_path / "camera.yaml"
    file.write_text(_CAMCHAIN, encoding="utf-8")
    bag = write_ros2(tmp_path / "bag", without(drive(1), INFO_TOPIC))
    with BagReader([bag]) as reader:
        wishes = PlanWishes(intrinsics=str(file))
        text = "\n".join(inspect_bag(reader, wishes, PairingConfig()))
        assert f"calibration  {file}, projecting with K and D" in text
        assert "64x48 pixels, distortion 'radtan'" in text
        text = "\n".join(inspect_bag(reader, PlanWishes(), PairingConfig()))
        assert "complete would stop" in text
        assert "--intrinsics" in text
        text = "\n".join(inspect_bag(reader, replace(wishes, rectified="yes"), PairingConfig()))
        assert "counts as rectified" in text


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            _CAMCHAIN.replace("[64, 48]", "[640, 480]"),
            f"640x480 pixels, but {IMAGE_TOPIC} has 64x48",
        ),
        (_CAMCHAIN.replace(IMAGE_TOPIC, "/x"), "several cameras"),
        ("500 0 320\n0 500 240\n0 0 1\n", "principal point"),
    ],
)
def test_a_file_of_other_images_is_refused(tmp_path: Path, text: str, words: str) -> None:
    file = tmp_path / "camera.yaml"
    file.write_text(text, encoding="utf-8")
    bag = write_ros2(tmp_path / "bag", without(drive(1), INFO_TOPIC))
    with pytest.raises(BagError, match=f"--intrinsics {file}: .*{words}"):
        main([str(bag), str(tmp_path / "out"), "--model", "nearest", "--intrinsics", str(file)])
    assert not (tmp_path / "out").exists()


def test_a_file_and_a_topic_are_two_calibrations(tmp_path: Path) -> None:
    bag = write_ros2(tmp_path / "bag", drive(1))
    wishes = PlanWishes(intrinsics="K.txt", topics=TopicWishes(camera_info=INFO_TOPIC))
    with BagReader([bag]) as reader:
        text = "\n".join(inspect_bag(reader, wishes, PairingConfig()))
    assert "--intrinsics takes the place of --camera-info" in text
