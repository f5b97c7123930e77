# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The best rotation and time offset: a coarse grid, then Newton's method from its best places."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from depth_completion_core.alignment.score import AlignmentScore
from depth_completion_core.geometry.transforms import Float64Array

COARSE_REACH_DEG = 0.8
_MIDDLE_REACH_DEG = 0.4
_FINE_REACH_DEG = 0.25
_GRID_STEP = np.array([0.8, 0.8, 1.6, 30.0])
_STENCIL_STEP = np.array([0.15, 0.15, 0.3, 10.0])
_ONE_PLACE = np.array([0.3, 0.3, 1.0, 20.0])
_STARTS = 5
_COARSE_SAMPLE = 2500
_ITERATIONS = 6
_FLATTEST = 0.05  # curvature, relative to the strongest, that Newton's step still trusts


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Peak:
    """Where the score is best, and how it falls away there.

    Attributes:
        parameters: (4,) as in :class:`AlignmentScore`.
        covariance: (4, 4) of the parameters; 0 where one was held.
        scores: (F,) of each frame.
    """

    parameters: Float64Array
    covariance: Float64Array
    scores: Float64Array


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class _Stencil:
    """A quadratic fit of every frame's score, in units of the steps."""

    gradients: Float64Array  # (n, F)
    curvature: Float64Array  # (n, n), positive at a maximum
    scores: Float64Array  # (F,)


def find_peaks(score: AlignmentScore, limits: Float64Array, free: Sequence[int]) -> list[Peak]:
    """The separate maxima of the score, the best first.

    Args:
        score: what is maximised.
        limits: (4,) largest magnitude of each parameter.
        free: places of the parameters that are searched; the others stay 0.
    """
    score.set_reach(COARSE_REACH_DEG)
    starts = _coarse_peaks(score, limits, free)
    sample = score.sample(_COARSE_SAMPLE)
    score.set_reach(_MIDDLE_REACH_DEG)
    middle = _separate([_climbed(score, start, free, sample) for start in starts])
    score.set_reach(_FINE_REACH_DEG)
    fine = [_climbed(score, start, free, None) for start in middle]
    best_first = sorted(fine, key=score.total, reverse=True)
    return [_described(score, place, free) for place in _separate(best_first)]


def _coarse_peaks(
    score: AlignmentScore, limits: Float64Array, free: Sequence[int]
) -> list[Float64Array]:
    axes = []
    for place, (limit, step) in enumerate(zip(limits, _GRID_STEP, strict=True)):
        count = int(limit / step + 1e-6) if place in free else 0
        axes.append(np.arange(-count, count + 1) * step)
    grid = np.array(list(itertools.product(*axes)))
    sample = score.sample(_COARSE_SAMPLE)
    totals = np.array([score.of_frames(place, sample).sum() for place in grid])
    chosen: list[Float64Array] = []
    for index in np.argsort(-totals):
        apart = [bool((np.abs(grid[index] - other) > 1.5 * _GRID_STEP).any()) for other in chosen]
        if all(apart):
            chosen.append(grid[index])
        if len(chosen) == _STARTS:
            break
    return chosen


def _separate(places: list[Float64Array]) -> list[Float64Array]:
    kept: list[Float64Array] = []
    for place in places:
        if all(bool((np.abs(place - other) > _ONE_PLACE).any()) for other in kept):
            kept.append(place)
    return kept


def _climbed(
    score: AlignmentScore,
    start: Float64Array,
    free: Sequence[int],
    sample: npt.NDArray[np.int64] | None,
) -> Float64Array:
    """Newton's method with its steps cut where the score would fall."""
    place: Float64Array = start.copy()
    for _ in range(_ITERATIONS):
        fit = _stencil(score, place, free, sample)
        values, vectors = np.linalg.eigh(fit.curvature)
        values = np.maximum(values, max(_FLATTEST * float(values.max()), 1e-9))
        uphill = vectors @ (vectors.T @ fit.gradients.sum(axis=1) / values)
        step: Float64Array = np.clip(uphill, -2.0, 2.0)
        before = fit.scores.sum()
        for share in (1.0, 0.5, 0.25):
            moved: Float64Array = place.copy()
            moved[list(free)] += share * step * _STENCIL_STEP[list(free)]
            if score.of_frames(moved, sample).sum() > before:
                break
        else:
            return place
        place = moved
        if np.abs(step).max() < 0.05:
            return place
    return place


def _stencil(
    score: AlignmentScore,
    place: Float64Array,
    free: Sequence[int],
    sample: npt.NDArray[np.int64] | None,
) -> _Stencil:
    offsets = [np.eye(4)[axis] * _STENCIL_STEP[axis] for axis in free]
    here = score.of_frames(place, sample)
    above = [score.of_frames(place + offset, sample) for offset in offsets]
    below = [score.of_frames(place - offset, sample) for offset in offsets]
    curvature = np.empty((len(offsets), len(offsets)))
    for i, j in itertools.combinations_with_replacement(range(len(offsets)), 2):
        if i == j:
            second = 2 * here - above[i] - below[i]
        else:
            both = score.of_frames(place + offsets[i] + offsets[j], sample)
            neither = score.of_frames(place - offsets[i] - offsets[j], sample)
            sides = above[i] + above[j] + below[i] + below[j]
            second = (sides - both - neither - 2 * here) / 2
        curvature[i, j] = curvature[j, i] = second.sum()
    gradients = (np.array(above) - np.array(below)) / 2
    return _Stencil(gradients=gradients, curvature=curvature, scores=here)


def _described(score: AlignmentScore, place: Float64Array, free: Sequence[int]) -> Peak:
    """A peak with the covariance of an M-estimator (Huber's sandwich), frames as its pieces."""
    fit = _stencil(score, place, free, None)
    values, vectors = np.linalg.eigh(fit.curvature)
    # A direction in which the score does not fall is one in which nothing is known.
    values = np.maximum(values, 1e-3 * max(values.max(), 1e-9))
    inverse = vectors / values @ vectors.T
    spread = fit.gradients - fit.gradients.mean(axis=1, keepdims=True)
    count = score.frame_count
    scatter = spread @ spread.T * count / max(count - 1 - len(free), 1)
    scale = _STENCIL_STEP[list(free)]
    covariance = np.zeros((4, 4))
    covariance[np.ix_(free, free)] = (inverse @ scatter @ inverse) * np.outer(scale, scale)
    return Peak(parameters=place, covariance=covariance, scores=fit.scores)
