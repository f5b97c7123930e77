# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""From an image and its sparse depth to what a model sees: cut out, resized, padded."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np
import torch
from torch import Tensor

from depth_completion_core.config import InferenceConfig
from depth_completion_core.frame import Frame, FrameError, SparseDepth, View
from depth_completion_core.geometry.arrays import BoolArray, Float32Array, UInt8Array
from depth_completion_core.geometry.camera import CameraModel
from depth_completion_core.inference.model_input import model_view
from depth_completion_core.models.base import ModelInput, ModelView
from depth_completion_core.models.needs import ModelNeeds

_STEPS_PER_OCTAVE = 4
_LEAST_SIDE_PX = 32  # smaller images show networks nothing


class Window(NamedTuple):
    """The part of an image that is completed, and the size at which a model sees it (pixels).

    ``is_by_density`` says that the size follows from how few measurements there are.
    """

    left: int
    top: int
    width: int
    height: int
    model_width: int
    model_height: int
    is_by_density: bool = False

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


def window_of(
    size: tuple[int, int],
    config: InferenceConfig,
    needs: ModelNeeds,
    valid: BoolArray | None = None,
) -> Window:
    """The window that settings and model ask for in an image.

    Args:
        size: height and width.
        config: the settings.
        needs: of the model.
        valid: (H, W) where it was measured; None for a size that does not depend on it.

    Raises:
        ValueError: the region of interest is not inside the image, or not four numbers, or the
            settings ask for another size than the only one that the model takes.
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
    if needs.fixed_size_px:
        model_width, model_height = _fixed_size(config, needs)
    else:
        scale = _scale(size, config, needs)
        model_width = config.width_px or max(round(scale * roi_width), 1)
        model_height = config.height_px or max(round(scale * roi_height), 1)
    window = Window(left, top, roi_width, roi_height, model_width, model_height)
    is_free = not (needs.fixed_size_px or config.width_px or config.height_px)
    if valid is None or not is_free:
        return window
    return _by_density(window, int(np.count_nonzero(valid[window.slices])), config, needs)


def _by_density(
    window: Window, measured: int, config: InferenceConfig, needs: ModelNeeds
) -> Window:
    """The window at the size at which the wanted share of its pixels is measured, if smaller.

    Sizes are steps of a fourth root of 2: a stream whose measurements vary keeps to a few of them.
    """
    share = needs.measured_share if config.measured_share < 0 else config.measured_share
    width, height = window.model_width, window.model_height
    if not share or not measured:
        return window
    steps = round(_STEPS_PER_OCTAVE * math.log2(math.sqrt(measured / (share * width * height))))
    scale = max(2.0 ** (steps / _STEPS_PER_OCTAVE), _LEAST_SIDE_PX / min(width, height))
    if scale >= 1.0:
        return window
    return window._replace(
        model_width=max(round(scale * width), 1),
        model_height=max(round(scale * height), 1),
        is_by_density=True,
    )


def _scale(size: tuple[int, int], config: InferenceConfig, needs: ModelNeeds) -> float:
    """Of the whole image, so that things are as large as in training in a part of it, too."""
    if config.width_px or config.height_px or not needs.short_side_px:
        return 1.0
    return min(needs.short_side_px / min(size), 1.0)


def _fixed_size(config: InferenceConfig, needs: ModelNeeds) -> tuple[int, int]:
    width, height = needs.fixed_size_px
    if config.width_px not in (0, width) or config.height_px not in (0, height):
        raise ValueError(
            f"the model takes images of {width}x{height} pixels only, but inference.width_px and "
            f"inference.height_px are {config.width_px} and {config.height_px}; leave them at 0"
        )
    return width, height


def model_input(
    frames: list[Frame],
    sparse: list[SparseDepth],
    window: Window,
    needs: ModelNeeds,
    device: torch.device,
) -> ModelInput:
    """Batch frames of one size that are alike in what is known of them.

    Args:
        frames: each with the views that the model needs.
        sparse: their measurements.
        window: what is cut out, and to which size it is brought.
        needs: of the model.
        device: where the tensors go.
    """
    targets = [
        View(offset=0, image=frame.image, camera=frame.camera, stamp_ns=frame.stamp_ns, sparse=item)
        for frame, item in zip(frames, sparse, strict=True)
    ]
    columns = [targets, *([view_at(frame, o) for frame in frames] for o in needs.view_offsets)]
    return ModelInput(
        views=tuple(_model_view(column, targets, window, device) for column in columns)
    )


def view_at(frame: Frame, offset: int) -> View:
    """The view of a frame at an offset; raises FrameError where there is none."""
    found = next((view for view in frame.views if view.offset == offset), None)
    if found is None:
        has = ", ".join(f"{view.offset:+d}" for view in frame.views) or "none"
        raise FrameError(
            f"the model needs the image at {offset:+d} from this one; the frame's further views "
            f"are: {has}"
        )
    return found


def _model_view(
    views: Sequence[View], targets: Sequence[View], window: Window, device: torch.device
) -> ModelView:
    images = torch.from_numpy(np.stack([_resized_image(view.image, window) for view in views]))
    depths = np.stack([_resized_sparse(view.sparse, window) for view in views])
    seconds = [(v.stamp_ns - t.stamp_ns) / 1e9 for v, t in zip(views, targets, strict=True)]
    poses = [view.view_from_target for view in views]
    known = [pose.matrix for pose in poses if pose is not None]
    return model_view(
        images.to(device).permute(0, 3, 1, 2),
        torch.from_numpy(depths).to(device)[:, None],
        intrinsics=_intrinsics([view.camera for view in views], window, device),
        time_s=torch.tensor(seconds, dtype=torch.float32, device=device),
        view_from_target=(
            torch.from_numpy(np.stack(known)).to(device, torch.float32)
            if len(known) == len(poses)
            else None
        ),
    )


def _resized_image(image: UInt8Array, window: Window) -> UInt8Array:
    part = image[window.slices]
    if not window.is_resized:
        return part
    shrinks = window.model_width < window.width
    method = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    size = (window.model_width, window.model_height)
    resized = cv2.resize(np.ascontiguousarray(part), size, interpolation=method)
    return resized.astype(np.uint8, copy=False)


def _resized_sparse(sparse: SparseDepth | None, window: Window) -> Float32Array:
    """Measurements are moved to the pixel they fall into, the nearest winning; never blended."""
    if sparse is None:
        return np.zeros((window.model_height, window.model_width), dtype=np.float32)
    depth, valid = sparse.depth[window.slices], sparse.valid[window.slices]
    if not window.is_resized:
        return np.where(valid, depth, np.float32(0))
    rows, columns = np.nonzero(valid)
    scale_v = window.model_height / window.height
    scale_u = window.model_width / window.width
    pixel = ((rows + 0.5) * scale_v).astype(np.int64) * window.model_width
    pixel += ((columns + 0.5) * scale_u).astype(np.int64)
    values = depth[rows, columns]
    farthest_first = np.argsort(-values, kind="stable")
    moved = np.zeros((window.model_height, window.model_width), dtype=np.float32)
    moved.reshape(-1)[pixel[farthest_first]] = values[farthest_first]
    return moved


def _intrinsics(
    cameras: Sequence[CameraModel | None], window: Window, device: torch.device
) -> Tensor | None:
    matrices = []
    for camera in cameras:
        if camera is None:
            return None
        part = camera.cropped(window.left, window.top, window.width, window.height)
        matrices.append(part.scaled(window.model_width, window.model_height).K)
    return torch.from_numpy(np.stack(matrices)).to(device, torch.float32)
