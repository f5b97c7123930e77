# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Where geometry turns from one answer to the other."""

from __future__ import annotations

import pytest
import torch

from depth_completion_core.config import OcclusionConfig
from depth_completion_core.geometry.occlusion import filter_occluded
from depth_completion_core.geometry.transform_edge import TransformEdge
from depth_completion_core.geometry.transforms import RigidTransform


@pytest.mark.parametrize(
    ("side_px", "reach_px"),
    [(8, 3), (16, 7), (40, 7)],  # spacings of 4, 8 and 20 pixels; the window ends at 15
)
def test_the_window_of_the_occlusion_filter_follows_the_spacing_up_to_its_cap(
    side_px: int, reach_px: int
) -> None:
    """Of four points on the corners' rows, the near one hides the one at its left, or not."""
    for apart_px, is_hidden in ((reach_px, True), (reach_px + 1, False)):
        depth = torch.zeros(side_px, side_px)
        depth[0, 0] = depth[-1, 0] = depth[-1, -1] = 10.0
        depth[0, apart_px] = 1.0
        kept = filter_occluded(depth, depth > 0, OcclusionConfig(window_px=0))
        assert bool(kept[0, 0]) is not is_hidden


def test_transforms_are_forgotten_before_an_instant_and_not_at_it() -> None:
    edge = TransformEdge("odom", is_static=False)
    for stamp_ns in (10, 20, 30):
        edge.add(stamp_ns, RigidTransform.identity())
    edge.forget_before(20)
    assert edge.stamps_ns == [20, 30]
    assert set(edge.history) == {20, 30}
    edge.forget_before(31)
    assert (edge.stamps_ns, edge.history) == ([], {})
