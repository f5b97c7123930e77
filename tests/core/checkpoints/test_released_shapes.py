# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Whatever shape the release's programs can train is imported as that shape.

The files are made from networks of ours under the release's names; that those names and shapes are
the release's own is held for its defaults by test_importers.py.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from depth_completion_core.checkpoints.errors import CheckpointError
from depth_completion_core.checkpoints.importers import import_released
from depth_completion_core.import_checkpoint import main
from depth_completion_core.models import build_model
from depth_completion_core.models.base import ModelInput, ModelView
from depth_completion_core.models.layers.decoders import Decoder

_SMALL: dict[str, Any] = {
    "encoder_filters": [2, 3, 4, 5, 6],
    "decoder_filters": [6, 5, 4, 3, 2],
}
_FUSION: dict[str, Any] = {
    "scaffnet": _SMALL,
    "image_filters": [3, 4, 5, 6, 7],
    "depth_filters": [2, 3, 4, 5, 6],
    "decoder_filters": [6, 5, 4, 3, 2],
}
_PARTS = {
    "scaffnet.spatial_pyramid_pool.": "spatial_pyramid_pool_state_dict",
    "scaffnet.encoder.": "scaffnet_encoder_state_dict",
    "scaffnet.decoder.": "scaffnet_decoder_depth_state_dict",
    "scaffnet.decoder_uncertainty.": "scaffnet_decoder_uncertainty_state_dict",
    "encoder_image.": "fusionnet_encoder_image_state_dict",
    "encoder_depth.": "fusionnet_encoder_depth_state_dict",
    "decoder.": "fusionnet_decoder_state_dict",
}


def _released(model: torch.nn.Module, name: str) -> dict[str, dict[str, Tensor]]:
    """A state as the release saves it, unused projections included."""
    state: dict[str, dict[str, Tensor]] = {}
    for key, value in model.state_dict().items():
        whole = key if name == "fusionnet" else f"scaffnet.{key}"
        prefix = next(prefix for prefix in _PARTS if whole.startswith(prefix))
        own = whole.removeprefix(prefix)
        level = own[4:5]
        if own.startswith(tuple(f"conv{n}.{b}." for n in range(2, 6) for b in (0, 1))):
            own = f"blocks{own.removeprefix('conv')}"
            out = value.shape[0] if value.ndim else 0
            if own.endswith(".1.conv2.conv.weight"):
                unused = f"blocks{level}.1.projection.conv.weight"
                state.setdefault(_PARTS[prefix], {})[unused] = torch.ones(out, out, 1, 1)
        state.setdefault(_PARTS[prefix], {})[own] = value
    return state


def _inputs() -> ModelInput:
    random = torch.Generator().manual_seed(1)
    sparse = torch.rand((1, 1, 33, 47), generator=random) * 8
    sparse[torch.rand(sparse.shape, generator=random) < 0.8] = 0
    image = torch.rand((1, 3, 33, 47), generator=random)
    view = ModelView(
        image=image,
        sparse_depth=sparse,
        validity_map=sparse > 0,
        intrinsics=None,
        time_s=torch.zeros(1),
    )
    return ModelInput(views=(view,))


@pytest.mark.parametrize(
    ("name", "config"),
    [
        ("scaffnet", _SMALL),
        ("scaffnet", {**_SMALL, "encoder": "resnet18"}),
        ("scaffnet", {**_SMALL, "encoder": "resnet18", "encoder_filters": [2, 2, 4, 4, 6]}),
        ("scaffnet", {**_SMALL, "batch_norm": False}),
        ("scaffnet", {**_SMALL, "pool_sizes": []}),
        ("scaffnet", {**_SMALL, "output_resolutions": 2, "uncertainty": True}),
        ("scaffnet", {**_SMALL, "output_resolutions": 4}),
        ("fusionnet", _FUSION),
        ("fusionnet", {**_FUSION, "encoder": "vggnet11", "batch_norm": True}),
        ("fusionnet", {**_FUSION, "encoder": "resnet18", "output_resolutions": 3}),
    ],
)
def test_the_network_of_a_file_is_built_as_it_was(name: str, config: dict[str, Any]) -> None:
    torch.manual_seed(0)
    original = build_model(name, config).eval()
    released = import_released(_released(original, name), name, "void")
    again = build_model(name, released.config)
    again.load_state_dict(released.weights)
    assert again.config == original.config
    with torch.inference_mode():
        torch.testing.assert_close(again.eval()(_inputs()).depth, original(_inputs()).depth)


def test_shapes_that_the_release_does_not_have_are_told() -> None:
    state = _released(build_model("scaffnet", {**_SMALL, "pool_sizes": [3, 5]}), "scaffnet")
    with pytest.raises(CheckpointError, match="pooling has 2 windows, and the file does not tell"):
        import_released(state, "scaffnet", "void")
    state = _released(build_model("scaffnet", _SMALL), "scaffnet")
    encoder = state["scaffnet_encoder_state_dict"]
    encoder["conv2.conv_block.1.conv.weight"] = torch.zeros(3, 3, 3, 3)
    with pytest.raises(CheckpointError, match=r"\[2, 1, 1, 1\] convolutions .* none of vggnet08"):
        import_released(state, "scaffnet", "void")


def test_a_coarser_output_is_seen_by_the_next_step() -> None:
    """By hand: what is joined at full size is the output of the half, between its corners."""
    decoder = Decoder(
        4,
        (3, 3, 3, 3, 2),
        (4, 4, 4, 4, 4),
        out_channels=1,
        batch_norm=False,
        activation="sigmoid",
        resolutions=2,
    )
    seen: list[Tensor] = []
    decoder.get_submodule("output1").register_forward_hook(lambda *given: seen.append(given[-1]))
    decoder.deconv0.register_forward_hook(lambda *given: seen.append(given[1][1]))
    sizes = ((5, 7), (3, 4), (2, 2), (1, 1))
    levels = [*(torch.rand(1, 3, *size) for size in sizes), torch.rand(1, 4, 1, 1)]
    finest = torch.rand(1, 2, 9, 13)
    decoder(levels, (9, 13), finest)
    coarse, joined = seen
    torch.testing.assert_close(joined[:, :2], finest)
    torch.testing.assert_close(joined[:, 2, ::2, ::2], coarse[:, 0])
    middle = (coarse[:, 0, :, :-1] + coarse[:, 0, :, 1:]) / 2
    torch.testing.assert_close(joined[:, 2, ::2, 1::2], middle)


def test_a_fusionnet_takes_its_scaffnet_from_another_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    state = _released(build_model("fusionnet", _FUSION), "fusionnet")
    inside = {part: names for part, names in state.items() if not part.startswith("fusionnet")}
    torch.save({part: state[part] for part in state.keys() - inside.keys()}, tmp_path / "f.pth")
    torch.save(inside, tmp_path / "s.pth")
    arguments = [str(tmp_path / "f.pth"), "--model", "fusionnet", "--out"]
    arguments.append(str(tmp_path / "out.safetensors"))
    assert main(arguments) == 1
    assert "without the ScaffNet that it was trained around" in capsys.readouterr().err
    assert main([*arguments, "--scaffnet", str(tmp_path / "s.pth")]) == 0
