# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Each flaw of a sensor, one by one: as often and as far as its setup says."""

from __future__ import annotations

import numpy as np
import pytest

from depth_completion_core.frame import SparseDepth
from depth_completion_core.world.sensors.measuring import measure_depth
from depth_completion_core.world.sensors.sensor_setup import SensorSetup

_SHAPE = (200, 300)
_IMAGE = np.random.default_rng(1).integers(0, 256, (*_SHAPE, 3)).astype(np.uint8)


def _plane(metres: float = 4.0) -> SparseDepth:
    return SparseDepth.from_depth(np.full(_SHAPE, metres, np.float32))


def _step() -> SparseDepth:
    depth = np.full(_SHAPE, 2.0, np.float32)
    depth[:, 150:] = 6.0
    return SparseDepth.from_depth(depth)


def _all(truth: SparseDepth, **flaws: float | tuple[float, float]) -> SparseDepth:
    """What a sensor of all pixels measures."""
    setup = SensorSetup(kind="uniform", amount=_SHAPE[0] * _SHAPE[1], **flaws)  # type: ignore[arg-type]
    return measure_depth(truth, _IMAGE, setup, np.random.default_rng(2))


def test_the_truth_stays_clean() -> None:
    truth = _plane()
    _all(truth, noise_m=0.1, outliers=0.05, dropout=0.2, mixed=0.3, misaligned_px=(2.0, 1.0))
    np.testing.assert_array_equal(truth.depth, 4.0)


@pytest.mark.parametrize("metres", [1.0, 4.0, 9.0])
@pytest.mark.parametrize(
    ("name", "number", "power"),
    [("noise_m", 0.02, 0), ("noise_ratio", 0.01, 1), ("noise_stereo", 0.003, 2)],
)
def test_noise_grows_with_depth_as_its_part_says(
    name: str, number: float, power: int, metres: float
) -> None:
    depth = _all(_plane(metres), **{name: number}).depth
    assert depth.std() == pytest.approx(number * metres**power, rel=0.03)
    assert depth.mean() == pytest.approx(metres, rel=1e-3)


def test_parts_of_the_noise_add_up() -> None:
    depth = _all(_plane(3.0), noise_m=0.01, noise_ratio=0.01, noise_stereo=0.001).depth
    assert depth.std() == pytest.approx(0.01 + 0.03 + 0.009, rel=0.03)


def test_points_are_lost() -> None:
    sparse = _all(_plane(), dropout=0.23)
    assert 1.0 - sparse.count / sparse.valid.size == pytest.approx(0.23, abs=0.01)
    np.testing.assert_array_equal(sparse.depth[sparse.valid], 4.0)


def test_outliers_lie_anywhere_about_the_depths_of_the_frame() -> None:
    truth = _step()
    wrong = _all(truth, outliers=0.05).depth
    share = np.mean(wrong != truth.depth)
    assert share == pytest.approx(0.05, abs=0.005)
    strange = wrong[wrong != truth.depth]
    assert strange.min() >= 1.0
    assert strange.max() <= 1.3 * 6.0
    assert np.log(strange).std() == pytest.approx(np.log(7.8) / np.sqrt(12.0), rel=0.05)


def test_points_at_edges_lie_between_both_sides() -> None:
    truth = _step()
    depth = _all(truth, mixed=0.3).depth
    between = (depth > 2.0) & (depth < 6.0)
    columns = np.nonzero(between)[1]
    assert set(columns) == {149, 150}, "within a pixel of the edge"
    assert between[:, 149:151].mean() == pytest.approx(0.3, abs=0.06)
    assert depth[between].mean() == pytest.approx(4.0, abs=0.3)


def test_beyond_its_range_a_sensor_is_blind() -> None:
    truth = _step()
    assert not _all(truth, range_m=(0.1, 5.0)).valid[:, 150:].any()
    assert not _all(truth, range_m=(3.0, 50.0)).valid[:, :150].any()


def test_depth_and_image_are_apart() -> None:
    truth = _step()
    sparse = _all(truth, misaligned_px=(2.2, -1.4))
    np.testing.assert_array_equal(sparse.depth[:-1, 2:], truth.depth[1:, :-2])
    assert not sparse.valid[:, :2].any()
    assert not sparse.valid[-1:].any()


def _corners(**flaws: float) -> SparseDepth:
    setup = SensorSetup(kind="corners", amount=1500, **flaws)  # type: ignore[arg-type]
    return measure_depth(_plane(), _IMAGE, setup, np.random.default_rng(3))


def test_corners_are_found_a_little_off() -> None:
    """On an image whose depth tells the pixel it was taken from."""
    ramp = 1.0 + np.arange(_SHAPE[1], dtype=np.float32)[None] * 0.1 + np.zeros(_SHAPE, np.float32)
    setup = SensorSetup(kind="corners", amount=1500, jitter_px=1.3)
    sparse = measure_depth(SparseDepth.from_depth(ramp), _IMAGE, setup, np.random.default_rng(0))
    columns = np.nonzero(sparse.valid)[1]
    off = np.rint((sparse.depth[sparse.valid] - 1.0) / 0.1) - columns
    assert off.std() == pytest.approx(np.hypot(1.3, np.sqrt(1 / 12)), rel=0.08)
    assert abs(off.mean()) < 0.15


def test_the_scale_drifts_slowly_over_the_image() -> None:
    logs = []
    for seed in range(60):
        setup = SensorSetup(kind="corners", amount=1500, drift=0.05)
        sparse = measure_depth(_plane(), _IMAGE, setup, np.random.default_rng(seed))
        log = np.full(_SHAPE, np.nan)
        log[sparse.valid] = np.log(sparse.depth[sparse.valid] / 4.0)
        logs.append(log)
    every = np.stack(logs)
    # The whole by one, its parts by up to a half more, which interpolation makes less.
    assert 0.05 < np.nanstd(every) < 0.05 * np.hypot(1.0, 0.5) * 1.1
    within = np.nanmean([np.nanstd(log) for log in every])
    assert 0.005 < within < 0.03
    blocks = every[0][:10, :10]
    assert np.nanstd(blocks) < 0.005, "neighbours drift together"


def test_no_flaws_no_difference() -> None:
    sparse = _corners()
    assert sparse.count == 1500
    np.testing.assert_array_equal(sparse.depth[sparse.valid], 4.0)
