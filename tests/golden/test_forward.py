# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import torch
from torch import Tensor

from tests.core.models.scaffnet_twin import (
    fusionnet_shapes,
    random_state,
    scaffnet_shapes,
    slow_scaffnet,
    sparse_depth,
)

_SCRIPT = Path(__file__).with_name("forward.py")
_SCAFFNET_NAMES = {
    "spatial_pyramid_pool": "spatial_pyramid_pool_state_dict",
    "encoder": "scaffnet_encoder_state_dict",
    "decoder": "scaffnet_decoder_depth_state_dict",
    "decoder_uncertainty": "scaffnet_decoder_uncertainty_state_dict",
}
_FUSIONNET_NAMES = {
    "encoder_image": "fusionnet_encoder_image_state_dict",
    "encoder_depth": "fusionnet_encoder_depth_state_dict",
    "decoder": "fusionnet_decoder_state_dict",
}


def _released(
    state: dict[str, Tensor], names: dict[str, str], *, prefix: str = ""
) -> dict[str, dict[str, Tensor]]:
    """A file as the authors write it: one dict for each part."""
    parts: dict[str, dict[str, Tensor]] = {}
    for key, value in state.items():
        part, _, name = key.partition(".")
        parts.setdefault(names[part], {})[prefix + name] = value
    return parts


def _fusionnet_state() -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    outer = random_state(fusionnet_shapes(), seed=1)
    outer["decoder.output0.conv.weight"] *= 0.2
    return random_state(scaffnet_shapes()), outer


def _forward(
    folder: Path, model: str, state: dict[str, Any], arrays: dict[str, Any]
) -> dict[str, npt.NDArray[np.float32]]:
    torch.save(state, folder / "state.pt")
    np.savez(folder / "in.npz", **arrays)
    files = [str(folder / name) for name in ("state.pt", "in.npz", "out.npz")]
    done = subprocess.run(
        [sys.executable, str(_SCRIPT), model, *files],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    with np.load(folder / "out.npz") as outputs:
        return dict(outputs)


@pytest.mark.parametrize("prefix", ["", "module."])
def test_scaffnet_file(prefix: str, tmp_path: Path) -> None:
    state = random_state(scaffnet_shapes(uncertainty=bool(prefix)))
    parts: dict[str, Any] = _released(state, _SCAFFNET_NAMES, prefix=prefix)
    sparse = sparse_depth((33, 46), count=2)
    outputs = _forward(tmp_path, "scaffnet", parts | {"train_step": 5}, {"sparse_depth": sparse})
    expected = slow_scaffnet(sparse, state, near=0.1, far=10.0)
    assert outputs.keys() == expected.keys()
    assert outputs["depth"].dtype == np.float32
    np.testing.assert_allclose(outputs["depth"], expected["depth"], rtol=1e-3)


def test_fusionnet_file(tmp_path: Path) -> None:
    inner, outer = _fusionnet_state()
    parts = _released(inner, _SCAFFNET_NAMES) | _released(outer, _FUSIONNET_NAMES)
    sparse = sparse_depth((33, 46), count=2)
    image = np.random.default_rng(0).integers(0, 256, (2, 33, 46, 3), dtype=np.uint8)
    arrays = {"sparse_depth": sparse[:, 0].numpy(), "image": image, "preset": "kitti"}
    outputs = _forward(tmp_path, "fusionnet", parts, arrays)
    assert outputs.keys() == {"depth", "input_depth"}
    assert outputs["depth"].shape == (2, 1, 33, 46)
    scaffold = slow_scaffnet(sparse, inner, near=1.5, far=80.0)["depth"]
    np.testing.assert_allclose(outputs["input_depth"], scaffold, rtol=1e-3)
    assert outputs["depth"].min() >= 1.5
    # The same in the other notations: floats, channels first, one flat dict.
    flat = {f"{part}.{key}": value for part, names in parts.items() for key, value in names.items()}
    channels_first = np.moveaxis(image, -1, 1).astype(np.float32) / 255
    arrays |= {"sparse_depth": sparse.numpy(), "image": channels_first}
    again = _forward(tmp_path, "fusionnet", flat, arrays)
    np.testing.assert_allclose(again["depth"], outputs["depth"], rtol=1e-4)


def test_wrong_call_explains_itself() -> None:
    done = subprocess.run(
        [sys.executable, str(_SCRIPT), "kbnet"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "MODEL STATE.pt IN.npz OUT.npz" in done.stderr
