# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Half precision is for layers: what is measured reaches a network in all its digits."""

from __future__ import annotations

import pytest
import torch
from lightning_fabric import Fabric
from torch import Tensor, nn

from depth_completion_core.training.loop.mixed_precision import precision_plugin
from depth_completion_core.training.recipes.recipe import Precision

_DEPTH = 10.0123


class _Layer(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(1, 1, 1, bias=False)

    def forward(self, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
        depth = tensors["sparse_depth"]
        is_half = torch.tensor(self.conv(depth).dtype == torch.bfloat16)
        return {"seen": depth * 1.0, "is_half": is_half}


@pytest.mark.parametrize("precision", ["32", "bf16-mixed"])
def test_batches_are_not_rounded(precision: Precision) -> None:
    fabric = Fabric(accelerator="cpu", devices=1, plugins=precision_plugin(precision, "cpu"))
    found = fabric.setup_module(_Layer())({"sparse_depth": torch.full((1, 1, 4, 4), _DEPTH)})
    assert (found["seen"] == torch.tensor(_DEPTH)).all()
    assert found["is_half"].item() is (precision == "bf16-mixed")
