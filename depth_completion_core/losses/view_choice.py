# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What a pixel's errors in several views become."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

import torch
from torch import Tensor


class ViewChoice(NamedTuple):
    """The least error of each pixel.

    Attributes:
        error: (B, 1, H, W).
        counts: (B, 1, H, W) bool, whether any view sees the pixel; where none does, the error is 0.
        view: (B, 1, H, W) int64, which error it is: first those of the warped views, then those of
            the views as they are.
    """

    error: Tensor
    counts: Tensor
    view: Tensor


def minimum_over_views(
    warped: Sequence[Tensor],
    *,
    unwarped: Sequence[Tensor] = (),
    seen: Sequence[Tensor] | None = None,
) -> ViewChoice:
    """Each pixel's least error, as what one view hides another may see.

    With the errors of the views as they are, it is the auto-mask of monodepth2, in PackNet-SfM's
    form: a pixel that did not move relative to the camera has less error there, and its error no
    gradient (Godard et al., ICCV 2019). No reduction over pixels.

    Args:
        warped: errors of the warped views, (B, 1, H, W) each.
        unwarped: errors of the views as they are, (B, 1, H, W) each.
        seen: where each warped view sees the pixel, (B, 1, H, W) bool each; None for everywhere.
    """
    if seen is None:
        counts = torch.ones_like(warped[0], dtype=torch.bool)
        candidates = [*warped, *unwarped]
    else:
        counts = torch.cat(list(seen), dim=1).any(dim=1, keepdim=True)
        masked = [
            error.masked_fill(~is_seen, torch.inf)
            for error, is_seen in zip(warped, seen, strict=True)
        ]
        candidates = [*masked, *unwarped]
    least, view = torch.cat(candidates, dim=1).min(dim=1, keepdim=True)
    return ViewChoice(least.masked_fill(~counts, 0.0), counts, view)


def clipped(errors: Tensor, factor: float, *, over: Literal["batch", "image"] = "batch") -> Tensor:
    """Errors cut off at mean + factor * standard deviation, which get no gradient (PackNet-SfM).

    Args:
        errors: (B, 1, H, W).
        factor: of the standard deviation, which divides by the number of pixels less one.
        over: what mean and deviation are taken over; PackNet-SfM: the batch. Over the image, it
            does not change when a batch is split.

    Returns:
        (B, 1, H, W), no reduction over pixels.
    """
    dims = (0, 1, 2, 3) if over == "batch" else (1, 2, 3)
    deviation, mean = torch.std_mean(errors.detach(), dim=dims, keepdim=True)
    return errors.minimum(mean + factor * deviation)
