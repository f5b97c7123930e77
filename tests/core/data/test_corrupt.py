# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from depth_completion_core.data.sample import DataError
from depth_completion_core.data.sampling.corrupt import (
    CORRUPTIONS,
    Corruption,
    CorruptionError,
    block_dropouts,
    corrupted,
    depth_noise,
    dropouts,
    misplaced,
    outliers,
)
from depth_completion_core.frame import SparseDepth
from tests.core.data.sample_scenes import slanted_plane


def _measured(shape: tuple[int, int] = (80, 100)) -> SparseDepth:
    random = np.random.default_rng(0)
    return SparseDepth.from_depth(random.uniform(1.0, 9.0, shape) * (random.random(shape) < 0.3))


@pytest.mark.parametrize("kind", CORRUPTIONS)
def test_spoils_a_copy_the_same_way_for_the_same_seed(kind: str) -> None:
    sample = slanted_plane()
    assert sample.sparse is not None
    before = sample.sparse.depth.copy()
    corruption = Corruption(kind, 0.5, 8.0 if kind == "blocks" else 0.0)
    first, second, other = (corrupted(sample, corruption, seed=seed).sparse for seed in (0, 0, 1))
    assert first is not None
    assert second is not None
    assert other is not None
    np.testing.assert_array_equal(first.depth, second.depth)
    assert (first.depth != other.depth).any()
    assert (first.depth != before).any()
    np.testing.assert_array_equal(sample.sparse.depth, before)
    np.testing.assert_array_equal(first.valid, first.depth > 0)


@pytest.mark.parametrize("kind", CORRUPTIONS)
def test_nothing_of_it_changes_nothing(kind: str) -> None:
    measured = _measured()
    left = Corruption(kind, 0.0).apply(measured, np.random.default_rng(0))
    np.testing.assert_array_equal(left.depth, measured.depth)


def test_shuffled_points_keep_their_places_and_all_depths() -> None:
    measured = _measured()
    left = Corruption("shuffled", 0.5).apply(measured, np.random.default_rng(0))
    np.testing.assert_array_equal(left.valid, measured.valid)
    np.testing.assert_array_equal(
        np.sort(left.depth[left.valid]), np.sort(measured.depth[left.valid])
    )
    assert 0.48 < np.mean(left.depth[left.valid] != measured.depth[left.valid]) <= 0.5


def test_dropouts_lose_their_share_and_change_nothing_else() -> None:
    measured = _measured()
    left = dropouts(measured, 0.3, np.random.default_rng(0))
    assert 0.65 < left.count / measured.count < 0.75
    np.testing.assert_array_equal(left.depth, np.where(left.valid, measured.depth, 0))


def test_blocks_are_lost_whole() -> None:
    full = SparseDepth.from_depth(np.ones((70, 100)))
    left = block_dropouts(full, 0.5, np.random.default_rng(0), block_px=16)
    for top in range(0, 70, 16):
        for start in range(0, 100, 16):
            block = left.valid[top : top + 16, start : start + 16]
            assert block.all() or not block.any()
    assert 0.3 < left.valid.mean() < 0.7


def test_outliers_are_exactly_so_many_and_within_the_extremes() -> None:
    measured = _measured()
    spoiled = outliers(measured, 0.1, np.random.default_rng(0))
    np.testing.assert_array_equal(spoiled.valid, measured.valid)
    assert np.count_nonzero(spoiled.depth != measured.depth) == round(0.1 * measured.count)
    values = measured.depth[measured.valid]
    assert spoiled.depth.max() <= values.max()
    assert spoiled.depth[spoiled.valid].min() >= values.min()


def test_noise_has_its_size() -> None:
    full = SparseDepth.from_depth(np.full((200, 200), 5.0))
    relative = depth_noise(full, np.random.default_rng(0), relative=0.02)
    absolute = depth_noise(full, np.random.default_rng(0), absolute=0.3)
    assert abs(relative.depth.std() - 0.1) < 0.005
    assert abs(absolute.depth.std() - 0.3) < 0.01
    assert depth_noise(full, np.random.default_rng(0), absolute=50.0).depth.min() >= 0.0


def test_misplaced_points_keep_their_depth() -> None:
    measured = _measured()
    spoiled = misplaced(measured, 2.0, np.random.default_rng(0))
    assert set(spoiled.depth[spoiled.valid]) <= set(measured.depth[measured.valid])
    assert 0.5 < spoiled.count / measured.count <= 1.0


def test_moved_by_hand() -> None:
    random = np.random.default_rng(0)
    depth = random.uniform(1, 9, 200).astype(np.float32)
    row, column = random.integers(-2, 9, 200), random.integers(-2, 12, 200)
    expected = np.zeros((7, 10), dtype=np.float32)
    for z, v, u in zip(depth, row, column, strict=True):
        if 0 <= v < 7 and 0 <= u < 10:
            expected[v, u] = z if expected[v, u] == 0 else min(z, expected[v, u])
    np.testing.assert_array_equal(
        SparseDepth.nearest_at(depth, row, column, (7, 10)).depth, expected
    )


@pytest.mark.parametrize(
    "text", ["dropouts:0.5", "blocks:0.5:32", "noise:0.02:0.01", "misplaced:2"]
)
def test_corruption_text_round_trip(text: str) -> None:
    assert str(Corruption.from_text(text)) == text


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("rust:0.5", "unknown corruption 'rust'; known are dropouts, blocks"),
        ("dropouts", "expected one or two numbers, as in dropouts:0.1"),
        ("dropouts:x", "expected one or two numbers"),
        ("dropouts:1.5", "numbers from 0 to 1, got 1.5"),
        ("noise:-1", "numbers from 0"),
    ],
)
def test_texts_that_name_no_corruption(text: str, words: str) -> None:
    with pytest.raises(CorruptionError, match=words):
        Corruption.from_text(text)


def test_nothing_to_spoil() -> None:
    sample = replace(slanted_plane(), sparse=None)
    with pytest.raises(DataError, match=r"plane: it has no sparse depth.*dropouts:0\.5"):
        corrupted(sample, Corruption("dropouts", 0.5), seed=0)
