# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What an exported network states of itself, in the metadata of its file."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from depth_completion_core.checkpoints.checkpoint_file import (
    FORMAT_VERSION,
    VERSION_KEY,
    check_version,
)
from depth_completion_core.checkpoints.errors import CheckpointError
from depth_completion_core.models.base import Along
from depth_completion_core.models.needs import ModelNeeds
from depth_completion_core.settings.mapping import config_from_mapping, config_to_mapping

_ALONG: tuple[Along, ...] = ("z", "range")
# What a file may ask for; a stranger's could ask for more memory than there is.
_MOST_OFFSET, _MOST_MULTIPLE, _MOST_SIDE_PX = 64, 1024, 16384


class EngineFacts(NamedTuple):
    """What a file states.

    Attributes:
        needs: what the network needs to see.
        along: what its depth is measured along.
        depth_range: the nearest and the farthest depth that it can say, metres; None where it does
            not tell.
    """

    needs: ModelNeeds
    along: Along
    depth_range: tuple[float, float] | None


def engine_metadata(
    needs: ModelNeeds, along: Along = "z", depth_range: tuple[float, float] | None = None
) -> dict[str, str]:
    """What an exporter writes into ``metadata_props``.

    Args:
        needs: of the network; ``fixed_size_px`` where the graph takes one size only.
        along: what its depth is measured along.
        depth_range: the nearest and the farthest depth that it can say, metres; None where that
            is not known.
    """
    return {
        VERSION_KEY: str(FORMAT_VERSION),
        "needs": json.dumps(config_to_mapping(needs)),
        "along": along,
        "depth_range": json.dumps(depth_range),
    }


def stated_facts(path: Path, metadata: Mapping[str, str]) -> EngineFacts:
    """Read what :func:`engine_metadata` has written.

    Args:
        path: of the file, for messages.
        metadata: of the file.

    Raises:
        CheckpointError: something is missing, cannot be read, or is out of bounds.
    """
    if VERSION_KEY not in metadata:
        raise CheckpointError(
            f"{path} does not say what it needs to see; its exporter must write that into "
            "metadata_props (docs/adding_a_model.md)"
        )
    check_version(path, metadata)
    needs, said = _needs(path, metadata), metadata.get("along")
    along = next((each for each in _ALONG if each == said), None)
    if along is None:
        raise CheckpointError(f"{path}: its depth is along '{said}', expected z or range")
    return EngineFacts(needs, along, _depth_range(path, metadata))


def _needs(path: Path, metadata: Mapping[str, str]) -> ModelNeeds:
    try:
        needs = config_from_mapping(ModelNeeds, dict(json.loads(metadata["needs"])), "needs.")
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise CheckpointError(f"{path}: what it needs cannot be read ({error})") from error
    most = max(map(abs, needs.view_offsets), default=0)
    if (
        most > _MOST_OFFSET
        or needs.size_multiple > _MOST_MULTIPLE
        or max(needs.fixed_size_px, default=0) > _MOST_SIDE_PX
    ):
        raise CheckpointError(
            f"{path} needs {needs}; this version gives images up to {_MOST_OFFSET} away, in sizes "
            f"up to {_MOST_SIDE_PX} pixels and in multiples of up to {_MOST_MULTIPLE}"
        )
    return needs


def _depth_range(path: Path, metadata: Mapping[str, str]) -> tuple[float, float] | None:
    """None where the file does not say, as those of others need not."""
    try:
        stated = json.loads(metadata.get("depth_range", "null"))
        if stated is None:
            return None
        nearest, farthest = (float(each) for each in stated)
    except (ValueError, TypeError, RecursionError) as error:
        raise CheckpointError(f"{path}: its depth range cannot be read ({error})") from error
    if not 0 <= nearest < farthest < math.inf:
        raise CheckpointError(
            f"{path}: its depth range is {nearest:g} to {farthest:g} m, expected the nearest, then "
            "the farthest"
        )
    return nearest, farthest
