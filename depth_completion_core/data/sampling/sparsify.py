# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Sparse depth sampled from dense depth: what a sensor with fewer points would have measured.

A sparsifier is named by a short text, on command lines and in settings alike:

==========================  =====================================================================
``uniform:500``             exactly 500 valid pixels (all of them where fewer are)
``bernoulli:500``           each pixel with probability 500 / (H W), as Ma and Karaman (2018) do
``corners:500``             500 corners of the image, as visual odometry tracks them
``corners:500:1.5``         the same, each found 1.5 pixels (standard deviation) off
``lidar_lines:64``          64 scan lines of a lidar at the camera, over its field of view
``lidar_lines:64:0.2``      the same, fired every 0.2 degrees instead of every pixel
``harris:384``              the middles of as many clusters of edges, as ScaffNet for SceneNet
``bernoulli_valid:500``     each valid pixel with probability 500 / their number, as CSPN for KITTI
==========================  =====================================================================
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from depth_completion_core.data.sample import DataError, Sample
from depth_completion_core.data.sampling.harris_points import harris_points
from depth_completion_core.data.sampling.seeding import generator_for
from depth_completion_core.frame import SparseDepth
from depth_completion_core.geometry.arrays import BoolArray, UInt8Array
from depth_completion_core.geometry.camera import CameraModel
from depth_completion_core.images.corners import corner_spacing_px, strongest_corners

Float64Array = npt.NDArray[np.float64]


class SparsifierError(ValueError):
    """A text that names no sparsifier; the message lists the known ones."""


@dataclass(frozen=True, slots=True)
class Sparsifier:
    """A way to draw points, and how many; see the table of this module.

    Attributes:
        kind: a name of :data:`SPARSIFIERS`.
        amount: number of points, or of scan lines; at least 1.
        detail: the third part of the text, whose meaning is the kind's; 0 for its default.
    """

    kind: str
    amount: int
    detail: float = 0.0

    def __post_init__(self) -> None:
        if self.kind not in SPARSIFIERS:
            raise SparsifierError(f"unknown sparsifier '{self.kind}'; known are {_known_texts()}")
        if self.amount < 1:
            raise SparsifierError(f"'{self.kind}' draws 1 or more, got {self.amount}")
        if self.detail and not SPARSIFIERS[self.kind].detail:
            raise SparsifierError(f"'{self.kind}' takes one number, got a second: {self.detail:g}")
        if not 0 <= self.detail < math.inf:
            meaning = SPARSIFIERS[self.kind].detail
            raise SparsifierError(f"'{self.kind}': {meaning} is at least 0, got {self.detail:g}")

    @classmethod
    def from_text(cls, text: str) -> Sparsifier:
        """From ``kind:amount`` or ``kind:amount:detail``; raises SparsifierError."""
        kind, *numbers = text.strip().split(":")
        if kind not in SPARSIFIERS or not 1 <= len(numbers) <= 2:
            raise SparsifierError(f"'{text}' is not a sparsifier; known are {_known_texts()}")
        try:
            return cls(kind, int(numbers[0]), float(numbers[1]) if numbers[1:] else 0.0)
        except SparsifierError:
            raise
        except ValueError as error:
            raise SparsifierError(
                f"'{text}': expected numbers after '{kind}:', as in {_known_texts()}"
            ) from error

    def __str__(self) -> str:
        detail = f":{self.detail:g}" if self.detail else ""
        return f"{self.kind}:{self.amount}{detail}"

    def draw(self, sample: Sample, generator: np.random.Generator) -> SparseDepth:
        """Sparse depth from the truth of a sample.

        Raises:
            DataError: the sample has no truth, or not the intrinsics that this kind needs.
        """
        return SPARSIFIERS[self.kind].draw(sample, self.amount, self.detail, generator)


def sparsified(sample: Sample, sparsifier: Sparsifier, *, seed: int) -> Sample:
    """The sample with sparse depth sampled from its truth; the same seed and name give the same.

    Raises:
        DataError: as for :meth:`Sparsifier.draw`.
    """
    return replace(sample, sparse=sparsifier.draw(sample, generator_for(seed, sample.name)))


