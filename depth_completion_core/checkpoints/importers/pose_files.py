# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What holds for the released files of all pose networks."""

from __future__ import annotations

from depth_completion_core.checkpoints.errors import CheckpointError

TRAINED_FOR = "the camera and the time between images that it was trained with"
"""What a pose network is right for: the scale of its motions comes from there."""


def refuse_preset(model: str, preset: str) -> None:
    """Raise CheckpointError where a preset is asked for; pose networks have none."""
    if preset:
        raise CheckpointError(f"'{model}' has no presets, got '{preset}'")
