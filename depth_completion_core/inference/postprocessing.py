# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""From a model's output to depth at the size of the image: resized, limited, blanked."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import interpolate, normalize

from depth_completion_core.config import OutputConfig
from depth_completion_core.frame import DepthPrediction, SparseDepth
from depth_completion_core.geometry.arrays import BoolArray, Float32Array
from depth_completion_core.inference.preprocessing import Window
from depth_completion_core.models.base import ModelOutput
from depth_completion_core.models.layers.anchoring import anchored


def predictions(
    output: ModelOutput, sparse: list[SparseDepth], window: Window, config: OutputConfig
) -> list[DepthPrediction]:
    """One prediction for each frame of a batch."""
    full = _at_window_size(output, window)
    # Of the model's own pixels: resizing leaves out what is not finite.
    not_finite = [int(count) for count in (~output.depth.isfinite()).sum((1, 2, 3))]
    return [
        replace(_prediction(full, index, item, window, config), not_finite=not_finite[index])
        for index, item in enumerate(sparse)
    ]


def empty_prediction(sparse: SparseDepth) -> DepthPrediction:
    """No answer anywhere."""
    return DepthPrediction(
        depth=np.zeros_like(sparse.depth),
        valid=np.zeros_like(sparse.valid),
        confidence=None,
        support_distance_px=support_distance_px(sparse.valid),
        sparse=sparse,
    )


def support_distance_px(measured: BoolArray) -> Float32Array:
    """(H, W) float32 Euclidean distance to the nearest measured pixel; infinite without any."""
    if not measured.any():
        return np.full(measured.shape, np.inf, dtype=np.float32)
    unmeasured = np.ascontiguousarray(~measured).view(np.uint8)
    distance: Float32Array = cv2.distanceTransform(
        unmeasured, cv2.DIST_L2, cv2.DIST_MASK_PRECISE
    ).astype(np.float32, copy=False)
    return distance


def _prediction(
    output: ModelOutput, index: int, sparse: SparseDepth, window: Window, config: OutputConfig
) -> DepthPrediction:
    shape = sparse.depth.shape
    depth = _pasted(output.depth[index, 0], shape, window)
    # Depth along learned rays is another one than that measured along Z.
    if config.anchoring.enabled and output.rays is None:
        depth = _anchored(depth, sparse, config.anchoring.reach_px)
    within = (depth > 0) & (depth >= config.min_depth) & (depth <= config.max_depth)
    within &= np.isfinite(depth)
    answered = output.valid
    valid = within
    if answered is not None:
        valid = within & (_pasted(answered[index, 0].float(), shape, window) > 0.5)
    confidence = output.confidence
    trusted = None if confidence is None else _pasted(confidence[index, 0], shape, window)
    if trusted is not None and config.min_confidence > 0:
        valid &= trusted >= config.min_confidence
    distance = support_distance_px(sparse.valid)
    if config.support_radius_px > 0:
        valid &= distance <= config.support_radius_px
    if config.preserve_measurements:
        inside = np.zeros_like(valid)
        inside[window.slices] = sparse.valid[window.slices]
        depth = np.where(inside, sparse.depth, depth)
        valid = valid | inside
    initial, rays = output.initial_depth, output.rays
    return DepthPrediction(
        depth=np.where(valid, depth, np.float32(0)),
        valid=valid,
        confidence=trusted,
        support_distance_px=distance,
        sparse=sparse,
        initial_depth=None if initial is None else _pasted(initial[index, 0], shape, window),
        rays=None if rays is None else _pasted(rays[index].permute(1, 2, 0), shape, window),
    )


def _anchored(depth: Float32Array, sparse: SparseDepth, reach_px: float) -> Float32Array:
    # A copy: torch refuses negative strides, and warns of measurements that cannot be written.
    predicted, measured = (
        torch.from_numpy(np.array(each, order="C"))[None, None] for each in (depth, sparse.depth)
    )
    drawn: Float32Array = anchored(predicted, measured, reach_px)[0, 0].numpy()
    return drawn


def _at_window_size(output: ModelOutput, window: Window) -> ModelOutput:
    """Cut the padding off and undo the resizing; invalid pixels do not bleed into valid ones."""
    height, width = window.model_height, window.model_width
    depth = output.depth[..., :height, :width].float()
    valid = output.valid if output.valid is None else output.valid[..., :height, :width]
    confidence = output.confidence
    confidence = None if confidence is None else confidence[..., :height, :width].float()
    initial = output.initial_depth
    initial = None if initial is None else initial[..., :height, :width].float()
    rays = None if output.rays is None else output.rays[..., :height, :width].float()
    if window.is_resized:
        weight = torch.isfinite(depth) if valid is None else valid & torch.isfinite(depth)
        weights = _resized(weight.float(), window)
        blended = _resized(torch.where(weight, depth, 0.0), window)
        depth, valid = blended / weights.clamp(min=1e-6), weights >= 0.5
        confidence = None if confidence is None else _resized(confidence, window)
        initial = None if initial is None else _resized(initial, window)
        rays = None if rays is None else normalize(_resized(rays, window), dim=1)
    return ModelOutput(
        depth=depth, valid=valid, confidence=confidence, initial_depth=initial, rays=rays
    )


def _resized(maps: Tensor, window: Window) -> Tensor:
    return interpolate(maps, (window.height, window.width), mode="bilinear", align_corners=False)


def _pasted(
    part: Tensor, shape: tuple[int, ...], window: Window
) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    """A part (h, w) or (h, w, C) as numpy at the size of the image, zeros around."""
    array: np.ndarray[tuple[int, ...], np.dtype[np.float32]] = part.cpu().numpy()
    if array.shape[:2] == tuple(shape):
        return array
    whole = np.zeros((*shape, *array.shape[2:]), dtype=array.dtype)
    whole[window.slices] = array
    return whole
