# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Files of ScaffNet's and FusionNet's release: dicts of tensors, one for each part of a network."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch

from depth_completion_core.checkpoints.errors import CheckpointError
from depth_completion_core.files.listing import listed

LICENCE = "UCLA Academic Software License, non-commercial use only"
LICENCE_NOTE = (
    "Weights of the authors of ScaffNet and FusionNet, (c) The Regents of the University of "
    "California: they may be used and passed on for non-commercial purposes only, under the same "
    "licence. This file is a conversion of theirs."
)

Parts = dict[str, dict[str, Any]]


def parts_of(state: Mapping[str, Any]) -> Parts:
    """Tensors and other things by part and name, without the ``module.`` of DataParallel.

    Args:
        state: dicts by part, or one flat dict with dotted names.

    Raises:
        CheckpointError: a name is there twice, with and without ``module.``.
    """
    parts: Parts = {}
    for top, value in state.items():
        inner = value.items() if isinstance(value, Mapping) else [("", value)]
        for key, item in inner:
            part, _, name = _without_module(f"{top}.{key}" if key != "" else str(top)).partition(
                "."
            )
            names = parts.setdefault(part, {})
            if name in names:
                raise CheckpointError(
                    f"the file has '{part}.{name}' twice, once with and once without 'module.'; "
                    "it was put together from two files: import one of those"
                )
            names[name] = item
    return parts


def tensor_of(name: str, value: object) -> torch.Tensor:
    """A value that must be a tensor; raises CheckpointError."""
    if not isinstance(value, torch.Tensor):
        raise CheckpointError(
            f"'{name}' is a {type(value).__name__} where a tensor was expected; the file is "
            "damaged or not of the authors' PyTorch release"
        )
    return value


def quoted(names: list[str]) -> str:
    """Names for a message, the first of many."""
    return listed([f"'{name}'" for name in names], most=8)


def _without_module(name: str) -> str:
    return ".".join(step for step in name.split(".") if step != "module")
