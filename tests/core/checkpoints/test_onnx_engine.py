# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""An exported network says what it says anywhere else, or a sentence says why it cannot run."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from onnx import helper

from depth_completion_core.checkpoints.errors import CheckpointError
from depth_completion_core.checkpoints.loaders import LOADERS
from depth_completion_core.checkpoints.onnx_engine import OnnxEngine, load_engine
from depth_completion_core.checkpoints.onnx_metadata import engine_metadata
from depth_completion_core.completer import DepthCompleter, load_model
from depth_completion_core.config import AnchoringConfig, CompletionConfig, OutputConfig
from depth_completion_core.frame import Frame, SparseDepth
from depth_completion_core.models.base import CompletionModel, ModelInput, ModelOutput
from depth_completion_core.models.needs import ModelNeeds
from tests.core.checkpoints.onnx_graphs import (
    BOOL,
    BRIGHTNESS_M,
    DEPTH,
    FLOAT,
    IMAGE,
    SPARSE_DEPTH,
    VALIDITY_MAP,
    Value,
    brightness_depth,
    brightness_twin,
    random_view,
    save_graph,
)

_CPU = torch.device("cpu")
_AS_IT_IS = CompletionConfig(
    output=OutputConfig(min_depth=0.0, max_depth=1e6, anchoring=AnchoringConfig(enabled=False))
)
_COPY = helper.make_node("Identity", ["sparse_depth"], ["depth"])


def _frame(seed: int, height: int = 40, width: int = 60) -> Frame:
    random = np.random.default_rng(seed)
    depth = np.where(random.random((height, width)) < 0.2, random.uniform(1, 9, (height, width)), 0)
    return Frame(
        image=random.integers(0, 256, (height, width, 3), dtype=np.uint8),
        camera=None,
        sparse=SparseDepth.from_depth(depth),
    )


class _TorchTwin(CompletionModel):
    """The graph of ``brightness_depth`` as a network of this project."""

    def __init__(self, needs: ModelNeeds) -> None:
        super().__init__()
        self.needs = needs

    def forward(self, inputs: ModelInput) -> ModelOutput:
        mean = inputs.image.mean(dim=1, keepdim=True)
        brightness = float(BRIGHTNESS_M) * mean
        depth = torch.where(inputs.validity_map, inputs.sparse_depth, brightness)
        return ModelOutput(
            depth=depth, valid=depth > 0.5, confidence=1 - mean, maps={"brightness": brightness}
        )


# What it says.


@pytest.mark.parametrize("batch", ["B", 1])
def test_it_says_what_its_graph_computes(tmp_path: Path, batch: int | str) -> None:
    engine = load_engine(brightness_depth(tmp_path / "x.onnx", batch=batch), _CPU)
    inputs = ModelInput(views=(random_view(0, 3, 7, 9),))
    found, expected = engine(inputs), _TorchTwin(ModelNeeds())(inputs)
    torch.testing.assert_close(found.depth, expected.depth)
    torch.testing.assert_close(found.confidence, expected.confidence)
    torch.testing.assert_close(found.maps["brightness"], expected.maps["brightness"])
    assert torch.equal(found.valid, expected.valid)
    assert found.valid.dtype == torch.bool
    assert (found.along, found.rays, list(found.maps)) == ("z", None, ["brightness"])


def test_a_completer_takes_it_by_its_path(tmp_path: Path) -> None:
    path = brightness_depth(tmp_path / "x.onnx")
    frame = _frame(1)
    assert frame.sparse is not None
    prediction = load_model(str(path), device="cpu", config=_AS_IT_IS).complete(frame)
    expected = brightness_twin(frame.image, frame.sparse.depth)
    np.testing.assert_array_equal(prediction.valid, expected["valid"])
    np.testing.assert_allclose(
        prediction.depth, np.where(expected["valid"], expected["depth"], 0), rtol=1e-6
    )
    assert prediction.confidence is not None
    np.testing.assert_allclose(prediction.confidence, expected["confidence"], atol=1e-6)
    np.testing.assert_allclose(prediction.maps["brightness"], expected["brightness"], rtol=1e-5)


