# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The networks in a checkpoint of PackNet-SfM, which holds depth and pose in one flat dict."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import Tensor

from depth_completion_core.checkpoints.errors import CheckpointError
from depth_completion_core.checkpoints.importers.flat_state import flat_tensors
from depth_completion_core.checkpoints.importers.released_parts import quoted

LICENCE = "none is stated for PackNet-SfM's weights; its code is MIT"
LICENCE_NOTE = (
    "Weights of the authors of PackNet-SfM, (c) Toyota Research Institute; the terms of the data "
    "that they were trained on apply."
)
_POSE = ("pose_net.", "pose_network.")  # the older files have the longer name


def pose_tensors(state: Mapping[str, Any]) -> dict[str, Tensor]:
    """The pose network's tensors under their own names, whatever stands in front of them.

    Args:
        state: what the file holds: ``state_dict``, or the tensors themselves; of both networks, or
            of a pose network alone.

    Raises:
        CheckpointError: there is a depth network only, or it is of FusionNet's release.
    """
    if "encoder_state_dict" in state:
        raise CheckpointError(
            "this is a network of FusionNet's release, not a checkpoint of PackNet-SfM; --model "
            "fusionnet_pose imports its posenet-<step>.pth"
        )
    inner = state.get("state_dict")
    tensors = flat_tensors(inner if isinstance(inner, Mapping) else state)
    found = {
        name.partition(prefix)[2]: value
        for prefix in _POSE
        for name, value in tensors.items()
        if prefix in name
    }
    if not found and any("depth_net." in name or "disp_network." in name for name in tensors):
        raise CheckpointError(
            "the file holds a depth network without a pose network, as those of supervised "
            "training do; what is in it begins with " + quoted(list(tensors)[:2])
        )
    return found or tensors
