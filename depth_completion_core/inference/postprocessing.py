# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""From a model's output to depth at the size of the image: resized, limited, blanked."""

from __future__ import annotations

from typing import Literal

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import interpolate, normalize

from depth_completion_core.config import OutputConfig
from depth_completion_core.frame import DepthPrediction, Frame, SparseDepth
from depth_completion_core.geometry.arrays import BoolArray, Float32Array
from depth_completion_core.geometry.pixel_distance import distance_to_nearest_px
from depth_completion_core.geometry.range_depth import range_of_z
from depth_completion_core.inference.preprocessing import Window
from depth_completion_core.inference.raising import raised_output
from depth_completion_core.models.base import ModelInput, ModelOutput
from depth_completion_core.models.layers.anchoring import anchored


def predictions(
    output: ModelOutput,
    inputs: ModelInput,
    frames: list[Frame],
    sparse: list[SparseDepth],
    *,
    window: Window,
    config: OutputConfig,
) -> list[DepthPrediction]:
    """One prediction for each frame of a batch.

    Args:
        output: at the size that the model saw.
        inputs: what it saw.
        frames: what it was asked about.
        sparse: their measurements.
        window: which part of the images it saw.
        config: what is kept.

    Raises:
        FrameError: depth is along rays, and neither the model nor a calibration gives those.
    """
    if window.is_by_density:
        full = raised_output(output, inputs, frames, window)
    else:
        full = _at_window_size(output, window)
    # Of the model's own pixels: resizing leaves out what is not finite.
    not_finite = [int(count) for count in (~output.depth.isfinite()).sum((1, 2, 3))]
    return [
        _prediction(_Answer(full, index, frame, window), item, config, not_finite[index])
        for index, (frame, item) in enumerate(zip(frames, sparse, strict=True))
    ]


def empty_prediction(sparse: SparseDepth) -> DepthPrediction:
    """No answer anywhere."""
    return DepthPrediction(
        depth=np.zeros_like(sparse.depth),
        valid=np.zeros_like(sparse.valid),
        confidence=None,
        sparse=sparse,
    )


class _Answer:
    """What the model said of one frame, as arrays at the size of its image."""

    def __init__(self, output: ModelOutput, index: int, frame: Frame, window: Window) -> None:
        self._index, self._shape, self._window = index, frame.size, window
        self.is_by_density = window.is_by_density
        self.along: Literal["z", "range"] = output.along
        self.depth = self._pasted(output.depth)[..., 0]
        answered = output.valid
        self.answered: BoolArray | None = (
            None if answered is None else self._pasted(answered.float())[..., 0] > 0.5
        )
        confidence = output.confidence
        self.confidence = None if confidence is None else self._pasted(confidence)[..., 0]
        self.maps = {name: _squeezed(self._pasted(each)) for name, each in output.maps.items()}
        self.rays: Float32Array | None = None
        if output.rays is not None:
            self.rays = self._pasted(output.rays)
        elif self.along == "range" and frame.camera is not None:
            rays, _ = frame.camera.rays()
            length = np.linalg.norm(rays, axis=-1, keepdims=True)
            self.rays = (rays / np.maximum(length, 1e-9)).astype(np.float32)

    def measured(self, sparse: SparseDepth) -> SparseDepth:
        """The measurements inside the window, along what the model's depth is along."""
        valid = np.zeros_like(sparse.valid)
        valid[self._window.slices] = sparse.valid[self._window.slices]
        depth = sparse.depth
        if self.along == "range" and self.rays is not None:
            depth, forward = range_of_z(depth, self.rays)
            valid &= forward
        return SparseDepth(np.where(valid, depth, np.float32(0)), valid)

    def _pasted(self, maps: Tensor) -> Float32Array:
        """(H, W, C) of (B, C, h, w), zeros around the window."""
        part = np.asarray(maps[self._index].permute(1, 2, 0).cpu().numpy(), dtype=np.float32)
        if part.shape[:2] == self._shape:
            return part
        whole = np.zeros((*self._shape, part.shape[2]), dtype=np.float32)
        whole[self._window.slices] = part
        return whole


def _prediction(
    answer: _Answer, sparse: SparseDepth, config: OutputConfig, not_finite: int
) -> DepthPrediction:
    depth = answer.depth
    if config.anchoring.enabled or answer.is_by_density:
        depth = _anchored(depth, answer.measured(sparse).depth, config.anchoring.reach_px)
    valid = (depth > 0) & (depth >= config.min_depth) & (depth <= config.max_depth)
    valid &= np.isfinite(depth)
    if answer.answered is not None:
        valid &= answer.answered
    if answer.rays is not None:  # where a lens bends too far, a pixel has none
        valid &= answer.rays.any(axis=-1)
    if answer.confidence is not None and config.min_confidence > 0:
        valid &= answer.confidence >= config.min_confidence
    if config.support_radius_px > 0:
        valid &= distance_to_nearest_px(sparse.valid) <= config.support_radius_px
    if config.preserve_measurements:
        measured = answer.measured(sparse)
        depth = np.where(measured.valid, measured.depth, depth)
        valid = valid | measured.valid
    return DepthPrediction(
        depth=np.where(valid, depth, np.float32(0)),
        valid=valid,
        along=answer.along,
        rays=answer.rays,
        confidence=answer.confidence,
        sparse=sparse,
        maps=answer.maps,
        not_finite=not_finite,
    )


def _anchored(depth: Float32Array, measured: Float32Array, reach_px: float) -> Float32Array:
    # A copy: torch refuses negative strides, and warns of measurements that cannot be written.
    predicted, nearby = (
        torch.from_numpy(np.array(each, order="C"))[None, None] for each in (depth, measured)
    )
    pulled: Float32Array = anchored(predicted, nearby, reach_px)[0, 0].numpy()
    return pulled


def _at_window_size(output: ModelOutput, window: Window) -> ModelOutput:
    """Undo the resizing; invalid pixels do not bleed into valid ones."""
    depth, valid = output.depth.float(), output.valid
    confidence, rays, maps = output.confidence, output.rays, output.maps
    if window.is_resized:
        weight = torch.isfinite(depth) if valid is None else valid & torch.isfinite(depth)
        weights = _resized(weight, window)
        blended = _resized(torch.where(weight, depth, 0.0), window)
        depth, valid = blended / weights.clamp(min=1e-6), weights >= 0.5
        confidence = None if confidence is None else _resized(confidence, window)
        rays = None if rays is None else normalize(_resized(rays, window), dim=1)
        maps = {name: _resized(each, window) for name, each in maps.items()}
    return output._replace(depth=depth, valid=valid, confidence=confidence, rays=rays, maps=maps)


def _resized(maps: Tensor, window: Window) -> Tensor:
    size = (window.height, window.width)
    return interpolate(maps.float(), size, mode="bilinear", align_corners=False)


def _squeezed(array: Float32Array) -> Float32Array:
    """(H, W) where there is one channel."""
    return array[..., 0] if array.shape[2] == 1 else array
