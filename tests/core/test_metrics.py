# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import math
from dataclasses import asdict, replace

import numpy as np
import numpy.typing as npt
import pytest

from depth_completion_core.metrics import (
    PROTOCOLS,
    DepthMetrics,
    Missing,
    Protocol,
    UnknownProtocolError,
    depth_metrics,
    mean_metrics,
    metric_spread,
    protocol_named,
    rel_at,
    scored_pixels,
)

Float32Array = npt.NDArray[np.float32]
BoolArray = npt.NDArray[np.bool_]

_INDOOR = Protocol(min_depth=0.2, max_depth=5.0, strict=True, source="this test")


def _image(seed: int, size: tuple[int, int] = (9, 14)) -> tuple[Float32Array, BoolArray]:
    rng = np.random.default_rng(seed)
    valid = rng.random(size) < 0.7
    return np.where(valid, rng.uniform(0.1, 7.0, size), 0.0).astype(np.float32), valid


def _slow_metrics(
    depth: Float32Array, valid: BoolArray, truth: Float32Array, truth_valid: BoolArray
) -> dict[str, float]:
    """The definitions of the KITTI and NYU papers, one pixel after the other."""
    errors, inverse_errors, relative, ratios = [], [], [], []
    counted = 0
    for row in range(truth.shape[0]):
        for column in range(truth.shape[1]):
            true, guess = float(truth[row, column]), float(depth[row, column])
            if not (truth_valid[row, column] and 0.2 < true < 5.0):
                continue
            counted += 1
            if valid[row, column]:
                errors.append(abs(guess - true))
                inverse_errors.append(abs(1.0 / guess - 1.0 / true))
                relative.append(abs(guess - true) / true)
                ratios.append(max(guess / true, true / guess))
    count = len(errors)
    return {
        "mae_mm": 1e3 * math.fsum(errors) / count,
        "rmse_mm": 1e3 * math.sqrt(math.fsum(e * e for e in errors) / count),
        "imae_per_km": 1e3 * math.fsum(inverse_errors) / count,
        "irmse_per_km": 1e3 * math.sqrt(math.fsum(e * e for e in inverse_errors) / count),
        "rel": math.fsum(relative) / count,
        "delta1": sum(ratio < 1.25 for ratio in ratios) / count,
        "delta2": sum(ratio < 1.5625 for ratio in ratios) / count,
        "delta3": sum(ratio < 1.953125 for ratio in ratios) / count,
        "delta_1_02": sum(ratio < 1.02 for ratio in ratios) / count,
        "delta_1_05": sum(ratio < 1.05 for ratio in ratios) / count,
        "delta_1_10": sum(ratio < 1.10 for ratio in ratios) / count,
        "coverage": count / counted,
        "pixels": float(count),
        "truth_pixels": float(counted),
    }


@pytest.mark.parametrize("seed", range(12))
def test_metrics_are_the_slow_definitions(seed: int) -> None:
    (depth, valid), (truth, truth_valid) = _image(seed), _image(seed + 100)
    found = asdict(depth_metrics(depth, valid, truth, truth_valid, _INDOOR))
    expected = _slow_metrics(depth, valid, truth, truth_valid)
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        assert found[name] == pytest.approx(value, rel=1e-9), name


def test_numbers_known_by_hand() -> None:
    truth = np.array([[2.0, 4.0, 1.0, 8.0]], dtype=np.float32)
    depth = np.array([[1.0, 5.0, 1.0, 0.0]], dtype=np.float32)
    metrics = depth_metrics(depth, depth > 0, truth, truth > 0)
    assert metrics.mae_mm == pytest.approx(2000 / 3)
    assert metrics.rmse_mm == pytest.approx(1000 * math.sqrt(2 / 3))
    assert metrics.imae_per_km == pytest.approx(1000 * (0.5 + 0.05) / 3)
    assert metrics.irmse_per_km == pytest.approx(1000 * math.sqrt((0.25 + 0.0025) / 3))
    assert metrics.rel == pytest.approx(0.25)
    # 5 / 4 is 1.25, not below it.
    assert (metrics.delta1, metrics.delta2, metrics.delta3) == pytest.approx((1 / 3, 2 / 3, 2 / 3))
    assert (metrics.coverage, metrics.pixels) == (0.75, 3.0)


