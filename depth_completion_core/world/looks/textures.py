# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Patterns that repeat: made once, kept on the device as a pyramid, looked up for every pixel."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from depth_completion_core.world.casting.primitives import Float64Array
from depth_completion_core.world.looks.lettering import letter

SIZE = 256
"""Pixels of a pattern's side."""

_LEVELS = 8
_SEED = 20240501
_VARIANTS = {
    "noise": 14, "stripes": 8, "checker": 3, "glyphs": 10, "voronoi": 8, "bricks": 4, "tiles": 4,
    "wood": 6, "blobs": 6, "weave": 4,
}  # fmt: skip
_LETTERS = "ABCDEFGHKLMNPRSTUVXYZabcdeghknprstuvz0123456789&?!%"
_LETTER_PX = 21.0  # height of capitals at size 1


def _noise(random: np.random.Generator) -> Float64Array:
    """1/f^a noise."""
    frequency = np.hypot(*np.meshgrid(np.fft.fftfreq(SIZE), np.fft.fftfreq(SIZE)))
    frequency[0, 0] = 1.0
    spectrum = np.fft.fft2(random.standard_normal((SIZE, SIZE)))
    stretched = frequency ** -random.uniform(0.7, 1.8)
    stretched[frequency < random.choice([0.0, 0.01, 0.03]) + 1e-9] = 0.0
    return _spread(np.real(np.fft.ifft2(spectrum * stretched)))


def _stripes(random: np.random.Generator) -> Float64Array:
    edges = np.sort(random.integers(0, SIZE, random.integers(4, 26)))
    values = random.random(len(edges) + 1)
    line = values[np.searchsorted(edges, np.arange(SIZE), side="right") % len(edges)]
    return np.tile(line, (SIZE, 1))


def _checker(random: np.random.Generator) -> Float64Array:
    cells = int(random.choice([4, 8, 16]))
    y, x = np.mgrid[:SIZE, :SIZE] * cells // SIZE
    board = ((x + y) % 2) * 0.9 + 0.05 * random.random((SIZE, SIZE))
    return np.asarray(board, np.float64)


def _glyphs(random: np.random.Generator) -> Float64Array:
    """Print: letters of a size or a page of lines."""
    page = np.full((SIZE, SIZE), random.integers(150, 256) / 255.0)
    size = float(random.choice([0.4, 0.8, 1.6, 4.0]))
    step = int(26 * size) + 4
    for foot in range(step, SIZE + step, step):
        text = random.choice(list(_LETTERS), 40)
        shade = random.integers(0, 120) / 255.0
        slant = float(random.choice([0.0, 0.0, 0.12, 0.25]))
        _write(page, text.tolist(), foot, size=size, shade=shade, slant=slant)
    if random.random() < 0.6:
        x, y, w, h = random.integers(10, 120, 4).tolist()
        page[y : y + h + 1, x : x + w + 1] = random.integers(0, 255) / 255.0
    return page


def _write(
    page: Float64Array, text: list[str], foot: int, *, size: float, shade: float, slant: float
) -> None:
    """Set a line into a page, over what is there; what leaves the page is cut off."""
    left = 0
    for character in text:
        ink = letter(character, _LETTER_PX * size, max(2.0 * size, 1.0), slant)
        top = foot + 2 - len(ink)
        ink = ink[max(-top, 0) : max(SIZE - top, 0), : SIZE - left]
        place = page[max(top, 0) : foot + 2, left : left + ink.shape[1]]
        place += ink * (shade - place)
        left += ink.shape[1]
        if left >= SIZE:
            return


def _voronoi(random: np.random.Generator) -> Float64Array:
    count = int(random.choice([12, 40, 150, 400]))
    sites, values = random.random((count, 2)) * SIZE, random.random(count)
    y, x = np.mgrid[:SIZE, :SIZE].astype(np.float32)
    best = np.full((2, SIZE, SIZE), np.inf, np.float32)
    owner = np.zeros((SIZE, SIZE), np.int64)
    for number, (sx, sy) in enumerate(sites):
        dx, dy = np.abs(x - sx), np.abs(y - sy)
        squared = np.minimum(dx, SIZE - dx) ** 2 + np.minimum(dy, SIZE - dy) ** 2
        closer = squared < best[0]
        best[1] = np.where(closer, best[0], np.minimum(best[1], squared))
        best[0] = np.where(closer, squared, best[0])
        owner[closer] = number
    gap = np.sqrt(best[1]) - np.sqrt(best[0])
    cells: Float64Array = np.where(
        gap < random.choice([0.0, 1.5, 3.0]), 0.0, 0.25 + 0.75 * values[owner]
    )
    return cells


def _courses(random: np.random.Generator, columns: int, rows: int, shift: float) -> Float64Array:
    y, x = np.mgrid[:SIZE, :SIZE] / SIZE
    row = np.floor(y * rows).astype(np.int64)
    moved = x * columns + shift * (row % 2)
    column = np.floor(moved).astype(np.int64) % columns
    tone = 0.45 + 0.55 * random.random((rows, columns))[row, column]
    width, height = SIZE / columns, SIZE / rows
    joint = ((moved % 1.0) * width < 1.8) | (((y * rows) % 1.0) * height < 1.8)
    courses = np.where(joint, 0.08, tone) + 0.04 * random.standard_normal((SIZE, SIZE))
    return np.asarray(courses, np.float64)


