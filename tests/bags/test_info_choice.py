# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from rosbags.interfaces import Connection, MessageDefinition, MessageDefinitionFormat

from rosbag_tools.complete import main
from rosbag_tools.errors import BagError
from rosbag_tools.info_choice import infos_of
from rosbag_tools.messages import CAMERA_INFO, IMAGE
from rosbag_tools.topics import Candidates, Topic
from tests.bags.bag_factory import (
    CAMERA,
    IMAGE_TOPIC,
    INFO_TOPIC,
    Entry,
    drive,
    info_entry,
    read_bag,
    stamp_of,
    without,
    write_ros2,
)
from tests.bags.board_bag import board_entries
from tests.core.alignment import board_scene

_VGA, _HD = (480, 640), (720, 1280)


def _topic(
    name: str,
    msgtype: str,
    *,
    frame_id: str = "",
    size: tuple[int, int] | None = _VGA,
    fx: float = 0.0,
) -> Topic:
    definition = MessageDefinition(MessageDefinitionFormat.NONE, "")
    connection = Connection(1, name, msgtype, definition, "", 1, None, None)  # type: ignore[arg-type]
    return Topic(connections=(connection,), frame_id=frame_id, size=size, intrinsics=(fx,))


def _found(image: Topic, infos: Sequence[Topic], images: Sequence[Topic] = ()) -> list[str]:
    candidates = Candidates(images=[image, *images], depths=[], infos=[*infos], clouds=[])
    return [item.name for item in infos_of(image, candidates)]


def _all(*names: str) -> list[Topic]:
    """Calibrations that all differ."""
    return [_topic(name, CAMERA_INFO, fx=float(fx)) for fx, name in enumerate(names)]


@pytest.mark.parametrize(
    ("image", "infos", "expected"),
    [
        ("/cam/image_raw", ("/cam/other_info", "/cam/camera_info"), "/cam/camera_info"),
        ("/cam/image_raw", ("/cam/camera_info_rect", "/cam/camera_info"), "/cam/camera_info"),
        ("/cam/image_rect", ("/cam/camera_info", "/cam/camera_info_rect"), "/cam/camera_info_rect"),
        ("/cam/image_raw/compressed", ("/b/camera_info", "/cam/camera_info"), "/cam/camera_info"),
        (
            "/stereo/left_image",
            ("/stereo/right_camera_info", "/stereo/camera_info", "/stereo/left_camera_info"),
            "/stereo/left_camera_info",
        ),
        (
            "/stereo/image_right_raw",
            ("/stereo/camera_info_left", "/stereo/camera_info_right"),
            "/stereo/camera_info_right",
        ),
        ("/cam0_image", ("/cam1_info", "/cam0_info"), "/cam0_info"),
        (
            "/cam/image_rect",
            ("/cam/image_raw/camera_info", "/cam/image_rect/camera_info"),
            "/cam/image_rect/camera_info",
        ),
        (
            "/rig/left_image",
            ("/rig/right/camera_info", "/rig/left/camera_info"),
            "/rig/left/camera_info",
        ),
        ("/cam/image_raw", ("/cam/calibration",), "/cam/calibration"),
        ("/stereo/left_image", ("/stereo/camera_info",), "/stereo/camera_info"),
    ],
)
def test_the_name_beside_the_image_counts(
    image: str, infos: tuple[str, ...], expected: str
) -> None:
    for order in (infos, infos[::-1]):
        assert _found(_topic(image, IMAGE), _all(*order)) == [expected]


def test_another_camera_of_the_namespace_lends_no_calibration() -> None:
    right = _topic("/stereo/right_image", IMAGE)
    assert _found(right, _all("/stereo/left_camera_info")) == []
    plain, left = _topic("/stereo/image_raw", IMAGE), _topic("/stereo/left_image", IMAGE)
    assert _found(plain, _all("/stereo/left_camera_info"), [left]) == []


def test_size_and_then_frame_decide_among_several() -> None:
    image = _topic("/cam/image_raw", IMAGE, frame_id="optical")
    large = _topic("/cam/info_a", CAMERA_INFO, size=_HD, frame_id="optical", fx=1.0)
    other = _topic("/cam/info_b", CAMERA_INFO, frame_id="other", fx=2.0)
    right = _topic("/cam/info_c", CAMERA_INFO, frame_id="optical", fx=3.0)
    assert _found(image, [large, other]) == ["/cam/info_b"]
    assert _found(image, [large, other, right]) == ["/cam/info_c"]
    unknown = replace(image, size=None)  # an empty topic
    assert _found(unknown, [large, other]) == ["/cam/info_a"]


