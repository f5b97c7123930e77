# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Weights in one flat dict, as most releases have them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from depth_completion_core.checkpoints.errors import CheckpointError

_WRAPPER = "module."
_STATISTIC = ".running_mean"


def flat_tensors(state: Mapping[Any, Any]) -> dict[str, Tensor]:
    """Tensors by name, without the ``module.`` of DataParallel.

    Counters that batch normalisation did not have before PyTorch 0.4.1 are 0 where missing.

    Args:
        state: tensors by name; other things beside them are left out.

    Raises:
        CheckpointError: a name is there twice, with and without ``module.``.
    """
    found: dict[str, Tensor] = {}
    for name, value in state.items():
        if not isinstance(name, str) or not isinstance(value, Tensor):
            continue
        plain = name.removeprefix(_WRAPPER)
        if plain in found:
            raise CheckpointError(
                f"the file has '{plain}' twice, once with and once without '{_WRAPPER}'; it was "
                "put together from two files: import one of those"
            )
        found[plain] = value
    for name in [name for name in found if name.endswith(_STATISTIC)]:
        counter = f"{name.removesuffix(_STATISTIC)}.num_batches_tracked"
        found.setdefault(counter, torch.zeros((), dtype=torch.int64))
    return found
