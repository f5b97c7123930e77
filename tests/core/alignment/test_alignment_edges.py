# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from depth_completion_core.alignment import AlignmentFrame
from depth_completion_core.alignment.depth_edges import depth_edges
from depth_completion_core.alignment.image_edges import image_edges
from depth_completion_core.alignment.moving_edges import KNOT_NS, moving_edges
from depth_completion_core.alignment.score import TIME, AlignmentScore, rotation_matrix
from depth_completion_core.geometry.camera import CameraModel
from depth_completion_core.geometry.deskew import deskew
from depth_completion_core.geometry.transforms import RigidTransform

_CAMERA = CameraModel(fx=200.0, fy=200.0, cx=159.5, cy=119.5, width=320, height=240)
_OPTICAL_FROM_LIDAR = RigidTransform(np.array([[0.0, -1, 0], [0, 0, -1], [1, 0, 0]]), np.zeros(3))
_HALF_WIDTH, _HALF_HEIGHT, _NEAR, _FAR = 0.8, 0.6, 4.0, 8.0


def _board(azimuth: npt.ArrayLike, elevation: npt.ArrayLike) -> npt.NDArray[np.float32]:
    """Points in a lidar frame: a board before a wall, both facing the lidar."""
    y, z = np.tan(np.asarray(azimuth)), np.tan(elevation) / np.cos(azimuth)
    on_board = (np.abs(y) < _HALF_WIDTH / _NEAR) & (np.abs(z) < _HALF_HEIGHT / _NEAR)
    x = np.where(on_board, _NEAR, _FAR)
    return np.stack([x, x * y, x * z], axis=1).astype(np.float32)


def _lines() -> npt.NDArray[np.float32]:
    azimuth, elevation = np.meshgrid(
        np.radians(np.arange(-35, 35, 0.3)), np.radians(np.arange(-20, 20.1, 1.0))
    )
    return _board(azimuth.ravel(), elevation.ravel())


