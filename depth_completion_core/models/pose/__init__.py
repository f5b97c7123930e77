# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The table of pose networks. A new one is one file here and one line below.

It can be read without torch, which is imported with the network that is built.
"""

from __future__ import annotations

import difflib
import importlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from depth_completion_core.settings.mapping import config_from_mapping

if TYPE_CHECKING:
    from depth_completion_core.models.pose.base import PoseNetwork

POSE_NETWORKS = {
    "fusionnet_pose": "fusionnet_pose:FusionNetPose",
    "packnet_pose": "packnet_pose:PackNetPose",
    "pose_resnet": "pose_resnet:PoseResNet",
}


class UnknownPoseNetworkError(ValueError):
    """A name that is not in the table; the message lists the known ones."""


def build_pose_network(name: str, config: Mapping[str, Any] | None = None) -> PoseNetwork:
    """Build a network of the table with random weights.

    Args:
        name: a name of the table.
        config: differences from the network's default configuration.

    Raises:
        UnknownPoseNetworkError: no network has this name.
        ConfigError: the network has no such setting.
    """
    if name not in POSE_NETWORKS:
        near = difflib.get_close_matches(name, POSE_NETWORKS, n=1)
        hint = f" Did you mean '{near[0]}'?" if near else ""
        raise UnknownPoseNetworkError(
            f"unknown pose network '{name}'; known are {', '.join(POSE_NETWORKS)}.{hint}"
        )
    module_name, class_name = POSE_NETWORKS[name].split(":")
    chosen: type[PoseNetwork] = getattr(
        importlib.import_module(f"{__name__}.{module_name}"), class_name
    )
    return chosen(config_from_mapping(chosen.Config, config or {}, f"{name}."))


def pose_network_name(network: PoseNetwork) -> str:
    """The name in the table of a network that was built by it."""
    return next(
        name
        for name, place in POSE_NETWORKS.items()
        if place.endswith(f":{type(network).__name__}")
    )
