# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Every kind of network comes out of a file as it went in, or a sentence says why not."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import torch
from torch import nn

from depth_completion_core.checkpoints import onnx_export
from depth_completion_core.checkpoints.checkpoint import save_checkpoint
from depth_completion_core.checkpoints.errors import CheckpointError
from depth_completion_core.checkpoints.onnx_check import example_input
from depth_completion_core.checkpoints.onnx_engine import load_engine
from depth_completion_core.checkpoints.onnx_export import StepOperator, export_network
from depth_completion_core.completer import DepthCompleter, load_model
from depth_completion_core.export_onnx import main
from depth_completion_core.frame import Frame, SparseDepth
from depth_completion_core.models import build_model
from depth_completion_core.models.base import Along, CompletionModel, ModelInput, ModelOutput
from depth_completion_core.models.configs.nlspn import NLSPNConfig
from depth_completion_core.models.layers import anchoring
from depth_completion_core.models.layers.nonlocal_propagation import NonLocalPropagation
from tests.dummies.table import DUMMIES

_CPU = torch.device("cpu")
_SMALL = {"encoder_filters": [4] * 5, "decoder_filters": [4] * 5}


class _Propagation(CompletionModel):
    """NLSPN's propagation without its trunk: guidance is a convolution of what is seen."""

    Config = NLSPNConfig
    config: NLSPNConfig

    def __init__(self, config: NLSPNConfig) -> None:
        super().__init__(config)
        self.depth_range = (0.5, 300.0)
        self.see = nn.Conv2d(4, config.neighbours, 3, padding=1)
        self.propagation = NonLocalPropagation(config)
        nn.init.normal_(self.propagation.conv_offset_aff.weight, std=0.5)

    def forward(self, inputs: ModelInput) -> ModelOutput:
        seen = torch.cat([inputs.image, inputs.sparse_depth], dim=1)
        initial = 5 * inputs.image.mean(dim=1, keepdim=True)
        confidence = inputs.image[:, :1]
        states, _, _ = self.propagation(initial, self.see(seen), confidence, inputs.sparse_depth)
        return ModelOutput(depth=states[-1].abs(), maps={"initial_depth": initial})


def _frame(height: int, width: int) -> Frame:
    random = np.random.default_rng(0)
    depth = np.where(random.random((height, width)) < 0.1, random.uniform(1, 9, (height, width)), 0)
    image = random.integers(0, 256, (height, width, 3), dtype=np.uint8)
    return Frame(image=image, camera=None, sparse=SparseDepth.from_depth(depth))


class _Interpolation(CompletionModel):
    """What networks see beside the measurements if they are told to."""

    def forward(self, inputs: ModelInput) -> ModelOutput:
        return ModelOutput(depth=anchoring.interpolated(inputs.sparse_depth))


class _Copy(CompletionModel):
    """A network that propagates nothing."""

    def forward(self, inputs: ModelInput) -> ModelOutput:
        return ModelOutput(depth=inputs.sparse_depth + 1.0)


@pytest.mark.parametrize(("operator", "kernel"), [("gather", 5), ("deform_conv", 3)])
def test_propagation_is_exported_for_any_size(
    tmp_path: Path, operator: StepOperator, kernel: int
) -> None:
    torch.manual_seed(0)
    config = NLSPNConfig(
        propagation_kernel=kernel, propagation_steps=3, preserve_input=True, legacy=True
    )
    model, path = _Propagation(config).eval(), tmp_path / "x.onnx"
    assert export_network(model, path, operator=operator) < 1e-5
    operators = {node.op_type for node in onnx.load(path).graph.node}
    assert ("DeformConv" in operators) == (operator == "deform_conv")
    engine = load_engine(path, _CPU)
    assert engine.depth_range == (0.5, 300.0)
    for height, width in ((1, 1), (7, 90), (33, 20)):
        inputs = example_input(model.needs, (width, height))
        with torch.inference_mode():
            expected = model(inputs).depth
        torch.testing.assert_close(engine(inputs).depth, expected, rtol=1e-4, atol=1e-4)
    prediction = load_model(str(path), device="cpu").complete(_frame(21, 30))
    twin = DepthCompleter(model).complete(_frame(21, 30))
    np.testing.assert_allclose(prediction.depth, twin.depth, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(
        prediction.maps["initial_depth"], twin.maps["initial_depth"], rtol=1e-5
    )


def test_an_operator_that_would_have_nothing_to_do_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="leave --propagation out"):
        export_network(_Copy().eval(), tmp_path / "x.onnx", operator="deform_conv")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", sorted(DUMMIES))
