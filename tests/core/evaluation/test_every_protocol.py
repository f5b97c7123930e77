# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Every protocol against loops over pixels, written from what its source says."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pytest

from depth_completion_core.geometry.arrays import BoolArray, Float32Array
from depth_completion_core.metrics import (
    METRIC_NAMES,
    PROTOCOLS,
    DepthMetrics,
    depth_metrics,
    mean_metrics,
    metric_spread,
)

_DELTAS = {
    "delta1": 1.25,
    "delta2": 1.5625,
    "delta3": 1.953125,
    "delta_1_02": 1.02,
    "delta_1_05": 1.05,
    "delta_1_10": 1.1,
}
_ROOTS = ("rmse_mm", "irmse_per_km")


@dataclass(frozen=True)
class _Rules:
    """What a publication says: truth between, scored rows and columns, zeros, pooling."""

    low: float
    high: float
    crop: tuple[int, int] | None = None
    zeros_count: bool = False
    pooled: bool = False


_SAID = {
    "all": _Rules(0.0, math.inf),
    "void": _Rules(0.2, 5.0),
    "void_uncapped": _Rules(1e-4, math.inf),
    "kitti_capped": _Rules(1e-3, 100.0, crop=(352, 1216)),
    "kitti": _Rules(0.0, math.inf, crop=(352, 1216)),
    "nyu": _Rules(1e-4, math.inf),
    "nyu_pooled": _Rules(1e-4, math.inf, zeros_count=True, pooled=True),
}
_Pixels = list[tuple[float, float]]


def test_every_protocol_has_its_rules_here() -> None:
    assert _SAID.keys() == PROTOCOLS.keys()


def _image(seed: int, *, answered: float) -> tuple[Float32Array, BoolArray, Float32Array]:
    """A large image with little truth, as the loops are slow; depth from 0.05 mm to 90 m."""
    random = np.random.default_rng(seed)
    shape = (360, 1230)
    truth = np.where(
        random.random(shape) < 2e-3, np.exp(random.uniform(math.log(5e-5), math.log(90), shape)), 0
    )
    valid = random.random(shape) < answered
    depth = np.where(valid, truth * random.uniform(0.6, 1.7, shape) + 1e-3, np.nan)
    return depth.astype(np.float32), valid, truth.astype(np.float32)


def _pixels(
    depth: Float32Array, valid: BoolArray, truth: Float32Array, rules: _Rules
) -> tuple[_Pixels, int, int]:
    """Prediction and truth of each compared pixel, the number of counted and of answered ones."""
    height, width = truth.shape
    found: _Pixels = []
    counted = answered = 0
    for row, column in np.argwhere(truth > 0).tolist():
        true = float(truth[row, column])
        if not rules.low < true < rules.high:
            continue
        if rules.crop:
            left = (width - rules.crop[1]) // 2
            if row < height - rules.crop[0] or not left <= column < left + rules.crop[1]:
                continue
        counted += 1
        if valid[row, column]:
            answered += 1
            found.append((float(depth[row, column]), true))
        elif rules.zeros_count:
            found.append((0.0, true))
    return found, counted, answered


def _errors(pixels: _Pixels) -> dict[str, float]:
    count = len(pixels)
    away = [abs(guess - true) for guess, true in pixels]
    inverse = [abs((1 / guess if guess else 0.0) - 1 / true) for guess, true in pixels]
    ratios = [max(guess / true, true / guess) if guess else math.inf for guess, true in pixels]
    return {
        "mae_mm": 1e3 * math.fsum(away) / count,
        "rmse_mm": 1e3 * math.sqrt(math.fsum(x * x for x in away) / count),
        "imae_per_km": 1e3 * math.fsum(inverse) / count,
        "irmse_per_km": 1e3 * math.sqrt(math.fsum(x * x for x in inverse) / count),
        "rel": math.fsum(x / true for x, (_, true) in zip(away, pixels, strict=True)) / count,
        **{name: sum(ratio < limit for ratio in ratios) / count for name, limit in _DELTAS.items()},
    }


@pytest.fixture(scope="module")
def images() -> list[tuple[Float32Array, BoolArray, Float32Array]]:
    shares = (0.9, 1.0, 0.4, 0.0)
    return [_image(seed, answered=share) for seed, share in enumerate(shares)]


def _ours(
    images: list[tuple[Float32Array, BoolArray, Float32Array]], protocol: str
) -> list[DepthMetrics]:
    how = PROTOCOLS[protocol]
    return [depth_metrics(d, valid, truth, truth > 0, how) for d, valid, truth in images]


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_each_image(
    images: list[tuple[Float32Array, BoolArray, Float32Array]], protocol: str
) -> None:
    compared = 0
    for image, found in zip(images, _ours(images, protocol), strict=True):
        pixels, counted, answered = _pixels(*image, _SAID[protocol])
        assert found.truth_pixels == counted
        assert found.pixels == len(pixels)
        assert found.coverage == pytest.approx(answered / counted, rel=1e-12)
        for name, value in _errors(pixels).items() if pixels else ():
            assert getattr(found, name) == pytest.approx(value, rel=1e-9), name
            compared += 1
    assert compared >= 3 * 11


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_mean_over_images(
    images: list[tuple[Float32Array, BoolArray, Float32Array]], protocol: str
) -> None:
    rules = _SAID[protocol]
    ours = mean_metrics(_ours(images, protocol), PROTOCOLS[protocol].averaging)
    parts = [_pixels(*image, rules) for image in images]
    if rules.pooled:
        expected = _errors([pixel for pixels, _, _ in parts for pixel in pixels])
    else:
        each = [_errors(pixels) for pixels, _, _ in parts if pixels]
        expected = {name: math.fsum(e[name] for e in each) / len(each) for name in each[0]}
    for name, value in expected.items():
        assert ours[name] == pytest.approx(value, rel=1e-9), name
    assert ours["images_skipped"] == sum(not pixels for pixels, _, _ in parts)


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_spread_is_that_of_the_images(
    images: list[tuple[Float32Array, BoolArray, Float32Array]], protocol: str
) -> None:
    metrics = _ours(images, protocol)
    spread = metric_spread(metrics)
    for name in METRIC_NAMES:
        values = [getattr(item, name) for item in metrics if item.pixels or name == "coverage"]
        mean = math.fsum(values) / len(values)
        expected = math.sqrt(math.fsum((x - mean) ** 2 for x in values) / len(values))
        assert spread[name] == pytest.approx(expected, rel=1e-9), name


def test_pooling_depends_on_the_batch_and_the_mean_over_images_does_not() -> None:
    images = _ours([_image(seed, answered=1.0) for seed in range(4)], "nyu_pooled")
    halves = images[:2], images[2:]
    for averaging in ("per_image", "pooled"):
        whole = mean_metrics(images, averaging)
        parts = [mean_metrics(half, averaging) for half in halves]
        same = [
            whole[name] == pytest.approx((parts[0][name] + parts[1][name]) / 2, rel=1e-12)
            for name in _ROOTS
        ]
        assert all(same) == (averaging == "per_image")
