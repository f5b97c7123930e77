# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from depth_completion_core.data.sample import DataError
from depth_completion_core.data.sampling.seeding import generator_for
from depth_completion_core.data.sampling.sparsify import (
    SPARSIFIERS,
    Sparsifier,
    SparsifierError,
    bernoulli,
    corners,
    lidar_lines,
    sparsified,
    uniform,
)
from depth_completion_core.frame import SparseDepth
from depth_completion_core.geometry.camera import CameraModel
from tests.core.data.sample_scenes import BENT, PINHOLE, slanted_plane, with_holes

_TEXTS = ["uniform:50", "bernoulli:50", "corners:50", "corners:50:1.5", "lidar_lines:8:0.5"]


@pytest.mark.parametrize("text", _TEXTS)
def test_depth_is_that_of_the_truth_at_the_pixel(text: str) -> None:
    sample = with_holes(slanted_plane())
    assert sample.truth is not None
    sparse = Sparsifier.from_text(text).draw(sample, np.random.default_rng(0))
    assert 0 < sparse.count < sample.truth.count
    assert not (sparse.valid & ~sample.truth.valid).any()
    np.testing.assert_array_equal(sparse.depth, np.where(sparse.valid, sample.truth.depth, 0))


@pytest.mark.parametrize("text", _TEXTS)
def test_the_same_for_seed_and_name_whatever_was_read_before(text: str) -> None:
    sparsifier, sample = Sparsifier.from_text(text), with_holes(slanted_plane())

    def drawn(name: str, seed: int) -> SparseDepth:
        sparse = sparsified(replace(sample, name=name), sparsifier, seed=seed).sparse
        assert sparse is not None
        return sparse

    first = drawn("a", 3)
    others = [drawn("b", 3), drawn("a", 4)]
    np.testing.assert_array_equal(drawn("a", 3).depth, first.depth)
    if text != "corners:50":  # those of an image with enough corners are not drawn
        assert all((other.valid != first.valid).any() for other in others)


def test_generators_differ_by_everything_they_are_made_from() -> None:
    generators = [
        generator_for(0, "a"),
        generator_for(1, "a"),
        generator_for(0, "b"),
        generator_for(0, ""),
        generator_for(0, "a", 0),
        generator_for(0, "a", 1),
        generator_for(0, "a", 0, 0),
    ]
    assert len({int(made.integers(2**62)) for made in generators}) == len(generators)
    assert generator_for(4, "a", 2).random() == generator_for(4, "a", 2).random()
    with pytest.raises(ValueError, match="at least 0"):
        generator_for(-1, "a")


def test_uniform_takes_exactly_so_many_and_fewer_are_part_of_more() -> None:
    truth = with_holes(slanted_plane()).truth
    assert truth is not None
    few, many, all_of_them = (
        uniform(truth, count, np.random.default_rng(2)) for count in (20, 500, 10**6)
    )
    assert (few.count, many.count, all_of_them.count) == (20, 500, truth.count)
    assert not (few.valid & ~many.valid).any()


def test_uniform_takes_every_pixel_equally_often() -> None:
    truth = SparseDepth.from_depth(np.ones((4, 5)))
    random = np.random.default_rng(0)
    taken = np.mean([uniform(truth, 5, random).valid for _ in range(2000)], axis=0)
    assert np.abs(taken - 0.25).max() < 0.05


def test_bernoulli_counts_pixels_of_the_image_not_valid_ones() -> None:
    truth = SparseDepth.from_depth(np.ones((100, 100)) * (np.arange(100) < 50))
    counts = [bernoulli(truth, 1000, np.random.default_rng(seed)).count for seed in range(40)]
    assert abs(np.mean(counts) - 500) < 15
    assert np.std(counts) > 5
    assert bernoulli(truth, 10**6, np.random.default_rng(0)).count == truth.count


def _board() -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    """Black and white squares of 16 pixels: inner corners at multiples of 16."""
    row, column = np.mgrid[:96, :128] // 16
    return np.repeat(((row + column) % 2 * 255).astype(np.uint8)[..., None], 3, axis=2)


def test_corners_are_at_corners() -> None:
    truth = SparseDepth.from_depth(np.ones((96, 128)))
    found = corners(truth, _board(), 35, np.random.default_rng(0))
    assert found.count == 35  # 7 x 5 inner ones
    row, column = np.nonzero(found.valid)
    for place in (row, column):
        assert np.abs((place - 0.5) / 16 - np.rint((place - 0.5) / 16)).max() < 0.1


