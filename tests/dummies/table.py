# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""One small network of each kind that the contracts carry, under the names that tests use."""

from __future__ import annotations

from pathlib import Path

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


ENGINE = "fixed_size_engine"
EVERY_KIND = (*DUMMIES, ENGINE)


def model_argument(name: str, folder: Path) -> str:
    """What ``--model`` takes for a kind: its name, or the path of an exported network.

    The exported one takes images of 32x16 pixels only, and is written to the folder.
    """
    if name != ENGINE:
        return name
    pytest.importorskip("onnx")
    pytest.importorskip("onnxruntime")
    from tests.core.checkpoints.onnx_graphs import brightness_depth  # noqa: PLC0415 - an extra

    folder.mkdir(parents=True, exist_ok=True)
    return str(brightness_depth(folder / f"{name}.onnx", size_px=(32, 16)))
