# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Whether an exported network says what torch says, on images that nobody has drawn."""

from __future__ import annotations

import torch
from torch import Tensor

from depth_completion_core.checkpoints.errors import CheckpointError
from depth_completion_core.checkpoints.onnx_engine import OnnxEngine
from depth_completion_core.checkpoints.onnx_tensors import output_tensors
from depth_completion_core.models.base import CompletionModel, ModelInput, ModelView
from depth_completion_core.models.needs import ModelNeeds

_LARGEST_DIFFERENCE = 1e-4  # in parts of the largest value
_MOST_FLIPPED = 1e-3  # share of pixels whose validity, a threshold, may fall on the other side
_MEASURED, _FARTHEST_M = 0.05, 10.0


def check_engine(engine: OnnxEngine, model: CompletionModel, size_px: tuple[int, int]) -> float:
    """Compare them on one image of colours and depths drawn at random.

    Args:
        engine: the exported network.
        model: the network, on the CPU.
        size_px: width and height.

    Returns:
        The largest difference, in parts of the largest value of the map that it is in.

    Raises:
        CheckpointError: the engine does not run, or says something else.
    """
    inputs = example_input(model.needs, size_px)
    with torch.inference_mode():
        expected, found = output_tensors(model(inputs)), output_tensors(engine(inputs))
    differences = {name: _difference(found[name], value) for name, value in expected.items()}
    width, height = size_px
    for name, difference in differences.items():
        if not difference <= (_MOST_FLIPPED if name == "valid" else _LARGEST_DIFFERENCE):
            raise CheckpointError(
                f"onnxruntime's '{name}' differs from torch's by {difference:.1e} of its largest "
                f"value in an image of {width}x{height} pixels; nothing was written. Where a "
                "network looks at the size of its images, give --width-px and --height-px"
            )
    return max(differences.values())


def example_input(needs: ModelNeeds, size_px: tuple[int, int]) -> ModelInput:
    """One frame of this width and height, the same one every time."""
    random = torch.Generator().manual_seed(0)
    width, height = size_px

    def drawn(channels: int) -> Tensor:
        return torch.rand(1, channels, height, width, generator=random)

    def view(time_s: float) -> ModelView:
        measured = drawn(1) < _MEASURED
        sparse = torch.where(measured, _FARTHEST_M * drawn(1).clamp(min=0.05), 0.0)
        camera = torch.tensor([[width, 0, width / 2], [0, width, height / 2], [0, 0, 1]])
        return ModelView(
            image=drawn(3),
            sparse_depth=sparse,
            validity_map=sparse > 0,
            intrinsics=camera[None] if needs.intrinsics else None,
            time_s=torch.full((1,), time_s),
            view_from_target=torch.eye(4)[None] if time_s else None,
        )

    return ModelInput(views=(view(0.0), *(view(0.1 * offset) for offset in needs.view_offsets)))


def _difference(found: Tensor, expected: Tensor) -> float:
    """Infinite where one of them is finite and the other is not."""
    if expected.dtype == torch.bool:
        return float((found != expected).float().mean())
    known = expected.isfinite()
    if not torch.equal(known, found.isfinite()):
        return float("inf")
    if not known.any():
        return 0.0
    largest = expected[known].abs().max().clamp(min=1e-9)
    return float((found - expected)[known].abs().max() / largest)
