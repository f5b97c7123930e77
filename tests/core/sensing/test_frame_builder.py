# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pytest

from depth_completion_core.alignment import AlignmentFrame
from depth_completion_core.codecs.camera_info import encode_camera_info
from depth_completion_core.codecs.depth import encode_depth
from depth_completion_core.codecs.image import encode_image
from depth_completion_core.codecs.pointcloud import encode_points
from depth_completion_core.frame import Frame, SparseDepth
from depth_completion_core.geometry.camera import CameraModel
from depth_completion_core.geometry.extrinsics import ExtrinsicsError, read_extrinsics
from depth_completion_core.geometry.transform_buffer import TransformBuffer, TransformError
from depth_completion_core.geometry.transforms import RigidTransform
from depth_completion_core.sensing.frame_builder import FrameBuilder, MissingViewError
from depth_completion_core.sensing.holdout import Holdout
from depth_completion_core.sensing.pair import MessagePair, Pair
from depth_completion_core.sensing.sensor_geometry import (
    Geometry,
    fixed_frame_above,
    looks_rectified,
    moving_frames_above,
)
from depth_completion_core.sensing.wanted_views import WantedViews

_CAMERA = CameraModel(fx=40.0, fy=40.0, cx=15.5, cy=11.5, width=32, height=24)
_MS = 1_000_000
AnyArray = npt.NDArray[Any]


_Message = Any  # what the codecs read of a message: its fields and a header


def _message(fields: NamedTuple, frame_id: str, **more: object) -> _Message:
    header = SimpleNamespace(frame_id=frame_id, stamp=SimpleNamespace(sec=0, nanosec=0))
    return SimpleNamespace(header=header, **fields._asdict(), **more)


def _info() -> _Message:
    roi = SimpleNamespace(x_offset=0, y_offset=0, height=0, width=0)
    return _message(encode_camera_info(_CAMERA), "optical", binning_x=0, binning_y=0, roi=roi)


def _geometry(
    transforms: TransformBuffer,
    fixed_frame: str = "",
    extrinsics: Mapping[str, RigidTransform] | None = None,
) -> Geometry:
    return Geometry(
        transforms=transforms,
        extrinsics=extrinsics or {},
        fixed_frame=fixed_frame,
        rectified=False,
        sweep_stamp="start",
    )


def _builder(geometry: Geometry) -> FrameBuilder:
    return FrameBuilder(geometry, _info())


def _pair(
    *clouds: _Message,
    stamps_ns: tuple[int, ...] = (0,),
    earlier: tuple[tuple[_Message, int], ...] = (),
) -> Pair[_Message, _Message]:
    image = _message(encode_image(np.zeros((24, 32, 3), np.uint8)), "optical")
    return Pair(
        image=image,
        image_stamp_ns=100 * _MS,
        clouds=clouds,
        cloud_stamps_ns=stamps_ns,
        gap_ns=0,
        earlier_clouds=earlier,
    )


def _moving_camera() -> TransformBuffer:
    """The camera drives along the x of odom with 1 m/s; the lidar sits on it."""
    buffer = TransformBuffer()
    buffer.set_static("optical", "lidar", RigidTransform.identity())
    for step in range(11):
        place = RigidTransform.from_quaternion((0, 0, 0, 1), (0.1 * step, 0.0, 0.0))
        buffer.set_dynamic("odom", "optical", step * 100 * _MS, place)
    return buffer


def test_a_depth_image_is_taken_as_the_measurements() -> None:
    depth = np.zeros((24, 32), np.float32)
    depth[3, 4] = 2.5
    message = _message(encode_depth(depth, depth > 0), "optical")
    placed = _builder(_geometry(TransformBuffer())).build(_pair(message))
    assert placed.frame.points is None
    assert placed.frame.sparse is not None
    np.testing.assert_array_equal(placed.frame.sparse.depth, depth)
    np.testing.assert_array_equal(placed.frame.sparse.valid, depth > 0)


def test_a_depth_image_of_another_size_says_to_register_it() -> None:
    message = _message(encode_depth(np.ones((12, 16)), np.ones((12, 16), bool)), "optical")
    with pytest.raises(ValueError, match="register the depth to this camera first"):
        _builder(_geometry(TransformBuffer())).build(_pair(message))


