# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""One small network of each kind that the contracts carry, under the names that tests use."""

from __future__ import annotations

import pytest

from depth_completion_core.models import MODELS

DUMMIES = {
    "monocular": "tests.dummies.monocular:Monocular",
    "two_views": "tests.dummies.two_views:TwoViews",
    "ray_camera": "tests.dummies.ray_camera:RayCamera",
    "two_outputs": "tests.dummies.two_outputs:TwoOutputs",
}


def register(monkeypatch: pytest.MonkeyPatch) -> None:
    """Put them into the table of models until the test ends."""
    for name, place in DUMMIES.items():
        monkeypatch.setitem(MODELS, name, place)
