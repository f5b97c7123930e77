# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""ScaffNet once more: its layers as a table, and its forward pass written out, from names alone.

The table of FusionNet's layers is here, too.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from depth_completion_core.models.base import ModelInput
from tests.core.models.model_inputs import single_view

Shapes = dict[str, tuple[int, ...]]
Rows = tuple[tuple[str, int, int, int], ...]

# (layer, channels in, channels out, side of the kernel), of the release's description.
_POOL: Rows = (("convs.0", 6, 8, 1), ("convs.1", 8, 8, 1), ("convs.2", 8, 8, 1))
_ENCODER: Rows = (
    ("conv1", 8, 16, 5),
    ("conv2.conv_block.0", 16, 32, 3),
    ("conv3.conv_block.0", 32, 64, 3),
    ("conv4.conv_block.0", 64, 128, 3),
    ("conv5.conv_block.0", 128, 256, 3),
)
_DECODER: Rows = (
    ("deconv4.deconv.conv", 256, 256, 3),
    ("deconv4.conv", 256 + 128, 256, 3),
    ("deconv3.deconv.conv", 256, 128, 3),
    ("deconv3.conv", 128 + 64, 128, 3),
    ("deconv2.deconv.conv", 128, 128, 3),
    ("deconv2.conv", 128 + 32, 128, 3),
    ("deconv1.deconv.conv", 128, 64, 3),
    ("deconv1.conv", 64 + 16, 64, 3),
    ("deconv0.deconv.conv", 64, 32, 3),
    ("deconv0.conv", 32 + 8, 32, 3),
)
_FUSION_IMAGE: Rows = (
    ("conv1", 3, 48, 5),
    ("conv2.conv_block.0", 48, 96, 3),
    ("conv3.conv_block.0", 96, 192, 3),
    ("conv4.conv_block.0", 192, 384, 3),
    ("conv5.conv_block.0", 384, 384, 3),
)
_FUSION_DEPTH: Rows = (
    ("conv1", 2, 16, 5),
    ("conv2.conv_block.0", 16, 32, 3),
    ("conv3.conv_block.0", 32, 64, 3),
    ("conv4.conv_block.0", 64, 128, 3),
    ("conv5.conv_block.0", 128, 128, 3),
)
_FUSION_DECODER: Rows = (
    ("deconv4.deconv.conv", 512, 256, 3),
    ("deconv4.conv", 256 + 512, 256, 3),
    ("deconv3.deconv.conv", 256, 128, 3),
    ("deconv3.conv", 128 + 256, 128, 3),
    ("deconv2.deconv.conv", 128, 128, 3),
    ("deconv2.conv", 128 + 128, 128, 3),
    ("deconv1.deconv.conv", 128, 64, 3),
    ("deconv1.conv", 64 + 64, 64, 3),
    ("deconv0.deconv.conv", 64, 32, 3),
    ("deconv0.conv", 32, 32, 3),
    ("output0", 32, 2, 3),
)


def layer_shapes(part: str, rows: Rows, *, batch_norm: bool) -> Shapes:
    shapes: Shapes = {}
    for layer, channels_in, channels_out, side in rows:
        shapes[f"{part}.{layer}.conv.weight"] = (channels_out, channels_in, side, side)
        if batch_norm:
            for name in ("weight", "bias", "running_mean", "running_var"):
                shapes[f"{part}.{layer}.batch_norm.{name}"] = (channels_out,)
            shapes[f"{part}.{layer}.batch_norm.num_batches_tracked"] = ()
    return shapes


def scaffnet_shapes(*, uncertainty: bool = False) -> Shapes:
    shapes = layer_shapes("spatial_pyramid_pool", _POOL, batch_norm=False)
    shapes |= layer_shapes("encoder", _ENCODER, batch_norm=True)
    for part in ("decoder", "decoder_uncertainty") if uncertainty else ("decoder",):
        shapes |= layer_shapes(part, _DECODER, batch_norm=True)
        shapes |= layer_shapes(part, (("output0", 32, 1, 3),), batch_norm=False)
    return shapes


def fusionnet_shapes() -> Shapes:
    """Without its ScaffNet."""
    return (
        layer_shapes("encoder_image", _FUSION_IMAGE, batch_norm=False)
        | layer_shapes("encoder_depth", _FUSION_DEPTH, batch_norm=False)
        | layer_shapes("decoder", _FUSION_DECODER, batch_norm=False)
    )


def random_state(shapes: Shapes, seed: int = 0) -> dict[str, Tensor]:
    """Weights that keep signals at their size, and statistics that are not those of a new layer."""
    rng = np.random.default_rng(seed)
    state: dict[str, Tensor] = {}
    for key, shape in shapes.items():
        if key.endswith("num_batches_tracked"):
            state[key] = torch.tensor(7)
            continue
        if key.endswith("conv.weight"):
            values = rng.normal(0, math.sqrt(2 / math.prod(shape[1:])), shape)
        elif key.endswith(("running_var", "batch_norm.weight")):
            values = rng.uniform(0.5, 1.5, shape)
        else:
            values = rng.normal(0, 0.2, shape)
        state[key] = torch.from_numpy(values.astype(np.float32))
    return state


