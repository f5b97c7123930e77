# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Injected time offsets and rotations against what is estimated, and when it must not be sure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import numpy as np
import pytest

from depth_completion_core.alignment import (
    Alignment,
    AlignmentFrame,
    RotationEstimate,
    TimeOffsetEstimate,
    alignment_findings,
    estimate_alignment,
)
from depth_completion_core.alignment.placement import edge_scenes, placement_findings
from depth_completion_core.alignment.score import rotation_matrix
from depth_completion_core.geometry.transform_buffer import TransformError
from depth_completion_core.geometry.transforms import RigidTransform
from depth_completion_core.world.drives import (
    STREET_LIDAR,
    CameraShot,
    LidarSweep,
    SyntheticDrive,
    build_drive,
)

_FRAMES = 10
Recorded = tuple[SyntheticDrive, list[tuple[CameraShot, LidarSweep]]]


@pytest.fixture(scope="module")
def recorded() -> Recorded:
    lidar = replace(STREET_LIDAR, columns=1200, azimuth_range_deg=(-50.0, 50.0))
    drive = build_drive("street", seed=1, width=416, height=128, lidar=lidar)
    stamps_ns = [1_000_000_000 + 900_000_000 * index for index in range(_FRAMES)]
    # A sweep passes the front half a turn after its start.
    return drive, [(drive.render(stamp + 63_000_000), drive.scan(stamp)) for stamp in stamps_ns]


def _camera_from_lidar(
    drive: SyntheticDrive,
    error: RigidTransform,
    image_ns: int,
    sweep_ns: int,
    offset_ns: int,
) -> RigidTransform:
    camera_from_odom = error @ (drive.odom_from_base(image_ns) @ drive.base_from_camera).inverse()
    return camera_from_odom @ drive.odom_from_base(sweep_ns + offset_ns) @ drive.base_from_lidar


def _frames(
    recorded: Recorded,
    *,
    late_ms: float = 0.0,
    turned_deg: tuple[float, float, float] = (0.0, 0.0, 0.0),
) -> list[AlignmentFrame]:
    """Frames whose clouds are stamped too late, and whose extrinsics are turned about x, y, z."""
    drive, pairs = recorded
    error = RigidTransform(rotation_matrix(np.array(turned_deg)), np.zeros(3))
    return [
        AlignmentFrame(
            image=shot.image,
            camera=drive.camera,
            points=sweep.xyz,
            camera_from_points=partial(
                _camera_from_lidar,
                drive,
                error,
                shot.stamp_ns,
                sweep.stamp_ns + round(late_ms * 1e6),
            ),
            time_offset_ns=sweep.time_offset_ns,
        )
        for shot, sweep in pairs
    ]


def _held(transform: RigidTransform) -> Callable[[int], RigidTransform]:
    return lambda _: transform


@pytest.mark.parametrize(
    ("late_ms", "turned_deg"),
    [
        (0.0, (0.0, 0.0, 0.0)),
        (50.0, (0.0, 1.0, 0.0)),
        (-50.0, (-1.0, 0.0, 0.0)),
        (0.0, (0, 0, 1.0)),
    ],
)
def test_finds_what_was_injected(
    recorded: Recorded, late_ms: float, turned_deg: tuple[float, float, float]
) -> None:
    found = estimate_alignment(_frames(recorded, late_ms=late_ms, turned_deg=turned_deg))
    assert found.time.is_sure, found.time.reason
    assert found.rotation.is_sure, found.rotation.reason
    assert abs(found.time.offset_ms + late_ms) < 20.0
    angles = (found.rotation.pitch_deg, found.rotation.yaw_deg, found.rotation.roll_deg)
    assert np.abs(np.add(angles, turned_deg)).max() < 0.3


def test_a_drive_is_not_doubted_and_one_upside_down_is(recorded: Recorded) -> None:
    assert placement_findings(edge_scenes(_frames(recorded)), "both") == []
    upside_down = edge_scenes(_frames(recorded, turned_deg=(0.0, 0.0, 180.0)))
    (finding,) = placement_findings(upside_down, "both")
    assert "lies above the camera" in finding.found
    assert "turned by 180 deg" in finding.found


def test_no_time_offset_without_known_motion(recorded: Recorded) -> None:
    frames = [
        replace(frame, camera_from_points=_held(frame.camera_from_points(50_000_000)))
        for frame in _frames(recorded)
    ]
    found = estimate_alignment(frames)
    assert not found.time.is_sure
    assert "hardly moves" in found.time.reason
    assert np.isinf(found.time.uncertainty_ms)
    assert "stamps taken as right" in found.rotation.reason


