# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What a model sees, from tensors that a test made."""

from __future__ import annotations

import torch
from torch import Tensor

from depth_completion_core.models.base import ModelInput, ModelView


def single_view(
    image: Tensor,
    sparse_depth: Tensor,
    *,
    validity_map: Tensor | None = None,
    intrinsics: Tensor | None = None,
) -> ModelInput:
    """A target alone: (B, 3, H, W) colours in 0..1 and (B, 1, H, W) metres."""
    return ModelInput(
        views=(
            ModelView(
                image=image,
                sparse_depth=sparse_depth,
                validity_map=sparse_depth > 0 if validity_map is None else validity_map,
                intrinsics=intrinsics,
                time_s=torch.zeros(len(image)),
            ),
        )
    )
