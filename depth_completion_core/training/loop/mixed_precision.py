# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Mixed precision of the network alone; needs Lightning Fabric."""

from __future__ import annotations

from typing import Any

from lightning_fabric.plugins import MixedPrecision, Precision

from depth_completion_core.training.recipes.recipe import Precision as PrecisionName


class Autocast(MixedPrecision):
    """Layers run in half precision; batches come as they are.

    Fabric's own plugin rounds them, too: a measurement or a true depth of 10 m would be off by up
    to 3 cm in bfloat16.
    """

    def convert_input(self, data: Any) -> Any:  # noqa: ANN401 - as Fabric has it
        """Nothing is converted."""
        return data


def precision_plugin(precision: PrecisionName, device: str) -> Precision:
    """Fabric's plugin for a recipe's precision.

    Args:
        precision: numbers of the forward pass.
        device: cpu or cuda.
    """
    if precision == "32":
        return Precision()
    return Autocast(precision, device)
