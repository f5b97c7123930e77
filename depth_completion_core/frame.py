# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The values that pass between a face (node, bag, file, Python) and the completer."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from depth_completion_core.geometry.arrays import BoolArray, Float32Array, UInt8Array
from depth_completion_core.geometry.camera import CameraModel
from depth_completion_core.geometry.transforms import RigidTransform


class FrameError(ValueError):
    """A frame whose parts do not fit together; the message says which and what to do."""


@dataclass(frozen=True, slots=True, eq=False)
class SparseDepth:
    """Measured depth on the pixels of an image.

    Attributes:
        depth: (H, W) float32, metres along the optical Z axis; 0 where not valid.
        valid: (H, W) bool, the validity map.
    """

    depth: Float32Array
    valid: BoolArray

    def __post_init__(self) -> None:
        if self.depth.ndim != 2 or self.depth.shape != self.valid.shape:
            raise FrameError(
                f"sparse depth and validity map must be two (H, W) arrays of one size, got "
                f"{self.depth.shape} and {self.valid.shape}"
            )

    @classmethod
    def from_depth(cls, depth: npt.ArrayLike) -> SparseDepth:
        """From metres in any float type; NaN, infinite and non-positive pixels are not valid."""
        array = np.asarray(depth, dtype=np.float32)
        valid = np.isfinite(array) & (array > 0)
        return cls(np.where(valid, array, np.float32(0)), valid)

    @property
    def count(self) -> int:
        """Number of measured pixels."""
        return int(np.count_nonzero(self.valid))


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Frame:
    """One image at one instant, with what was measured of its depth.

    Attributes:
        image: (H, W, 3) uint8 RGB.
        camera: the intrinsics of the image; None only for networks that learn their rays, which
            then take ``sparse`` instead of ``points``.
        points: (N, 3) float32 metres in the frame of the sensor, or None.
        camera_from_points: takes ``points`` to the optical frame.
        sparse: sparse depth at the size of the image, instead of points; or None.
        context: further images of the same size, (H, W, 3) uint8 RGB, for multi-frame networks.
        stamp_ns: time of the image, nanoseconds.
        frame_id: name of the optical frame.
    """

    image: UInt8Array
    camera: CameraModel | None
    points: Float32Array | None = None
    camera_from_points: RigidTransform | None = None
    sparse: SparseDepth | None = None
    context: tuple[UInt8Array, ...] = ()
    stamp_ns: int = 0
    frame_id: str = ""

    def __post_init__(self) -> None:
        for image in (self.image, *self.context):
            if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8:
                raise FrameError(
                    f"expected an RGB image (height, width, 3) of uint8, got shape {image.shape} "
                    f"of {image.dtype}"
                )
            if image.shape != self.image.shape:
                raise FrameError(f"context image {image.shape} differs from {self.image.shape}")
        self._check_camera()
        self._check_measurements()

    @property
    def size(self) -> tuple[int, int]:
        """(height, width) of the image, pixels."""
        return self.image.shape[0], self.image.shape[1]

    def _check_camera(self) -> None:
        height, width = self.size
        if self.camera and (self.camera.height, self.camera.width) != (height, width):
            raise FrameError(
                f"the image is {width}x{height} but its calibration is for {self.camera.width}x"
                f"{self.camera.height}; use the CameraInfo of this very image (a resizing node "
                "publishes its own), or set its ROI and binning"
            )

    def _check_measurements(self) -> None:
        if self.points is not None:
            if self.points.ndim != 2 or self.points.shape[1] != 3:
                raise FrameError(f"expected points of shape (N, 3), got {self.points.shape}")
            if self.camera is None or self.camera_from_points is None or self.sparse is not None:
                raise FrameError(
                    "points need a camera and camera_from_points to be projected, and no sparse "
                    "depth beside them"
                )
        if self.sparse is not None and self.sparse.depth.shape != self.size:
            raise FrameError(
                f"sparse depth is {self.sparse.depth.shape} but the image is {self.size} "
                "(height, width); register the depth to this camera first"
            )


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class DepthPrediction:
    """Dense depth for one frame, at the size of its image.

    Attributes:
        depth: (H, W) float32, metres along the optical Z axis (along ``rays`` where those are
            given); 0 where not valid.
        valid: (H, W) bool: predicted, within the range limits and near enough to a measurement.
        confidence: (H, W) float32 in 0..1, or None where the model gives none.
        support_distance_px: (H, W) float32, distance to the nearest measurement, pixels; infinite
            where nothing was measured in the whole frame.
        sparse: the measurements that were used.
        initial_depth: (H, W) float32, metres, what the model started from and corrected; else None.
        not_finite: number of pixels where the model gave NaN or an infinite depth.
        rays: (H, W, 3) float32 unit rays of a network that learns its camera, else None.
    """

    depth: Float32Array
    valid: BoolArray
    confidence: Float32Array | None
    support_distance_px: Float32Array
    sparse: SparseDepth
    initial_depth: Float32Array | None = None
    not_finite: int = 0
    rays: Float32Array | None = None
