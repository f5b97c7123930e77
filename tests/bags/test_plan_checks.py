# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What camera and lidar see, against what a bag says of them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from depth_completion_core.geometry.arrays import Float32Array
from depth_completion_core.geometry.transforms import RigidTransform
from rosbag_tools.complete import main
from rosbag_tools.errors import BagError
from tests.bags.bag_factory import (
    Entry,
    depths_of,
    leftovers,
    picture,
    write_ros2,
)
from tests.bags.board_bag import RAW, board_entries
from tests.core.alignment.board_scene import (
    CAMERA,
    CAMERA_FROM_LIDAR,
    OPTICAL_FROM_BODY,
    board_image,
    board_sweep,
)


def _completed(folder: Path, entries: list[Entry], *flags: str) -> int:
    source = write_ros2(folder / "drive", entries)
    common = ["--device", "cpu", "--model", "nearest", "--topics", "depth/image"]
    return main([str(source), str(folder / "out"), *common, *flags])


def _error(folder: Path) -> float:
    """Median error against the board's depth, or the wall's, in metres."""
    red = board_image()[..., 0] > 130
    truth = np.where(red, 3.0, 6.0)
    errors = [np.nanmean(np.abs(depth - truth)) for depth in depths_of(folder / "out")]
    return float(max(errors))


# P, or K and D


@pytest.mark.parametrize("topic", ["/camera/image_raw", "/camera/image"])
def test_rectified_images_beside_raw_intrinsics_are_projected_with_p(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], topic: str
) -> None:
    """As bags made from the images of KITTI have it."""
    assert _completed(tmp_path, board_entries(topic=topic, two_projections=True)) == 0
    line = next(s for s in capsys.readouterr().out.splitlines() if s.startswith("calibration"))
    assert "P (rectified), as depth edges on the image's edges show" in line
    assert "K and D would place points up to" in line
    assert _error(tmp_path) < 0.12


@pytest.mark.parametrize("topic", ["/camera/image_raw", "/camera/image"])
def test_raw_images_with_both_projections_are_projected_with_k_and_d(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], topic: str
) -> None:
    """As any calibrated driver has it."""
    entries = board_entries(topic=topic, image=board_image(RAW), two_projections=True)
    assert _completed(tmp_path, entries) == 0
    assert "K and D (not rectified)" in capsys.readouterr().out


def test_where_neither_name_nor_edges_tell_it_is_asked(tmp_path: Path) -> None:
    noise = picture(0, CAMERA.width, CAMERA.height)
    entries = board_entries(topic="/camera/image", image=noise, two_projections=True)
    with pytest.raises(BagError, match="--rectified yes"):
        _completed(tmp_path, entries)
    assert leftovers(tmp_path) == []


@pytest.mark.parametrize(
    ("topic", "flags", "words"),
    [
        ("/camera/image_raw", [], "K and D (not rectified), by the topic's name"),
        ("/camera/image_rect", [], "P (rectified), by the topic's name"),
        ("/camera/image", ["--rectified", "yes"], "P (rectified), as --rectified yes says"),
        ("/camera/image", ["--rectified", "no"], "K and D (not rectified), as --rectified no says"),
    ],
)
def test_a_name_that_says_it_is_believed_where_edges_do_not_tell(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    topic: str,
    flags: list[str],
    words: str,
) -> None:
    noise = picture(0, CAMERA.width, CAMERA.height)
    entries = board_entries(topic=topic, image=noise, two_projections=True)
    assert _completed(tmp_path, entries, *flags) == 0
    assert words in capsys.readouterr().out


def test_one_projection_asks_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert _completed(tmp_path, board_entries(topic="/camera/image")) == 0
    assert "projecting with K and D (not rectified)\n" in capsys.readouterr().out
    assert _error(tmp_path) < 0.12


# The place of the clouds


def test_a_run_that_gives_nothing_is_an_error_with_its_cause(tmp_path: Path) -> None:
    body = OPTICAL_FROM_BODY.inverse() @ CAMERA_FROM_LIDAR
    with pytest.raises(BagError, match=r"all 2 depth images are empty.*body frame") as caught:
        _completed(tmp_path, board_entries(camera_from_lidar=body))
    assert "optical_frame" in str(caught.value)
    assert not (tmp_path / "out").exists()
    assert leftovers(tmp_path) == []


@pytest.mark.parametrize(
    ("points", "told"),
    [
        (np.empty((0, 3), np.float32), "the cloud holds no points at all"),
        (np.full((7, 3), np.nan, np.float32), "all 7 points of the cloud are NaN"),
        (1000 * board_sweep(), r"more than \d+ m away.*Are they in millimetres"),
    ],
)
def test_clouds_without_a_usable_point_are_an_error_with_its_cause(
    tmp_path: Path, points: Float32Array, told: str
) -> None:
    with pytest.raises(BagError, match=f"all 2 depth images are empty: .*{told}"):
        _completed(tmp_path, board_entries(points=points))


def test_extrinsics_in_millimetres_are_named(tmp_path: Path) -> None:
    far = RigidTransform(CAMERA_FROM_LIDAR.rotation, 1000 * CAMERA_FROM_LIDAR.translation)
    with pytest.raises(BagError, match=r"all 2 depth images are empty.*apart.*in millimetres\?"):
        _completed(tmp_path, board_entries(camera_from_lidar=far))


def test_a_result_at_the_wrong_place_is_written_with_a_warning(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    half_turn = RigidTransform(np.diag([-1.0, -1.0, 1.0]), np.zeros(3))
    entries = board_entries(camera_from_lidar=half_turn @ CAMERA_FROM_LIDAR)
    assert _completed(tmp_path, entries) == 3
    text = capsys.readouterr().out
    assert text.count("warning      /lidar/points: depth edges meet the edges of the image") == 2
    assert "turned by 180 deg about its axis (0 0 1)" in text
    assert len(depths_of(tmp_path / "out")) == 2


def test_a_damaged_image_does_not_stop_the_check(tmp_path: Path) -> None:
    entries = board_entries()
    index = next(i for i, entry in enumerate(entries) if entry.topic == "/camera/image_raw")
    damaged = replace(entries[index].message, encoding="rgb7")
    entries[index] = replace(entries[index], message=damaged)
    assert _completed(tmp_path, entries) == 0
