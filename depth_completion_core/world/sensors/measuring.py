# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Sparse depth as sensors measure it in a rendered frame."""

from __future__ import annotations

import itertools

import cv2
import numpy as np

from depth_completion_core.data.sampling.sparsify import corners, uniform
from depth_completion_core.frame import SparseDepth
from depth_completion_core.geometry.arrays import UInt8Array
from depth_completion_core.world.render import RenderedFrames
from depth_completion_core.world.sensors.lidar import lidar_depth
from depth_completion_core.world.sensors.noise import degraded, with_holes, with_losses
from depth_completion_core.world.sensors.sensor_setup import SensorSetup


def measure(
    frames: RenderedFrames, number: int, setup: SensorSetup, random: np.random.Generator
) -> SparseDepth:
    """What a sensor measures in a frame; the frame's own depth stays clean.

    Args:
        frames: rendered.
        number: which of them.
        setup: the sensor and its flaws.
        random: of its noise.
    """
    if setup.kind in {"lidar", "rosette"}:
        return _shifted(lidar_depth(frames, number, setup, random), setup)
    image = frames.image[number].permute(1, 2, 0).cpu().numpy()
    truth = SparseDepth(frames.depth[number].cpu().numpy(), frames.valid[number].cpu().numpy())
    return measure_depth(truth, image, setup, random)


def measure_depth(
    truth: SparseDepth, image: UInt8Array, setup: SensorSetup, random: np.random.Generator
) -> SparseDepth:
    """What a sensor at the camera's place measures: every kind but lidar and rosette.

    Args:
        truth: dense depth.
        image: (H, W, 3) uint8 RGB.
        setup: the sensor and its flaws.
        random: of its noise.

    Raises:
        ValueError: the kind needs the scene's surfaces, not their image.
    """
    if setup.kind in {"lidar", "rosette"}:
        raise ValueError(f"a {setup.kind} is cast into the scene: call measure")
    dense = degraded(truth, setup, random)
    if setup.kind == "corners":
        points = corners(dense, image, setup.amount, random)
        points = _jittered(_drifted(points, setup, random), setup, random)
    elif setup.kind == "zones":
        points = _zones(dense, setup)
    elif setup.kind == "rgbd":
        grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY).astype(np.float32)
        points = with_holes(dense, grey, setup, random)
    else:
        points = uniform(dense, setup.amount, random)
    return _shifted(_with_losses(points, setup, random), setup)


def _with_losses(
    points: SparseDepth, setup: SensorSetup, random: np.random.Generator
) -> SparseDepth:
    row, column = np.nonzero(points.valid)
    depth, kept = with_losses(points.depth[row, column], setup, random)
    return SparseDepth.nearest_at(depth[kept], row[kept], column[kept], points.depth.shape)


def _shifted(points: SparseDepth, setup: SensorSetup) -> SparseDepth:
    """Depth on pixels that are off by the same few for all."""
    dx, dy = (round(shift) for shift in setup.misaligned_px)
    if dx == 0 and dy == 0:
        return points
    row, column = np.nonzero(points.valid)
    return SparseDepth.nearest_at(
        points.depth[row, column], row + dy, column + dx, points.depth.shape
    )


def _jittered(points: SparseDepth, setup: SensorSetup, random: np.random.Generator) -> SparseDepth:
    """Corners found a little off."""
    row, column = np.nonzero(points.valid)
    offset = np.rint(random.normal(0.0, 1.0, (2, len(row))) * setup.jitter_px).astype(np.int64)
    return SparseDepth.nearest_at(
        points.depth[row, column], row + offset[0], column + offset[1], points.depth.shape
    )


def _drifted(points: SparseDepth, setup: SensorSetup, random: np.random.Generator) -> SparseDepth:
    """A scale that is off, and changes slowly over the image."""
    height, width = points.depth.shape
    whole, coarse = random.normal(0.0, 1.0), random.normal(0.0, 0.5, (3, 4))
    field = whole + cv2.resize(coarse, (width, height), interpolation=cv2.INTER_LINEAR)
    scaled = points.depth * np.exp(setup.drift * field).astype(np.float32)
    return SparseDepth(scaled, points.valid).masked(points.valid)


def _zones(dense: SparseDepth, setup: SensorSetup) -> SparseDepth:
    """The median of each zone of a grid over the image's middle square, on the zone's middle."""
    height, width = dense.depth.shape
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    edges = np.linspace(0, side, setup.amount + 1).round().astype(np.int64)
    rows, columns, depths = [], [], []
    for y0, y1 in itertools.pairwise(edges):
        for x0, x1 in itertools.pairwise(edges):
            window = (slice(top + y0, top + y1), slice(left + x0, left + x1))
            inside = dense.depth[window][dense.valid[window]]
            # A zone reports where at least half of its light came back.
            if 2 * len(inside) > (y1 - y0) * (x1 - x0):
                rows.append(top + (y0 + y1) // 2)
                columns.append(left + (x0 + x1) // 2)
                depths.append(float(np.sort(inside)[len(inside) // 2]))
    return SparseDepth.nearest_at(
        np.array(depths, np.float32),
        np.array(rows, np.int64),
        np.array(columns, np.int64),
        dense.depth.shape,
    )