def _bricks(random: np.random.Generator) -> Float64Array:
    columns = int(random.choice([6, 8, 10]))
    return _courses(random, columns, 2 * columns, 0.5)


def _tiles(random: np.random.Generator) -> Float64Array:
    cells = int(random.choice([2, 4, 8]))
    return 0.5 + 0.5 * _courses(random, cells, cells, 0.0)


def _wood(random: np.random.Generator) -> Float64Array:
    """Boards along x with rings of the trunk."""
    boards = int(random.choice([1, 4, 8]))
    y, _x = np.mgrid[:SIZE, :SIZE] / SIZE
    board = np.floor(y * boards).astype(np.int64)
    warp = 0.5 * _noise(random)
    rings = np.sin(2 * np.pi * (3 * warp + 6 * y + random.random(boards)[board]) * 3)
    tone = 0.35 + 0.4 * random.random(boards)[board] + 0.12 * rings
    seam = ((y * boards) % 1.0) * SIZE / boards < 1.5
    return np.asarray(np.where(seam & (boards > 1), 0.05, tone), np.float64)


def _blobs(random: np.random.Generator) -> Float64Array:
    """Contour lines or spots of noise: camouflage, marble, abstract prints."""
    noise = _noise(random)
    levels = int(random.choice([2, 3, 5]))
    return np.floor(noise * levels * 0.999) / max(levels - 1, 1)


def _weave(random: np.random.Generator) -> Float64Array:
    y, x = np.mgrid[:SIZE, :SIZE] / SIZE
    a, b = (int(value) for value in random.choice([8, 16, 24, 32], 2))
    plaid = (
        0.5 + 0.25 * np.sign(np.sin(2 * np.pi * a * x)) + 0.25 * np.sign(np.sin(2 * np.pi * b * y))
    )
    return np.asarray(0.85 * plaid + 0.15 * _noise(random), np.float64)


_DRAWERS = {
    "noise": _noise, "stripes": _stripes, "checker": _checker, "glyphs": _glyphs,
    "voronoi": _voronoi, "bricks": _bricks, "tiles": _tiles, "wood": _wood, "blobs": _blobs,
    "weave": _weave,
}  # fmt: skip


def _spread(values: Float64Array) -> Float64Array:
    """Standardised to a middle of one half, within 0 to 1."""
    spread = 0.5 + 0.2 * (values - values.mean()) / values.std()
    return np.asarray(np.clip(spread, 0.0, 1.0), np.float64)


class TextureBank(NamedTuple):
    """All patterns on a device.

    Attributes:
        values: (V,) uint8, level after level, pattern after pattern.
        starts: (L,) int64 where each level begins.
    """

    values: Tensor
    starts: Tensor

    def look_up(self, pattern: Tensor, u: Tensor, v: Tensor, footprint: Tensor) -> Tensor:
        """Values from 0 to 1.

        Args:
            pattern: (M,) int64 number of the pattern.
            u: (M,) coordinates, of which 1 is a whole pattern.
            v: (M,) the other coordinate.
            footprint: (M,) how much of the pattern a pixel covers; finer detail is averaged.
        """
        level = torch.log2((footprint * SIZE).clamp(1.0, float(1 << (_LEVELS - 1))))
        level = (level + 0.5).floor().long().clamp(0, _LEVELS - 1)
        side = SIZE >> level
        base = self.starts[level] + pattern * side * side
        x, y = (u - u.floor()) * side - 0.5, (v - v.floor()) * side - 0.5
        left, top = x.floor(), y.floor()
        fx, fy = x - left, y - top
        mask = side - 1
        x0, y0 = left.long() & mask, top.long() & mask
        x1, y1 = (x0 + 1) & mask, ((y0 + 1) & mask) * side
        y0 = y0 * side
        upper = self._at(base + y0 + x0) * (1.0 - fx) + self._at(base + y0 + x1) * fx
        lower = self._at(base + y1 + x0) * (1.0 - fx) + self._at(base + y1 + x1) * fx
        return upper * (1.0 - fy) + lower * fy

    def _at(self, index: Tensor) -> Tensor:
        return self.values[index].to(torch.float32) * (1.0 / 255.0)


def pattern_numbers() -> dict[str, list[int]]:
    """The numbers of the patterns of each family of patterns."""
    numbers, first = {}, 0
    for name, count in _VARIANTS.items():
        numbers[name] = list(range(first, first + count))
        first += count
    return numbers


@lru_cache(maxsize=4)
def texture_bank(device: torch.device) -> TextureBank:
    """The patterns; always the same ones."""
    random = np.random.default_rng(_SEED)
    drawn = [_DRAWERS[name](random) for name, count in _VARIANTS.items() for _ in range(count)]
    level = np.clip(np.stack(drawn), 0.0, 1.0)
    levels = []
    for _ in range(_LEVELS):
        levels.append((level * 255.0 + 0.5).astype(np.uint8).ravel())
        half = level.shape[1] // 2
        level = level.reshape(len(level), half, 2, half, 2).mean(axis=(2, 4))
    starts = np.cumsum([0, *(len(each) for each in levels[:-1])])
    return TextureBank(
        torch.as_tensor(np.concatenate(levels), device=device),
        torch.as_tensor(starts, device=device),
    )