def test_a_steady_turn_tells_neither(recorded: Recorded) -> None:
    def turning(start: RigidTransform, offset_ns: int) -> RigidTransform:
        turned = rotation_matrix(np.array([0.0, 20.0 * offset_ns * 1e-9, 0.0]))
        return RigidTransform(turned, np.zeros(3)) @ start

    frames = [
        replace(
            frame,
            camera_from_points=partial(turning, frame.camera_from_points(50_000_000)),
            time_offset_ns=None,
        )
        for frame in _frames(recorded)
    ]
    found = estimate_alignment(frames)
    assert not found.time.is_sure
    assert not found.rotation.is_sure
    assert "too evenly" in found.time.reason
    assert "too evenly" in found.rotation.reason


def test_is_not_sure_of_images_of_another_place(recorded: Recorded) -> None:
    frames = _frames(recorded)
    images = [frame.image for frame in frames]
    half = len(images) // 2
    swapped = [
        replace(frame, image=image)
        for frame, image in zip(frames, images[half:] + images[:half], strict=True)
    ]
    found = estimate_alignment(swapped)
    assert not found.time.is_sure
    assert not found.rotation.is_sure


def test_is_not_sure_of_blank_images(recorded: Recorded) -> None:
    frames = [replace(frame, image=np.zeros_like(frame.image)) for frame in _frames(recorded)]
    found = estimate_alignment(frames)
    assert not found.time.is_sure
    assert not found.rotation.is_sure


def test_says_that_it_has_too_little(recorded: Recorded) -> None:
    def unknown(_: int) -> RigidTransform:
        raise TransformError("no TF")

    frames = _frames(recorded)
    cut_off = [replace(frame, camera_from_points=unknown) for frame in frames[:6]]
    found = estimate_alignment([*cut_off, *frames[6:]])
    assert not found.time.is_sure
    assert "6 more have no known transform" in found.time.reason
    empty = [replace(frame, points=frame.points[:0], time_offset_ns=None) for frame in frames]
    assert "outlines" in estimate_alignment(empty).rotation.reason
    assert not estimate_alignment([]).time.is_sure


def test_refuses_two_cameras(recorded: Recorded) -> None:
    frames = _frames(recorded)
    other = replace(frames[0], camera=replace(frames[0].camera, fx=100.0))
    with pytest.raises(ValueError, match="several cameras"):
        estimate_alignment([other, *frames[1:]])


def test_refuses_frames_that_do_not_fit(recorded: Recorded) -> None:
    frame = _frames(recorded)[0]
    with pytest.raises(ValueError, match="expected an image"):
        replace(frame, image=frame.image[1:])
    with pytest.raises(ValueError, match="came with times"):
        replace(frame, points=frame.points[1:])
    with pytest.raises(ValueError, match=r"\(N, 3\)"):
        replace(frame, points=frame.points[:, :2], time_offset_ns=None)


def _alignment(*, offset_ms: float, yaw_deg: float, is_sure: bool) -> Alignment:
    return Alignment(
        time=TimeOffsetEstimate(
            offset_ms=offset_ms, uncertainty_ms=6.0, is_sure=is_sure, reason="because"
        ),
        rotation=RotationEstimate(
            roll_deg=0.0,
            pitch_deg=0.0,
            yaw_deg=yaw_deg,
            uncertainty_deg=0.1,
            is_sure=is_sure,
            reason="because",
        ),
    )


def test_findings_say_what_to_do() -> None:
    fine = alignment_findings(_alignment(offset_ms=2.0, yaw_deg=0.1, is_sure=True), "a and b")
    assert [item.severity for item in fine] == ["ok", "ok"]
    mistaken = _alignment(offset_ms=-50.0, yaw_deg=1.0, is_sure=True)
    wrong = alignment_findings(mistaken, "a and b", known_offset_ms=20.0)
    assert [item.severity for item in wrong] == ["warning", "warning"]
    assert "50 +- 6 ms earlier" in wrong[0].found
    assert "cloud_clock_offset_ms to -30" in wrong[0].remedy
    assert "0.000000 0.008727 0.000000 0.999962" in wrong[1].remedy
    unsure = alignment_findings(_alignment(offset_ms=9.0, yaw_deg=1.0, is_sure=False), "a and b")
    assert all(item.found == "not sure: because" and item.remedy for item in unsure)
