# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What a network sees and says, as tensors by the names that they have in an ONNX file."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

from depth_completion_core.models.base import ModelInput, ModelOutput, ModelView
from depth_completion_core.models.needs import ModelNeeds

IMAGES = ("image", "sparse_depth")
"""Inputs as large as the image, further views' with their offset behind."""


def input_tensors(inputs: ModelInput, needs: ModelNeeds) -> dict[str, Tensor]:
    """What a network with these needs looks at, the target first."""
    found: dict[str, Tensor | None] = {}
    for suffix, view in zip(suffixes(needs), inputs.views, strict=True):
        found |= {f"{name}{suffix}": getattr(view, name) for name in IMAGES}
        if needs.intrinsics:
            found[f"intrinsics{suffix}"] = view.intrinsics
        if suffix:
            found[f"time_s{suffix}"] = view.time_s
            found[f"view_from_target{suffix}"] = view.view_from_target
    return {name: value for name, value in found.items() if value is not None}


def model_input(tensors: Mapping[str, Tensor], needs: ModelNeeds) -> ModelInput:
    """The other way round."""
    return ModelInput(views=tuple(_view(tensors, suffix) for suffix in suffixes(needs)))


def output_tensors(output: ModelOutput) -> dict[str, Tensor]:
    """What a network says, without what it does not; its maps are the last."""
    found = {
        "depth": output.depth,
        "valid": output.valid,
        "confidence": output.confidence,
        "rays": output.rays,
        **output.maps,
    }
    return {name: value for name, value in found.items() if value is not None}


def suffixes(needs: ModelNeeds) -> list[str]:
    """What the names of each view's inputs end with."""
    return ["", *(f"_{offset}" for offset in needs.view_offsets)]


def _view(tensors: Mapping[str, Tensor], suffix: str) -> ModelView:
    image, sparse_depth = (tensors[f"{name}{suffix}"] for name in IMAGES)
    return ModelView(
        image=image,
        sparse_depth=sparse_depth,
        validity_map=sparse_depth > 0,
        intrinsics=tensors.get(f"intrinsics{suffix}"),
        time_s=tensors.get(f"time_s{suffix}", image.new_zeros(image.shape[0])),
        view_from_target=tensors.get(f"view_from_target{suffix}"),
    )
