# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""CSPN's affinities (Cheng, Wang and Yang, ECCV 2018, section 3.1), as its release has them.

Guidance is what a pixel has to say to each neighbour: the weight of a neighbour is what was said
there, normalised where it arrives.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import pad

from depth_completion_core.models.configs.cspn import Norm
from depth_completion_core.models.propagation.stages import depth_stages
from depth_completion_core.models.propagation.taps import Taps, pixel_taps

_SHIFTS_PX = ((1, 1), (1, 0), (1, -1), (0, 1), (0, -1), (-1, 1), (-1, 0), (-1, -1))


class Affinities(NamedTuple):
    """What each step does.

    Attributes:
        taps: of the eight neighbours.
        weight: (B, 8, H, W), what each of them counts.
        own: (B, 1, H, W) what the depth to begin with counts in every step.
    """

    taps: Taps
    weight: Tensor
    own: Tensor


def affinities(guidance: Tensor, norm: Norm, *, least_sum: float) -> Affinities:
    """Normalise guidance.

    Args:
        guidance: (B, 8, H, W).
        norm: by the sum of magnitudes, with the signs kept (8sum) or without them (8sum_abs).
        least_sum: magnitudes that sum to less are not scaled up to 1; 0 divides 0 by 0.

    Returns:
        Weights from -1 to 1 whose magnitudes sum to 1.
    """
    if norm == "8sum_abs":
        guidance = guidance.abs()
    height, width = guidance.shape[-2:]
    said = pad(guidance, (1, 1, 1, 1))
    heard = [
        said[:, number, 1 + down : 1 + down + height, 1 + right : 1 + right + width]
        for number, (down, right) in enumerate(_SHIFTS_PX)
    ]
    raw = torch.stack(heard, dim=1)
    total = raw.abs().sum(dim=1, keepdim=True)
    weight = raw / (total.clamp(min=least_sum) if least_sum else total)
    own = 1.0 - weight.sum(dim=1, keepdim=True)
    return Affinities(pixel_taps(_SHIFTS_PX, weight), weight, own)


class Refinement(NamedTuple):
    """What CSPN says of a batch.

    Attributes:
        states: (steps + 1, B, 1, H, W) metres: the depth to begin with, and what each step made
            of it.
        initial: (B, 1, H, W) metres, the network's own depth.
        guidance: (B, 8, H, W), what each pixel has to say to its neighbours.
        affinity: (B, 8, H, W), what each neighbour counts; the depth to begin with counts the rest
            to 1.
    """

    states: Tensor
    initial: Tensor
    guidance: Tensor
    affinity: Tensor

    def stages(self) -> dict[str, Tensor]:
        """All of it as maps by name."""
        further = {"guidance": self.guidance, "affinity": self.affinity}
        return {**depth_stages(self.states), **further}
