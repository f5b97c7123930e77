# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Makes docs/occlusion.png and docs/rviz.png. docs/overview.png is the demo's, reduced in size."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np

from depth_completion_core.completer import DepthCompleter
from depth_completion_core.config import CompletionConfig, OcclusionConfig
from depth_completion_core.data.synthetic import build_drive
from depth_completion_core.frame import Float32Array, Frame, SparseDepth, UInt8Array
from depth_completion_core.models import build_model
from depth_completion_core.output_files import write_picture
from depth_completion_core.projection import unproject_depth
from depth_completion_core.visualize import (
    beside,
    color_bar,
    colorize,
    depth_scale,
    overlay,
    panel,
    stacked,
)

_FOLDER = Path(__file__).parent
_PART = (slice(200, 440), slice(0, 320))  # where things stand before other things


def main() -> None:
    """Write the pictures."""
    write_picture(_FOLDER / "occlusion.png", _reduced(_occlusion()))
    write_picture(_FOLDER / "rviz.png", _reduced(_rviz()))


def _occlusion() -> UInt8Array:
    """What is kept of a sweep, and what is removed."""
    drive = build_drive("room", seed=1)
    shot, sweep = drive.render(6_000_000_000), drive.scan(6_000_000_000, freeze=True)
    frame = Frame(
        image=shot.image,
        camera=drive.camera,
        points=sweep.xyz,
        camera_from_points=drive.camera_from_lidar,
    )
    everything, kept = _sparse(frame, enabled=False), _sparse(frame, enabled=True)
    removed = SparseDepth.from_depth(np.where(everything.valid & ~kept.valid, everything.depth, 0))
    scale = depth_scale([everything.depth])
    pictures = {
        f"all {everything.count} projected points": overlay(shot.image, everything, scale),
        f"{kept.count} kept": overlay(shot.image, kept, scale),
        f"{removed.count} removed": overlay(shot.image, removed, scale),
    }
    panels = [panel(picture[_PART], label, width=480) for label, picture in pictures.items()]
    return beside(*panels, color_bar(scale, height=panels[0].shape[0]))


def _rviz() -> UInt8Array:
    """The displays of config/completion.rviz: dense cloud, measurements, depth in colours."""
    drive = build_drive("room", seed=3)
    shot, sweep = drive.render(4_000_000_000), drive.scan(4_000_000_000, freeze=True)
    frame = Frame(
        image=shot.image,
        camera=drive.camera,
        points=sweep.xyz,
        camera_from_points=drive.camera_from_lidar,
    )
    prediction = DepthCompleter(build_model("linear")).complete(frame)
    near = replace(CompletionConfig().output, support_radius_px=25.0)
    shown = DepthCompleter(build_model("linear"), config=CompletionConfig(output=near))
    trusted = shown.complete(frame)
    points = unproject_depth(trusted.depth, trusted.valid, drive.camera).reshape(-1, 3)
    scale = depth_scale([prediction.sparse.depth])
    side = stacked(
        panel(overlay(shot.image, prediction.sparse, scale), "debug/overlay", width=420),
        panel(colorize(trusted.depth, trusted.valid, scale), "depth/image_color", width=420),
    )
    view = _perspective(points, shot.image.reshape(-1, 3), side.shape[0] - 26, 900)
    return beside(panel(view, "depth/points", width=900), side)


def _perspective(points: Float32Array, colors: UInt8Array, height: int, width: int) -> UInt8Array:
    """Points in the optical frame, seen from behind, above and to the right of the camera."""
    usable = np.isfinite(points).all(axis=1)
    points, colors = points[usable], colors[usable]
    yaw, pitch = np.radians(-24.0), np.radians(20.0)
    turn = (
        cv2.Rodrigues(np.array([pitch, 0.0, 0.0]))[0] @ cv2.Rodrigues(np.array([0.0, yaw, 0.0]))[0]
    )
    middle = np.median(points, axis=0)
    eye_from_middle = np.array([0.0, 0.0, 1.25 * middle[2]])
    seen = (points - middle) @ turn.T + eye_from_middle
    seen, colors = seen[seen[:, 2] > 0.2], colors[seen[:, 2] > 0.2]
    order = np.argsort(-seen[:, 2])  # far ones first, near ones over them
    seen, colors = seen[order], colors[order]
    column = np.rint(0.9 * height * seen[:, 0] / seen[:, 2] + width / 2).astype(int)
    row = np.rint(0.9 * height * seen[:, 1] / seen[:, 2] + height / 2).astype(int)
    view = np.full((height, width, 3), 24, dtype=np.uint8)
    for down in (0, 1):
        for right in (0, 1):
            y, x = row + down, column + right
            inside = (y >= 0) & (y < height) & (x >= 0) & (x < width)
            view[y[inside], x[inside]] = colors[inside]
    return view


def _sparse(frame: Frame, *, enabled: bool) -> SparseDepth:
    projection = replace(CompletionConfig().projection, occlusion=OcclusionConfig(enabled=enabled))
    config = CompletionConfig(projection=projection)
    return DepthCompleter(build_model("nearest"), config=config).sparse_depth(frame)


def _reduced(picture: UInt8Array) -> UInt8Array:
    """Fewer colours: a third of the bytes, no difference to the eye."""
    reduced: UInt8Array = picture & np.uint8(0xF8)
    return reduced


if __name__ == "__main__":
    main()
