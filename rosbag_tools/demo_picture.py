# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The demo's picture of a frame: several models' depths over their errors, on shared scales."""

from __future__ import annotations

from collections.abc import Mapping

from depth_completion_core.completer import DepthCompleter
from depth_completion_core.frame import DepthPrediction, SparseDepth
from depth_completion_core.geometry.arrays import UInt8Array
from depth_completion_core.pictures.depth_colors import color_bar, colorize, overlay
from depth_completion_core.pictures.panels import beside, panel, stacked, title
from depth_completion_core.pictures.preview import absolute_errors, error_map
from depth_completion_core.pictures.scales import depth_scale, error_scale
from rosbag_tools.bag_frames import FrameToComplete
from rosbag_tools.demo_scores import COVERED_RADIUS_PX, covered_part, metrics_of

_PANEL_WIDTH_PX = 260


def scene_picture(
    item: FrameToComplete, scene: str, completers: Mapping[str, DepthCompleter]
) -> UInt8Array:
    """A frame with true depth, (H, W, 3) uint8 RGB: two rows of panels under a title.

    The last model is also shown with only the pixels that the lidar covers.
    """
    assert item.truth is not None  # noqa: S101 - the demo's own bags have it
    frame, truth, width = item.placed.frame, item.truth, _PANEL_WIDTH_PX
    predictions = {name: completer.complete(frame) for name, completer in completers.items()}
    name, last = list(predictions.items())[-1]
    covered = covered_part(truth, last)
    scale = depth_scale([last.sparse.depth])
    errors = error_scale([absolute_errors(each, truth) for each in predictions.values()])
    dots, measured = overlay(frame.image, last.sparse, scale), f"lidar: {last.sparse.count} pixels"
    columns = [
        stacked(panel(frame.image, "camera image", width=width), panel(dots, measured, width=width))
    ]
    for model, prediction in predictions.items():
        dense = colorize(prediction.depth, prediction.valid, scale)
        wrong = error_map(prediction, truth, errors)
        label = _error_label(prediction, truth)
        columns.append(stacked(panel(dense, model, width=width), panel(wrong, label, width=width)))
    near = colorize(last.depth, last.support_distance_px <= COVERED_RADIUS_PX, scale)
    columns.append(
        stacked(
            panel(colorize(truth.depth, truth.valid, scale), "true depth", width=width),
            panel(near, f"{name}, covered pixels", width=width),
        )
    )
    height = columns[0].shape[0]
    body = beside(*columns, color_bar(scale, height=height), color_bar(errors, height=height))
    uncovered = 100 * (1 - covered.count / max(truth.count, 1))
    heading = (
        f"{scene}: depth, and its absolute error over every pixel with true depth; "
        f"the lidar does not cover {uncovered:.0f} % of them (no measurement within "
        f"{COVERED_RADIUS_PX:g} pixels). Grey: no depth."
    )
    return stacked(title(heading, width=body.shape[1]), body)


def _error_label(prediction: DepthPrediction, truth: SparseDepth) -> str:
    everywhere = metrics_of(prediction, truth)
    covered = metrics_of(prediction, covered_part(truth, prediction))
    return f"MAE {everywhere.mae_mm:.0f} mm, covered {covered.mae_mm:.0f} mm"
