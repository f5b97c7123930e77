# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The examples of docs/adding_a_model.md do what the page says."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import torch
from torch import nn

from depth_completion_core.checkpoints.checkpoint import load_weights
from depth_completion_core.checkpoints.importers import ReleasedWeights
from depth_completion_core.checkpoints.onnx_metadata import engine_metadata
from depth_completion_core.completer import DepthCompleter, load_model
from depth_completion_core.frame import Frame, SparseDepth
from depth_completion_core.models.base import CompletionModel, ModelInput, ModelOutput
from depth_completion_core.models.needs import ModelNeeds
from tests.core.checkpoints.onnx_graphs import brightness_depth

_CORE = Path(__file__).resolve().parents[3] / "depth_completion_core"
_PAGE = _CORE.parent / "docs" / "adding_a_model.md"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Config:
    width: int = 32


def _examples() -> list[str]:
    return re.findall(r"```python\n(.*?)```", _PAGE.read_text(encoding="utf-8"), flags=re.DOTALL)


def _defined(example: str) -> dict[str, Any]:
    names: dict[str, Any] = {
        "CompletionModel": CompletionModel,
        "ModelInput": ModelInput,
        "ModelNeeds": ModelNeeds,
        "ModelOutput": ModelOutput,
        "MyNetConfig": _Config,
        "ReleasedWeights": ReleasedWeights,
        "Mapping": Mapping,
        "Any": Any,
        "_RENAMED": {"conv.weight": "layer.weight", "conv.bias": "layer.bias"},
        "engine_metadata": engine_metadata,
        "onnx": onnx,
        "nn": nn,
        "torch": torch,
    }
    exec(example, names)  # noqa: S102 - a page of this repository
    return names


def _frame() -> Frame:
    depth = np.zeros((40, 50))
    depth[::7, ::7] = 3.0
    return Frame(
        image=np.full((40, 50, 3), 128, dtype=np.uint8),
        camera=None,
        sparse=SparseDepth.from_depth(depth),
    )


def test_the_network_completes_and_takes_imported_weights() -> None:
    network, importer, _ = _examples()
    model: CompletionModel = _defined(network)["MyNet"]()
    assert DepthCompleter(model).complete(_frame()).valid.any()
    released = {"conv.weight": torch.ones(1, 4, 3, 3), "conv.bias": torch.zeros(1)}
    imported = _defined(importer)["import_released"]({"model": released}, "mynet", "void")
    load_weights(model, imported.weights, what="the example")
    assert torch.equal(model.state_dict()["layer.weight"], released["conv.weight"])


def test_an_exported_network_states_its_needs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    brightness_depth(tmp_path / "mine.onnx")
    _defined(_examples()[2])
    completer = load_model("mine.onnx", device="cpu")
    assert completer.model.needs.fixed_size_px == (640, 480)
    assert completer.complete(_frame()).valid.any()


def test_the_table_names_the_files_of_every_network_with_weights() -> None:
    """Four rows, each a file that the networks here have, too."""
    named = re.findall(r"^\| `(\S+\.py)`", _PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert len(named) == 4
    for name in ("scaffnet", "fusionnet"):
        assert all((_CORE / place.replace("NAME", name)).is_file() for place in named)
