# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The loss of a step of FusionNet's PyTorch release, written again in loops over pixels, float64.

It shares nothing with the code that it is compared with. What it does is what the release does,
its oddities included: pixels outside of a view take its border, points behind the camera are
looked up at their mirror image, and with ``released`` the masks of the prior mix over the batch.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Step:
    """What a step compares; B images.

    Attributes:
        image: (B, 3, H, W) in 0..1; ``earlier`` and ``later`` likewise, of the same camera.
        K: (B, 3, 3) pixels.
        to_earlier: (B, 6), rotation vector and translation, x_earlier = R x + t; ``to_later``.
        depth: (B, 1, H, W) metres, predicted.
        measured: (B, 1, H, W) metres, 0 where nothing was measured, as FusionNet sees it.
        prior: (B, 1, H, W) metres, ScaffNet's, before it is fitted to the measurements.
        max_depth: FusionNet's largest depth, metres.
    """

    image: Array
    earlier: Array
    later: Array
    K: Array
    to_earlier: Array
    to_later: Array
    depth: Array
    measured: Array
    prior: Array
    max_depth: float


def step_terms(step: Step, *, prior_threshold: float, released: bool) -> dict[str, float]:
    """The terms of a batch without their weights: color, structure, sparse_depth, ..."""
    earlier = warped(step.earlier, step.depth, step.K, step.to_earlier)
    later = warped(step.later, step.depth, step.K, step.to_later)
    return {
        "color": _color(step.image, earlier).mean() + _color(step.image, later).mean(),
        "structure": _structure(step.image, earlier).mean() + _structure(step.image, later).mean(),
        "sparse_depth": _sparse_depth(step),
        "smoothness": _smoothness(step.depth, step.image),
        "prior": _prior(step, earlier, prior_threshold, released),
    }


def step_loss(terms: dict[str, float], weights: dict[str, float]) -> float:
    """Their weighted sum."""
    return sum(weights[name] * value for name, value in terms.items())


def warped(views: Array, depth: Array, K: Array, vectors: Array) -> Array:
    """The views, looked up where the pixels of the image fall in them; (B, 3, H, W)."""
    result = np.zeros_like(views)
    for i, v, u in np.ndindex(len(views), *views.shape[2:]):
        point = np.linalg.inv(K[i]) @ (u, v, 1.0) * depth[i, 0, v, u]
        x, y, z = K[i] @ (_rotation(vectors[i, :3]) @ point + vectors[i, 3:])
        result[i, :, v, u] = _color_at(views[i], x / (z + 1e-7), y / (z + 1e-7))
    return result


def _rotation(vector: Array) -> Array:
    angle = math.sqrt(float(vector @ vector))
    x, y, z = vector / (angle + 1e-7)
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    turned: Array = np.eye(3) + math.sin(angle) * cross + (1 - math.cos(angle)) * cross @ cross
    return turned


def _color_at(image: Array, u: float, v: float) -> Any:  # noqa: ANN401 - of numpy
    height, width = image.shape[1:]
    u, v = min(max(u, 0.0), width - 1.0), min(max(v, 0.0), height - 1.0)
    left, top = min(int(u), width - 2), min(int(v), height - 2)
    right, low = u - left, v - top
    upper = (1 - right) * image[:, top, left] + right * image[:, top, left + 1]
    lower = (1 - right) * image[:, top + 1, left] + right * image[:, top + 1, left + 1]
    return (1 - low) * upper + low * lower


def _color(image: Array, view: Array) -> Array:
    """(B, H, W), summed over channels."""
    difference: Array = np.abs(view - image).sum(axis=1)
    return difference


def _structure(image: Array, view: Array) -> Array:
    """(B, H, W), summed over channels."""
    borders = ((0, 0), (0, 0), (1, 1), (1, 1))
    a, b = np.pad(image, borders, mode="reflect"), np.pad(view, borders, mode="reflect")
    result = np.zeros((len(image), *image.shape[2:]))
    for i, channel, v, u in np.ndindex(*image.shape):
        one, other = a[i, channel, v : v + 3, u : u + 3], b[i, channel, v : v + 3, u : u + 3]
        covariance = ((one - one.mean()) * (other - other.mean())).mean()
        similar = (2 * one.mean() * other.mean() + 1e-4) * (2 * covariance + 9e-4)
        similar /= one.mean() ** 2 + other.mean() ** 2 + 1e-4
        similar /= one.var() + other.var() + 9e-4
        result[i, v, u] += min(max((1 - similar) / 2, 0.0), 1.0)
    return result


def _sparse_depth(step: Step) -> float:
    losses = []
    for depth, measured in zip(step.depth, step.measured, strict=True):
        valid = measured > 0
        errors = np.abs(depth[valid] - np.minimum(measured[valid], step.max_depth))
        losses.append(errors.sum() / valid.sum())
    return float(np.mean(losses))


def _smoothness(depth: Array, image: Array) -> float:
    along_x, along_y = [], []
    for i, v, u in np.ndindex(len(depth), *depth.shape[2:]):
        if u:
            edge = np.abs(image[i, :, v, u] - image[i, :, v, u - 1]).mean()
            along_x.append(abs(depth[i, 0, v, u] - depth[i, 0, v, u - 1]) * math.exp(-edge))
        if v:
            edge = np.abs(image[i, :, v, u] - image[i, :, v - 1, u]).mean()
            along_y.append(abs(depth[i, 0, v, u] - depth[i, 0, v - 1, u]) * math.exp(-edge))
    return float(np.mean(along_x) + np.mean(along_y))


def _prior(step: Step, earlier: Array, threshold: float, released: bool) -> float:
    errors = _color(step.image, earlier)
    by_prior = warped(step.earlier, step.prior, step.K, step.to_earlier)
    masks = (_color(step.image, by_prior) <= errors).astype(np.float64)  # (B, H, W)
    difference = np.abs(step.depth - step.prior)  # (B, 1, H, W)
    if not released:
        losses = [
            (mask * values[0]).sum() / mask.sum() if error.mean() < threshold else 0.0
            for mask, values, error in zip(masks, difference, errors, strict=True)
        ]
        return float(np.mean(losses))
    if errors.mean() >= threshold:
        return 0.0
    mixed = np.broadcast_to(masks, (len(masks), *masks.shape))  # (B, B, H, W), as it broadcasts
    sums = (mixed * difference).sum(axis=(1, 2, 3)) / mixed.sum(axis=(1, 2, 3))
    return float(sums.mean())