@pytest.mark.parametrize(
    "needs", [ModelNeeds(fixed_size_px=(32, 24)), ModelNeeds(size_multiple=16)]
)
def test_what_it_needs_is_honoured_as_for_any_network(tmp_path: Path, needs: ModelNeeds) -> None:
    size_px = (needs.fixed_size_px[0], needs.fixed_size_px[1]) if needs.fixed_size_px else None
    path = brightness_depth(tmp_path / "x.onnx", size_px=size_px, batch=1, needs=needs)
    ours = load_model(str(path), device="cpu", config=_AS_IT_IS)
    twin = DepthCompleter(_TorchTwin(needs), config=_AS_IT_IS)
    assert ours.model.needs == needs
    frames = [_frame(2), _frame(3), _frame(4, 48, 32)]
    for found, expected in zip(
        ours.complete_batch(frames), twin.complete_batch(frames), strict=True
    ):
        np.testing.assert_array_equal(found.valid, expected.valid)
        np.testing.assert_allclose(found.depth, expected.depth, rtol=1e-5)
        np.testing.assert_allclose(found.maps["brightness"], expected.maps["brightness"], rtol=1e-5)


def _two_views(path: Path) -> Path:
    """Depth of the focal length, and of the time, motion and brightness of the image before."""
    scalar = (0,)
    return save_graph(
        path,
        [
            IMAGE,
            ("intrinsics", FLOAT, ("B", 3, 3)),
            ("image_-1", FLOAT, ("B", 3, "H", "W")),
            ("time_s_-1", FLOAT, ("B",)),
            ("view_from_target_-1", FLOAT, ("B", 4, 4)),
        ],
        [
            helper.make_node("ReduceMean", ["image"], ["now"], axes=[1], keepdims=1),
            helper.make_node("ReduceMean", ["image_-1"], ["before"], axes=[1], keepdims=1),
            helper.make_node("Gather", ["intrinsics", "first"], ["row"], axis=1),
            helper.make_node("Gather", ["row", "first"], ["focal"], axis=2),
            helper.make_node("Gather", ["view_from_target_-1", "last"], ["column"], axis=2),
            helper.make_node("Gather", ["column", "first"], ["moved"], axis=1),
            helper.make_node("Reshape", ["focal", "shape"], ["focal4"]),
            helper.make_node("Reshape", ["moved", "shape"], ["moved4"]),
            helper.make_node("Reshape", ["time_s_-1", "shape"], ["time4"]),
            helper.make_node("Sum", ["now", "before", "focal4", "moved4", "time4"], ["depth"]),
        ],
        constants={
            "first": np.array(scalar, dtype=np.int64),
            "last": np.array([3], dtype=np.int64),
            "shape": np.array([-1, 1, 1, 1], dtype=np.int64),
        },
        needs=ModelNeeds(sparse_depth=False, intrinsics=True, view_offsets=(-1,)),
        along="range",
    )


def test_further_views_have_their_offset_in_their_name(tmp_path: Path) -> None:
    engine = load_engine(_two_views(tmp_path / "x.onnx"), _CPU)
    K = torch.tensor([[50.0, 0, 4], [0, 50, 3], [0, 0, 1]]).expand(2, 3, 3).clone()
    K[1, 0, 0] = 70.0
    motion = torch.eye(4).repeat(2, 1, 1)
    motion[:, 0, 3] = torch.tensor([0.25, -0.5])
    time_s = torch.tensor([-0.1, -0.2])
    now = random_view(5, 2, 6, 8, intrinsics=K)
    before = random_view(6, 2, 6, 8, time_s=time_s, view_from_target=motion)
    found = engine(ModelInput(views=(now, before)))
    means = now.image.mean(1, keepdim=True) + before.image.mean(1, keepdim=True)
    expected = means + (K[:, 0, 0] + motion[:, 0, 3] + time_s)[:, None, None, None]
    torch.testing.assert_close(found.depth, expected)
    assert found.along == "range"
    unknown = random_view(6, 2, 6, 8, time_s=time_s)
    with pytest.raises(CheckpointError, match="'view_from_target_-1', which is not known here"):
        engine(ModelInput(views=(now, unknown)))


