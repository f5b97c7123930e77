# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np
import pytest

from depth_completion_core.codecs.depth import encode_depth
from depth_completion_core.codecs.image import encode_image
from depth_completion_core.sensing.stream_habits import StreamHabits


@pytest.mark.parametrize(("is_depth", "warnings"), [(True, 1), (False, 0)])
def test_a_depth_image_among_the_colours_is_told(is_depth: bool, warnings: int) -> None:
    depth = np.full((4, 6), 2.5, np.float32)
    grey = np.zeros((4, 6), np.uint8)
    message = encode_depth(depth, depth > 0, "16UC1") if is_depth else encode_image(grey, "mono8")
    habits = StreamHabits()
    assert habits.rgb_of(message).shape == (4, 6, 3)
    told = [note for note in habits.notes if note.is_warning]
    assert len(told) == warnings
    assert all("depth topic" in note.found for note in told)
