# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A model that answers at another size than its window: which pixels have an answer then."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from depth_completion_core.inference.postprocessing import _at_window_size
from depth_completion_core.inference.preprocessing import Window
from depth_completion_core.models.base import ModelOutput


@pytest.mark.parametrize(
    ("width", "expected"),
    [(3, [1, 1, 0]), (4, [1, 1, 0, 0]), (6, [1, 1, 1, 0, 0, 0]), (5, [1, 1, 1, 0, 0])],
)
def test_a_pixel_is_valid_where_half_of_it_is(width: int, expected: list[int]) -> None:
    """Of two pixels the left one is valid; an odd width has one exactly between them."""
    output = ModelOutput(
        depth=torch.tensor([[[[4.0, 90.0]]]]), valid=torch.tensor([[[[True, False]]]])
    )
    window = Window(0, 0, width, 1, 2, 1)
    resized = _at_window_size(output, window)
    assert resized.valid is not None
    np.testing.assert_array_equal(resized.valid[0, 0, 0], np.array(expected, np.bool_))
    np.testing.assert_allclose(resized.depth[resized.valid], 4.0, rtol=1e-6)