def _outline_distance(points: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
    """(E,) radians between edge points and the outline of the board, as seen by the lidar."""
    y, z = np.abs(points[:, 1] / points[:, 0]), np.abs(points[:, 2] / points[:, 0])
    outside = np.maximum(y - _HALF_WIDTH / _NEAR, z - _HALF_HEIGHT / _NEAR)
    distance: npt.NDArray[np.float64] = np.abs(outside).astype(np.float64)
    return distance


def test_edges_lie_on_the_outline_at_the_near_side() -> None:
    points = _lines()
    edges = depth_edges(points, np.array([1.0, 0, 0]))
    assert len(edges.points) > 100
    assert np.allclose(np.linalg.norm(edges.points, axis=1), _NEAR, atol=0.2)
    assert np.allclose(points[edges.source, 0], _NEAR)
    assert np.degrees(_outline_distance(edges.points)).max() < 0.6
    assert np.degrees(edges.line_step) == pytest.approx(1.0, abs=0.05)


def test_the_order_of_the_points_does_not_matter() -> None:
    points = _lines()
    order = np.random.default_rng(0).permutation(len(points))
    shuffled = depth_edges(points[order], np.array([1.0, 0, 0]))
    plain = depth_edges(points, np.array([1.0, 0, 0]))
    assert set(order[shuffled.source]) == set(plain.source)


def test_finds_outlines_in_a_cloud_without_lines() -> None:
    random = np.random.default_rng(0)
    points = _board(random.uniform(-0.6, 0.6, 12_000), random.uniform(-0.35, 0.35, 12_000))
    for cloud, forward in (
        (points, np.array([1.0, 0, 0])),
        (_OPTICAL_FROM_LIDAR.apply(points).astype(np.float32), np.array([0, 0, 1.0])),
    ):
        edges = depth_edges(cloud, forward)
        in_lidar = _OPTICAL_FROM_LIDAR.inverse().apply(edges.points) if forward[2] else edges.points
        assert len(edges.points) > 50
        distance = np.degrees(_outline_distance(np.asarray(in_lidar, np.float32)))
        assert np.percentile(distance, 90) < 1.5


def test_a_plane_has_no_edges_however_flat_one_looks_at_it() -> None:
    azimuth, elevation = np.meshgrid(
        np.radians(np.arange(-35, 35, 0.3)), np.radians(np.arange(-20, -2, 0.5))
    )
    distance = 1.7 / np.tan(-elevation.ravel())
    floor = np.stack(
        [distance * np.cos(azimuth.ravel()), distance * np.sin(azimuth.ravel())], axis=1
    )
    points = np.column_stack([floor, np.full(len(floor), -1.7)]).astype(np.float32)
    assert len(depth_edges(points, np.array([1.0, 0, 0])).points) == 0


def test_no_points_no_edges() -> None:
    nothing = np.empty((0, 3), np.float32)
    assert len(depth_edges(nothing, np.array([1.0, 0, 0])).points) == 0
    assert len(depth_edges(np.zeros((9, 3), np.float32), np.array([1.0, 0, 0])).points) == 0


def test_upright_and_level_edges_are_told_apart() -> None:
    image = np.zeros((60, 80, 3), np.uint8)
    image[:, 40:] = 200
    upright, level = image_edges(image, 2.0)
    assert np.argmax(upright[30]) in (39, 40)
    assert upright[30].max() > 10 * np.abs(level).max()


def _board_frame() -> AlignmentFrame:
    image = np.full((240, 320, 3), 60, np.uint8)
    corners = [(-_HALF_WIDTH, -_HALF_HEIGHT, _NEAR), (_HALF_WIDTH, _HALF_HEIGHT, _NEAR)]
    (left, top), (right, bottom) = np.round(_CAMERA.project(corners)[0]).astype(int)
    cv2.rectangle(image, (left, top), (right, bottom), (180, 160, 140), cv2.FILLED)
    points = _lines()

    def at(offset_ns: int) -> RigidTransform:
        turned = rotation_matrix(np.array([0.0, 30e-9 * offset_ns, 0.0]))
        return RigidTransform(turned, np.array([0.2e-9 * offset_ns, 0, 0])) @ _OPTICAL_FROM_LIDAR

    return AlignmentFrame(
        image=image,
        camera=_CAMERA,
        points=points,
        camera_from_points=at,
        time_offset_ns=np.linspace(-20e6, 30e6, len(points)).astype(np.int64),
    )


@pytest.mark.parametrize("offset_ms", [-20.0, 0.0, 13.0])
def test_edges_move_as_deskewing_moves_them(offset_ms: float) -> None:
    frame = _board_frame()
    edges = moving_edges(frame, 4)
    parameters = np.array([0.0, 0, 0, offset_ms])
    found = AlignmentScore([frame], [edges]).turned(parameters)
    assert frame.time_offset_ns is not None
    raw = depth_edges(frame.points, np.array([1.0, 0, 0]))
    wanted = deskew(
        raw.points,
        frame.time_offset_ns[raw.source],
        round(offset_ms * 1e6),
        frame.camera_from_points,
    )
    assert found.shape == wanted.shape
    assert np.abs(found - wanted).max() < 1e-3


def test_the_score_is_best_where_edges_meet() -> None:
    frame = _board_frame()
    still = AlignmentFrame(
        image=frame.image,
        camera=frame.camera,
        points=frame.points,
        camera_from_points=lambda _: _OPTICAL_FROM_LIDAR,
    )
    score = AlignmentScore([still], [moving_edges(still, 2)])
    score.set_reach(0.4)
    best = score.total(np.zeros(4))
    for axis, angle in ((0, 1.5), (1, 1.5), (2, 8.0)):
        for sign in (-1, 1):
            assert score.total(np.eye(4)[axis] * sign * angle) < 0.8 * best
    assert score.total(np.eye(4)[TIME] * KNOT_NS / 1e6) == pytest.approx(best)


def test_signs_of_the_three_angles() -> None:
    """Positive pitch raises points in the image, yaw moves them right, roll turns clockwise."""
    ahead, right = np.array([0.0, 0, 5.0]), np.array([1.0, 0, 5.0])
    assert (rotation_matrix(np.array([1.0, 0, 0])) @ ahead)[1] < 0
    assert (rotation_matrix(np.array([0, 1.0, 0])) @ ahead)[0] > 0
    assert (rotation_matrix(np.array([0, 0, 1.0])) @ right)[1] > 0


def test_equal_images_are_one_view() -> None:
    frame = _board_frame()
    edges = moving_edges(frame, 2)
    score = AlignmentScore([frame] * 5, [edges] * 5)
    score.set_reach(0.4)
    assert score.view_count() == pytest.approx(1.0, abs=0.01)
