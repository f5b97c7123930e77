# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What a sensor makes of depth: mixed pixels, noise, losses, outliers."""

from __future__ import annotations

import cv2
import numpy as np

from depth_completion_core.frame import SparseDepth
from depth_completion_core.geometry.arrays import BoolArray, Float32Array
from depth_completion_core.world.sensors.sensor_setup import SensorSetup

_EDGE_RATIO = 1.05
_HOLE_GRAIN = 24


def near_edge(depth: SparseDepth) -> tuple[Float32Array, Float32Array, BoolArray]:
    """Nearest and farthest depth of each pixel's 3x3 window, and whether an edge lies between."""
    kernel = np.ones((3, 3), np.uint8)
    low = np.where(depth.valid, depth.depth, np.float32(np.inf))
    # The border of OpenCV's own choice is a large number, not infinite.
    eroded = cv2.erode(low, kernel, borderType=cv2.BORDER_REPLICATE)
    nearest: Float32Array = eroded.astype(np.float32)
    high = np.where(depth.valid, depth.depth, np.float32(0.0))
    farthest: Float32Array = cv2.dilate(high, kernel).astype(np.float32)
    return nearest, farthest, farthest > _EDGE_RATIO * nearest


def degraded(truth: SparseDepth, setup: SensorSetup, random: np.random.Generator) -> SparseDepth:
    """Dense depth as a sensor at the camera's place would measure it, without its losses.

    Mixed pixels first, then noise, then the limits of the range; all on every pixel.
    """
    nearest, farthest, edge = near_edge(truth)
    share = random.random(truth.depth.shape).astype(np.float32)
    mixes = edge & (random.random(truth.depth.shape) < setup.mixed)
    nearest = np.where(np.isfinite(nearest), nearest, truth.depth)
    depth = np.where(mixes, nearest + share * (farthest - nearest), truth.depth)
    depth = with_noise(depth, setup, random)
    low, high = setup.range_m
    valid = truth.valid & (depth >= low) & (depth <= high)
    return SparseDepth(np.where(valid, depth, np.float32(0.0)).astype(np.float32), valid)


def with_noise(
    depth: Float32Array, setup: SensorSetup, random: np.random.Generator
) -> Float32Array:
    """Gaussian noise with the three parts of the setup; the same shape."""
    deviation = setup.noise_m + setup.noise_ratio * depth + setup.noise_stereo * depth * depth
    noisy = depth + deviation * random.standard_normal(depth.shape)
    return noisy.astype(np.float32)


def with_holes(
    depth: SparseDepth, image: Float32Array, setup: SensorSetup, random: np.random.Generator
) -> SparseDepth:
    """What an RGB-D camera loses: blotches, very dark or bright places, a seam beside edges.

    Args:
        depth: dense.
        image: (H, W) brightness, 0 to 255.
        setup: the sensor.
        random: of the blotches.
    """
    height, width = depth.depth.shape
    coarse = random.standard_normal((-(-height // _HOLE_GRAIN) + 1, -(-width // _HOLE_GRAIN) + 1))
    smooth = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
    lost = smooth > np.quantile(smooth, 1.0 - setup.holes)
    lost |= (image < 6.0) | (image > 252.0)
    nearest, _, _ = near_edge(depth)
    # The emitter stands beside the camera: left of near things lies its shadow.
    reach = 5
    kernel = np.zeros((1, 2 * reach + 1), np.uint8)
    kernel[0, reach:] = 1
    ahead = cv2.erode(np.where(np.isfinite(nearest), nearest, np.float32(1e3)), kernel)
    lost |= depth.depth > 1.15 * ahead
    keep = depth.valid & ~lost
    return SparseDepth(np.where(keep, depth.depth, np.float32(0.0)), keep)


def with_losses(
    depth: Float32Array, setup: SensorSetup, random: np.random.Generator
) -> tuple[Float32Array, BoolArray]:
    """Outliers added and dropouts removed.

    Args:
        depth: (N,) metres.
        setup: the sensor.
        random: of both.

    Returns:
        (N,) depths, and (N,) whether a point is still there.
    """
    kept = random.random(len(depth)) >= setup.dropout
    wrong = random.random(len(depth)) < setup.outliers
    if len(depth) == 0:
        return depth, kept
    low = max(setup.range_m[0], 0.5 * float(depth.min()))
    high = min(setup.range_m[1], 1.3 * float(depth.max()))
    anywhere = np.exp(random.uniform(np.log(low), np.log(max(high, low * 1.01)), len(depth)))
    return np.where(wrong, anywhere, depth).astype(np.float32), kept
