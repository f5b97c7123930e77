# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Every pixel takes the plane of the measurement that it is nearest to along the image.

After EpicFlow (Revaud, Weinzaepfel, Harchaoui and Schmid, CVPR 2015), which interpolates optical
flow so: nearest by geodesic distance, locally affine. Here planes are robust, in log depth.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from depth_completion_core.geometry.arrays import Float32Array
from depth_completion_core.models.classical import Filled
from depth_completion_core.models.guided.geodesic_cells import GeodesicCells, geodesic_cells
from depth_completion_core.models.guided.local_planes import LocalPlanes, local_planes
from depth_completion_core.models.guided.working_frame import (
    WorkingFrame,
    working_frame,
    working_size,
)
from depth_completion_core.models.image_guided import GuidedFrame, GuidedModel, raised
from depth_completion_core.settings.fields import setting


class Geodesic(GuidedModel):
    """Sharp where the image has an edge, a plane in between."""

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Config:
        """Where it works, what a way over the image costs, and how far a plane reaches."""

        long_side_px: int = setting(320, low=16)
        """Longer side of the image that it works on; more where measurements are dense."""
        densest: float = setting(0.05, low=0.001, high=1.0)
        """Share of that image's pixels that may be measured; it is enlarged to keep to it."""
        step: float = setting(0.02, low=1e-6)
        """Cost of a step to a pixel of the same colour."""
        gain: float = setting(10.0, low=0.0)
        """Cost of a step from black to full red, say."""
        neighbours: int = setting(24, low=1)
        """Measurements that a plane is drawn through, at most."""
        reach: float = setting(0.7, low=0.01)
        """Distance at which one counts 1/e, in the usual distance between neighbours."""
        tolerance: float = setting(0.05, low=1e-4)
        """Relative deviation from the plane at which a measurement counts half."""
        rounds: int = setting(1, low=0)
        """How often measurements are weighed anew by their deviation."""

    config: Config

    def fill_guided(self, frame: GuidedFrame) -> Filled:
        """Fill the whole image."""
        fit = geodesic_fit(frame, self.config)
        depth = raised(fit.depth(), fit.frame.image, frame.image)
        return Filled(depth, np.ones_like(frame.valid))


class GeodesicFit(NamedTuple):
    """What the model finds before it is brought up to the size of the image.

    Attributes:
        frame: the smaller image and its measurements.
        cells: which measurement each pixel belongs to, and which of them are near.
        planes: log depth around each measurement.
    """

    frame: WorkingFrame
    cells: GeodesicCells
    planes: LocalPlanes

    def depth(self) -> Float32Array:
        """(h, w) metres: the plane of each pixel's measurement, between its neighbours' depths."""
        frame, planes, seed = self.frame, self.planes, self.cells.seed
        height, width = seed.shape
        value, slope_u, slope_v = planes.coefficients.T
        # Of the plane at column and row 0, so that three numbers per pixel are looked up, not five.
        offset = value - slope_u * frame.u - slope_v * frame.v
        rows, columns = np.ogrid[:height, :width]
        log_depth = offset[seed] + slope_u[seed] * columns + slope_v[seed] * rows
        nearest, farthest = planes.lowest[seed], planes.highest[seed]
        depth: Float32Array = np.clip(np.exp(log_depth), nearest, farthest).astype(np.float32)
        return depth


def geodesic_fit(frame: GuidedFrame, config: Geodesic.Config) -> GeodesicFit:
    """Shrink a frame, find the cells of its measurements, and draw planes through them."""
    size = working_size(
        frame.size,
        int(np.count_nonzero(frame.valid)),
        long_side_px=config.long_side_px,
        densest=config.densest,
    )
    small = working_frame(frame.image, frame.depth, frame.valid, size)
    cells = geodesic_cells(
        small.image,
        small.pixels,
        neighbours=config.neighbours,
        step=config.step,
        gain=config.gain,
    )
    planes = local_planes(
        small, cells, reach=config.reach, tolerance=config.tolerance, rounds=config.rounds
    )
    return GeodesicFit(small, cells, planes)
