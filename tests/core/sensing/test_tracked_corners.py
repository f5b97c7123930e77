# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from depth_completion_core.geometry.arrays import UInt8Array
from depth_completion_core.sensing.tracked_corners import CornerTracker

_HEIGHT, _WIDTH = 240, 320


@pytest.fixture(scope="module")
def scene() -> UInt8Array:
    """A plane with much texture, larger than an image."""
    random = np.random.default_rng(4)
    noise = random.integers(0, 256, (70, 90, 3), dtype=np.uint8)
    return np.asarray(cv2.resize(noise, (720, 560), interpolation=cv2.INTER_CUBIC), np.uint8)


def _view(scene: UInt8Array, right: int, down: int = 0) -> UInt8Array:
    return np.ascontiguousarray(scene[down : down + _HEIGHT, right : right + _WIDTH])


def _places(pixels: npt.NDArray[np.int64]) -> set[tuple[int, int]]:
    return {(int(row), int(column)) for row, column in pixels}


def test_corners_move_as_the_image_does(scene: UInt8Array) -> None:
    tracker = CornerTracker(200)
    before = tracker.pixels(_view(scene, 0))
    for step in range(1, 6):
        after = tracker.pixels(_view(scene, 7 * step, 3 * step))
        expected = {(row - 3, column - 7) for row, column in _places(before)}
        staying = {(r, c) for r, c in expected if 12 <= r < _HEIGHT - 12 and 12 <= c < _WIDTH - 12}
        near = {(r + i, c + k) for r, c in _places(after) for i in (-1, 0, 1) for k in (-1, 0, 1)}
        assert len(staying & near) > 0.95 * len(staying)
        assert 150 < len(after) <= 200
        before = after


@pytest.mark.parametrize("count", [1, 150, 500, 1500])
def test_at_most_so_many_apart_from_each_other(scene: UInt8Array, count: int) -> None:
    tracker = CornerTracker(count)
    for step in range(3):
        pixels = tracker.pixels(_view(scene, 4 * step))
        assert 0.4 * count <= len(pixels) <= count
        assert len(_places(pixels)) == len(pixels)
        assert pixels.min() >= 0
        assert (pixels < (_HEIGHT, _WIDTH)).all()


def test_the_first_are_spread_over_the_image(scene: UInt8Array) -> None:
    half = _view(scene, 0).copy()
    half[:, : _WIDTH // 2] = cv2.convertScaleAbs(half[:, : _WIDTH // 2], alpha=0.2, beta=60)
    pixels = CornerTracker(600).pixels(half)[:150]
    weak = np.mean(pixels[:, 1] < _WIDTH // 2)
    assert 0.3 < weak < 0.6  # by strength alone, nearly all would be on the other side


def test_what_was_followed_longest_comes_first(scene: UInt8Array) -> None:
    tracker = CornerTracker(400)
    image = _view(scene, 0)
    tracker.pixels(image)
    first = _places(tracker.pixels(image))
    hidden = image.copy()
    hidden[:, :160] = 90
    side_px = np.sqrt(_HEIGHT * _WIDTH / 150)
    found = tracker.pixels(hidden).tolist()
    pixels = [(row, column) for row, column in found if column >= 8 * side_px]
    by_cell: dict[tuple[int, int], list[bool]] = {}
    for row, column in pixels:
        cell = int(row // side_px), int(column // side_px)
        by_cell.setdefault(cell, []).append((row, column) in first)
    assert any(not all(is_old) for is_old in by_cell.values())  # some were found anew
    assert all(is_old == sorted(is_old, reverse=True) for is_old in by_cell.values())
    turns = [len(cell) for cell in by_cell.values()]
    assert len(pixels) == sum(turns)
    assert len({tuple(np.floor(np.array(p) / side_px)) for p in pixels[: len(turns)]}) == len(turns)


def test_corners_on_what_is_gone_are_lost(scene: UInt8Array) -> None:
    """Flow finds something everywhere; going back tells that it was not the same."""
    tracker = CornerTracker(200)
    image = _view(scene, 0)
    before = _places(tracker.pixels(image))
    changed = image.copy()
    other = np.random.default_rng(9).integers(0, 256, (30, 40, 3), dtype=np.uint8)
    changed[:, 160:] = cv2.resize(other, (160, 240), interpolation=cv2.INTER_CUBIC)
    grey, changed_grey = (np.asarray(one[..., 1]) for one in (image, changed))
    tracker._follow(grey, changed_grey)
    kept = np.rint(tracker._places)
    on_changed = sum(column > 170 for _, column in before)
    assert np.sum(kept[:, 0] > 170) < 0.2 * on_changed
    assert np.sum(kept[:, 0] < 150) > 0.95 * sum(column < 150 for _, column in before)


def test_the_same_images_give_the_same_pixels(scene: UInt8Array) -> None:
    images = [_view(scene, 5 * step, 2 * step) for step in range(4)]
    one, other = CornerTracker(300), CornerTracker(300)
    for image in images:
        np.testing.assert_array_equal(one.pixels(image), other.pixels(image))


def test_an_image_without_corners_and_one_of_another_size(scene: UInt8Array) -> None:
    tracker = CornerTracker(100)
    grey = np.full((_HEIGHT, _WIDTH, 3), 128, np.uint8)
    assert tracker.pixels(grey).shape == (0, 2)
    assert len(tracker.pixels(_view(scene, 0))) > 50
    small = np.ascontiguousarray(_view(scene, 0)[:100, :120])
    np.testing.assert_array_equal(tracker.pixels(small), CornerTracker(100).pixels(small))
    with pytest.raises(ValueError, match="1 or more"):
        CornerTracker(0)