def uniform(truth: SparseDepth, count: int, generator: np.random.Generator) -> SparseDepth:
    """``count`` of the valid pixels, each set of them equally likely; all where there are fewer.

    From one state of the generator, fewer points are a part of more points.
    """
    order = generator.permutation(np.flatnonzero(truth.valid))
    return _at(truth, order[:count])


def bernoulli(truth: SparseDepth, count: int, generator: np.random.Generator) -> SparseDepth:
    """Each pixel with probability ``count`` / (H W), where it is valid.

    So the number varies, and an image with few valid pixels gets few points (Ma and Karaman,
    "Sparse-to-Dense", ICRA 2018; kept by CSPN).
    """
    return truth.masked(generator.random(truth.valid.shape) < count / truth.valid.size)


def bernoulli_valid(truth: SparseDepth, count: int, generator: np.random.Generator) -> SparseDepth:
    """Each valid pixel with probability ``count`` / their number, so that the mean number is that.

    As Sparse-to-Dense does in its later version, and CSPN for KITTI.
    """
    share = count / max(truth.count, 1)
    return truth.masked(generator.random(truth.valid.shape) < share)


def corners(
    truth: SparseDepth,
    image: UInt8Array,
    count: int,
    generator: np.random.Generator,
    *,
    jitter_px: float = 0.0,
) -> SparseDepth:
    """The strongest corners of the image, spread over it, with the depth that is true there.

    Corners are those of Shi and Tomasi ("Good features to track", CVPR 1994), no two closer than
    half the mean distance of that many points. If an image has too few, uniformly sampled pixels
    make up the number.

    Args:
        truth: depth to draw from.
        image: (H, W, 3) uint8 RGB.
        count: number of points; all valid pixels where there are fewer.
        generator: of jitter and of the pixels that make up the number.
        jitter_px: standard deviation of where a corner is found, pixels; 0 for exactly there.
    """
    height, width = truth.valid.shape
    rows, columns = _strongest_corners(image, truth.valid, count)
    if jitter_px > 0:
        offsets = np.rint(generator.normal(0.0, jitter_px, (2, len(rows)))).astype(np.int64)
        rows, columns = rows + offsets[0], columns + offsets[1]
        inside = (rows >= 0) & (rows < height) & (columns >= 0) & (columns < width)
        rows, columns = rows[inside], columns[inside]
    chosen = np.zeros((height, width), dtype=np.bool_)
    chosen[rows, columns] = True
    chosen &= truth.valid
    missing = count - int(np.count_nonzero(chosen))
    return truth.masked(chosen | uniform(truth.masked(~chosen), missing, generator).valid)


def lidar_lines(
    truth: SparseDepth,
    camera: CameraModel,
    count: int,
    generator: np.random.Generator,
    *,
    azimuth_step_deg: float = 0.0,
) -> SparseDepth:
    """What a spinning lidar in the camera's centre, upright as the camera is, would measure.

    Its lines are spaced equally in elevation over the field of view of the camera; where in its
    interval the first one lies is random. In the image they are hyperbolas.

    Args:
        truth: depth to draw from.
        camera: of the truth.
        count: number of lines.
        generator: of the elevation of the lines and the azimuth of the firings.
        azimuth_step_deg: angle between firings, degrees; 0 for that of a pixel in the middle.
    """
    rays, has_ray = camera.rays()
    x, y = rays[..., 0][has_ray].astype(np.float64), rays[..., 1][has_ray].astype(np.float64)
    step = math.radians(azimuth_step_deg) or math.atan(1.0 / camera.fx)
    elevation_of_ray, azimuth_of_ray = np.arctan2(-y, np.hypot(x, 1.0)), np.arctan(x)
    low, high = float(elevation_of_ray.min()), float(elevation_of_ray.max())
    elevation = low + (high - low) * (np.arange(count) + generator.random()) / count
    left, right = float(azimuth_of_ray.min()), float(azimuth_of_ray.max())
    azimuth = np.arange(left + step * generator.random(), right, step)
    pixels, seen = camera.project(_directions(elevation, azimuth))
    column, row = np.rint(pixels[seen]).astype(np.int64).T
    chosen = np.zeros(truth.valid.shape, dtype=np.bool_)
    chosen[row.clip(0, camera.height - 1), column.clip(0, camera.width - 1)] = True
    return truth.masked(chosen)


