# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Error figures of one depth image, and the published protocols as data.

Every figure is computed per image and averaged over images afterwards; pooling the pixels of a
batch, as some published code does, makes the result depend on the batch size. A protocol that wants
pooling all the same says so by its name.
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Literal

import numpy as np
import numpy.typing as npt

from depth_completion_core.geometry.arrays import BoolArray, Float32Array

Averaging = Literal["per_image", "pooled"]
Missing = Literal["left_out", "as_zero"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Protocol:
    """How a data set is scored.

    Attributes:
        min_depth: metres; pixels of the truth must lie above (strictly, see below).
        max_depth: metres; pixels of the truth must lie below. Predictions are never clipped.
        strict: True for min < truth < max, False for min <= truth <= max.
        source: where the protocol is defined.
        crop: height and width of the bottom-centre crop that is scored; 0, 0 for the whole image.
        averaging: ``per_image``, the mean of the images' figures, or ``pooled``, every pixel of all
            images alike.
        missing: pixels of the truth without a prediction are ``left_out`` of the errors, or count
            ``as_zero``: 0 metres, inverse depth 0, and no delta.
        unit: that results are published in: ``mm`` (and 1/km) or ``m`` (and 1/m).
        sparsifier: how to sample sparse depth if the data set has none; empty for none.
        seed: of that draw.
    """

    min_depth: float
    max_depth: float
    strict: bool
    source: str
    crop: tuple[int, int] = (0, 0)
    averaging: Averaging = "per_image"
    missing: Missing = "left_out"
    unit: Literal["mm", "m"] = "mm"
    sparsifier: str = ""
    seed: int = 0


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
        min_depth=1e-4,
        max_depth=math.inf,
        strict=True,
        unit="m",
        source="VOID with every truth, as the zero-shot literature evaluates it",
    ),
    "kitti": Protocol(
        min_depth=0.0,
        max_depth=math.inf,
        strict=True,
        crop=(352, 1216),
        source="KITTI depth completion benchmark, Uhrig et al., 3DV 2017; selection crops",
    ),
    "kitti_capped": Protocol(
        min_depth=1e-3,
        max_depth=100.0,
        strict=True,
        crop=(352, 1216),
        source="KITTI as evaluated by Wong et al. (ScaffNet, FusionNet, KBNet), below 100 m",
    ),
    "nyu": Protocol(
        min_depth=1e-4,
        max_depth=math.inf,
        strict=True,
        unit="m",
        sparsifier="uniform:500",
        source="NYUv2 as tested by Ma and Karaman, ICRA 2018, and NLSPN, ECCV 2020",
    ),
    "nyu_pooled": Protocol(
        min_depth=1e-4,
        max_depth=math.inf,
        strict=True,
        averaging="pooled",
        missing="as_zero",
        unit="m",
        sparsifier="uniform:500",
        source="NYUv2 as NLSPN's code scores the images of one batch",
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class DepthMetrics:
    """Errors over the pixels that are compared; NaN where there are none.

    Attributes:
        mae_mm: mean absolute error, millimetres.
        rmse_mm: root of the mean squared error, millimetres.
        imae_per_km: mean absolute error of inverse depth, 1/km.
        irmse_per_km: root of the mean squared error of inverse depth, 1/km.
        rel: mean of absolute error over truth.
        delta1: share of pixels with max(truth/prediction, prediction/truth) < 1.25.
        delta2: the same below 1.25 squared.
        delta3: the same below 1.25 cubed.
        delta_1_02: the same below 1.02.
        delta_1_05: the same below 1.05.
        delta_1_10: the same below 1.10.
        coverage: share of the truth pixels that have a prediction.
        pixels: number of pixels that were compared.
        truth_pixels: number of pixels that the protocol scores.
    """

    mae_mm: float
    rmse_mm: float
    imae_per_km: float
    irmse_per_km: float
    rel: float
    delta1: float
    delta2: float
    delta3: float
    delta_1_02: float
    delta_1_05: float
    delta_1_10: float
    coverage: float
    pixels: float
    truth_pixels: float


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
    """(H, W) bool: the pixels of the truth (metres) that the protocol scores."""
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
    answered = counted & valid
    compared = counted if protocol.missing == "as_zero" else answered
    total, pixels = int(np.count_nonzero(counted)), int(np.count_nonzero(compared))
    if pixels == 0:
        coverage = 0.0 if total else math.nan
        nothing = dict.fromkeys(_ERROR_NAMES, math.nan)
        return DepthMetrics(**nothing, coverage=coverage, pixels=0.0, truth_pixels=float(total))
    predicted = np.where(answered, depth, 0)[compared].astype(np.float64)
    true = truth[compared].astype(np.float64)
    is_answer = answered[compared]
    inverse = np.divide(1.0, predicted, out=np.zeros_like(predicted), where=is_answer)
    error, inverse_error = np.abs(predicted - true), np.abs(inverse - 1.0 / true)
    ratio = np.divide(true, predicted, out=np.full_like(true, math.inf), where=is_answer)
    ratio = np.maximum(ratio, predicted / true)
    return DepthMetrics(
        mae_mm=1000.0 * float(error.mean()),
        rmse_mm=1000.0 * math.sqrt(float((error**2).mean())),
        imae_per_km=1000.0 * float(inverse_error.mean()),
        irmse_per_km=1000.0 * math.sqrt(float((inverse_error**2).mean())),
        rel=float((error / true).mean()),
        **{name: float((ratio < limit).mean()) for name, limit in _DELTAS.items()},
        coverage=int(np.count_nonzero(answered)) / total,
        pixels=float(pixels),
        truth_pixels=float(total),
    )


def rel_at(
    depth: Float32Array, valid: BoolArray, measured: Float32Array, measured_valid: BoolArray
) -> float:
    """Mean of abs(z - m) / m over the measured pixels: how far a prediction keeps to what it saw.

    ScaffNet's authors log it (MARE) beside the errors against the truth.

    Args:
        depth: (H, W) metres, the prediction z.
        valid: (H, W) bool, where there is one.
        measured: (H, W) metres, the measurements m.
        measured_valid: (H, W) bool.

    Returns:
        NaN where there is nothing to compare.
    """
    both = valid & measured_valid
    if not both.any():
        return math.nan
    seen = measured[both].astype(np.float64)
    return float((np.abs(depth[both] - seen) / seen).mean())


def mean_metrics(
    images: Sequence[DepthMetrics], averaging: Averaging = "per_image"
) -> dict[str, float]:
    """Mean over images of every figure; images without a compared pixel count for coverage only.

    Args:
        images: the figures of each.
        averaging: see :class:`Protocol`.

    Returns:
        One number for each field of :class:`DepthMetrics`, and ``images`` and ``images_skipped``;
        ``pixels`` and ``truth_pixels`` are means over the compared images.
    """
    compared = [image for image in images if image.pixels > 0]
    means = {
        name: _mean(name, images if name == "coverage" else compared, averaging)
        for name in METRIC_NAMES
    }
    skipped = len(images) - len(compared)
    return {**means, "images": float(len(compared)), "images_skipped": float(skipped)}


def metric_spread(images: Sequence[DepthMetrics]) -> dict[str, float]:
    """Standard deviation over images (of the population) of every figure, as for the mean."""
    compared = [image for image in images if image.pixels > 0]
    if not compared:
        return dict.fromkeys(METRIC_NAMES, math.nan)
    return {
        name: float(np.nanstd(_values(name, images if name == "coverage" else compared)))
        for name in METRIC_NAMES
    }


def _mean(name: str, images: Sequence[DepthMetrics], averaging: Averaging) -> float:
    """One figure over images; a root is pooled as the root of the mean over all pixels."""
    known = [image for image in images if not math.isnan(getattr(image, name))]
    if not known:
        return math.nan
    values = _values(name, known)
    if averaging == "per_image" or name in ("pixels", "truth_pixels"):
        return float(values.mean())
    weights = _values("truth_pixels" if name == "coverage" else "pixels", known)
    if name in ("rmse_mm", "irmse_per_km"):
        return math.sqrt(float(np.average(values**2, weights=weights)))
    return float(np.average(values, weights=weights))


def _values(name: str, images: Sequence[DepthMetrics]) -> npt.NDArray[np.float64]:
    return np.array([getattr(image, name) for image in images], dtype=np.float64)


METRIC_NAMES = tuple(field.name for field in fields(DepthMetrics))
_ERROR_NAMES = tuple(
    name for name in METRIC_NAMES if name not in ("coverage", "pixels", "truth_pixels")
)
_DELTAS = {
    "delta1": 1.25,
    "delta2": 1.25**2,
    "delta3": 1.25**3,
    "delta_1_02": 1.02,
    "delta_1_05": 1.05,
    "delta_1_10": 1.10,
}
