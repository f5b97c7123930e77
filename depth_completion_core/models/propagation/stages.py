# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The names of depth on its way, for whoever looks at what each step has done."""

from __future__ import annotations

from torch import Tensor


def depth_stages(states: Tensor) -> dict[str, Tensor]:
    """States (steps + 1, B, 1, H, W) by name: ``initial_depth``, ``step_01``, ``step_02``, ..."""
    first, *others = states
    return {
        "initial_depth": first,
        **{f"step_{number:02d}": state for number, state in enumerate(others, start=1)},
    }
