# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Frames of a set as pictures, from its own files."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

from depth_completion_core.files.input_files import InputFileError, read_depth, read_image
from depth_completion_core.geometry.arrays import UInt8Array
from depth_completion_core.pictures.depth_colors import color_bar, colorize, overlay
from depth_completion_core.pictures.panels import beside, panel
from depth_completion_core.pictures.scales import depth_scale
from depth_completion_core.reports.html import jpeg
from depth_completion_core.reports.page import MOST_PICTURES, Picture
from rosbag_tools.void_sets.frame_files import DEPTH_SCALE
from rosbag_tools.void_sets.places import SetPlaces, file_name

_PANEL_WIDTH_PX = 390
_DENSE_SHARE = 0.3


def set_pictures(folder: Path, summary: dict[str, Any]) -> list[Picture]:
    """Image, measurements and truth of frames that are spread over all sequences.

    Args:
        folder: of the set; frames whose files cannot be read any more are left out.
        summary: as ``set_lists.summary_of`` makes it.
    """
    density = max(summary["densities"])
    samples = [
        (sequence["name"], name)
        for sequence in summary["sequences"]
        for name in sequence["samples"]
    ]
    chosen = samples[:: max(math.ceil(len(samples) / MOST_PICTURES), 1)]
    pictures = []
    for sequence, name in chosen:
        try:
            pixels = jpeg(_drawn(SetPlaces(folder).sequence(density, sequence), name))
        except InputFileError:
            continue
        pictures.append(Picture(pixels=pixels, caption=f"{sequence}, {name} s, density {density}"))
    return pictures


def _drawn(sequence: Path, name: str) -> UInt8Array:
    image = read_image(sequence / "image" / file_name("image", name))
    sparse, truth = (
        read_depth(sequence / kind / file_name(kind, name), depth_scale=DEPTH_SCALE)
        for kind in ("sparse_depth", "ground_truth")
    )
    scale = depth_scale([sparse.depth, truth.depth])
    shown = [
        (image, "image"),
        (overlay(image, sparse, scale), f"sparse depth: {sparse.count} pixels"),
    ]
    if truth.count:
        share = float(truth.valid.mean())
        is_dense = share > _DENSE_SHARE
        depth = (
            colorize(truth.depth, truth.valid, scale) if is_dense else overlay(image, truth, scale)
        )
        shown.append((depth, f"true depth: {100 * share:.1f} % of the pixels"))
    panels = [panel(picture, label, width=_PANEL_WIDTH_PX) for picture, label in shown]
    return beside(*panels, color_bar(scale, height=panels[0].shape[0]))
