# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A network of this project as an ONNX file, compared with torch before it is kept.

The graph is written by torch's exporter by tracing, which is in every torch that this project runs
on; the newer one would be one more package to install.
"""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import torch
from torch import Tensor, nn

from depth_completion_core.checkpoints.errors import CheckpointError
from depth_completion_core.checkpoints.onnx_check import check_engine, example_input
from depth_completion_core.checkpoints.onnx_engine import load_engine
from depth_completion_core.checkpoints.onnx_metadata import engine_metadata
from depth_completion_core.checkpoints.onnx_tensors import (
    IMAGES,
    input_tensors,
    model_input,
    output_tensors,
    suffixes,
)
from depth_completion_core.files.atomic import write_whole
from depth_completion_core.models.base import Along, CompletionModel, ModelOutput
from depth_completion_core.models.needs import ModelNeeds
from depth_completion_core.models.propagation.deformable import (
    DEFORM_CONV_OPSET,
    deform_conv_step,
)
from depth_completion_core.models.propagation.engine import steps_by
from depth_completion_core.models.propagation.steps import plain_step

StepOperator = Literal["gather", "deform_conv"]
"""What steps of propagation become: GatherElements, or DeformConv, which opset 19 has."""
_GATHER_OPSET = 17
# A graph for any size is traced with the first and compared at both. The second is so much larger
# that it would have more levels of everything that has levels.
_TRACED_PX, _OTHER_PX = (64, 48), (213, 147)


def export_network(
    model: CompletionModel,
    path: Path,
    *,
    size_px: tuple[int, int] | None = None,
    operator: StepOperator = "gather",
    facts: Mapping[str, str] | None = None,
) -> float:
    """Write a network as an ONNX file that the completer runs as it runs the network.

    Args:
        model: in evaluation mode, on the CPU.
        path: the file, ``.onnx``.
        size_px: width and height of the only images that the file takes; None for what the network
            takes, which may be any.
        operator: what steps of propagation become.
        facts: what else the file tells of itself, texts by name.

    Returns:
        How much the file's answers differ from torch's, in parts of the largest value.

    Raises:
        CheckpointError: the network takes another size only, onnx or onnxruntime is missing, the
            network cannot be traced, has no steps that the operator could take, or onnxruntime does
            not run the graph or says something else than torch.
        ConfigError: the network does not take images of this size.
        WriteError: the file cannot be written.
    """
    only = model.needs.fixed_size_px
    if only and size_px not in (None, only):
        width, height = only
        raise CheckpointError(
            f"the network takes images of {width}x{height} pixels only; leave --width-px and "
            "--height-px out, and images of other sizes are resized to that"
        )
    onnx = _onnx()
    needs = model.needs if size_px is None else replace(model.needs, fixed_size_px=size_px)
    sizes = [needs.fixed_size_px] if needs.fixed_size_px else [_TRACED_PX, _OTHER_PX]
    sizes_px = [_multiple(width, height, needs.size_multiple) for width, height in sizes]
    with tempfile.TemporaryDirectory() as folder:
        draft = Path(folder) / path.name
        along = _trace(model, needs, sizes_px[0], operator, draft)
        stated = engine_metadata(needs, along, model.depth_range)
        graph = onnx.load(draft)
        _check_has_operator(graph, operator)
        content = _finished(onnx, graph, {**(facts or {}), **stated})
        write_whole(draft, content)
        engine = load_engine(draft, torch.device("cpu"))
        difference = max(check_engine(engine, model, size) for size in sizes_px)
    write_whole(path, content)
    return difference


class _Traced(nn.Module):
    """A network that takes and gives tensors, as graphs do."""

    def __init__(self, model: CompletionModel, names: list[str], needs: ModelNeeds) -> None:
        super().__init__()
        self.model = model
        self._names, self._needs = names, needs

    def forward(self, *tensors: Tensor) -> tuple[Tensor, ...]:
        named = dict(zip(self._names, tensors, strict=True))
        return tuple(output_tensors(self.model(model_input(named, self._needs))).values())


def _trace(
    model: CompletionModel,
    needs: ModelNeeds,
    size_px: tuple[int, int],
    operator: StepOperator,
    file: Path,
) -> Along:
    """Write the graph; what its depth is along."""
    example = example_input(needs, size_px)
    with torch.inference_mode():
        said: ModelOutput = model(example)
    inputs, outputs = input_tensors(example, needs), list(output_tensors(said))
    images = [f"{name}{suffix}" for suffix in suffixes(needs) for name in IMAGES]
    sides = {2: "height", 3: "width"}
    # The exporter restores the mode of what it is given, and of all in it.
    network = _Traced(model, list(inputs), needs).eval()
    step = plain_step if operator == "gather" else deform_conv_step
    with warnings.catch_warnings(), torch.inference_mode(), steps_by(step):
        warnings.simplefilter("ignore")  # of numbers that are constant on purpose, and of its age
        try:
            torch.onnx.export(
                network,
                tuple(inputs.values()),
                file,
                verbose=False,
                dynamo=False,
                opset_version=_GATHER_OPSET if operator == "gather" else DEFORM_CONV_OPSET,
                input_names=list(inputs),
                output_names=outputs,
                dynamic_axes=dict.fromkeys((*images, *outputs), sides)
                if not needs.fixed_size_px
                else None,
                autograd_inlining=False,
            )
        except RuntimeError as error:  # torch's own kind is one
            raise CheckpointError(
                f"torch {torch.__version__} cannot write this network as ONNX: {error!s:.300}"
            ) from error
    return said.along


def _check_has_operator(model: Any, operator: StepOperator) -> None:  # noqa: ANN401 - extra
    kinds = {node.op_type for node in model.graph.node}
    if operator == "deform_conv" and "DeformConv" not in kinds:
        raise CheckpointError(
            "no step of this network reads depth between pixels, as those of NLSPN do, so that "
            "DeformConv has nothing to do: leave --propagation out"
        )


def _finished(onnx: Any, model: Any, facts: Mapping[str, str]) -> bytes:  # noqa: ANN401 - extra
    """Without inputs that nothing looks at, and with what the file tells of itself."""
    used = {name for node in model.graph.node for name in node.input}
    unused = [each for each in model.graph.input if each.name not in used]
    for each in unused:
        model.graph.input.remove(each)
    onnx.helper.set_model_props(model, dict(facts))
    content: bytes = model.SerializeToString()
    return content


def _onnx() -> Any:  # noqa: ANN401 - an extra
    try:
        import onnx  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise CheckpointError(
            "exporting needs onnx: pip install 'depth_completion_ros[onnx]'"
        ) from error
    return onnx


def _multiple(width: int, height: int, multiple: int) -> tuple[int, int]:
    """The next larger size that the network takes."""
    return width + -width % multiple, height + -height % multiple
