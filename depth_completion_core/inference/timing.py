# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Times of functions side by side, so that ratios hold on a machine whose speed drifts."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import torch

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """Milliseconds of one function over all rounds."""

    p50_ms: float
    p99_ms: float
    min_ms: float
    rounds: int


def timed(function: Callable[[], T], device: torch.device) -> tuple[T, float]:
    """Call a function; returns its result and the milliseconds until the device has it done."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    start = time.perf_counter()
    result = function()
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return result, 1e3 * (time.perf_counter() - start)


def timed_in_turn(
    functions: Mapping[str, Callable[[], object]],
    *,
    rounds: int,
    synchronize: Callable[[], None] | None = None,
) -> dict[str, Timing]:
    """Call the functions in turn, A B C A B C ..., after two rounds that do not count.

    Args:
        functions: what to time, by name.
        rounds: how often each is called.
        synchronize: waits until a device is done, called inside of every measurement; None on CPU.
    """
    taken: dict[str, list[float]] = {name: [] for name in functions}
    for round_number in range(-2, rounds):
        for name, function in functions.items():
            start = time.perf_counter()
            function()
            if synchronize is not None:
                synchronize()
            if round_number >= 0:
                taken[name].append(1e3 * (time.perf_counter() - start))
    return {
        name: Timing(
            p50_ms=float(np.percentile(times, 50)),
            p99_ms=float(np.percentile(times, 99)),
            min_ms=min(times),
            rounds=rounds,
        )
        for name, times in taken.items()
    }
