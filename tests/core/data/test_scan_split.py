# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from depth_completion_core.config import ProjectionConfig
from depth_completion_core.data.sampling.scan_split import lines_of, split_sweep
from depth_completion_core.geometry.arrays import Float32Array
from depth_completion_core.geometry.camera import CameraModel
from depth_completion_core.geometry.transforms import RigidTransform

_CAMERA = CameraModel(fx=150.0, fy=150.0, cx=99.5, cy=49.5, width=200, height=100)
# Optical axes from x forward, y left, z up; the lidar stands 0.6 m to the left of the camera.
_OPTICAL = np.array([[0.0, -1.0, 0.0], [0.0, 0.0, -1.0], [1.0, 0.0, 0.0]])
_CAMERA_FROM_LIDAR = RigidTransform(_OPTICAL, np.array([-0.6, 0.0, 0.0]))
_WALL, _BOARD = 20.0, 4.0


def _sweep(line_deg: float = 0.8) -> tuple[Float32Array, npt.NDArray[np.int64]]:
    """32 lines on a wall with a board before it, and the line of each point."""
    ring = np.repeat(np.arange(32), 360)
    azimuth = np.tile(np.radians(np.linspace(-40, 40, 360)), 32)
    elevation = np.radians((ring - 15.04) * line_deg)
    direction = np.stack([np.cos(azimuth), np.sin(azimuth), np.tan(elevation)], axis=1)
    on_board = np.abs(direction[:, 1] / direction[:, 0] * _BOARD) < 0.7
    forward = np.where(on_board, _BOARD, _WALL)
    return (direction / direction[:, :1] * forward[:, None]).astype(np.float32), ring


@pytest.mark.parametrize("keep_rows", [2, 4])
def test_a_wall_with_a_board(keep_rows: int) -> None:
    points, ring = _sweep()
    kept, withheld = split_sweep(
        points, _CAMERA, _CAMERA_FROM_LIDAR, keep_rows=keep_rows, config=ProjectionConfig()
    )
    assert kept.count > 200
    assert withheld.count > 0.8 * kept.count * (keep_rows - 1)
    assert not (kept.valid & withheld.valid).any()
    # What the camera sees: the board hides the wall.
    rays = _CAMERA.rays()[0]
    lateral = -(rays[..., 0] * _BOARD + 0.6)
    hidden_wall = np.abs(lateral) < 0.7 - 3 * _BOARD / _CAMERA.fx
    for part in (kept, withheld):
        inside = part.valid & hidden_wall
        assert np.count_nonzero(inside) > 50
        assert np.abs(part.depth[inside] - _BOARD).max() < 0.01
    # Which lines were kept, by the pixels they fall on.
    for chosen, result in ((ring % keep_rows == 0, kept), (ring % keep_rows != 0, withheld)):
        pixels, seen = _CAMERA.project(_CAMERA_FROM_LIDAR.apply(points[chosen]))
        own = np.zeros(result.valid.shape, dtype=bool)
        column, row = np.rint(pixels[seen]).astype(int).T
        own[row.clip(0, 99), column.clip(0, 199)] = True
        assert (result.valid & ~own).sum() <= 0.01 * result.count


@pytest.mark.parametrize("line_deg", [0.8, 0.2])
def test_truth_by_hand(line_deg: float) -> None:
    """The withheld points one by one: nearest of their pixel, not hidden, on no kept pixel."""
    points, _ = _sweep(line_deg)  # two pixels apart, or two lines on a pixel
    lines = lines_of(points, _CAMERA_FROM_LIDAR)
    _, withheld = split_sweep(
        points, _CAMERA, _CAMERA_FROM_LIDAR, keep_rows=2, config=ProjectionConfig()
    )
    nearest: dict[tuple[int, int], tuple[float, bool]] = {}
    pixels, seen = _CAMERA.project(_CAMERA_FROM_LIDAR.apply(points))
    taken = set()
    for point, pixel, line in zip(points[seen], pixels[seen], lines[seen], strict=True):
        place = (int(np.floor(pixel[1] + 0.5)), int(np.floor(pixel[0] + 0.5)))
        is_kept = bool(line % 2 == 0)
        if is_kept:
            taken.add(place)
        nearest[place] = min(nearest.get(place, (np.inf, True)), (float(point[0]), is_kept))
    candidates = {
        place for place, (_, is_kept) in nearest.items() if not is_kept and place not in taken
    }
    found = {(int(row), int(column)) for row, column in np.argwhere(withheld.valid)}
    assert found <= candidates
    for place in candidates - found:
        assert nearest[place][0] == pytest.approx(_WALL)  # hidden by the board


def test_a_cloud_without_lines_is_cut_into_bands() -> None:
    random = np.random.default_rng(0)
    points = random.uniform([2, -5, -3], [30, 5, 3], (6400, 3)).astype(np.float32)
    bands = lines_of(points, _CAMERA_FROM_LIDAR)
    np.testing.assert_array_equal(np.bincount(bands), np.full(64, 100))
    x, y, z = _CAMERA_FROM_LIDAR.apply(points).T
    elevation = np.arctan2(-y, np.hypot(x, z))
    tops = [elevation[bands == band].max() for band in range(64)]
    bottoms = [elevation[bands == band].min() for band in range(64)]
    assert all(low <= high for low, high in zip(tops, bottoms[1:], strict=False))


def test_all_lines_and_no_points() -> None:
    points, _ = _sweep()
    config = ProjectionConfig()
    kept, withheld = split_sweep(points, _CAMERA, _CAMERA_FROM_LIDAR, keep_rows=1, config=config)
    assert kept.count > 0
    assert withheld.count == 0
    for part in split_sweep(points[:0], _CAMERA, _CAMERA_FROM_LIDAR, keep_rows=2, config=config):
        assert part.count == 0
    with pytest.raises(ValueError, match="1 or more"):
        split_sweep(points, _CAMERA, _CAMERA_FROM_LIDAR, keep_rows=0, config=config)
