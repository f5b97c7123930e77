# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Random numbers that belong to a sample, not to the moment or the worker that reads it."""

from __future__ import annotations

import hashlib

import numpy as np


def generator_for(seed: int, name: str, *more: int) -> np.random.Generator:
    """The random numbers of one sample, the same on every machine and in every order of reading.

    Args:
        seed: of the whole run, at least 0.
        name: of the sample.
        more: what else may differ, at least 0 each, such as the number of the epoch.

    Raises:
        ValueError: a number is negative.
    """
    if min(seed, *more, 0) < 0:
        raise ValueError(f"seeds are at least 0, got {[seed, *more]}")
    # Hashed as one: numpy's own seeds [1, 2] and [1, 2, 0] give the same numbers.
    numbers = [int(number) for number in (seed, *more)]
    digest = hashlib.sha256(repr((name, numbers)).encode("utf-8")).digest()
    return np.random.default_rng(int.from_bytes(digest[:16], "little"))
