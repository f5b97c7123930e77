# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""From an image and its sparse depth to what a model sees: cut out, resized, padded."""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import pad

from depth_completion_core.config import InferenceConfig
from depth_completion_core.frame import Frame, SparseDepth
from depth_completion_core.geometry.arrays import BoolArray, Float32Array, UInt8Array
from depth_completion_core.models.base import ModelInput


class Window(NamedTuple):
    """The part of an image that is completed, and the size at which a model sees it (pixels)."""

    left: int
    top: int
    width: int
    height: int
    model_width: int
    model_height: int

    @property
    def slices(self) -> tuple[slice, slice]:
        """Rows and columns of the part."""
        return (
            slice(self.top, self.top + self.height),
            slice(self.left, self.left + self.width),
        )

    @property
    def is_resized(self) -> bool:
        """Whether the model sees another size than the part has."""
        return (self.model_width, self.model_height) != (self.width, self.height)


def window_of(size: tuple[int, int], config: InferenceConfig) -> Window:
    """The window that the settings ask for in an image of (height, width).

    Raises:
        ValueError: the region of interest is not inside the image, or not four numbers.
    """
    height, width = size
    roi = config.roi_px or (0, 0, width, height)
    if len(roi) != 4:
        raise ValueError(f"inference.roi_px is left, top, width, height; got {list(roi)}")
    left, top, roi_width, roi_height = roi
    fits = left >= 0 and top >= 0 and left + roi_width <= width and top + roi_height <= height
    if not fits or roi_width < 1 or roi_height < 1:
        raise ValueError(
            f"inference.roi_px {list(roi)} (left, top, width, height) does not lie inside the "
            f"image of {width}x{height} pixels"
        )
    model_width = config.width_px or roi_width
    model_height = config.height_px or roi_height
    return Window(left, top, roi_width, roi_height, model_width, model_height)


def model_input(
    frames: list[Frame],
    sparse: list[SparseDepth],
    window: Window,
    *,
    size_multiple: int,
    device: torch.device,
) -> ModelInput:
    """Batch frames of one size; padded below and to the right to a multiple."""
    images = torch.stack([_image_tensor(frame.image, window, device) for frame in frames])
    context = [
        torch.stack([_image_tensor(image, window, device) for image in frame.context])
        if frame.context
        else images.new_zeros((0, *images.shape[1:]))
        for frame in frames
    ]
    resized = [_resized_sparse(item, window) for item in sparse]
    depth = torch.from_numpy(np.stack([depth for depth, _ in resized])).to(device)
    valid = torch.from_numpy(np.stack([valid for _, valid in resized])).to(device)
    below = -window.model_height % size_multiple
    right = -window.model_width % size_multiple
    return ModelInput(
        image=pad(images, (0, right, 0, below)),
        sparse_depth=pad(depth, (0, right, 0, below))[:, None],
        validity_map=pad(valid, (0, right, 0, below))[:, None],
        intrinsics=_intrinsics(frames, window, device),
        context=pad(torch.stack(context), (0, right, 0, below)),
    )


def _image_tensor(image: UInt8Array, window: Window, device: torch.device) -> Tensor:
    part = np.array(image[window.slices], order="C")
    if window.is_resized:
        shrinks = window.model_width < window.width
        method = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
        size = (window.model_width, window.model_height)
        part = cv2.resize(part, size, interpolation=method).astype(np.uint8, copy=False)
    return torch.from_numpy(part).to(device).permute(2, 0, 1).to(torch.float32) / 255.0


def _resized_sparse(sparse: SparseDepth, window: Window) -> tuple[Float32Array, BoolArray]:
    """Measurements are moved to the pixel they fall into, the nearest winning; never blended."""
    depth, valid = sparse.depth[window.slices], sparse.valid[window.slices]
    if not window.is_resized:
        return depth, valid
    rows, columns = np.nonzero(valid)
    scale_v = window.model_height / window.height
    scale_u = window.model_width / window.width
    pixel = ((rows + 0.5) * scale_v).astype(np.int64) * window.model_width
    pixel += ((columns + 0.5) * scale_u).astype(np.int64)
    values = depth[rows, columns]
    farthest_first = np.argsort(-values, kind="stable")
    moved = np.zeros((window.model_height, window.model_width), dtype=np.float32)
    moved.reshape(-1)[pixel[farthest_first]] = values[farthest_first]
    return moved, moved > 0


def _intrinsics(frames: list[Frame], window: Window, device: torch.device) -> Tensor | None:
    matrices = []
    for frame in frames:
        if frame.camera is None:
            return None
        camera = frame.camera.cropped(window.left, window.top, window.width, window.height)
        matrices.append(camera.scaled(window.model_width, window.model_height).K)
    return torch.from_numpy(np.stack(matrices)).to(device, torch.float32)
