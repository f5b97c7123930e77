# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The image-guided models once more, pixel by pixel, as their docstrings define them."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Iterator

import cv2
import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.floating]
Pixel = tuple[int, int]


def colour_steps(image: Array) -> dict[tuple[Pixel, Pixel], float]:
    """Length of the difference of colour between neighbours, both ways; image is (3, h, w)."""
    blurred = cv2.GaussianBlur(np.ascontiguousarray(image.transpose(1, 2, 0)), (5, 5), 0.7)
    steps = {}
    for row, column in np.ndindex(blurred.shape[:2]):
        for other in ((row, column + 1), (row + 1, column)):
            if other[0] < blurred.shape[0] and other[1] < blurred.shape[1]:
                length = float(np.linalg.norm(blurred[row, column] - blurred[other]))
                steps[(row, column), other] = steps[other, (row, column)] = length
    return steps


def ways(image: Array, start: Pixel, step: float, gain: float) -> dict[Pixel, float]:
    """Cost of the cheapest way from one pixel to every other (Dijkstra)."""
    colours = colour_steps(image)
    costs: dict[Pixel, float] = {}
    open_pixels = [(0.0, start)]
    while open_pixels:
        cost, pixel = heapq.heappop(open_pixels)
        if pixel in costs:
            continue
        costs[pixel] = cost
        row, column = pixel
        for other in ((row - 1, column), (row + 1, column), (row, column - 1), (row, column + 1)):
            if (pixel, other) in colours and other not in costs:
                heapq.heappush(open_pixels, (cost + step + gain * colours[pixel, other], other))
    return costs


def distances_over_borders(
    image: Array, seed: npt.NDArray[np.int64], distance: Array, step: float, gain: float
) -> dict[tuple[int, int], float]:
    """Between measurements whose cells touch: the cheapest way over their common border."""
    found: dict[tuple[int, int], float] = {}
    for (one, other), colour in colour_steps(image).items():
        pair = int(seed[one]), int(seed[other])
        if pair[0] != pair[1]:
            way = float(distance[one] + distance[other]) + step + gain * colour
            found[pair] = min(found.get(pair, np.inf), way)
    return found


def distances_in_two_steps(
    touching: dict[tuple[int, int], float], count: int
) -> npt.NDArray[np.float64]:
    """(n, n): over at most one measurement in between."""
    direct = np.full((count, count), np.inf)
    np.fill_diagonal(direct, 0.0)
    for pair, way in touching.items():
        direct[pair] = way
    shortest: npt.NDArray[np.float64] = (direct[:, :, None] + direct[None, :, :]).min(axis=1)
    return shortest


def least_bent(
    image: Array, pixels: dict[Pixel, float], *, spread: float, floor: float, slope: float
) -> Array:
    """(h, w) inverse depth by dense least squares; ``pixels`` has the measured inverse depths."""
    height, width = image.shape[1:]
    keep = {
        pair: np.exp(-0.5 * (step / spread) ** 2) + floor
        for pair, step in colour_steps(image).items()
    }
    equations: list[tuple[float, dict[Pixel, float], float]] = []
    for row, column in np.ndindex(height, width):
        equations += _bending(row, column, keep, slope / (height * width / len(pixels)))
    equations += [(1.0, {pixel: 1.0}, value) for pixel, value in pixels.items()]
    matrix, right = np.zeros((len(equations), height * width)), np.zeros(len(equations))
    for number, (weight, terms, value) in enumerate(equations):
        for (row, column), factor in terms.items():
            matrix[number, row * width + column] = np.sqrt(weight) * factor
        right[number] = np.sqrt(weight) * value
    solved: Array = np.linalg.lstsq(matrix, right, rcond=None)[0]
    return solved.reshape(-1, width)


def _bending(
    row: int, column: int, keep: dict[tuple[Pixel, Pixel], float], slope: float
) -> Iterator[tuple[float, dict[Pixel, float], float]]:
    """Weight, factors and wanted value of what starts at a pixel."""
    here, right, down = (row, column), (row, column + 1), (row + 1, column)
    for one, two in ((right, (row, column + 2)), (down, (row + 2, column))):
        if (here, one) in keep:
            yield slope * keep[here, one], {here: 1.0, one: -1.0}, 0.0
        if (one, two) in keep:
            weight = min(keep[here, one], keep[one, two])
            yield weight, {here: 1.0, one: -2.0, two: 1.0}, 0.0
    corner = (row + 1, column + 1)
    if (right, corner) in keep and (down, corner) in keep:
        sides = ((here, right), (here, down), (right, corner), (down, corner))
        weight = 2.0 * min(keep[side] for side in sides)
        yield weight, {here: 1.0, right: -1.0, down: -1.0, corner: 1.0}, 0.0


def raised(values: Array, small: Array, image: Array, valid: npt.NDArray[np.bool_]) -> Array:
    """(H, W) of (h, w): bilinear weights times how alike the colours are."""
    height, width = image.shape[1:]
    answer = np.zeros((height, width))
    for row, column in np.ndindex(height, width):
        v = (row + 0.5) * values.shape[0] / height - 0.5
        u = (column + 0.5) * values.shape[1] / width - 0.5
        total = amount = 0.0
        for step_v, step_u in itertools.product((0, 1), (0, 1)):
            near_v, near_u = int(np.floor(v)) + step_v, int(np.floor(u)) + step_u
            place = (1 - abs(v - near_v)) * (1 - abs(u - near_u))
            pixel = (
                min(max(near_v, 0), values.shape[0] - 1),
                min(max(near_u, 0), values.shape[1] - 1),
            )
            unlike = np.abs(small[:, pixel[0], pixel[1]] - image[:, row, column]).max()
            weight = place * (np.exp(-0.5 * (unlike / 0.04) ** 2) + 1e-3) * valid[pixel]
            total, amount = total + weight * values[pixel], amount + weight
        answer[row, column] = total / amount if amount > 0 else 0.0
    return answer
