# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""ScaffNet on any set of one's own, from the weights that came along: minutes on a CPU.

It learns from withheld measurements, and from true depth where the set has some.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from depth_completion_core.training.recipes.finetuning import FinetuneRecipe


@dataclass(frozen=True, slots=True, kw_only=True)
class ScaffNetFinetune(FinetuneRecipe):
    """See the module."""

    model_name: ClassVar[str] = "scaffnet"
