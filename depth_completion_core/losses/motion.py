# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What predicted motions must agree with: each other, and how far the camera went."""

from __future__ import annotations

import torch
from torch import Tensor


def pose_consistency(view_from_target: Tensor, target_from_view: Tensor) -> Tensor:
    """How far two motions, there and back, are from undoing each other.

    Args:
        view_from_target: (B, 4, 4).
        target_from_view: (B, 4, 4).

    Returns:
        (B,), mean squared difference of their product from the identity over its 16 numbers, as in
        VOICED (Wong et al., RA-L 2020).
    """
    with torch.autocast(view_from_target.device.type, enabled=False):
        there_and_back = view_from_target @ target_from_view
    identity = torch.eye(4, dtype=there_and_back.dtype, device=there_and_back.device)
    return (there_and_back - identity).square().mean(dim=(1, 2))


def velocity(translation: Tensor, distance: Tensor) -> Tensor:
    """How far a predicted motion is from the distance that was travelled (PackNet-SfM).

    Args:
        translation: (B, 3) metres, predicted.
        distance: (B,) metres: speed times time, or the length of a known translation.

    Returns:
        (B,) metres, the absolute difference of the lengths.
    """
    length: Tensor = torch.linalg.vector_norm(translation, dim=1)
    return (length - distance).abs()
