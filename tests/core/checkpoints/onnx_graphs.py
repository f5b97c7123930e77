# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Small exported networks, and what they compute, said again in numpy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper

from depth_completion_core.checkpoints.onnx_metadata import engine_metadata
from depth_completion_core.models.base import Along, ModelView
from depth_completion_core.models.needs import ModelNeeds

FLOAT, BOOL = TensorProto.FLOAT, TensorProto.BOOL
Side = int | str | None
Value = tuple[str, int, Sequence[Side]]
IMAGE: Value = ("image", FLOAT, ("B", 3, "H", "W"))
SPARSE_DEPTH: Value = ("sparse_depth", FLOAT, ("B", 1, "H", "W"))
VALIDITY_MAP: Value = ("validity_map", BOOL, ("B", 1, "H", "W"))
DEPTH: Value = ("depth", FLOAT, ("B", 1, "H", "W"))

BRIGHTNESS_M = np.float32(8.0)


def save_graph(
    path: Path,
    inputs: Sequence[Value],
    nodes: Sequence[onnx.NodeProto],
    outputs: Sequence[Value] = (DEPTH,),
    *,
    constants: Mapping[str, np.ndarray[Any, Any]] | None = None,
    metadata: Mapping[str, str] | None = None,
    needs: ModelNeeds | None = None,
    along: Along = "z",
) -> Path:
    """Write a graph, with the metadata of a network with these needs where none are given."""
    tensors = [onnx.numpy_helper.from_array(v, k) for k, v in (constants or {}).items()]
    graph = helper.make_graph(
        list(nodes),
        "network",
        [helper.make_tensor_value_info(*each) for each in inputs],
        [helper.make_tensor_value_info(*each) for each in outputs],
        tensors,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    if metadata is None:
        metadata = engine_metadata(needs or ModelNeeds(), along)
    helper.set_model_props(model, dict(metadata))
    onnx.checker.check_model(model)
    path.write_bytes(model.SerializeToString())
    return path


def brightness_depth(
    path: Path,
    *,
    size_px: tuple[int, int] | None = None,
    batch: Side = "B",
    needs: ModelNeeds | None = None,
) -> Path:
    """Measured depth where there is some, else 8 m times the mean colour; and both, as maps.

    Args:
        path: the file.
        size_px: width and height of the only images that it takes.
        batch: how many frames at once.
        needs: what its metadata says; by default, that it takes this size only.
    """
    height, width = (size_px[1], size_px[0]) if size_px else ("H", "W")

    def shaped(name: str, kind: int, channels: int) -> Value:
        return (name, kind, (batch, channels, height, width))

    return save_graph(
        path,
        [
            shaped("image", FLOAT, 3),
            shaped("sparse_depth", FLOAT, 1),
            shaped("validity_map", BOOL, 1),
        ],
        [
            helper.make_node("ReduceMean", ["image"], ["mean"], axes=[1], keepdims=1),
            helper.make_node("Mul", ["mean", "metres"], ["brightness"]),
            helper.make_node("Where", ["validity_map", "sparse_depth", "brightness"], ["depth"]),
            helper.make_node("Greater", ["depth", "least"], ["valid"]),
            helper.make_node("Sub", ["one", "mean"], ["confidence"]),
        ],
        [
            shaped("depth", FLOAT, 1),
            shaped("valid", BOOL, 1),
            shaped("confidence", FLOAT, 1),
            shaped("brightness", FLOAT, 1),
        ],
        constants={"metres": BRIGHTNESS_M, "least": np.float32(0.5), "one": np.float32(1)},
        needs=needs or ModelNeeds(fixed_size_px=size_px or ()),
    )


def brightness_twin(
    image: np.ndarray[Any, Any], sparse_depth: np.ndarray[Any, Any]
) -> dict[str, np.ndarray[Any, Any]]:
    """What :func:`brightness_depth` says of (H, W, 3) uint8 and (H, W) metres."""
    mean = (image.astype(np.float32) / 255).mean(axis=-1, dtype=np.float32)
    depth = np.where(sparse_depth > 0, sparse_depth, BRIGHTNESS_M * mean)
    return {
        "depth": depth,
        "valid": depth > 0.5,
        "confidence": 1 - mean,
        "brightness": BRIGHTNESS_M * mean,
    }


def random_view(seed: int, batch: int, height: int, width: int, **known: torch.Tensor) -> ModelView:
    """A view of random colours, a third of its pixels measured."""
    random = torch.Generator().manual_seed(seed)
    measured = torch.rand(batch, 1, height, width, generator=random)
    sparse = torch.where(measured > 0.7, 10 * measured, 0.0)
    return ModelView(
        image=torch.rand(batch, 3, height, width, generator=random),
        sparse_depth=sparse,
        validity_map=sparse > 0,
        intrinsics=known.get("intrinsics"),
        time_s=known.get("time_s", torch.zeros(batch)),
        view_from_target=known.get("view_from_target"),
    )
