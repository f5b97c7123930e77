# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The kernel for GPUs, by Triton's interpreter on a CPU: the arithmetic, not the speed."""

from __future__ import annotations

import importlib
import sys
import warnings
from collections.abc import Iterator
from types import ModuleType
from typing import Any, Literal

import pytest
import torch
from torch import Tensor

from depth_completion_core.models.propagation import engine
from depth_completion_core.models.propagation.engine import Anchors, propagate
from depth_completion_core.models.propagation.taps import Taps, bilinear_taps, pixel_taps

_FUSED = "depth_completion_core.models.propagation.fused"


@pytest.fixture(scope="module")
def fused() -> Iterator[ModuleType]:
    """The module as it is where Triton is installed, with its interpreter."""
    with pytest.MonkeyPatch.context() as patch, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Triton's own
        patch.setenv("TRITON_INTERPRET", "1")
        pytest.importorskip("triton")
        patch.delitem(sys.modules, _FUSED, raising=False)
        yield importlib.import_module(_FUSED)


def _random(*shape: int, seed: int) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def _taps(kind: str, batch: int, height: int, width: int) -> Taps:
    if kind == "on pixels":
        shifts = ((1, 1), (0, -1), (-1, 0))
        return pixel_taps(shifts, _random(batch, 3, height, width, seed=1))
    offset = 3 * _random(batch, 9, 2, height, width, seed=2)
    return bilinear_taps(offset, 0.2 * _random(batch, 9, height, width, seed=1))


@pytest.mark.parametrize("kind", ["on pixels", "between pixels"])
@pytest.mark.parametrize("when", ["", "before", "after"])
@pytest.mark.parametrize("adds", [False, True])
def test_fused_steps_are_the_plain_ones(
    fused: ModuleType, kind: str, when: Literal["", "before", "after"], adds: bool
) -> None:
    batch, height, width = 2, 7, 19
    taps, start = _taps(kind, batch, height, width), _random(batch, 1, height, width, seed=3)
    added = _random(batch, 1, height, width, seed=4) if adds else None
    where = _random(batch, 1, height, width, seed=5) > 0.5
    value = _random(batch, 1, height, width, seed=6)
    anchors = Anchors(where=where, value=value, when=when) if when else None
    anchoring = (where, value, when) if when else (None, None, "")
    expected = propagate(start, taps, steps=3, added=added, anchors=anchors)
    found = fused.fused_states(taps, start, 3, added, anchoring)
    torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-5)
    assert torch.equal(fused.fused_states(taps, start, 0, added, anchoring), start[None])


def test_gradients_come_through_the_fused_steps(
    fused: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gradients() -> list[Tensor]:
        offset, weight, start = (
            _random(*shape, seed=seed).requires_grad_()
            for seed, shape in enumerate(((1, 9, 2, 5, 6), (1, 9, 5, 6), (1, 1, 5, 6)))
        )
        states = propagate(start, bilinear_taps(offset, weight), steps=2)
        return list(torch.autograd.grad(states.square().sum(), (offset, weight, start)))

    expected = gradients()
    calls: list[int] = []

    def counted(*given: Any) -> Tensor:  # noqa: ANN401 - passed on
        calls.append(1)
        return fused.fused_states(*given)  # type: ignore[no-any-return]

    monkeypatch.setattr(engine, "_all_states", counted)
    for found, wanted in zip(gradients(), expected, strict=True):
        torch.testing.assert_close(found, wanted, rtol=1e-4, atol=1e-4)
    assert calls == [1]
