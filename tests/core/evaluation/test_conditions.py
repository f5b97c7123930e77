# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from depth_completion_core.data.sample import DataError
from depth_completion_core.data.sampling.corrupt import CorruptionError
from depth_completion_core.data.sampling.sparsify import SparsifierError
from depth_completion_core.evaluation.conditions import Condition, condition_for
from depth_completion_core.frame import SparseDepth
from depth_completion_core.metrics import PROTOCOLS
from tests.core.evaluation.made_sets import MadeSet, made_sample

_SAMPLE = made_sample("a", 0)


def _sparse(condition: Condition, name: str = "a") -> SparseDepth:
    shown = condition.apply(replace(_SAMPLE, name=name)).sparse
    assert shown is not None
    return shown


def test_nothing_asked_for_is_what_the_set_gives() -> None:
    assert Condition().apply(_SAMPLE) is _SAMPLE
    assert Condition(fallback="uniform:9").apply(_SAMPLE) is _SAMPLE
    bare = replace(_SAMPLE, sparse=None)
    assert Condition().apply(bare) is bare
    assert Condition(fallback="uniform:9").apply(bare).sparse.count == 9  # type: ignore[union-attr]


@pytest.mark.parametrize("points", ["uniform:50", "measured:20", "corners:30", "lidar_lines:8"])
def test_points_depend_on_seed_and_name_only(points: str) -> None:
    first, again = (_sparse(Condition(points=points, seed=1)) for _ in range(2))
    assert np.array_equal(first.depth, again.depth)
    if not points.startswith("corners"):
        for other in (
            _sparse(Condition(points=points, seed=2)),
            _sparse(Condition(points=points, seed=1), "b"),
        ):
            assert not np.array_equal(first.depth, other.depth)


def test_measured_points_are_a_part_of_those_of_the_set() -> None:
    assert _SAMPLE.sparse is not None
    few, more = (_sparse(Condition(points=f"measured:{count}")) for count in (10, 30))
    assert (few.count, more.count) == (10, 30)
    for smaller, larger in ((few, more), (more, _SAMPLE.sparse)):
        assert not (smaller.valid & ~larger.valid).any()
        assert np.array_equal(smaller.depth[smaller.valid], larger.depth[smaller.valid])
    assert _sparse(Condition(points="measured:999")).count == _SAMPLE.sparse.count


def test_corruption_spoils_the_measurements_and_not_the_truth() -> None:
    condition = Condition(points="uniform:200", corruption="outliers:0.1", seed=3)
    shown, clean = condition.apply(_SAMPLE), Condition(points="uniform:200", seed=3).apply(_SAMPLE)
    assert shown.truth is _SAMPLE.truth
    assert shown.sparse is not None
    assert clean.sparse is not None
    assert np.array_equal(shown.sparse.valid, clean.sparse.valid)
    assert np.count_nonzero(shown.sparse.depth != clean.sparse.depth) == 20


def test_corruption_depends_on_seed_and_name_only() -> None:
    def noisy(seed: int, name: str = "a") -> SparseDepth:
        return _sparse(Condition(corruption="noise:0.1", seed=seed), name)

    assert np.array_equal(noisy(1).depth, noisy(1).depth)
    for other in (noisy(2), noisy(1, "b")):
        assert not np.array_equal(noisy(1).depth, other.depth)


def test_the_set_goes_before_the_protocol() -> None:
    dataset = MadeSet()

    def fallback(protocol: str) -> str:
        how = PROTOCOLS[protocol]
        return condition_for(dataset, how, points="", corruption="", seed=0).fallback

    assert (fallback("nyu"), fallback("void")) == ("uniform:500", "")
    dataset.default_sparsifier = "corners:5"  # type: ignore[attr-defined]
    assert fallback("nyu") == "corners:5"


@pytest.mark.parametrize(
    ("settings", "kind"),
    [
        ({"points": "unifrom:5"}, SparsifierError),
        ({"points": "measured:x"}, DataError),
        ({"points": "measured:0"}, DataError),
        ({"corruption": "rust:1"}, CorruptionError),
    ],
)
def test_what_cannot_be_is_refused_at_once(settings: dict[str, str], kind: type[Exception]) -> None:
    with pytest.raises(kind):
        Condition(**settings)  # type: ignore[arg-type]


def test_measured_points_of_nothing_are_an_error() -> None:
    with pytest.raises(DataError, match="no measurements"):
        Condition(points="measured:5").apply(replace(_SAMPLE, sparse=None))


def test_words() -> None:
    assert str(Condition()) == "the data set's own"
    assert str(Condition(points="uniform:5", corruption="noise:0.1")) == "uniform:5 with noise:0.1"
    assert "else uniform:5" in str(Condition(fallback="uniform:5"))
