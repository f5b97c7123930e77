# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A pose network's weights, written and read: only training needs them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from depth_completion_core.checkpoints.checkpoint import network_with, stored_weights
from depth_completion_core.checkpoints.checkpoint_file import (
    CheckpointFile,
    read_checkpoint_file,
    write_checkpoint_file,
)
from depth_completion_core.checkpoints.errors import CheckpointError
from depth_completion_core.checkpoints.shards import read_shards
from depth_completion_core.models.pose import build_pose_network
from depth_completion_core.models.pose.base import PoseNetwork
from depth_completion_core.settings.mapping import config_to_mapping


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class PoseCheckpoint:
    """A pose network with its weights, and where those come from.

    Attributes:
        network: on the CPU, in evaluation mode.
        name: its name in the table of pose networks.
        provenance: source, source_sha256, licence, note, and more in the same manner.
    """

    network: PoseNetwork
    name: str
    provenance: dict[str, str]


def save_pose_checkpoint(
    path: Path, name: str, network: PoseNetwork, *, provenance: Mapping[str, str]
) -> None:
    """Write a network's weights; a file that was there is replaced only by a whole one.

    Args:
        path: the file, ``.safetensors``.
        name: the network's name in the table of pose networks.
        network: its weights, and the settings it was built with.
        provenance: where the weights come from: source, source_sha256, licence, note, ...

    Raises:
        CheckpointError: a weight is not finite, the ending is another, or writing failed.
    """
    weights = stored_weights(network, half=False, what=f"the pose network '{name}'")
    write_checkpoint_file(path, weights, pose_metadata_of(name, network, provenance=provenance))


def pose_metadata_of(
    name: str, network: PoseNetwork, *, provenance: Mapping[str, str]
) -> dict[str, str]:
    """What a file tells about the weights in it: arguments of :func:`save_pose_checkpoint`."""
    return {
        "pose_network": name,
        "config": json.dumps(config_to_mapping(network.config)),
        "provenance": json.dumps(dict(provenance)),
    }


def load_pose_checkpoint(path: Path) -> PoseCheckpoint:
    """Read a network with its weights, of a file or of a folder that holds one in pieces.

    Raises:
        CheckpointError: it is missing, damaged, of another kind, or of a newer version, or its
            weights do not fit its network.
    """
    return pose_checkpoint_of(read_shards(path) if path.is_dir() else read_checkpoint_file(path))


def pose_checkpoint_of(file: CheckpointFile) -> PoseCheckpoint:
    """The network that a file holds; raises CheckpointError as :func:`load_pose_checkpoint`."""
    name = file.pose_network_name
    if not name:
        raise CheckpointError(
            f"{file.path} holds a network for depth ('{file.model_name}'), expected a pose "
            "network, as training writes it to pose/ beside its depth network"
        )
    what = f"{file.path} as '{name}'"
    network = network_with(file.weights, lambda: _built(file, name), what=what)
    return PoseCheckpoint(
        network=network.eval(), name=name, provenance=file.mapping("provenance", "{}")
    )


def _built(file: CheckpointFile, name: str) -> PoseNetwork:
    try:
        return build_pose_network(name, file.mapping("config"))
    except (TypeError, ValueError, RuntimeError) as error:  # an unknown name, setting, value, size
        raise CheckpointError(f"{file.path}: {error}; a newer version may know it") from error