def test_every_kind_of_network_is_exported(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("depth_completion_core.models.MODELS", DUMMIES)
    torch.manual_seed(0)
    model, path = build_model(name).eval(), tmp_path / "x.onnx"
    assert export_network(model, path) < 1e-5
    assert load_engine(path, _CPU).needs == model.needs


@pytest.mark.parametrize(
    ("name", "config"),
    [
        ("nlspn", {"trunk": "resnet18", "propagation_steps": 1}),
        ("cspn", {"propagation_steps": 1}),
        ("cspn_legacy", {"trunk": "resnet18", "propagation_steps": 1, "size_px": [64, 48]}),
        ("fusionnet", {"scaffnet": _SMALL, "image_filters": [4] * 5, "depth_filters": [4] * 5}),
    ],
)
def test_the_program_writes_a_checkpoint_for_one_size(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, config: dict[str, object]
) -> None:
    torch.manual_seed(0)
    source, target = tmp_path / "x.safetensors", tmp_path / "x.onnx"
    save_checkpoint(source, name, build_model(name, config), provenance={"licence": "MIT"})
    assert main([str(source), str(target), "--width-px", "64", "--height-px", "48"]) == 0
    assert f"{name} for images of 64x48 pixels" in capsys.readouterr().out
    told = {each.key: each.value for each in onnx.load(target).metadata_props}
    assert (told["model"], told["licence"]) == (name, "MIT")
    ours, twin = (load_model(str(path), device="cpu") for path in (target, source))
    # The completer brings other sizes to the one that the file takes.
    frame = _frame(48, 64)
    np.testing.assert_allclose(
        ours.complete(frame).depth, twin.complete(frame).depth, rtol=1e-3, atol=1e-3
    )
    assert ours.output == twin.output
    assert ours.complete(_frame(30, 50)).depth.shape == (30, 50)


def test_a_network_that_looks_at_the_size_is_written_for_one_alone(tmp_path: Path) -> None:
    path = tmp_path / "x.onnx"
    with pytest.raises(CheckpointError, match="give --width-px and --height-px"):
        export_network(_Interpolation(), path)
    assert not path.exists()
    assert export_network(_Interpolation(), path, size_px=(40, 30)) < 1e-5
    assert load_engine(path, _CPU).needs.fixed_size_px == (40, 30)


def test_a_network_of_one_size_is_not_exported_for_another(tmp_path: Path) -> None:
    small = {"trunk": "resnet18", "propagation_steps": 1, "size_px": [64, 48]}
    model = build_model("cspn_legacy", small).eval()
    with pytest.raises(CheckpointError, match="takes images of 64x48 pixels only"):
        export_network(model, tmp_path / "x.onnx", size_px=(48, 64))


def test_a_graph_that_says_something_else_is_not_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, path = _Propagation(NLSPNConfig(propagation_steps=1)).eval(), tmp_path / "x.onnx"
    trace = onnx_export._trace

    def traced_and_changed(*given: Any) -> Along:  # noqa: ANN401 - passed on
        along = trace(*given)
        with torch.no_grad():
            model.propagation.conv_offset_aff.weight += 0.1
        return along

    monkeypatch.setattr(onnx_export, "_trace", traced_and_changed)
    with pytest.raises(CheckpointError, match=r"'depth' differs from torch's by .*nothing was wri"):
        export_network(model, path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["linear", "x.onnx"], "a method without weights"),
        (["nlspn", "x.onnx"], "no weights for it come with this version"),
        (["scaffnet", "x.pt"], r"ends with .onnx"),
        (["scaffnet", "x.onnx", "--width-px", "64"], "give both, or neither"),
        (["y.onnx", "x.onnx"], "an exported network already"),
        (["y.safetensors", "x.onnx"], "does not exist"),
        (["y.pth", "x.onnx"], "does not exist"),
    ],
)
def test_what_cannot_be_exported_is_said(
    arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 1
    assert words in capsys.readouterr().err


def test_without_onnx_it_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(CheckpointError, match=r"pip install 'depth_completion_ros\[onnx\]'"):
        export_network(_Propagation(NLSPNConfig()), tmp_path / "x.onnx")


def test_a_graph_trusts_measurements_as_torch_does(monkeypatch: pytest.MonkeyPatch) -> None:
    random = torch.Generator().manual_seed(0)
    error = 0.1 * torch.randn(4, 1, 40, 56, generator=random)
    shares = torch.tensor([0.0, 0.002, 0.05, 0.9])[:, None, None, None]
    measured = torch.rand(4, 1, 40, 56, generator=random) < shares
    expected = anchoring.trust(torch.where(measured, error, 0.0), measured)
    monkeypatch.setattr(torch.onnx, "is_in_onnx_export", lambda: True)
    torch.testing.assert_close(
        anchoring.trust(torch.where(measured, error, 0.0), measured), expected
    )
