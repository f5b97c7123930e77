# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from pathlib import Path

import cv2
import pytest

from depth_completion_core.geometry.transforms import RigidTransform
from rosbag_tools.inspect import main
from tests.bags.bag_factory import Entry, write_ros2
from tests.bags.board_bag import board_entries
from tests.core.alignment.board_scene import CAMERA_FROM_LIDAR, OPTICAL_FROM_BODY

_BODY = OPTICAL_FROM_BODY.inverse() @ CAMERA_FROM_LIDAR


def _aligned(folder: Path, entries: list[Entry], capsys: pytest.CaptureFixture[str]) -> str:
    source = write_ros2(folder / "drive", entries)
    picture = folder / "align.png"
    code = main([str(source), "--align", "--align-picture", str(picture)])
    text = " ".join(capsys.readouterr().out.split("what camera and lidar see:")[1].split())
    assert code == ("[ERROR]" in text)
    drawn = cv2.imread(str(picture))
    assert drawn is not None
    assert drawn.shape[1] == 1280
    return text


def test_a_right_bag_shows_its_points_on_its_images(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = _aligned(tmp_path, board_entries(), capsys)
    assert "[ERROR]" not in text
    assert "shows the points on" in text
    assert "8 or more are needed" in text  # of a bag of two frames no offset can be estimated


@pytest.mark.parametrize(
    ("camera_from_lidar", "words"),
    [
        (_BODY, "if the frame of the images were a body frame (x forward)"),
        (CAMERA_FROM_LIDAR.inverse(), "if the extrinsics were inverted"),
    ],
)
def test_a_wrong_place_is_an_error_with_what_to_do(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    camera_from_lidar: RigidTransform,
    words: str,
) -> None:
    text = _aligned(tmp_path, board_entries(camera_from_lidar=camera_from_lidar), capsys)
    assert words in text
    assert "->" in text


def test_a_wrong_projection_is_decided_before(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = _aligned(tmp_path, board_entries(two_projections=True), capsys)
    assert "[ERROR]" not in text
