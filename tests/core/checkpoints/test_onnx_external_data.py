# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""An exported network opens no file outside of its folder."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from google.protobuf.message import DecodeError
from onnx import TensorProto, helper

from depth_completion_core.checkpoints.errors import CheckpointError
from depth_completion_core.checkpoints.onnx_engine import load_engine
from depth_completion_core.checkpoints.onnx_external_data import (
    MESSAGES,
    check_external_data,
    external_files,
)
from depth_completion_core.checkpoints.onnx_metadata import engine_metadata
from depth_completion_core.models.base import ModelInput
from depth_completion_core.models.needs import ModelNeeds
from tests.core.checkpoints.onnx_graphs import (
    DEPTH,
    SPARSE_DEPTH,
    brightness_depth,
    random_view,
)


def _outside(location: str, name: str = "offset") -> onnx.TensorProto:
    """One number, in another file."""
    tensor = TensorProto(name=name, data_type=TensorProto.FLOAT)
    tensor.data_location = TensorProto.EXTERNAL
    for key, value in (("location", location), ("offset", "0"), ("length", "4")):
        tensor.external_data.add(key=key, value=value)
    return tensor


def _saved(path: Path, model: onnx.ModelProto) -> Path:
    path.write_bytes(model.SerializeToString())
    return path


def _adds_a_number(location: str) -> onnx.ModelProto:
    graph = helper.make_graph(
        [helper.make_node("Add", ["sparse_depth", "offset"], ["depth"])],
        "network",
        [helper.make_tensor_value_info(*SPARSE_DEPTH)],
        [helper.make_tensor_value_info(*DEPTH)],
        [_outside(location)],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    helper.set_model_props(model, engine_metadata(ModelNeeds()))
    return model


def test_weights_beside_the_network_are_read(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "weights.bin").write_bytes(np.float32(2.5).tobytes())
    path = _saved(tmp_path / "x.onnx", _adds_a_number("in/weights.bin"))
    view = random_view(0, 1, 4, 5)
    found = load_engine(path, torch.device("cpu"))(ModelInput(views=(view,)))
    torch.testing.assert_close(found.depth, view.sparse_depth + 2.5)
    (tmp_path / "in" / "weights.bin").unlink()
    with pytest.raises(CheckpointError, match=r"keeps weights in in/weights\.bin, which is not th"):
        load_engine(path, torch.device("cpu"))


@pytest.mark.parametrize(
    "location",
    ["../secret.bin", "{}/secret.bin", "in/../../secret.bin", "..\\secret.bin", "", ".", "a\0b"],
)
def test_files_elsewhere_are_refused(tmp_path: Path, location: str) -> None:
    (tmp_path / "secret.bin").write_bytes(np.float32(2.5).tobytes())
    (tmp_path / "in").mkdir()
    model = _adds_a_number(location.format(tmp_path))
    path = _saved(tmp_path / "in" / "x.onnx", model)
    with pytest.raises(CheckpointError, match=r"x\.onnx wants to read .*not in its folder"):
        load_engine(path, torch.device("cpu"))


def test_every_place_of_a_tensor_is_looked_at(tmp_path: Path) -> None:
    """Initializers, attributes, subgraphs in them, functions, and what training begins from."""
    branch = helper.make_graph([], "branch", [], [], [_outside("subgraph", "a")])
    constant = helper.make_node("Constant", [], ["b"], value=_outside("attribute"))
    several = helper.make_node("Nothing", [], ["c"], values=[_outside("attributes")])
    chosen = helper.make_node("If", ["condition"], ["d"], then_branch=branch)
    graph = helper.make_graph([constant, several, chosen], "network", [], [], [_outside("graph")])
    sparse = onnx.SparseTensorProto(values=_outside("sparse"), indices=_outside("indices"))
    graph.sparse_initializer.append(sparse)
    model = helper.make_model(graph)
    function = model.functions.add(name="f")
    function.node.append(helper.make_node("Constant", [], ["e"], value=_outside("function")))
    function.attribute_proto.append(helper.make_attribute("g", _outside("default")))
    model.training_info.add().initialization.initializer.append(_outside("training"))
    assert external_files(_saved(tmp_path / "x.onnx", model)) == {
        *("subgraph", "attribute", "attributes", "graph", "sparse", "indices"),
        *("function", "default", "training"),
    }


def test_the_table_of_messages_is_that_of_the_format() -> None:
    """Every field of every message from which a tensor can be reached, and no other."""
    pending, messages = [onnx.ModelProto.DESCRIPTOR], {}
    while pending:
        message = pending.pop()
        if message.name not in messages:
            fields = [f for f in message.fields if f.message_type is not None]
            messages[message.name] = {f.number: f.message_type.name for f in fields}
            pending += [field.message_type for field in fields]
    leading = {"TensorProto"}
    while (
        more := {name for name, fields in messages.items() if leading & set(fields.values())}
        - leading
    ):
        leading |= more
    expected = {
        name: {number: kind for number, kind in messages[name].items() if kind in leading}
        for name in leading - {"TensorProto"}
    }
    (entries,) = (f for f in TensorProto.DESCRIPTOR.fields if f.name == "external_data")
    expected["TensorProto"] = {entries.number: entries.message_type.name}
    assert expected == MESSAGES


def test_what_is_damaged_is_refused_or_seen_through(tmp_path: Path) -> None:
    """Whatever protobuf's own reader still finds in a damaged file is found here, too."""
    content = _adds_a_number("weights.bin").SerializeToString()
    random = np.random.default_rng(0)
    path, read = tmp_path / "x.onnx", 0
    for _ in range(400):
        damaged = bytearray(content)
        for position in random.integers(0, len(content), random.integers(1, 3)):
            damaged[position] = random.integers(0, 256)
        path.write_bytes(damaged)
        try:
            tensors = onnx.ModelProto.FromString(bytes(damaged)).graph.initializer
        except DecodeError:
            continue
        named = {e.value for t in tensors for e in t.external_data if e.key == "location"}
        try:
            found = external_files(path)
        except CheckpointError:
            continue
        assert named <= found
        read += 1
    assert read > 50


def test_a_network_without_other_files_is_one_file(tmp_path: Path) -> None:
    path = brightness_depth(tmp_path / "x.onnx")
    assert external_files(path) == set()
    check_external_data(path)


def test_messages_without_end_are_refused(tmp_path: Path) -> None:
    """A graph in an attribute in a node in a graph, a thousand times."""
    inner = b""
    for _ in range(1000):
        attribute = b"\x32" + _length(inner) + inner
        node = b"\x2a" + _length(attribute) + attribute
        inner = b"\x0a" + _length(node) + node
    (tmp_path / "x.onnx").write_bytes(b"\x3a" + _length(inner) + inner)
    with pytest.raises(CheckpointError, match="more than 100 messages in each other"):
        external_files(tmp_path / "x.onnx")


def _length(message: bytes) -> bytes:
    size, parts = len(message), []
    while size >= 0x80:
        parts.append(size & 0x7F | 0x80)
        size >>= 7
    return bytes([*parts, size])
