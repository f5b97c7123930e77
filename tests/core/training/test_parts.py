# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The parts of the trainer: plan, schedule, averaged weights, batches, imports."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from depth_completion_core.settings.fields import ConfigError
from depth_completion_core.training.errors import TrainingError
from depth_completion_core.training.feeds.sample_order import Draw, ProcessShare, SampleOrder
from depth_completion_core.training.loop.averaging import AveragedWeights
from depth_completion_core.training.recipes.schedule import ScheduleConfig, learning_rate

_ROOT = Path(__file__).resolve().parents[3]


# The plan


@given(
    samples=st.integers(1, 40),
    batch_size=st.integers(1, 12),
    seed=st.integers(0, 3),
    epoch=st.integers(0, 3),
)
def test_an_epoch_uses_every_sample_once_at_most(
    samples: int, batch_size: int, seed: int, epoch: int
) -> None:
    if samples < batch_size:
        with pytest.raises(TrainingError, match="lower --batch_size"):
            SampleOrder(seed=seed, samples=samples, batch_size=batch_size, epochs=4)
        return
    plan = SampleOrder(seed=seed, samples=samples, batch_size=batch_size, epochs=4)
    first = epoch * plan.steps_per_epoch
    draws = [d for s in range(first, first + plan.steps_per_epoch) for d in plan.draws(s)]
    assert {draw.epoch for draw in draws} == {epoch}
    assert len({draw.index for draw in draws}) == len(draws) > samples - batch_size
    assert all(0 <= draw.index < samples for draw in draws)


def test_epochs_differ_in_order() -> None:
    plan = SampleOrder(seed=0, samples=50, batch_size=50, epochs=2)
    orders = [[draw.index for draw in plan.draws(step)] for step in (0, 1)]
    assert orders[0] != orders[1]
    assert sorted(orders[0]) == sorted(orders[1])


@given(world=st.integers(1, 4), passes=st.integers(1, 3), size=st.integers(1, 3))
def test_shares_are_the_whole_step(world: int, passes: int, size: int) -> None:
    draws = [Draw(0, index) for index in range(world * passes * size)]
    parts = [
        part
        for rank in range(world)
        for part in ProcessShare(rank=rank, world=world, passes=passes).passes_of(draws)
    ]
    assert len(parts) == world * passes
    assert all(len(part) == size for part in parts)
    together = [draw.index for part in parts for draw in part]
    assert sorted(together) == list(range(len(draws)))


# The schedule


def _rates(config: ScheduleConfig, total: int, *, per_epoch: int, restart: bool) -> list[float]:
    return [
        learning_rate(
            config, step, steps_per_epoch=per_epoch, total_steps=total, is_restart=restart
        )
        for step in range(total)
    ]


def test_a_piecewise_schedule_changes_after_its_epochs() -> None:
    config = ScheduleConfig(kind="piecewise", rates=(4.0, 2.0, 1.0), until_epochs=(1, 3, 4))
    rates = _rates(config, 10, per_epoch=2, restart=False)
    assert rates == [4, 4, 2, 2, 2, 2, 1, 1, 1, 1]


@given(total=st.integers(2, 300), warmup=st.integers(0, 50), restart=st.booleans())
def test_a_cosine_rises_then_falls_to_its_end(total: int, warmup: int, restart: bool) -> None:
    config = ScheduleConfig(rate=2.0, final_ratio=0.1, warmup_steps=warmup, restart_warmup_steps=20)
    rates = _rates(config, total + 1, per_epoch=7, restart=restart)
    top = max(warmup, 20) if restart else warmup
    rising, falling = rates[:top], rates[top:]
    assert all(0 < rate <= 2.0 for rate in rates)
    assert rising == sorted(rising)
    assert falling == sorted(falling, reverse=True)
    if falling:
        assert falling[0] == 2.0
        length = max(total + 1 - top, 1)
        assert falling[-1] == pytest.approx(
            2.0 * (0.1 + 0.45 * (1 + np.cos(np.pi * (len(falling) - 1) / length)))
        )


def test_a_warm_up_of_an_epoch_is_that_of_nlspn() -> None:
    """Its code gives step n of N of the first epoch n / (N + 1) of the rate."""
    config = ScheduleConfig(
        kind="piecewise", rates=(1e-3, 2e-4), until_epochs=(2, 3), warmup_epochs=1
    )
    rates = _rates(config, 12, per_epoch=4, restart=False)
    assert rates == pytest.approx([1e-3 * n / 5 for n in range(1, 5)] + 4 * [1e-3] + 4 * [2e-4])


def test_a_plateau_lowers_the_rate_as_cspn_does() -> None:
    """Its scheduler on these errors, run once: the rates after each."""
    errors = [1.0, 0.9, 0.89995, 0.9, 0.91, 0.92, 0.93, 0.9, 0.9, 0.9, 0.9, *[0.5] * 11]
    expected = [1e-2] * 5 + [1e-3] * 3 + [1e-4] * 7 + [1e-5] * 3 + [1e-6] * 4
    config = ScheduleConfig(kind="plateau", rate=1e-2, least_improvement=1e-4)
    found = [
        learning_rate(
            config,
            count,
            steps_per_epoch=1,
            total_steps=99,
            is_restart=False,
            scores=errors[:count],
        )
        for count in range(1, len(errors) + 1)
    ]
    np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_a_rate_below_the_lowest_is_not_raised() -> None:
    config = ScheduleConfig(kind="plateau", rate=1e-7, patience=1)
    arguments = {"steps_per_epoch": 1, "total_steps": 9}
    assert learning_rate(config, 5, is_restart=False, scores=[1.0] * 5, **arguments) == 1e-7


@pytest.mark.parametrize(
    ("rates", "until"), [((), ()), ((1.0,), (1, 2)), ((1.0, 2.0), (2, 1)), ((-1.0,), (1,))]
)
def test_a_schedule_that_makes_no_sense_is_refused(
    rates: tuple[float, ...], until: tuple[int, ...]
) -> None:
    with pytest.raises(ConfigError, match="'rates'"):
        ScheduleConfig(kind="piecewise", rates=rates, until_epochs=until)


# Averaged weights


def test_averaged_weights_are_those_of_the_formula() -> None:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(3, 2), nn.BatchNorm1d(2)).double()
    average = AveragedWeights(model, 0.5)
    expected = {key: value.clone() for key, value in model.state_dict().items()}
    for update in range(8):
        with torch.no_grad():
            for parameter in model.parameters():
                parameter.add_(torch.randn_like(parameter))
        model(torch.randn(4, 3, dtype=torch.float64))
        average.update(model)
        decay = min(0.5, (1 + update) / (10 + update))
        for key, value in model.state_dict().items():
            is_count = not value.is_floating_point()
            expected[key] = (
                value.clone() if is_count else decay * expected[key] + (1 - decay) * value
            )
    for key, value in expected.items():
        torch.testing.assert_close(average.values[key], value)
