# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Files as the authors' release writes them, from tables of names and shapes, and our own.

The tables are those of the release's files and owe nothing to our networks, which they test.
"""

from __future__ import annotations

import functools
import math
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from depth_completion_core.checkpoints.checkpoint import save_checkpoint
from depth_completion_core.models import build_model

Layers = list[tuple[str, tuple[int, ...]]]
State = dict[str, Any]

_POOL: Layers = [(f"convs.{i}.conv", (8, 6 if i == 0 else 8, 1, 1)) for i in range(3)]


def _encoder(channels: tuple[int, ...]) -> Layers:
    """Input, then the output of each of the five levels; the first kernel is 5 px wide."""
    first: Layers = [("conv1.conv", (channels[1], channels[0], 5, 5))]
    return first + [
        (f"conv{i}.conv_block.0.conv", (channels[i], channels[i - 1], 3, 3)) for i in range(2, 6)
    ]


def _decoder(channels: tuple[int, ...], skips: tuple[int, ...], outputs: int) -> Layers:
    layers: Layers = []
    for step, level in enumerate((4, 3, 2, 1, 0)):
        out = channels[step + 1]
        layers.append((f"deconv{level}.deconv.conv.conv", (out, channels[step], 3, 3)))
        layers.append((f"deconv{level}.conv.conv", (out, out + skips[step], 3, 3)))
    return [*layers, ("output0.conv", (outputs, channels[-1], 3, 3))]


_SCAFFNET_DECODER = _decoder((256, 256, 128, 128, 64, 32), (128, 64, 32, 16, 8), 1)
# Part of the file: its layers, and whether they have batch normalisation.
SCAFFNET: dict[str, tuple[Layers, bool]] = {
    "spatial_pyramid_pool_state_dict": (_POOL, False),
    "scaffnet_encoder_state_dict": (_encoder((8, 16, 32, 64, 128, 256)), True),
    "scaffnet_decoder_depth_state_dict": (_SCAFFNET_DECODER, True),
}
UNCERTAINTY = {"scaffnet_decoder_uncertainty_state_dict": (_SCAFFNET_DECODER, True)}
FUSIONNET: dict[str, tuple[Layers, bool]] = {
    "fusionnet_encoder_image_state_dict": (_encoder((3, 48, 96, 192, 384, 384)), False),
    "fusionnet_encoder_depth_state_dict": (_encoder((2, 16, 32, 64, 128, 128)), False),
    "fusionnet_decoder_state_dict": (
        _decoder((512, 256, 128, 128, 64, 32), (512, 256, 128, 64, 0), 2),
        False,
    ),
}
POSENET: dict[str, tuple[Layers, bool]] = {
    "encoder_state_dict": ([("conv1.conv", (16, 6, 7, 7))], True),
    "decoder_state_dict": ([("conv.conv", (6, 256, 1, 1))], False),
}


_ALL = SCAFFNET | UNCERTAINTY | FUSIONNET | POSENET


def released_state(parts: Iterable[str], seed: int = 0) -> State:
    """A dict of parts with random weights of sensible sizes, and an odd optimizer's state."""
    state: State = {"train_step": 1000}
    state |= {part: OrderedDict(_part(part, seed)) for part in parts}
    state["optimizer_state_dict"] = {"state": {0: {"step": 1, "exp_avg": torch.zeros(3)}}}
    return state


@functools.cache
def _part(part: str, seed: int) -> dict[str, Tensor]:
    """Made once: millions of random numbers take their time."""
    random = torch.Generator().manual_seed(seed)
    layers, normalised = _ALL[part]
    tensors: dict[str, Tensor] = {}
    for name, shape in layers:
        scale = math.sqrt(2.0 / math.prod(shape[1:]))
        tensors[f"{name}.weight"] = torch.randn(shape, generator=random) * scale
        if normalised and not name.startswith("output"):
            tensors |= _batch_norm(f"{name.removesuffix('conv')}batch_norm", shape[0], random)
    return tensors


def _batch_norm(name: str, channels: int, random: torch.Generator) -> dict[str, Tensor]:
    return {
        f"{name}.weight": 1 + 0.1 * torch.randn(channels, generator=random),
        f"{name}.bias": 0.1 * torch.randn(channels, generator=random),
        f"{name}.running_mean": 0.1 * torch.randn(channels, generator=random),
        f"{name}.running_var": 0.5 + torch.rand(channels, generator=random),
        f"{name}.num_batches_tracked": torch.tensor(7),
    }


def with_module(state: State) -> State:
    """As DataParallel names things."""
    return {
        part: OrderedDict((f"module.{key}", value) for key, value in tensors.items())
        if isinstance(tensors, OrderedDict)
        else tensors
        for part, tensors in state.items()
    }


def with_old_names(state: State) -> State:
    """As MonDi's older copy names ScaffNet's parts."""
    return {
        key if key.startswith("scaffnet_optimizer") else key.removeprefix("scaffnet_"): value
        for key, value in state.items()
    }


def flat(state: State) -> State:
    """One dict with dotted names."""
    return {
        f"{part}.{key}": value
        for part, tensors in state.items()
        if isinstance(tensors, OrderedDict)
        for key, value in tensors.items()
    }


SMALL: dict[str, dict[str, Any]] = {
    "scaffnet": {"encoder_filters": [4, 4, 8, 8, 8], "decoder_filters": [8, 8, 8, 4, 4]},
    "fusionnet": {
        "scaffnet": {"encoder_filters": [4, 4, 8, 8, 8], "decoder_filters": [8, 8, 8, 4, 4]},
        "image_filters": [4, 4, 8, 8, 8],
        "depth_filters": [4, 4, 8, 8, 8],
        "decoder_filters": [8, 8, 8, 4, 4],
    },
    "nlspn": {"trunk": "resnet18", "propagation_steps": 2, "interpolation": True},
    "cspn": {"trunk": "resnet18", "propagation_steps": 2, "interpolation": True},
}
"""Settings of networks that answer quickly, with depth above 0 whatever their weights."""


def seeded_checkpoint(
    path: Path, model_name: str, seed: int = 0, *, settings: Mapping[str, Any] | None = None
) -> Path:
    """A checkpoint of ours with random weights; the same ones for the same seed."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = build_model(model_name, settings)
    provenance = {"source": f"random, seed {seed}", "licence": "Apache-2.0", "note": "for tests"}
    save_checkpoint(path, model_name, model, provenance=provenance)
    return path
