# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Error figures of one depth image, and the published protocols as data.

Every figure is computed per image and averaged over images afterwards; pooling the pixels of a
batch, as some published code does, makes the result depend on the batch size.
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np

from depth_completion_core.frame import BoolArray, Float32Array


@dataclass(frozen=True, slots=True, kw_only=True)
class Protocol:
    """Which pixels of the truth count.

    Attributes:
        min_depth: metres; pixels must lie above (strictly, see below).
        max_depth: metres; pixels must lie below.
        strict: True for min < truth < max, False for min <= truth <= max.
        crop: height and width of the bottom-centre crop that is scored; 0, 0 for the whole image.
        source: where the protocol is defined.
    """

    min_depth: float
    max_depth: float
    strict: bool
    source: str
    crop: tuple[int, int] = (0, 0)


PROTOCOLS = {
    "all": Protocol(
        min_depth=0.0, max_depth=math.inf, strict=True, source="every pixel that has a truth"
    ),
    "void": Protocol(
        min_depth=0.2,
        max_depth=5.0,
        strict=True,
        source="VOID benchmark as evaluated by Wong et al., RA-L 2020 and ICCV 2021",
    ),
    "void_uncapped": Protocol(
        min_depth=0.0,
        max_depth=math.inf,
        strict=True,
        source="VOID with every truth, as the zero-shot literature evaluates it",
    ),
    "kitti": Protocol(
        min_depth=0.0,
        max_depth=math.inf,
        strict=True,
        crop=(352, 1216),
        source="KITTI depth completion benchmark, Uhrig et al., 3DV 2017; selection crops",
    ),
    "nyu": Protocol(
        min_depth=1e-4,
        max_depth=math.inf,
        strict=True,
        source="NYUv2 as evaluated by Ma and Karaman, ICRA 2018, and NLSPN, ECCV 2020",
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class DepthMetrics:
    """Errors over the pixels that have both a truth and a prediction; NaN where there are none.

    Attributes:
        mae_mm: mean absolute error, millimetres.
        rmse_mm: root of the mean squared error, millimetres.
        imae_per_km: mean absolute error of inverse depth, 1/km.
        irmse_per_km: root of the mean squared error of inverse depth, 1/km.
        rel: mean of absolute error over truth.
        delta1: share of pixels with max(truth/prediction, prediction/truth) < 1.25.
        delta2: the same below 1.25 squared.
        delta3: the same below 1.25 cubed.
        coverage: share of the truth pixels that have a prediction.
        pixels: number of pixels that were compared.
    """

    mae_mm: float
    rmse_mm: float
    imae_per_km: float
    irmse_per_km: float
    rel: float
    delta1: float
    delta2: float
    delta3: float
    coverage: float
    pixels: float


class UnknownProtocolError(ValueError):
    """A protocol that is not in the table; the message lists the known ones."""


def protocol_named(name: str) -> Protocol:
    """Look a protocol up; raises UnknownProtocolError."""
    if name not in PROTOCOLS:
        near = difflib.get_close_matches(name, PROTOCOLS, n=1)
        hint = f" Did you mean '{near[0]}'?" if near else ""
        raise UnknownProtocolError(
            f"unknown protocol '{name}'; known are {', '.join(PROTOCOLS)}.{hint}"
        )
    return PROTOCOLS[name]


def scored_pixels(truth: Float32Array, truth_valid: BoolArray, protocol: Protocol) -> BoolArray:
    """(H, W) bool: the pixels of the truth (metres) that the protocol counts."""
    if protocol.strict:
        counted = (truth > protocol.min_depth) & (truth < protocol.max_depth)
    else:
        counted = (truth >= protocol.min_depth) & (truth <= protocol.max_depth)
    counted &= truth_valid
    crop_height, crop_width = protocol.crop
    height, width = truth.shape
    if crop_height and crop_height < height:
        counted[: height - crop_height] = False
    if crop_width and crop_width < width:
        left = (width - crop_width) // 2
        counted[:, :left] = False
        counted[:, left + crop_width :] = False
    return counted


def depth_metrics(
    depth: Float32Array,
    valid: BoolArray,
    truth: Float32Array,
    truth_valid: BoolArray,
    protocol: Protocol = PROTOCOLS["all"],
) -> DepthMetrics:
    """Score one prediction.

    Args:
        depth: (H, W) metres, the prediction.
        valid: (H, W) bool, where there is one.
        truth: (H, W) metres.
        truth_valid: (H, W) bool.
        protocol: which pixels count.
    """
    counted = scored_pixels(truth, truth_valid, protocol)
    compared = counted & valid
    total, pixels = int(np.count_nonzero(counted)), int(np.count_nonzero(compared))
    if pixels == 0:
        coverage = 0.0 if total else math.nan
        nothing = dict.fromkeys(_ERROR_NAMES, math.nan)
        return DepthMetrics(**nothing, coverage=coverage, pixels=0.0)
    predicted = depth[compared].astype(np.float64)
    true = truth[compared].astype(np.float64)
    error = np.abs(predicted - true)
    inverse_error = np.abs(1.0 / predicted - 1.0 / true)
    ratio = np.maximum(predicted / true, true / predicted)
    return DepthMetrics(
        mae_mm=1000.0 * float(error.mean()),
        rmse_mm=1000.0 * math.sqrt(float((error**2).mean())),
        imae_per_km=1000.0 * float(inverse_error.mean()),
        irmse_per_km=1000.0 * math.sqrt(float((inverse_error**2).mean())),
        rel=float((error / true).mean()),
        delta1=float((ratio < 1.25).mean()),
        delta2=float((ratio < 1.25**2).mean()),
        delta3=float((ratio < 1.25**3).mean()),
        coverage=pixels / total,
        pixels=float(pixels),
    )


def mean_metrics(images: Sequence[DepthMetrics]) -> dict[str, float]:
    """Mean over images of every figure; images without a compared pixel count for coverage only.

    Returns:
        One number for each field of :class:`DepthMetrics`, and ``images`` and ``images_skipped``.
    """
    rows = [asdict(image) for image in images]
    means = {}
    for name in (*_ERROR_NAMES, "coverage", "pixels"):
        counted = rows if name == "coverage" else [row for row in rows if row["pixels"] > 0]
        values = [row[name] for row in counted if not math.isnan(row[name])]
        means[name] = float(np.mean(values)) if values else math.nan
    compared = sum(row["pixels"] > 0 for row in rows)
    return {**means, "images": float(compared), "images_skipped": float(len(rows) - compared)}


_ERROR_NAMES = (
    "mae_mm",
    "rmse_mm",
    "imae_per_km",
    "irmse_per_km",
    "rel",
    "delta1",
    "delta2",
    "delta3",
)
