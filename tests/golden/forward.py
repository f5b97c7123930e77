# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""``python tests/golden/forward.py MODEL STATE.pt IN.npz OUT.npz``: released weights in ours.

For comparing with what the authors' code says of the same weights and input, which is run apart.

MODEL is scaffnet or fusionnet. STATE.pt is their dict of dicts or a flat one with dotted names.
IN.npz holds ``sparse_depth`` (N, 1, H, W) or (N, H, W) metres, ``image`` (N, 3, H, W) or
(N, H, W, 3) RGB, uint8 or float in 0..1, which scaffnet does without, and optionally ``preset``,
void or kitti. OUT.npz gets ``depth`` (N, 1, H, W) float32 metres, from fusionnet also
``input_depth``, ScaffNet's, and with an uncertainty decoder ``log_error``.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

# The script is started by its path, where the packages beside it are not found.
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from depth_completion_core.checkpoints.importers.scaffnet import rename_state
from depth_completion_core.models.configs import fusionnet, scaffnet
from depth_completion_core.models.fusionnet import FusionNet
from depth_completion_core.models.scaffnet import ScaffNet

Arrays = dict[str, npt.NDArray[Any]]


def main(arguments: list[str]) -> int:
    """Load, run, write; 0 for success."""
    if len(arguments) != 4 or arguments[0] not in ("scaffnet", "fusionnet"):
        print(__doc__, file=sys.stderr)
        return 2
    model, state_path, input_path, output_path = arguments
    state = torch.load(state_path, map_location="cpu", weights_only=True)
    weights = rename_state(state, model)
    with np.load(input_path, allow_pickle=False) as file:
        arrays: Arrays = dict(file)
    preset = str(arrays.get("preset", "void"))
    with torch.inference_mode():
        if model == "scaffnet":
            outputs = run_scaffnet(weights, arrays, preset)
        else:
            outputs = run_fusionnet(weights, arrays, preset)
    results: dict[str, Any] = {key: value.numpy() for key, value in outputs.items()}
    np.savez(output_path, **results)
    return 0


def run_scaffnet(weights: dict[str, Tensor], arrays: Arrays, preset: str) -> dict[str, Tensor]:
    """``depth`` and, with an uncertainty decoder, ``log_error``."""
    config = replace(scaffnet.PRESETS[preset], uncertainty=_has_uncertainty(weights))
    network = ScaffNet(config).eval()
    network.load_state_dict(weights)
    depth, log_error, _ = network.predict(_sparse_depth(arrays))
    return {"depth": depth} | ({} if log_error is None else {"log_error": log_error})


def run_fusionnet(weights: dict[str, Tensor], arrays: Arrays, preset: str) -> dict[str, Tensor]:
    """``depth``, and ScaffNet's ``input_depth`` before it is fitted to the measurements."""
    config = fusionnet.PRESETS[preset]
    inner = replace(config.scaffnet, uncertainty=_has_uncertainty(weights))
    network = FusionNet(replace(config, scaffnet=inner)).eval()
    network.load_state_dict(weights)
    sparse = _sparse_depth(arrays)
    scaffold = network.scaffold(sparse)
    depth = network.fuse(_image(arrays), scaffold, network.without_outliers(sparse))
    return {"depth": depth, "input_depth": scaffold}


def _has_uncertainty(weights: dict[str, Tensor]) -> bool:
    return any("decoder_uncertainty." in key for key in weights)


def _sparse_depth(arrays: Arrays) -> Tensor:
    sparse = torch.from_numpy(arrays["sparse_depth"].astype(np.float32))
    return sparse[:, None] if sparse.ndim == 3 else sparse


def _image(arrays: Arrays) -> Tensor:
    image = arrays["image"]
    if image.shape[1] != 3:
        image = np.moveaxis(image, -1, 1)
    scale = 255.0 if image.dtype == np.uint8 else 1.0
    return torch.from_numpy(np.ascontiguousarray(image, dtype=np.float32)) / scale


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
