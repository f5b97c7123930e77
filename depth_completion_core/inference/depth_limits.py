# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The nearest and the farthest depth that is kept: as asked for, else what the model can say."""

from __future__ import annotations

from dataclasses import replace

from depth_completion_core.config import OutputConfig

DEFAULT_MIN_DEPTH, DEFAULT_MAX_DEPTH = 0.1, 200.0
"""Metres, for models that state no range or a narrower one."""
_ROUNDING = 1e-5  # of float32 in the last steps of a model


def with_limits(config: OutputConfig, stated: tuple[float, float] | None) -> OutputConfig:
    """The settings with both limits settled; those that are asked for stay.

    Args:
        config: what was asked for; a limit below 0 was not.
        stated: the nearest and the farthest depth that the model can say, metres; None where it
            does not tell.
    """
    nearest, farthest = stated or (DEFAULT_MIN_DEPTH, DEFAULT_MAX_DEPTH)
    own_min = min(DEFAULT_MIN_DEPTH, nearest * (1 - _ROUNDING))
    own_max = max(DEFAULT_MAX_DEPTH, farthest * (1 + _ROUNDING))
    return replace(
        config,
        min_depth=own_min if config.min_depth < 0 else config.min_depth,
        max_depth=own_max if config.max_depth < 0 else config.max_depth,
    )
