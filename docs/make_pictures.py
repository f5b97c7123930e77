# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Makes docs/occlusion.png. docs/overview.png is the demo's, reduced in size."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from depth_completion_core.completer import DepthCompleter
from depth_completion_core.config import CompletionConfig, OcclusionConfig
from depth_completion_core.data.synthetic import build_drive
from depth_completion_core.frame import Frame, SparseDepth, UInt8Array
from depth_completion_core.models import build_model
from depth_completion_core.output_files import write_picture
from depth_completion_core.visualize import beside, color_bar, depth_scale, overlay, panel

_FOLDER = Path(__file__).parent
_PART = (slice(200, 440), slice(0, 320))  # where things stand before other things


def main() -> None:
    """Write the picture: what is kept of a sweep, and what is removed."""
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
    whole = beside(*panels, color_bar(scale, height=panels[0].shape[0]))
    write_picture(_FOLDER / "occlusion.png", _reduced(whole))


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
