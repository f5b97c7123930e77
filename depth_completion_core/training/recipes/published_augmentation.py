# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What the augmentations of NLSPN and CSPN share, in rooms and streets."""

from __future__ import annotations

from depth_completion_core.data.sampling.augmentation import Augmentation

PUBLISHED_AUGMENTATION = Augmentation(
    roll_deg=5.0, flip=0.5, brightness=0.4, contrast=0.4, saturation=0.4
)
