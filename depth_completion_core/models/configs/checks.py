# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What settings of several networks have to obey."""

from __future__ import annotations

from typing import Literal

from depth_completion_core.settings.fields import ConfigError

MOST_CHANNELS, MOST_WINDOW_PX = 8192, 255
"""What networks are built with at most; beyond, one layer or window alone takes for ever."""

LEVELS = 5
"""How many times an encoder halves the size."""

Encoder = Literal["vggnet08", "vggnet11", "resnet18"]
"""Encoders of networks; the numbers count two more layers, which completion does not have."""

ResNetTrunk = Literal["resnet18", "resnet34", "resnet50"]
"""Trunks that ImageNet's weights fit."""


def check_filters(setting: str, filters: tuple[int, ...]) -> None:
    """Raise unless there is a number of channels for every level.

    Raises:
        ConfigError: there are not five, or one of them is below 1 or above MOST_CHANNELS.
    """
    if len(filters) != LEVELS or min(filters) < 1 or max(filters) > MOST_CHANNELS:
        got = list(filters) if len(filters) <= 2 * LEVELS else f"{len(filters)} of them"
        raise ConfigError(
            f"'{setting}' is {LEVELS} whole numbers from 1 to {MOST_CHANNELS}, got {got}"
        )


def check_depth_range(min_depth: float, max_depth: float) -> None:
    """Raise unless 0 < min < max.

    Raises:
        ConfigError: it is not so.
    """
    if not 0 < min_depth < max_depth:
        raise ConfigError(
            "'min_predict_depth' is above 0 and below 'max_predict_depth', "
            f"got {min_depth} and {max_depth}"
        )


def check_odd(setting: str, size_px: int) -> None:
    """Raise unless a window of this side has a centre.

    Raises:
        ConfigError: the side is even, not positive, or above MOST_WINDOW_PX.
    """
    if not 1 <= size_px <= MOST_WINDOW_PX or size_px % 2 == 0:
        raise ConfigError(
            f"'{setting}' is odd, from 1 to {MOST_WINDOW_PX}, for a window centred on a pixel; got "
            f"{size_px}"
        )
