# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Depth along the rays of pixels (range), and along the optical axis (Z)."""

from __future__ import annotations

import numpy as np

from depth_completion_core.geometry.arrays import BoolArray, Float32Array

# A ray this near to the image plane has no depth along the axis worth speaking of.
_LEAST_COSINE = 1e-3


def z_of_range(range_m: Float32Array, rays: Float32Array) -> tuple[Float32Array, BoolArray]:
    """From range to depth along the optical axis.

    Args:
        range_m: (H, W) float32 metres.
        rays: (H, W, 3) float32 unit rays in the optical frame.

    Returns:
        (H, W) float32 metres, and (H, W) bool: whether the ray runs forward at all.
    """
    cosine = rays[..., 2]
    return (range_m * cosine).astype(np.float32, copy=False), cosine > _LEAST_COSINE


def range_of_z(depth: Float32Array, rays: Float32Array) -> tuple[Float32Array, BoolArray]:
    """The inverse of :func:`z_of_range`."""
    forward = rays[..., 2] > _LEAST_COSINE
    cosine = np.where(forward, rays[..., 2], np.float32(1))
    return (depth / cosine).astype(np.float32, copy=False), forward
