# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What the terms of FusionNet's loss weigh; recipes read it where torch is not imported."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from depth_completion_core.settings.fields import ConfigError, setting

PriorVariant = Literal["per_image", "released"]
"""per_image: an image's own mask and its own colour error; released: as the PyTorch release of
FusionNet, where each image is weighted by the masks of all images of the batch, and the colour
error is that of the batch. For a batch of one image they are the same."""

VIEW_TERM_UNITS: Mapping[str, str] = MappingProxyType(
    {"color": "1", "structure": "1", "sparse_depth": "m", "smoothness": "m", "prior": "m"}
)
"""The terms, and in what they are measured."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewSynthesisLossConfig:
    """The weights of the terms, by default those of FusionNet's PyTorch release for VOID.

    A weight of 0 leaves its term out.
    """

    w_color: float = setting(0.20, low=0.0)
    """Of the absolute difference of colours, the sum of three channels and of all views."""
    w_structure: float = setting(0.80, low=0.0)
    """Of (1 - SSIM) / 2, the sum of three channels and of all views."""
    w_sparse_depth: float = setting(1.0, low=0.0)
    """Of the absolute error at measurements, metres."""
    w_smoothness: float = setting(1.0, low=0.0)
    """Of depth that changes where the image does not, metres."""
    w_prior: float = setting(0.1, low=0.0)
    """Of the absolute difference from ScaffNet where that explains the first view as well."""
    prior_threshold: float = setting(0.3, low=0.0)
    """The prior counts where the colour error of the first view is below this."""
    prior: PriorVariant = "per_image"
    """Whether the prior is masked image by image, or as in the PyTorch release, where the masks of
    a batch mix."""

    def weights(self) -> dict[str, float]:
        """The weights above 0 by the names of the terms; raises ConfigError where there is none."""
        weights = {name: getattr(self, f"w_{name}") for name in VIEW_TERM_UNITS}
        chosen = {name: weight for name, weight in weights.items() if weight > 0}
        if not chosen:
            known = ", ".join(f"--loss.w_{name}" for name in VIEW_TERM_UNITS)
            raise ConfigError(f"all weights of the loss are 0; give one of {known}")
        return chosen
