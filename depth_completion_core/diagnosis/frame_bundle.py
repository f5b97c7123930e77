# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""One completed frame as a folder that ``infer`` replays: what to attach to a bug report."""

from __future__ import annotations

import importlib.metadata
import platform
from operator import attrgetter
from pathlib import Path

import numpy as np

from depth_completion_core.config import CompletionConfig
from depth_completion_core.files.atomic import write_text
from depth_completion_core.files.json_files import write_json
from depth_completion_core.files.output_files import write_depth_npy, write_picture
from depth_completion_core.pictures.preview import frame_picture
from depth_completion_core.pictures.scales import depth_scale
from depth_completion_core.sensing.output_topics import CompletedFrame
from depth_completion_core.settings.descriptions import settings_of
from depth_completion_core.settings.mapping import config_to_mapping

BUNDLE_NAMES = frozenset(
    (
        *("image", "sparse_depth", "depth", "intrinsics", "points"),
        *("preview.png", "frame.json", "replay.txt"),
    )
)
"""All that a bundle may hold."""


def write_bundle(
    folder: Path, done: CompletedFrame, *, model: str, config: CompletionConfig
) -> None:
    """Write image, measurements, calibration, depth, settings and a picture.

    Args:
        folder: made where it is missing.
        done: the frame and its depth.
        model: the model's name, or the path of its checkpoint.
        config: the settings in use.

    Raises:
        OSError: the folder cannot be written.
    """
    frame, prediction = done.placed.frame, done.prediction
    name = f"{frame.stamp_ns:019d}"
    sparse = prediction.sparse
    write_picture(folder / "image" / f"{name}.png", frame.image)
    write_depth_npy(folder / "sparse_depth" / f"{name}.npy", sparse.depth, sparse.valid)
    depth = prediction.along_z
    write_depth_npy(folder / "depth" / f"{name}.npy", depth.depth, depth.valid)
    if frame.camera is not None:
        rows = [" ".join(f"{number:.17g}" for number in row) for row in frame.camera.K]
        write_text(folder / "intrinsics" / f"{name}.txt", "\n".join(rows) + "\n")
    if done.placed.sensor_points.size:
        points = done.placed.sensor_points
        write_depth_npy(folder / "points" / f"{name}.npy", points, np.ones(points.shape, np.bool_))
    picture = frame_picture(
        frame.image, prediction, None, depth_scale([sparse.depth, prediction.depth])
    )
    write_picture(folder / "preview.png", picture)
    write_json(folder / "frame.json", _facts(done, model, config))
    write_text(folder / "replay.txt", replay_command(model, config) + "\n")


def replay_command(model: str, config: CompletionConfig) -> str:
    """The command that completes the bundle again, to be run inside of it."""
    flags = []
    for setting in settings_of(CompletionConfig):
        value = attrgetter(setting.path)(config)
        if value != setting.default:
            words = value if isinstance(value, tuple) else (value,)
            flags.append(f"--{setting.path.replace('_', '-')} {' '.join(map(str, words))}")
    start = "python -m depth_completion_core.infer image sparse_depth --intrinsics intrinsics"
    return " ".join([start, f"--model {model}", "--out replayed", *flags])


def _facts(done: CompletedFrame, model: str, config: CompletionConfig) -> dict[str, object]:
    frame = done.placed.frame
    camera_from_points = frame.camera_from_points
    camera = frame.camera
    return {
        "stamp_ns": frame.stamp_ns,
        "frame_id": frame.frame_id,
        "pair_gap_ms": done.placed.gap_ns / 1e6,
        "distortion_model": camera.distortion_model if camera else "",
        "distortion": list(camera.distortion) if camera else [],
        "camera_from_points": camera_from_points.matrix.tolist() if camera_from_points else [],
        "model": model,
        "settings": config_to_mapping(config),
        "python": platform.python_version(),
        "torch": importlib.metadata.version("torch"),
        "numpy": np.__version__,
    }
