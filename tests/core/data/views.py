# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Parts of the views of a sample."""

from __future__ import annotations

from depth_completion_core.data.sample import Sample
from depth_completion_core.geometry.arrays import UInt8Array
from depth_completion_core.geometry.transforms import RigidTransform


def images_of(sample: Sample) -> list[UInt8Array]:
    """The image of each view."""
    return [view.image for view in sample.views]


def motions(sample: Sample) -> list[RigidTransform]:
    """The optical frame of each view from that of the sample, where they are known."""
    found = [view.view_from_target for view in sample.views]
    return [motion for motion in found if motion is not None]
