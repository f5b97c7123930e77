# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Weights and inputs by formula, so that a golden value needs no file of weights.

With v(j, i) the fractional part of 43758.5453 sin(12.9898 (i + 1) + 78.233 (j + 1)) and
u = 2 v - 1, element i of the j-th tensor, in the order of names, is u sqrt(3 / fan) for matrices
and kernels, 1 + 0.1 u for what scales a channel, and 0.1 u for what is added.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

_FIRST_INPUT = 1000
Shapes = dict[str, tuple[int, ...]]


def golden(name: str) -> dict[str, Any]:
    """The content of a JSON file beside this one."""
    found: dict[str, Any] = json.loads(Path(__file__).with_name(name).read_text(encoding="utf-8"))
    return found


def released_shapes(network: str) -> Shapes:
    """Shapes of a released file by name, in its order."""
    return {name: tuple(shape) for name, shape in golden("keys.json")[network].items()}


def numbers(number: int, shape: tuple[int, ...]) -> Tensor:
    """The input of this number, float32 in 0..1."""
    return _tensor(_fractions(_FIRST_INPUT + number, math.prod(shape)), shape)


def sparse_input(mask: int, depth: int, shape: tuple[int, ...], *, above: float) -> Tensor:
    """Ten times one input where another is above a threshold, and 0 elsewhere."""
    return torch.where(numbers(mask, shape) > above, 10 * numbers(depth, shape), 0.0)


def filled(shapes: Mapping[str, tuple[int, ...]]) -> dict[str, Tensor]:
    """Tensors of these names and shapes; counters, which are no numbers of a network, are 0."""
    state = {}
    for rank, name in enumerate(sorted(shapes)):
        shape = shapes[name]
        if name.endswith("num_batches_tracked"):
            state[name] = torch.zeros(shape, dtype=torch.int64)
        else:
            state[name] = _tensor(_scaled(name, rank, shape), shape)
    return state


def _scaled(name: str, rank: int, shape: tuple[int, ...]) -> npt.NDArray[np.float64]:
    count = math.prod(shape)
    even = 2 * _fractions(rank, count) - 1
    if len(shape) >= 2:
        return even * math.sqrt(3 / (count / shape[0]))
    is_scale = name.endswith(("running_var", "weight"))
    return 1 + 0.1 * even if is_scale else 0.1 * even


def _fractions(rank: int, count: int) -> npt.NDArray[np.float64]:
    angle = 12.9898 * np.arange(1, count + 1, dtype=np.float64) + 78.233 * (rank + 1)
    value = 43758.5453 * np.sin(angle)
    return value - np.floor(value)


def _tensor(values: npt.NDArray[np.float64], shape: tuple[int, ...]) -> Tensor:
    return torch.from_numpy(values.astype(np.float32).reshape(shape))