def test_it_can_say_rays(tmp_path: Path) -> None:
    nodes = [_COPY, helper.make_node("Identity", ["image"], ["rays"])]
    outputs: list[Value] = [DEPTH, ("rays", FLOAT, ("B", 3, "H", "W"))]
    path = save_graph(tmp_path / "x.onnx", [IMAGE, SPARSE_DEPTH], nodes, outputs)
    view = random_view(7, 1, 4, 5)
    rays = load_engine(path, _CPU)(ModelInput(views=(view,))).rays
    assert rays is not None
    assert torch.equal(rays, view.image)


# What is refused.


def test_other_endings_list_the_known_ones(tmp_path: Path) -> None:
    assert set(LOADERS) == {".safetensors", ".onnx"}
    (tmp_path / "x.engine").write_bytes(b"x")
    with pytest.raises(CheckpointError, match=r"does not end with \.safetensors or \.onnx"):
        load_model(str(tmp_path / "x.engine"), device="cpu")


def test_without_onnxruntime_it_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = brightness_depth(tmp_path / "x.onnx")
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(CheckpointError, match=r"pip install 'depth_completion_ros\[onnx\]'"):
        load_model(str(path), device="cpu")


def test_files_of_other_kinds_are_named(tmp_path: Path) -> None:
    path = tmp_path / "x.onnx"
    with pytest.raises(CheckpointError, match=r"x\.onnx does not exist"):
        load_engine(path, _CPU)
    content = brightness_depth(path).read_bytes()
    for other, words in (
        (b"", "an empty file, not an exported network"),
        (b"<!DOCTYPE html>", "a web page"),
        (b"version https://git-lfs.github.com/spec/v1\n", "a Git LFS pointer"),
        (b"\x80\x02}q\x00.", "can run code when read in the usual way"),
        (content[:-1], "damaged or of another kind"),
        (b"\xff" * 100, "damaged or of another kind"),
        (b"\x08\x08", "cannot be read by onnxruntime"),
    ):
        path.write_bytes(other)
        with pytest.raises(CheckpointError, match=words):
            load_engine(path, _CPU)
    path.unlink()
    path.mkdir()
    with pytest.raises(CheckpointError, match="is a folder, not an exported network"):
        load_engine(path, _CPU)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"depth_completion_format": None}, "does not say what it needs"),
        ({"depth_completion_format": "9"}, "has format 9.*update it"),
        ({"needs": None}, r"what it needs cannot be read \('needs'\)"),
        ({"needs": "{"}, "what it needs cannot be read"),
        ({"needs": "[1]"}, "what it needs cannot be read"),
        ({"needs": "[" * 100_000}, "what it needs cannot be read"),
        ({"needs": '{"sparse": true}'}, r"did you mean 'needs\.sparse_depth'"),
        ({"needs": '{"view_offsets": [0]}'}, "different and not 0"),
        ({"needs": '{"view_offsets": [-1000000]}'}, "gives images up to 64 away"),
        ({"needs": '{"size_multiple": 100000}'}, "in multiples of up to 1024"),
        ({"needs": '{"fixed_size_px": [100000, 100000]}'}, "in sizes up to 16384 pixels"),
        ({"along": None}, "along 'None', expected z or range"),
        ({"along": "y"}, "along 'y', expected z or range"),
    ],
)
def test_wrong_metadata_is_named(tmp_path: Path, change: dict[str, str | None], words: str) -> None:
    told = {**engine_metadata(ModelNeeds()), **change}
    metadata = {key: value for key, value in told.items() if value is not None}
    path = save_graph(tmp_path / "x.onnx", [SPARSE_DEPTH], [_COPY], metadata=metadata)
    with pytest.raises(CheckpointError, match=words) as caught:
        load_engine(path, _CPU)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize(
    ("inputs", "needs", "words"),
    [
        (
            [("depth_image", FLOAT, ("B", 1, "H", "W"))],
            {},
            "has an input 'depth_image'; .*image, sp",
        ),
        ([("image_-1", FLOAT, ("B", 3, "H", "W"))], {}, "has an input 'image_-1'; a network"),
        ([("time_s", FLOAT, ("B",))], {"view_offsets": (-1,)}, "has an input 'time_s'.*time_s_-1"),
        ([("image", 11, ("B", 3, "H", "W"))], {}, r"is a tensor\(double\), expected tensor\(flo"),
        ([("intrinsics", FLOAT, ("B", 3, 3))], {}, "does not say that it needs intrinsics"),
        ([("image", FLOAT, (1, 3, 8, 16))], {}, "16x8 pixels only, but .* no fixed size"),
        ([("image", FLOAT, (1, 3, 8, 16))], {"fixed_size_px": (8, 16)}, r"16x8 .* \[8, 16\]"),
        ([("image", FLOAT, (4, 3, "H", "W"))], {}, "takes 4 frames at once"),
    ],
)
def test_other_inputs_are_named(
    tmp_path: Path, inputs: list[Value], needs: dict[str, Any], words: str
) -> None:
    path = save_graph(
        tmp_path / "x.onnx", [SPARSE_DEPTH, *inputs], [_COPY], needs=ModelNeeds(**needs)
    )
    with pytest.raises(CheckpointError, match=words):
        load_engine(path, _CPU)


