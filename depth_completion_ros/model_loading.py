# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""From the parameters to a model that is ready to run."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from depth_completion_core.completer import DepthCompleter, load_model
from depth_completion_core.frame import Frame, SparseDepth, View
from depth_completion_core.geometry.camera import CameraModel
from depth_completion_core.geometry.transforms import RigidTransform
from depth_completion_ros.node_config import NodeConfig

_WARMUP_FRAMES = 2


def loaded(config: NodeConfig) -> DepthCompleter:
    """The model of the parameters.

    Raises:
        ValueError: there is no such model, it has no weights, or the device is not there.
    """
    source = str(Path(config.weights).expanduser()) if config.weights else config.model
    return load_model(source, device=config.device, config=config)


def warmed_up(completer: DepthCompleter, config: NodeConfig) -> DepthCompleter:
    """Complete made-up frames, so that the first real one finds memory and kernels ready."""
    if len(config.warmup_size_px) != 2:
        raise ValueError(
            f"warmup_size_px is the width and the height, got {list(config.warmup_size_px)}"
        )
    width, height = config.warmup_size_px
    valid = np.zeros((height, width), dtype=np.bool_)
    valid[::8, ::8] = True
    image = np.zeros((height, width, 3), dtype=np.uint8)
    camera = CameraModel(
        fx=float(width), fy=float(width), cx=width / 2, cy=height / 2, width=width, height=height
    )
    frame = Frame(
        image=image,
        camera=camera,
        sparse=SparseDepth(np.where(valid, np.float32(5), np.float32(0)), valid),
        views=tuple(
            View(
                offset=offset,
                image=image,
                camera=camera,
                view_from_target=RigidTransform.identity(),
            )
            for offset in completer.model.needs.view_offsets
        ),
    )
    for _ in range(_WARMUP_FRAMES):
        completer.complete(frame)
    return completer