def test_corners_keep_their_distance_and_are_filled_up() -> None:
    truth = SparseDepth.from_depth(np.ones((96, 128)))
    found = corners(truth, _board(), 200, np.random.default_rng(0))
    assert found.count == 200
    flat = np.full((96, 128, 3), 90, dtype=np.uint8)
    assert corners(truth, flat, 200, np.random.default_rng(0)).count == 200
    assert corners(truth, flat, 10**6, np.random.default_rng(0)).count == truth.count
    noise = np.random.default_rng(0).integers(0, 255, (96, 128, 3), dtype=np.uint8)
    places = np.argwhere(corners(truth, noise, 40, np.random.default_rng(0)).valid)
    gaps = np.linalg.norm(places[:, None] - places[None], axis=2) + 1e9 * np.eye(len(places))
    assert gaps.min() >= 0.5 * np.sqrt(96 * 128 / 40) - 1.0


def test_corners_move_by_their_jitter() -> None:
    truth = SparseDepth.from_depth(np.ones((96, 128)))
    exact = corners(truth, _board(), 35, np.random.default_rng(0)).valid
    away = cv2.distanceTransform((~exact).astype(np.uint8), cv2.DIST_L2, 5)
    shifted = corners(truth, _board(), 35, np.random.default_rng(0), jitter_px=1.0)
    distance = away[shifted.valid]
    assert 0.5 < np.median(distance) < 3.0


@pytest.mark.parametrize("camera", [PINHOLE, BENT])
def test_lidar_lines_by_hand(camera: CameraModel) -> None:
    truth = slanted_plane(camera).truth
    assert truth is not None
    found = lidar_lines(truth, camera, 5, np.random.default_rng(7), azimuth_step_deg=1.0)
    random = np.random.default_rng(7)
    rays = camera.rays()[0].reshape(-1, 3).astype(np.float64)
    up = np.degrees(np.arctan2(-rays[:, 1], np.hypot(rays[:, 0], 1.0)))
    across = np.degrees(np.arctan2(rays[:, 0], 1.0))
    expected = np.zeros(truth.valid.shape, dtype=bool)
    phase, start = random.random(), random.random()
    for line in range(5):
        elevation = np.radians(up.min() + (up.max() - up.min()) * (line + phase) / 5)
        azimuth = across.min() + start
        while azimuth < across.max():
            sideways = np.tan(np.radians(azimuth))
            down = -np.tan(elevation) * np.hypot(sideways, 1.0)
            pixel, seen = camera.project([sideways, down, 1.0])
            if seen:
                expected[round(pixel[1]), round(pixel[0])] = True
            azimuth += 1.0
    np.testing.assert_array_equal(found.valid, expected & truth.valid)


def test_lines_of_a_level_lidar_are_rows_in_the_middle_column() -> None:
    camera = CameraModel(fx=100.0, fy=100.0, cx=63.5, cy=47.5, width=128, height=96)
    truth = SparseDepth.from_depth(np.ones((96, 128)))
    found = lidar_lines(truth, camera, 8, np.random.default_rng(0))
    rows = np.flatnonzero(found.valid[:, 63] | found.valid[:, 64])
    groups = np.split(rows, np.flatnonzero(np.diff(rows) > 1) + 1)
    assert len(groups) == 8


@pytest.mark.parametrize(
    "text", ["uniform:500", "bernoulli:1", "corners:150:1.5", "lidar_lines:64"]
)
def test_text_round_trip(text: str) -> None:
    assert str(Sparsifier.from_text(text)) == text


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("unifrom:500", "not a sparsifier; known are uniform:N, bernoulli:N, corners:N"),
        ("uniform", "not a sparsifier"),
        ("uniform:many", "expected numbers after 'uniform:'"),
        ("uniform:0", "1 or more, got 0"),
        ("uniform:5:2", "takes one number"),
        ("corners:5:-1", "jitter in pixels is at least 0"),
        ("corners:5:nan", "at least 0"),
        ("", "not a sparsifier"),
    ],
)
def test_texts_that_name_none(text: str, words: str) -> None:
    with pytest.raises(SparsifierError, match=words):
        Sparsifier.from_text(text)


def test_what_a_sample_lacks_is_said() -> None:
    sample = slanted_plane()
    for kind in SPARSIFIERS:
        with pytest.raises(DataError, match=r"plane: .*no true depth"):
            Sparsifier(kind, 5).draw(replace(sample, truth=None), np.random.default_rng(0))
    with pytest.raises(DataError, match="plane: lidar_lines needs the camera's intrinsics"):
        Sparsifier("lidar_lines", 5).draw(replace(sample, camera=None), np.random.default_rng(0))