_SWEEP_NS = np.linspace(0, 99 * _MS, 100).astype(np.int64)


@pytest.mark.parametrize(
    "times",
    [
        (_SWEEP_NS // 1000).astype(np.uint32),
        (_SWEEP_NS / 1e6).astype(np.float32),
        (_SWEEP_NS / 1e6),
        (_SWEEP_NS / 1e9).astype(np.float32),
        _SWEEP_NS.astype(np.int64),
    ],
    ids=["uint32 us", "float32 ms", "float64 ms", "float32 s", "int64 ns"],
)
def test_points_are_moved_alike_whatever_the_unit_of_their_times(times: AnyArray) -> None:
    """A standing point at 5 m, seen from a camera that drives 1 m/s to the right."""
    seen = np.column_stack([0.1 - _SWEEP_NS / 1e9, np.zeros(100), np.full(100, 5.0)])
    cloud = _message(encode_points(seen, extra={"t": times}), "lidar")
    geometry = _geometry(_moving_camera(), "odom")
    placed = _builder(geometry).build(_pair(cloud))
    assert placed.frame.points is not None
    np.testing.assert_allclose(placed.frame.points, [[0.0, 0.0, 5.0]] * 100, atol=2e-6)
    assert "holds" in geometry.habits.notes[0].found


def test_times_of_no_unit_leave_the_sweep_at_its_stamp_and_that_is_told() -> None:
    geometry = _geometry(_moving_camera(), "odom")
    for last in (500_000, 600_000):
        times = np.array([0, last], np.float64)
        cloud = _message(encode_points(np.ones((2, 3)), extra={"t": times}), "lidar")
        frame = _builder(geometry).build(_pair(cloud)).frame
        assert frame.points is not None
        assert frame.camera_from_points is not None
        moved = frame.camera_from_points.apply(frame.points)
        np.testing.assert_allclose(moved, [[0.9, 1.0, 1.0]] * 2, atol=1e-6)
        (note,) = geometry.habits.notes
        assert note.is_warning
        assert "'lidar'" in str(note)
        assert str(last) in str(note)
    (line,) = geometry.habits.history
    assert "500000" in line


def test_earlier_clouds_are_moved_to_the_instant_of_the_image() -> None:
    """A standing point, seen 100 ms earlier from 0.1 m farther left."""
    now = _message(encode_points(np.array([[1.0, 0.0, 5.0]])), "lidar")
    before = _message(encode_points(np.array([[1.1, 0.0, 5.0]])), "lidar")
    pair = _pair(now, stamps_ns=(100 * _MS,), earlier=((before, 0),))
    placed = _builder(_geometry(_moving_camera(), "odom")).build(pair)
    assert placed.frame.points is not None
    assert placed.frame.camera_from_points is not None
    points = placed.frame.camera_from_points.apply(placed.frame.points)
    np.testing.assert_allclose(points, [[1.0, 0.0, 5.0]] * 2, atol=1e-6)
    assert len(placed.sensor_points) == 2


def _shade(value: int, stamp_ns: int, *clouds: _Message) -> MessagePair:
    image = _message(encode_image(np.full((24, 32, 3), value, np.uint8)), "optical")
    stamps_ns = (stamp_ns,) * len(clouds)
    return Pair(
        image=image, image_stamp_ns=stamp_ns, clouds=clouds, cloud_stamps_ns=stamps_ns, gap_ns=0
    )


def _as_measured(frame: Frame) -> SparseDepth:
    """Tells by its depth which points it got, in the optical frame of their image."""
    assert frame.points is not None
    assert frame.camera_from_points is not None
    depth = np.zeros(frame.size, np.float32)
    depth[0, :3] = frame.camera_from_points.apply(frame.points)[0] + [0, 1, 0]
    return SparseDepth(depth, depth > 0)


_TWO_BEFORE = WantedViews(offsets=(-1, -3), project=_as_measured)


def test_views_are_earlier_images_with_their_motion_and_measurements() -> None:
    clouds = [_message(encode_points(np.array([[1.0 + at, 0.0, 5.0]])), "lidar") for at in range(4)]
    earlier = tuple(_shade(at, 100 * at * _MS, clouds[at]) for at in range(3))
    pair = replace(_shade(9, 300 * _MS, clouds[3]), earlier=earlier)
    placed = _builder(_geometry(_moving_camera(), "odom")).build(pair, _TWO_BEFORE)
    assert [view.offset for view in placed.frame.views] == [-1, -3]
    for view, at in zip(placed.frame.views, (2, 0), strict=True):
        assert (view.image == at).all()
        assert view.stamp_ns == 100 * at * _MS
        assert view.camera == _CAMERA
        assert view.sparse is not None
        np.testing.assert_allclose(view.sparse.depth[0, :3], [1.0 + at, 1.0, 5.0], atol=1e-6)
        assert view.view_from_target is not None
        moved = view.view_from_target.apply([0.0, 0.0, 5.0])
        np.testing.assert_allclose(moved, [0.1 * (3 - at), 0.0, 5.0], atol=1e-9)


def test_views_go_without_what_is_not_known_of_them() -> None:
    """No cloud, a broken one, no fixed frame: the image is there all the same."""
    broken = _message(encode_points(np.array([[1.0, 0.0, 5.0]])), "nobody")
    cloud = _message(encode_points(np.array([[1.0, 0.0, 5.0]])), "lidar")
    earlier = (_shade(0, 0, broken), _shade(1, 0), _shade(2, 0))
    pair = replace(_shade(3, 300 * _MS, cloud), earlier=earlier)
    placed = _builder(_geometry(_moving_camera())).build(pair, _TWO_BEFORE)
    for view, value in zip(placed.frame.views, (2, 0), strict=True):
        assert (view.image == value).all()
        assert view.sparse is None
        assert view.view_from_target is None


def test_an_earlier_image_that_is_not_there_is_an_error_with_a_plain_reason() -> None:
    cloud = _message(encode_points(np.array([[1.0, 0.0, 5.0]])), "lidar")
    pair = replace(_shade(3, 0, cloud), earlier=(_shade(1, 0), _shade(2, 0)))
    with pytest.raises(MissingViewError, match="not all of the earlier images"):
        _builder(_geometry(_moving_camera())).build(pair, _TWO_BEFORE)


def test_an_image_alone_makes_a_frame_without_measurements() -> None:
    frame = _builder(_geometry(TransformBuffer())).build(_shade(3, 0)).frame
    assert frame.points is None
    assert frame.sparse is None
    assert (frame.image == 3).all()


def test_withheld_measurements_do_not_come_back_with_another_view() -> None:
    cloud = _message(encode_points(np.array([[1.0, 0.0, 5.0]])), "lidar")
    pair = replace(_shade(3, 100 * _MS, cloud), earlier=(_shade(2, 0, cloud),))
    wanted = WantedViews(offsets=(-1,), project=_as_measured)
    placed = _builder(_geometry(_moving_camera())).build(pair, wanted)
    assert placed.frame.views[0].sparse is not None
    shown, _ = Holdout(share=0.5).split(placed, _as_measured)
    assert shown.views[0].sparse is None
    whole, _ = Holdout().split(placed, _as_measured)
    assert whole.views[0].sparse is not None


def test_an_alignment_frame_has_the_points_as_measured_and_the_motion_apart() -> None:
    cloud = _message(encode_points(np.array([[1.0, 0.0, 5.0]])), "lidar")
    builder = _builder(_geometry(_moving_camera(), "odom"))
    frame = AlignmentFrame.of(builder.sweep_as_measured(_pair(cloud, stamps_ns=(40 * _MS,))))
    np.testing.assert_array_equal(frame.points, [[1.0, 0.0, 5.0]])
    for after_ms in (-40, 0, 60):
        shift = frame.camera_from_points(after_ms * _MS).translation
        np.testing.assert_allclose(shift, [(40 + after_ms) / 1e3 - 0.1, 0.0, 0.0], atol=1e-9)
    with pytest.raises(TransformError):
        frame.camera_from_points(-50 * _MS)


def test_the_optical_frame_is_the_images_or_that_of_its_calibration() -> None:
    cloud = _message(encode_points(np.array([[0.0, 0.0, 5.0]])), "lidar")
    pair = _pair(cloud)
    pair.image.header.frame_id = ""
    placed = _builder(_geometry(_moving_camera())).build(pair)
    assert placed.frame.frame_id == "optical"


def test_extrinsics_by_hand_go_before_tf() -> None:
    shift = RigidTransform.from_quaternion((0, 0, 0, 1), (0.0, 0.0, 1.0))
    cloud = _message(encode_points(np.array([[0.0, 0.0, 5.0]])), "lidar")
    geometry = _geometry(TransformBuffer(), extrinsics={"lidar": shift})
    placed = _builder(geometry).build(_pair(cloud))
    assert placed.frame.camera_from_points is not None
    np.testing.assert_array_equal(placed.frame.camera_from_points.matrix, shift.matrix)


def test_a_frame_that_tf_does_not_know_is_named_with_those_that_exist() -> None:
    cloud = _message(encode_points(np.array([[0.0, 0.0, 5.0]])), "roof_lidar")
    with pytest.raises(TransformError, match=r"roof_lidar.*lidar, odom, optical"):
        _builder(_geometry(_moving_camera())).build(_pair(cloud))


def test_the_fixed_frame_is_one_that_the_camera_moves_against() -> None:
    assert fixed_frame_above(_moving_camera(), "optical") == "odom"
    standing = TransformBuffer()
    standing.set_static("odom", "optical", RigidTransform.identity())
    assert fixed_frame_above(standing, "optical") == ""
    assert fixed_frame_above(TransformBuffer(), "optical") == ""


def test_the_fixed_frame_is_that_of_the_camera_s_own_robot() -> None:
    transforms = TransformBuffer()
    for robot in ("robot1", "robot2"):
        transforms.set_static("map", f"{robot}/odom", RigidTransform.identity())
        still = RigidTransform.identity()
        for at_ns in (0, 1):
            moving = RigidTransform.from_quaternion((0, 0, 0, 1), (float(at_ns), 0, 0))
            transforms.set_dynamic(f"{robot}/odom", f"{robot}/base", at_ns, moving)
        transforms.set_static(f"{robot}/base", f"{robot}/optical", still)
    assert fixed_frame_above(transforms, "robot1/optical") == "robot1/odom"
    assert fixed_frame_above(transforms, "robot2/optical") == "robot2/odom"
    assert moving_frames_above(transforms, "robot2/optical") == ["robot2/odom", "map"]


@pytest.mark.parametrize(
    ("topic", "expected"),
    [
        ("/camera/image_rect_color", True),
        ("/camera/infra1/image_rect_raw", True),
        ("/zed/rgb/color/rect/image", True),
        ("/Rectified/image", True),
        ("left/imageRect", True),
        ("IMAGE_RECT", True),
        ("/camera1/rect2", True),
        ("/camera/image_raw", False),
        ("/camera/image_unrectified", False),
        ("/camera/image_not_rectified", False),
        ("/front_direct/image_raw", False),
        ("/director/image_raw", False),
        ("/rectangle/image", False),
        ("/correct/image", False),
        ("", False),
    ],
)
def test_rectified_images_are_known_by_their_topic(topic: str, expected: bool) -> None:
    assert looks_rectified(topic) is expected


def test_extrinsics_are_read_in_both_forms(tmp_path: Path) -> None:
    path = tmp_path / "extrinsics.yaml"
    path.write_text(
        "optical_frame_from:\n"
        "  /a: {translation: [1, 2, 3], quaternion_xyzw: [0, 0, 0, 1]}\n"
        "  b: {matrix: [[1, 0, 0, 1], [0, 1, 0, 2], [0, 0, 1, 3], [0, 0, 0, 1]]}\n"
    )
    known = read_extrinsics(path)
    assert sorted(known) == ["a", "b"]
    np.testing.assert_allclose(known["a"].matrix, known["b"].matrix)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "it is empty"),
        ("[]", "it is empty"),
        ("[1]", "nothing under 'optical_frame_from'"),
        ("optical_frame_from:", "nothing under 'optical_frame_from'"),
        ("optical_frame_from: 3", "int"),
        ("optical_frame_from: {a: {}}", "quaternion_xyzw"),
    ],
)
def test_other_files_are_refused_with_an_example(tmp_path: Path, text: str, reason: str) -> None:
    path = tmp_path / "extrinsics.yaml"
    path.write_text(text)
    with pytest.raises(ExtrinsicsError, match=rf"{reason}(?s:.*)quaternion_xyzw: \["):
        read_extrinsics(path)
