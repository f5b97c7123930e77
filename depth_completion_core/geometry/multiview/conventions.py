# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""How systems that learn from views differ in warping: one set of options each.

docs/views.md has them side by side.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

Padding = Literal["zeros", "border"]


@dataclass(frozen=True, slots=True, kw_only=True)
class WarpConvention:
    """Options of projection, sampling and visibility; the defaults are ours.

    Attributes:
        padding: what lies outside an image: black, or its outermost pixels.
        align_corners: how normalised coordinates, which are always 2 u / (width - 1) - 1, are read:
            True gives the image back under no motion; False moves its borders by half a pixel.
        cuts_partial: with black around the image, also leave black what lies between the centres of
            its outermost pixels and that black.
        nearest_z: the depth that pixels are divided by is at least this, metres; -inf for no limit.
        added_z: and this is added to it, metres.
        half_pixel: whether scaling a camera keeps pixel centres: c' = (c + 0.5) s - 0.5, or c s.
        needs_view: a pixel counts only where it falls into the other image.
        needs_front: a pixel counts only where it lies in front of the other camera.
        occlusion_tolerance: a pixel does not count where something lies nearer in the other view by
            more than this part of its depth; 0 leaves that out.
    """

    padding: Padding = "border"
    align_corners: bool = True
    cuts_partial: bool = False
    nearest_z: float = 1e-3
    added_z: float = 0.0
    half_pixel: bool = True
    needs_view: bool = True
    needs_front: bool = True
    occlusion_tolerance: float = 0.05


OURS = WarpConvention()
"""What is not seen in the other image is left out."""

FUSIONNET = WarpConvention(
    nearest_z=-math.inf,
    added_z=1e-7,
    needs_view=False,
    needs_front=False,
    occlusion_tolerance=0.0,
)
"""The PyTorch release of FusionNet (Wong, Cicek and Soatto, RA-L 2021)."""

PACKNET = WarpConvention(
    padding="zeros",
    nearest_z=1e-5,
    needs_view=False,
    needs_front=False,
    occlusion_tolerance=0.0,
)
"""PackNet-SfM (Guizilini et al., CVPR 2020); Neural Ray Surfaces sample likewise."""

INSTADM = WarpConvention(
    padding="zeros",
    align_corners=False,
    cuts_partial=True,
    nearest_z=1e-3,
    half_pixel=False,
    needs_front=False,
    occlusion_tolerance=0.0,
)
"""The unified inverse warp of Insta-DM (Lee et al., AAAI 2021)."""