def test_a_size_that_differs_does_not_send_to_another_camera() -> None:
    """Its frames are refused in words; the calibration of the other one would fit in silence."""
    image = _topic("/left/image_raw", IMAGE, frame_id="camera")
    own = _topic("/left/camera_info", CAMERA_INFO, size=(0, 0), frame_id="camera")
    other = _topic("/right/camera_info", CAMERA_INFO, frame_id="camera", fx=1.0)
    assert _found(image, [other, own]) == ["/left/camera_info"]


def test_the_frame_does_not_lend_the_calibration_of_the_same_image_of_another_camera() -> None:
    """Two drivers may leave one frame_id; a calibration that no such image owns is taken."""
    left = _topic("/left/image_raw", IMAGE, frame_id="camera")
    right = _topic("/right/image_raw", IMAGE, frame_id="camera")
    info = _topic("/right/camera_info", CAMERA_INFO, frame_id="camera")
    assert _found(left, [info], [right]) == []
    assert _found(right, [info], [left]) == ["/right/camera_info"]
    assert _found(left, [info]) == ["/right/camera_info"]
    rectified = _topic("/right/image_rect", IMAGE, frame_id="camera")
    assert _found(rectified, [info], [left, right]) == ["/right/camera_info"]


@pytest.mark.parametrize(
    "name", ["/republished/image_raw", "/camera/image_raw_throttled", "/relay/camera/image_raw"]
)
def test_images_that_are_sent_on_keep_the_calibration_of_their_camera(name: str) -> None:
    sent_on = _topic(name, IMAGE, frame_id="camera")
    original = _topic("/camera/image_raw", IMAGE, frame_id="camera")
    info = _topic("/camera/camera_info", CAMERA_INFO, frame_id="camera")
    assert _found(sent_on, [info], [original]) == ["/camera/camera_info"]


def test_the_original_goes_before_what_is_sent_on(tmp_path: Path) -> None:
    sent_on = [
        replace(entry, topic="/republished/image_raw")
        for entry in drive(1)
        if entry.topic == IMAGE_TOPIC
    ]
    assert _complete(tmp_path, [*drive(1), *sent_on]) == 0


def test_equal_calibrations_count_as_one() -> None:
    image = _topic("/cam/image_raw", IMAGE)
    same = [_topic(name, CAMERA_INFO) for name in ("/cam/info_a", "/cam/info_b")]
    assert _found(image, same) == ["/cam/info_a"]
    assert _found(image, _all("/cam/info_a", "/cam/info_b")) == ["/cam/info_a", "/cam/info_b"]


def _two_infos(*names: str) -> list[Entry]:
    """A drive whose first calibration is that of another lens."""
    wide = replace(CAMERA, fx=20.0, fy=20.0)
    entries = without(drive(1), INFO_TOPIC)
    for camera, name in zip((wide, CAMERA), names, strict=True):
        entries.insert(0 if camera is wide else 1, info_entry(stamp_of(0), camera, topic=name))
    return entries


def _complete(folder: Path, entries: list[Entry]) -> int:
    bag = write_ros2(folder / "drive", entries)
    return main([str(bag), str(folder / "out"), "--device", "cpu", "--model", "nearest"])


def test_the_bag_is_completed_with_the_calibration_of_the_name(tmp_path: Path) -> None:
    assert _complete(tmp_path, _two_infos("/camera/wide_camera_info", INFO_TOPIC)) == 0
    (info,) = read_bag(tmp_path / "out").messages("/depth/camera_info")
    np.testing.assert_array_equal(info.k, CAMERA.K.ravel())


def test_calibrations_that_cannot_be_told_apart_ask(tmp_path: Path) -> None:
    with pytest.raises(BagError) as caught:
        _complete(tmp_path, _two_infos("/camera/info_a", "/camera/info_b"))
    for words in ("several CameraInfo", "/camera/info_a", "64x48 pixels", "--camera-info TOPIC"):
        assert words in str(caught.value)


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_edges_choose_among_calibrations_that_names_do_not_tell_apart(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], order: tuple[int, int]
) -> None:
    entries = without(board_entries(), INFO_TOPIC)
    wide = replace(board_scene.CAMERA, fx=90.0, fy=90.0)
    infos = [
        info_entry(stamp_of(index), camera, topic=topic)
        for index in range(2)
        for camera, topic in (
            (board_scene.CAMERA, "/camera/info_right"),
            (wide, "/camera/info_wide"),
        )
    ]
    pairs = [infos[2 * index + which] for index in range(2) for which in order]
    assert _complete(tmp_path, [*pairs, *entries]) == 0
    told = capsys.readouterr().out
    assert "calibration  /camera/info_right" in told
    assert "with /camera/info_right, not with /camera/info_wide" in told