def test_a_perfect_prediction_has_no_error() -> None:
    truth, valid = _image(0)
    metrics = asdict(depth_metrics(truth, valid, truth, valid))
    assert {metrics[name] for name in ("mae_mm", "rmse_mm", "imae_per_km", "rel")} == {0.0}
    assert {metrics[name] for name in ("delta1", "delta2", "delta3", "coverage")} == {1.0}


@pytest.mark.parametrize("bad", [np.nan, np.inf, 0.0, -3.0])
def test_pixels_that_do_not_count_may_hold_anything(bad: float) -> None:
    (depth, valid), (truth, truth_valid) = _image(1), _image(2)
    expected = depth_metrics(depth, valid, truth, truth_valid, _INDOOR)
    spoilt = np.where(valid, depth, np.float32(bad))
    spoilt_truth = np.where(truth_valid, truth, np.float32(bad))
    assert depth_metrics(spoilt, valid, spoilt_truth, truth_valid, _INDOOR) == expected


def test_nothing_compared_is_nan_and_not_zero() -> None:
    truth, truth_valid = _image(0)
    nothing = np.zeros_like(truth_valid)
    unanswered = asdict(depth_metrics(truth, nothing, truth, truth_valid))
    assert unanswered.pop("coverage") == 0.0
    assert unanswered.pop("pixels") == 0.0
    assert unanswered.pop("truth_pixels") == np.count_nonzero(truth_valid)
    assert all(math.isnan(value) for value in unanswered.values())
    without_truth = depth_metrics(truth, truth_valid, truth, nothing)
    assert math.isnan(without_truth.coverage)
    assert math.isnan(without_truth.mae_mm)


def test_strict_bounds_exclude_their_ends() -> None:
    truth = np.array([[0.5, 1.0, 1.5, 2.0, 2.5, np.nan, 0.0]], dtype=np.float32)
    present = np.ones_like(truth, dtype=np.bool_)
    present[0, 2] = False
    strict = Protocol(min_depth=1.0, max_depth=2.5, strict=True, source="this test")
    assert scored_pixels(truth, present, strict).tolist() == [[False] * 3 + [True] + [False] * 3]
    loose = replace(strict, strict=False)
    assert scored_pixels(truth, present, loose).tolist() == [
        [False, True, False, True, True, False, False]
    ]


def test_published_bounds() -> None:
    truth = np.array([[0.2, 0.21, 4.99, 5.0, 80.0]], dtype=np.float32)
    present = np.ones_like(truth, dtype=np.bool_)
    present_at = {
        name: scored_pixels(truth, present, protocol)[0].tolist()
        for name, protocol in PROTOCOLS.items()
    }
    # float32(0.2) is a little more than 0.2.
    assert present_at["void"][1:] == [True, True, False, False]
    for name in ("all", "void_uncapped", "kitti", "nyu", "nyu_pooled"):
        assert present_at[name] == [True] * 5


def test_kitti_counts_the_bottom_centre() -> None:
    truth = np.ones((375, 1242), dtype=np.float32)
    counted = scored_pixels(truth, truth > 0, PROTOCOLS["kitti"])
    rows, columns = np.nonzero(counted)
    assert counted.sum() == 352 * 1216
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (23, 374, 13, 13 + 1215)
    already_cut = np.ones((352, 1216), dtype=np.float32)
    assert scored_pixels(already_cut, already_cut > 0, PROTOCOLS["kitti"]).all()
    smaller = np.ones((100, 200), dtype=np.float32)
    assert scored_pixels(smaller, smaller > 0, PROTOCOLS["kitti"]).all()


def test_scored_pixels_leaves_its_arguments_alone() -> None:
    truth = np.ones((400, 1300), dtype=np.float32)
    present = np.ones(truth.shape, dtype=np.bool_)
    scored_pixels(truth, present, PROTOCOLS["kitti"])
    assert present.all()


def _metrics(seed: int, *, answered: bool = True) -> DepthMetrics:
    (depth, valid), (truth, truth_valid) = _image(seed), _image(seed + 50)
    return depth_metrics(depth, valid & answered, truth, truth_valid)