def _asked(engine: OnnxEngine) -> Callable[[], ModelOutput]:
    return lambda: engine(ModelInput(views=(random_view(8, 2, 6, 8),)))


def test_other_outputs_are_named(tmp_path: Path) -> None:
    copy = helper.make_node("Identity", ["sparse_depth"], ["distance"])
    distance: Value = ("distance", FLOAT, ("B", 1, "H", "W"))
    path = save_graph(tmp_path / "x.onnx", [SPARSE_DEPTH], [copy], [distance])
    with pytest.raises(CheckpointError, match="has no output 'depth', only distance"):
        load_engine(path, _CPU)
    flat: Value = ("depth", FLOAT, ("B", 1, "X"))
    shape = {"shape": np.array([0, 1, -1], dtype=np.int64)}
    reshape = helper.make_node("Reshape", ["sparse_depth", "shape"], ["depth"])
    path = save_graph(tmp_path / "x.onnx", [SPARSE_DEPTH], [reshape], [flat], constants=shape)
    with pytest.raises(CheckpointError, match=r"'depth' has shape \(2, 1, 48\), expected"):
        _asked(load_engine(path, _CPU))()
    three: Value = ("depth", FLOAT, ("B", 3, "H", "W"))
    copy = helper.make_node("Identity", ["image"], ["depth"])
    path = save_graph(tmp_path / "x.onnx", [IMAGE], [copy], [three])
    with pytest.raises(CheckpointError, match=r"shape \(2, 3, 6, 8\), expected \(2, 1, 6, 8\)"):
        _asked(load_engine(path, _CPU))()


def test_a_network_that_cannot_run_is_named(tmp_path: Path) -> None:
    node = helper.make_node("Add", ["sparse_depth", "grid"], ["depth"])
    grid = {"grid": np.zeros((1, 1, 5, 5), np.float32)}
    inputs = [SPARSE_DEPTH, VALIDITY_MAP]
    path = save_graph(tmp_path / "x.onnx", inputs, [node], constants=grid)
    with pytest.raises(CheckpointError, match=r"x\.onnx cannot run on images of 8x6 pixels"):
        _asked(load_engine(path, _CPU))()


def test_half_precision_and_truth_values_are_taken(tmp_path: Path) -> None:
    inputs: list[Value] = [
        ("image", 10, ("B", 3, "H", "W")),
        ("validity_map", FLOAT, ("B", 1, "H", "W")),
    ]
    nodes = [
        helper.make_node("ReduceMean", ["image"], ["depth"], axes=[1], keepdims=1),
        helper.make_node("Cast", ["validity_map"], ["valid"], to=BOOL),
    ]
    outputs: list[Value] = [
        ("depth", 10, ("B", 1, "H", "W")),
        ("valid", BOOL, ("B", 1, "H", "W")),
    ]
    path = save_graph(tmp_path / "x.onnx", inputs, nodes, outputs)
    view = random_view(9, 2, 4, 6)
    found = load_engine(path, _CPU)(ModelInput(views=(view,)))
    assert found.depth.dtype == torch.float32
    torch.testing.assert_close(found.depth, view.image.mean(1, keepdim=True), atol=2e-3, rtol=0)
    assert found.valid is not None
    assert torch.equal(found.valid, view.validity_map)