def _at(depth: SparseDepth, flat_index: npt.NDArray[np.int64]) -> SparseDepth:
    mask = np.zeros(depth.valid.size, dtype=np.bool_)
    mask[flat_index] = True
    return depth.masked(mask.reshape(depth.valid.shape))


def _strongest_corners(
    image: UInt8Array, valid: BoolArray, count: int
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Rows and columns (N,) of at most ``count`` corners on valid pixels."""
    import cv2  # noqa: PLC0415 - corners alone need it; texts are read without

    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY).astype(np.uint8, copy=False)
    found = strongest_corners(grey, valid, count, corner_spacing_px(valid.shape, count))
    column, row = found.astype(np.int64).T
    return row, column


def _directions(elevation: Float64Array, azimuth: Float64Array) -> Float64Array:
    """(E, A, 3) unit vectors in the optical frame of all elevations with all azimuths, radians."""
    up, right = np.meshgrid(elevation, azimuth, indexing="ij")
    return np.stack([np.cos(up) * np.sin(right), -np.sin(up), np.cos(up) * np.cos(right)], axis=-1)


class _Kind(NamedTuple):
    """How a kind draws from a sample, and what its second number means; empty for none."""

    draw: Callable[[Sample, int, float, np.random.Generator], SparseDepth]
    detail: str = ""


def _draw_uniform(
    sample: Sample, amount: int, _: float, generator: np.random.Generator
) -> SparseDepth:
    return uniform(_truth(sample), amount, generator)


def _draw_bernoulli(
    sample: Sample, amount: int, _: float, generator: np.random.Generator
) -> SparseDepth:
    return bernoulli(_truth(sample), amount, generator)


def _draw_bernoulli_valid(
    sample: Sample, amount: int, _: float, generator: np.random.Generator
) -> SparseDepth:
    return bernoulli_valid(_truth(sample), amount, generator)


def _draw_corners(
    sample: Sample, amount: int, detail: float, generator: np.random.Generator
) -> SparseDepth:
    return corners(_truth(sample), sample.image, amount, generator, jitter_px=detail)


def _draw_harris(
    sample: Sample, amount: int, _: float, generator: np.random.Generator
) -> SparseDepth:
    del generator
    return _truth(sample).masked(harris_points(sample.image, amount))


def _draw_lidar_lines(
    sample: Sample, amount: int, detail: float, generator: np.random.Generator
) -> SparseDepth:
    if sample.camera is None:
        raise DataError(f"{sample.name}: lidar_lines needs the camera's intrinsics, it has none")
    return lidar_lines(_truth(sample), sample.camera, amount, generator, azimuth_step_deg=detail)


def _truth(sample: Sample) -> SparseDepth:
    if sample.truth is None:
        raise DataError(f"{sample.name}: it has no true depth to sample points from")
    return sample.truth


def _known_texts() -> str:
    return ", ".join(
        f"{kind}:N" + (f"[:{about.detail.replace(' ', '_')}]" if about.detail else "")
        for kind, about in SPARSIFIERS.items()
    )


SPARSIFIERS: dict[str, _Kind] = {
    "uniform": _Kind(_draw_uniform),
    "bernoulli": _Kind(_draw_bernoulli),
    "corners": _Kind(_draw_corners, "jitter in pixels"),
    "lidar_lines": _Kind(_draw_lidar_lines, "azimuth step in degrees"),
    "harris": _Kind(_draw_harris),
    "bernoulli_valid": _Kind(_draw_bernoulli_valid),
}
"""Every kind of sparsifier, by name."""