def test_mean_is_over_images_and_skips_those_without_a_figure() -> None:
    first, second, silent = _metrics(0), _metrics(1), _metrics(2, answered=False)
    means = mean_metrics([first, silent, second])
    for name in ("mae_mm", "rmse_mm", "imae_per_km", "irmse_per_km", "rel", "delta1", "delta3"):
        expected = (asdict(first)[name] + asdict(second)[name]) / 2
        assert means[name] == pytest.approx(expected, rel=1e-12)
    assert means["coverage"] == pytest.approx((first.coverage + second.coverage) / 3)
    spread = metric_spread([first, silent, second])
    assert spread["rmse_mm"] == pytest.approx(abs(first.rmse_mm - second.rmse_mm) / 2, rel=1e-12)
    assert spread["coverage"] == pytest.approx(np.std([first.coverage, 0.0, second.coverage]))
    assert (means["images"], means["images_skipped"]) == (2.0, 1.0)


def test_mean_does_not_weigh_images_by_their_pixels() -> None:
    truth = np.ones((10, 10), dtype=np.float32)
    every, one = truth > 0, np.zeros((10, 10), dtype=np.bool_)
    one[0, 0] = True
    good = depth_metrics(truth, every, truth, every)
    bad = depth_metrics(truth + 1, one, truth, every)
    assert mean_metrics([good, bad])["mae_mm"] == 500.0


def test_mean_of_nothing_is_nan() -> None:
    for images, skipped in (([], 0.0), ([_metrics(0, answered=False)], 1.0)):
        means = mean_metrics(images)
        assert math.isnan(means["mae_mm"])
        assert (means["images"], means["images_skipped"]) == (0.0, skipped)
        assert all(math.isnan(metric_spread(images)[name]) for name in ("mae_mm", "delta1"))


@pytest.mark.parametrize("missing", ["left_out", "as_zero"])
def test_pooled_means_are_those_of_one_image_with_all_pixels(missing: Missing) -> None:
    protocol = replace(_INDOOR, missing=missing, averaging="pooled")
    predicted = [_image(seed, (6, 10 + seed)) for seed in range(4)]
    true = [_image(seed + 40, (6, 10 + seed)) for seed in range(4)]
    true[2] = (true[2][0], np.zeros_like(true[2][1]))  # an image with nothing to be scored
    means = mean_metrics(
        [depth_metrics(*p, *t, protocol) for p, t in zip(predicted, true, strict=True)], "pooled"
    )
    depth, truth = (np.hstack([pair[0] for pair in side]) for side in (predicted, true))
    valid, truth_valid = (np.hstack([pair[1] for pair in side]) for side in (predicted, true))
    together = asdict(depth_metrics(depth, valid, truth, truth_valid, protocol))
    for name in together.keys() - {"pixels", "truth_pixels"}:
        assert means[name] == pytest.approx(together[name], rel=1e-12), name
    assert means["images"] == 3.0


def test_missing_as_zero_counts_them_as_wholly_wrong() -> None:
    truth = np.array([[2.0, 4.0]], dtype=np.float32)
    depth = np.array([[2.0, np.nan]], dtype=np.float32)
    metrics = depth_metrics(depth, depth > 0, truth, truth > 0, replace(_INDOOR, missing="as_zero"))
    assert (metrics.mae_mm, metrics.imae_per_km, metrics.rel) == (2000.0, 125.0, 0.5)
    assert (metrics.delta1, metrics.coverage, metrics.pixels) == (0.5, 0.5, 2.0)


def test_unknown_protocol_names_the_known_ones() -> None:
    with pytest.raises(UnknownProtocolError, match="Did you mean 'kitti'") as caught:
        protocol_named("kiti")
    for name in PROTOCOLS:
        assert name in str(caught.value)
        assert protocol_named(name) is PROTOCOLS[name]


def test_how_far_a_prediction_keeps_to_what_it_saw() -> None:
    depth = np.array([[1.0, 2.5, 3.0, 8.0]], dtype=np.float32)
    measured = np.array([[2.0, 2.0, 0.0, 4.0]], dtype=np.float32)
    valid = np.array([[True, True, True, False]])
    assert rel_at(depth, valid, measured, measured > 0) == pytest.approx((0.5 + 0.25) / 2)
    assert math.isnan(rel_at(depth, ~valid, measured, valid))
