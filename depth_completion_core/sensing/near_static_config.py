# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""When a frame shows nothing new; see :mod:`depth_completion_core.sensing.near_static`."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class NearStatic:
    """What counts as hardly moved since the last frame that was kept."""

    translation: float = 0.05
    """With poses: less than this, metres, and less than the rotation."""
    rotation_deg: float = 1.0
    """With poses: less than this, degrees."""
    changed_share: float = 0.1
    """Without: less than this share of the image differs in brightness."""
