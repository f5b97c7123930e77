# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What the names and shapes of released weights tell of a network's settings."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from torch import Tensor

from depth_completion_core.checkpoints.errors import CheckpointError
from depth_completion_core.models.configs.checks import LEVELS
from depth_completion_core.models.configs.vgg import VGG_CONV_COUNTS

Weights = Mapping[str, Tensor]

_BLOCK = re.compile(r"^blocks(\d)\.")
_PROJECTION = re.compile(r"^conv(\d)\.(\d)\.projection\.")


def with_our_names(weights: Weights) -> dict[str, Tensor]:
    """Weights of a part under our names, without shortcuts that are saved but never used.

    The released ResNet has a projection in every block, and applies it only where the block changes
    the size or the number of channels.
    """
    renamed = {_BLOCK.sub(r"conv\1.", name): value for name, value in weights.items()}
    return {name: value for name, value in renamed.items() if not _is_unused(name, renamed)}


def encoder_settings(weights: Weights) -> dict[str, Any]:
    """``encoder``, ``filters`` and ``batch_norm`` of an encoder's weights, under our names.

    Raises:
        CheckpointError: it is none of the release.
    """
    first = _shape(weights, "conv1.conv.weight")
    is_resnet = any(name.startswith("conv2.0.") for name in weights)
    stages = [f"conv{level}" for level in range(2, LEVELS + 1)]
    if is_resnet:
        name, lasts = "resnet18", [f"{stage}.1.conv2" for stage in stages]
    else:
        counts = [_count(weights, f"{stage}.conv_block.{{}}.conv.weight") for stage in stages]
        known = {of_levels: name for name, of_levels in VGG_CONV_COUNTS.items()}
        name = known.get((1, *counts), "")
        lasts = [f"{at}.conv_block.{count - 1}" for at, count in zip(stages, counts, strict=True)]
        if not name:
            raise CheckpointError(
                f"its encoder has {counts} convolutions after the first level, which is none of "
                f"{', '.join(VGG_CONV_COUNTS)}, resnet18"
            )
    filters = [first[0], *(_shape(weights, f"{last}.conv.weight")[0] for last in lasts)]
    norm = "conv1.batch_norm.weight" in weights
    return {"encoder": name, "filters": tuple(filters), "batch_norm": norm}


def decoder_settings(weights: Weights) -> dict[str, Any]:
    """``decoder_filters`` and ``output_resolutions``; raises CheckpointError."""
    steps = range(LEVELS - 1, -1, -1)
    filters = [_shape(weights, f"deconv{step}.deconv.conv.conv.weight")[0] for step in steps]
    resolutions = _count(weights, "output{}.conv.weight")
    return {"decoder_filters": tuple(filters), "output_resolutions": resolutions}


def conv_filters(weights: Weights, pattern: str, *, first: int) -> tuple[int, ...]:
    """Output channels of convolutions by number; raises CheckpointError where one is none.

    Args:
        weights: of a part.
        pattern: of their names, with {} for the number.
        first: number.
    """
    filters: list[int] = []
    while (name := pattern.format(first + len(filters))) in weights:
        filters.append(_shape(weights, name)[0])
    return tuple(filters)


def pool_sizes(weights: Weights, usual: tuple[int, ...]) -> tuple[int, ...]:
    """The sides of the pooling windows, which no weight tells: the usual ones, or none.

    Raises:
        CheckpointError: there is another number of windows.
    """
    if not weights:
        return ()
    windows = _shape(weights, "convs.0.conv.weight")[1] - 1
    if windows != len(usual):
        raise CheckpointError(
            f"its pooling has {windows} windows, and the file does not tell their sizes; known are "
            f"the {len(usual)} of the release: {', '.join(map(str, usual))}"
        )
    return usual


def _is_unused(name: str, weights: Weights) -> bool:
    found = _PROJECTION.match(name)
    if found is None:
        return False
    level, block = found.groups()
    if block == "0" and level != "2":
        return False
    shape = _shape(weights, f"conv{level}.{block}.projection.conv.weight")
    return shape[0] == shape[1]


def _count(weights: Weights, pattern: str) -> int:
    count = 0
    while pattern.format(count) in weights:
        count += 1
    return count


def _shape(weights: Weights, name: str) -> tuple[int, ...]:
    if getattr(weights.get(name), "ndim", 0) != 4:
        raise CheckpointError(f"it has no weights '{name}' of a convolution")
    return tuple(weights[name].shape)
