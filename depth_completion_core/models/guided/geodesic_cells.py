# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Which measurement a pixel belongs to, and which measurements belong together.

A way over the image costs a little per pixel and much where the colour changes. Each pixel belongs
to the measurement with the cheapest way to it, as in EpicFlow (Revaud, Weinzaepfel, Harchaoui and
Schmid, CVPR 2015): the image falls into cells, and an edge of the image is the border of cells.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from depth_completion_core.geometry.arrays import Float32Array
from depth_completion_core.models.guided.working_frame import (
    Float64Array,
    Int64Array,
    colour_steps,
)


class GeodesicCells(NamedTuple):
    """The cells of an image (h, w) around its n measurements, and which of them are near.

    Attributes:
        seed: (h, w) number of the measurement that a pixel belongs to.
        distance: (h, w) cost of the way to it.
        neighbours: (n, K) numbers of the measurements nearest to each, itself first, among those
            whose cells touch its own or touch one that does; itself again where there are fewer.
        neighbour_distance: (n, K) cost of the way to them; infinite where there are fewer.
        touching_distance: (n,) mean cost of the ways to those whose cells touch its own; infinite
            where there are none.
    """

    seed: Int64Array
    distance: Float64Array
    neighbours: Int64Array
    neighbour_distance: Float64Array
    touching_distance: Float64Array


class _Pairs(NamedTuple):
    """Pairs of measurements and the cost of the way between them, ascending, no pair twice."""

    first: Int64Array
    second: Int64Array
    distance: Float64Array


def geodesic_cells(
    image: Float32Array, pixels: Int64Array, *, neighbours: int, step: float, gain: float
) -> GeodesicCells:
    """Cells and neighbours.

    Args:
        image: (3, h, w) RGB in 0..1.
        pixels: (n,) where the measurements lie, row times w plus column; no two in one pixel.
        neighbours: K, how many are kept of each measurement, itself included.
        step: cost of a step to a pixel of the same colour.
        gain: cost of a step between black and one full channel.
    """
    from scipy.sparse import csr_matrix  # noqa: PLC0415 - an extra, not in the base install
    from scipy.sparse.csgraph import dijkstra  # noqa: PLC0415

    height, width = image.shape[1:]
    right, down = (step + gain * each for each in colour_steps(image))
    graph = csr_matrix(_grid(right, down), shape=(height * width, height * width))
    distance, _, source = dijkstra(graph, indices=pixels, return_predecessors=True, min_only=True)
    number = np.zeros(height * width, dtype=np.int64)
    number[pixels] = np.arange(len(pixels))
    seed = number[source].reshape(height, width)
    distance = distance.reshape(height, width)
    touching = _touching(seed, distance, right, down)
    near = _nearest(_two_steps(touching, len(pixels)), neighbours)
    return GeodesicCells(seed, distance, *near, _mean_distance(touching, len(pixels)))


def _grid(right: Float64Array, down: Float64Array) -> tuple[Float64Array, Int64Array, Int64Array]:
    """Costs, columns and starts of the rows of the graph of pixels, each to its four neighbours."""
    height, width = right.shape[0], down.shape[1]
    costs = np.full((height, width, 4), np.inf)
    costs[1:, :, 0] = costs[:-1, :, 3] = down
    costs[:, 1:, 1] = costs[:, :-1, 2] = right
    exists = np.isfinite(costs)
    offsets = np.array([-width, -1, 1, width], dtype=np.int32)
    numbers = np.arange(height * width, dtype=np.int32).reshape(height, width, 1)
    starts = np.zeros(height * width + 1, dtype=np.int32)
    np.cumsum(exists.sum(axis=2).reshape(-1), out=starts[1:])
    return costs[exists], (numbers + offsets)[exists], starts


def _touching(
    seed: Int64Array, distance: Float64Array, right: Float64Array, down: Float64Array
) -> _Pairs:
    """Measurements whose cells touch; their distance is that of the cheapest way over a border."""
    parts = []
    for one, other, cost in (
        (np.s_[:, :-1], np.s_[:, 1:], right),
        (np.s_[:-1], np.s_[1:], down),
    ):
        border = np.flatnonzero(seed[one] != seed[other])
        way = distance[one].take(border) + distance[other].take(border) + cost.take(border)
        ends = seed[one].take(border), seed[other].take(border)
        parts.append((np.minimum(*ends), np.maximum(*ends), way))
    first, second, way = (np.concatenate(each) for each in zip(*parts, strict=True))
    once = _cheapest(first, second, way)
    return _cheapest(
        np.concatenate([once.first, once.second]),
        np.concatenate([once.second, once.first]),
        np.concatenate([once.distance, once.distance]),
    )


def _mean_distance(pairs: _Pairs, count: int) -> Float64Array:
    touching = np.bincount(pairs.first, minlength=count)
    total = np.bincount(pairs.first, pairs.distance, minlength=count)
    return np.where(touching > 0, total / np.maximum(touching, 1), np.inf)


def _two_steps(pairs: _Pairs, count: int) -> _Pairs:
    """Each measurement with itself, with those that touch it, and with those that touch these."""
    starts = np.searchsorted(pairs.first, np.arange(count + 1))
    following = np.diff(starts)[pairs.second]
    step = np.repeat(np.arange(len(following)), following)
    position = np.arange(len(step)) - np.repeat(np.cumsum(following) - following, following)
    onward = starts[pairs.second[step]] + position
    itself = np.arange(count)
    return _cheapest(
        np.concatenate([itself, pairs.first, pairs.first[step]]),
        np.concatenate([itself, pairs.second, pairs.second[onward]]),
        np.concatenate(
            [np.zeros(count), pairs.distance, pairs.distance[step] + pairs.distance[onward]]
        ),
    )


def _cheapest(first: Int64Array, second: Int64Array, distance: Float64Array) -> _Pairs:
    if not len(first):
        return _Pairs(first, second, distance)
    count = int(second.max()) + 1
    key = first * count + second
    order = np.argsort(key)
    key = key[order]
    starts = np.flatnonzero(np.diff(key, prepend=-1))
    pair = key[starts]
    return _Pairs(pair // count, pair % count, np.minimum.reduceat(distance[order], starts))


def _nearest(pairs: _Pairs, kept: int) -> tuple[Int64Array, Float64Array]:
    """(n, kept) numbers and distances of the nearest of each measurement, itself first."""
    # The pairs are in the order of their first: one sort with distances that stay within a step.
    within = pairs.distance / (2.0 * pairs.distance.max() + 1.0)
    order = np.argsort(pairs.first + within)
    first, second, distance = (each[order] for each in pairs)
    rank = np.arange(len(first)) - np.searchsorted(first, first)
    is_kept = rank < kept
    count = int(first[-1]) + 1
    neighbours = np.repeat(np.arange(count)[:, None], kept, axis=1)
    distances = np.full((count, kept), np.inf)
    neighbours[first[is_kept], rank[is_kept]] = second[is_kept]
    distances[first[is_kept], rank[is_kept]] = distance[is_kept]
    return neighbours, distances
