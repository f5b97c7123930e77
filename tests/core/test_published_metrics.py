# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Figures that published code gives for made-up depth, and ours for it.

The expected numbers were printed by the metric functions of NLSPN, CSPN and PackNet-SfM, unchanged,
on torch 2.13 in float32, for the inputs that the functions below make again. The first two pool a
batch of two images; the third scores one image, with a crop and a scaling that it has for KITTI.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest
import torch
from torch.nn import functional

from depth_completion_core.metrics import (
    PROTOCOLS,
    DepthMetrics,
    Protocol,
    depth_metrics,
    mean_metrics,
    scored_pixels,
)

Float32Array = npt.NDArray[np.float32]

_NLSPN = {
    "rmse_mm": 5230.0920486450195,
    "mae_mm": 4380.488872528076,
    "irmse_per_km": 1042.9584980010986,
    "imae_per_km": 510.0551247596741,
    "rel": 1.7444791793823242,
    "delta1": 0.1355932205915451,
    "delta2": 0.2542372941970825,
    "delta3": 0.47457626461982727,
}
_CSPN = {
    "rmse_mm": 665.2561679211536,
    "mae_mm": 504.0744543075562,
    "rel": 0.1326133757829666,
    "delta_1_02": 0.11062271062271062,
    "delta_1_05": 0.2402930402930403,
    "delta_1_10": 0.46813186813186813,
    "delta1": 0.936996336996337,
    "delta2": 0.9941391941391942,
    "delta3": 0.9956043956043956,
}

# By crop and scaling: REL, RMSE in metres, shares below 1.25, its square and its cube.
_PACKNET = {
    ("", False): (
        0.8249740600585938,
        39.3873176574707,
        0.04967602714896202,
        0.10439164936542511,
        0.1619870364665985,
    ),
    ("", True): (
        1.806077003479004,
        30.695802688598633,
        0.2195824384689331,
        0.41324692964553833,
        0.5805135369300842,
    ),
    ("garg", False): (
        0.8292902112007141,
        39.11026382446289,
        0.05306875705718994,
        0.10152284055948257,
        0.1550530642271042,
    ),
    ("garg", True): (
        1.8505092859268188,
        30.59612274169922,
        0.21827411651611328,
        0.4093216359615326,
        0.5851407647132874,
    ),
}


def _wave(number: int, shape: tuple[int, ...]) -> Float32Array:
    """Numbers in 0..1 that anybody can make again: frac(43758.5453 sin(...)) in float64."""
    index = np.arange(np.prod(shape), dtype=np.float64)
    values = 43758.5453 * np.sin(12.9898 * (index + 1) + 78.233 * (1000 + number + 1))
    return (values - np.floor(values)).astype(np.float32).reshape(shape)


def _scored(
    predicted: Float32Array, truth: Float32Array, has_answer: npt.NDArray[np.bool_], how: Protocol
) -> list[DepthMetrics]:
    return [
        depth_metrics(depth, valid, true, true > 0, how)
        for depth, valid, true in zip(predicted, has_answer, truth, strict=True)
    ]


def _nlspn_batch() -> tuple[Float32Array, Float32Array]:
    shape = (2, 8, 9)
    predicted = np.maximum(12.0 * _wave(40, shape) - 0.5, 0.0).astype(np.float32)
    truth = np.where(_wave(41, shape) > 0.4, 12.0 * _wave(42, shape), 0.0).astype(np.float32)
    truth[1, :4] = 0.0
    return predicted, truth


def test_nlspn() -> None:
    """It adds 1e-8 to what it divides by, which float32 does not show at these depths."""
    predicted, truth = _nlspn_batch()
    assert np.count_nonzero((predicted == 0) & (truth > 0)) > 0
    how = PROTOCOLS["nyu_pooled"]
    # What it predicts below 0.1 mm counts as 0 for inverse depth too; here nothing lies between.
    assert not ((predicted > 0) & (predicted <= 1e-4)).any()
    means = mean_metrics(_scored(predicted, truth, predicted > 0, how), how.averaging)
    for name, expected in _NLSPN.items():
        assert means[name] == pytest.approx(expected, rel=2e-6), name


def test_nlspn_batch_of_one_is_an_image() -> None:
    """What it is tested with: the mean over images, which is another number."""
    predicted, truth = _nlspn_batch()
    how = PROTOCOLS["nyu_pooled"]
    images = _scored(predicted, truth, predicted > 0, how)
    assert mean_metrics(images)["rmse_mm"] == pytest.approx(
        (images[0].rmse_mm + images[1].rmse_mm) / 2
    )
    assert mean_metrics(images)["rmse_mm"] != pytest.approx(_NLSPN["rmse_mm"], rel=1e-3)


def test_cspn() -> None:
    """It scores negative predictions, and takes each for right within any factor.

    No completer gives such depth: it is not valid. Here it is called valid, for comparison.
    """
    shape = (2, 24, 32)
    truth = np.where(_wave(7, shape) > 0.1, 10.0 * _wave(8, shape), 0.0).astype(np.float32)
    predicted = (truth * (0.8 + 0.4 * _wave(9, shape)) - 0.05).astype(np.float32)
    assert np.count_nonzero((predicted < 0) & (truth > 1e-4)) == 11
    how = replace(PROTOCOLS["nyu"], averaging="pooled")
    everywhere = np.ones(shape, dtype=np.bool_)
    images = _scored(predicted, truth, everywhere, how)
    assert sum(image.pixels for image in images) == 1365
    means = mean_metrics(images, "pooled")
    for name, expected in _CSPN.items():
        assert means[name] == pytest.approx(expected, rel=2e-6), name


@pytest.mark.parametrize(("crop", "is_scaled"), _PACKNET)
def test_packnet(crop: str, *, is_scaled: bool) -> None:
    """It enlarges depth to the size of the truth, and limits it to the range that counts."""
    small = torch.from_numpy((1.0 / (0.02 + 0.3 * _wave(20, (1, 1, 64, 96)))).astype(np.float32))
    height, width = 128, 192
    wave, least = _wave(22, (height, width)), np.float32(0.8)
    truth = np.where(wave > least, 1 + 475 * (wave - least), 0).astype(np.float32)
    enlarged = functional.interpolate(
        small, size=(height, width), mode="bilinear", align_corners=True
    )
    predicted: Float32Array = enlarged[0, 0].numpy()
    how = Protocol(min_depth=0.0, max_depth=80.0, strict=True, source="PackNet-SfM")
    counted = scored_pixels(truth, truth > 0, how)
    if crop:
        window = np.zeros_like(counted)
        rows = slice(int(0.40810811 * height), int(0.99189189 * height))
        window[rows, int(0.03594771 * width) : int(0.96405229 * width)] = True
        counted &= window
    if is_scaled:
        scale = _lower_median(truth[counted]) / _lower_median(predicted[counted])
        predicted = (predicted * scale).astype(np.float32)
    predicted = np.clip(predicted, 0.0, 80.0)
    found = depth_metrics(predicted, np.ones_like(counted), truth, counted, how)
    ours = (found.rel, found.rmse_mm / 1000, found.delta1, found.delta2, found.delta3)
    assert ours == pytest.approx(_PACKNET[crop, is_scaled], rel=2e-6)


def _lower_median(values: Float32Array) -> float:
    """As torch.median takes it: no mean of the two in the middle."""
    return float(np.sort(values)[(len(values) - 1) // 2])