def sparse_depth(
    size: tuple[int, int], *, count: int = 1, seed: int = 0, far: float = 14.0
) -> Tensor:
    rng = np.random.default_rng(seed)
    shape = (count, 1, *size)
    depth = np.where(rng.random(shape) < 0.05, rng.uniform(0.3, far, shape), 0.0)
    depth[..., size[0] // 2, size[1] // 2] = 2.0
    return torch.from_numpy(depth.astype(np.float32))


def model_input(sparse: Tensor, seed: int = 0) -> ModelInput:
    count, _, height, width = sparse.shape
    image = np.random.default_rng(seed).random((count, 3, height, width), dtype=np.float32)
    return single_view(torch.from_numpy(image).to(sparse.dtype), sparse)


def slow_conv(
    x: Tensor, state: Mapping[str, Tensor], key: str, *, stride: int = 1, leaky: bool = True
) -> Tensor:
    weight = state[f"{key}.conv.weight"]
    x = F.conv2d(x, weight, stride=stride, padding=weight.shape[-1] // 2)
    if f"{key}.batch_norm.weight" in state:
        mean, variance, scale, shift = (
            state[f"{key}.batch_norm.{name}"][:, None, None]
            for name in ("running_mean", "running_var", "weight", "bias")
        )
        x = (x - mean) / torch.sqrt(variance + 1e-5) * scale + shift
    return torch.where(x > 0, x, 0.2 * x) if leaky else x


def slow_vgg(x: Tensor, state: Mapping[str, Tensor], part: str) -> list[Tensor]:
    levels = [slow_conv(x, state, f"{part}.conv1", stride=2)]
    for level in range(2, 6):
        x, layer = levels[-1], 0
        while (key := f"{part}.conv{level}.conv_block.{layer}") + ".conv.weight" in state:
            is_last = f"{part}.conv{level}.conv_block.{layer + 1}.conv.weight" not in state
            x = slow_conv(x, state, key, stride=2 if is_last else 1)
            layer += 1
        levels.append(x)
    return levels


def slow_resnet18(x: Tensor, state: Mapping[str, Tensor], part: str) -> list[Tensor]:
    levels = [slow_conv(x, state, f"{part}.conv1", stride=2)]
    x = F.max_pool2d(levels[0], 3, stride=2, padding=1)
    for level in range(2, 6):
        for block in range(2):
            key, stride = f"{part}.conv{level}.{block}", 2 if level > 2 and block == 0 else 1
            y = slow_conv(slow_conv(x, state, f"{key}.conv1", stride=stride), state, f"{key}.conv2")
            if f"{key}.projection.conv.weight" in state:
                x = slow_conv(x, state, f"{key}.projection", stride=stride, leaky=False)
            x = torch.where(x + y > 0, x + y, 0.2 * (x + y))
        levels.append(x)
    return levels


def slow_decoder(
    levels: list[Tensor],
    finest: Tensor | None,
    size: tuple[int, int],
    state: Mapping[str, Tensor],
    part: str,
) -> Tensor:
    x = levels[4]
    skips = {4: levels[3], 3: levels[2], 2: levels[1], 1: levels[0], 0: finest}
    for step in (4, 3, 2, 1, 0):
        skip = skips[step]
        target = size if skip is None else (skip.shape[2], skip.shape[3])
        x = slow_conv(F.interpolate(x, target), state, f"{part}.deconv{step}.deconv.conv")
        x = x if skip is None else torch.cat([x, skip], dim=1)
        x = slow_conv(x, state, f"{part}.deconv{step}.conv")
    return slow_conv(x, state, f"{part}.output0", leaky=False)


def slow_scaffnet(
    sparse: Tensor, state: Mapping[str, Tensor], *, near: float, far: float, part: str = ""
) -> dict[str, Tensor]:
    """In float64, from the weights and their names alone: depth, and log_error where it is."""
    state = {key.removeprefix(part): value.double() for key, value in state.items()}
    x = sparse.double()
    x = torch.where(x > far, far, x)
    pools = [F.max_pool2d(x, side, stride=1, padding=side // 2) for side in (13, 17, 19, 21, 25)]
    x = torch.cat([x, *pools], dim=1)
    for layer in range(3):
        x = slow_conv(x, state, f"spatial_pyramid_pool.convs.{layer}")
    size = (x.shape[2], x.shape[3])
    encode = slow_resnet18 if "encoder.conv2.0.conv1.conv.weight" in state else slow_vgg
    levels = encode(x, state, "encoder")
    output = {}
    for name, decoder in (("sigmoid", "decoder"), ("log_error", "decoder_uncertainty")):
        if f"{decoder}.output0.conv.weight" in state:
            output[name] = slow_decoder(levels, x, size, state, decoder)
    fraction = 1 / (1 + torch.exp(-output.pop("sigmoid")))
    return {"depth": near / (fraction + near / far), **output}


def shapes_of(model: nn.Module) -> Shapes:
    return {key: tuple(value.shape) for key, value in model.state_dict().items()}


def parameter_count(model: nn.Module) -> int:
    return sum(parameter.numel() for parameter in model.parameters())
