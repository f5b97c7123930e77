# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The values that pass between a face (node, bag, file, Python) and the completer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

import numpy as np
import numpy.typing as npt

from depth_completion_core.geometry.arrays import BoolArray, Float32Array, UInt8Array
from depth_completion_core.geometry.camera import CameraModel
from depth_completion_core.geometry.pixel_distance import distance_to_nearest_px
from depth_completion_core.geometry.range_depth import range_of_z, z_of_range
from depth_completion_core.geometry.transforms import RigidTransform


class FrameError(ValueError):
    """A frame whose parts do not fit together; the message says which and what to do."""


OF_ONE_FRAME = (ValueError, RuntimeError, MemoryError)
"""What one frame of many may raise without ending a run: bad data, a frame that does not fit the
model, and what torch raises when it runs out of memory."""


@dataclass(frozen=True, slots=True, eq=False)
class SparseDepth:
    """Measured depth on the pixels of an image.

    Attributes:
        depth: (H, W) float32, metres along the optical Z axis; 0 where not valid. Other float
            types become float32, and what stands where it is not valid becomes 0.
        valid: (H, W) bool, the validity map.

    Raises:
        FrameError: the two do not fit together, are of another type, or a valid pixel has no
            finite positive depth.
    """

    depth: Float32Array
    valid: BoolArray

    def __post_init__(self) -> None:
        if self.depth.ndim != 2 or self.depth.shape != self.valid.shape:
            raise FrameError(
                f"sparse depth and validity map must be two (H, W) arrays of one size, got "
                f"{self.depth.shape} and {self.valid.shape}"
            )
        if self.valid.dtype != np.bool_ or not np.issubdtype(self.depth.dtype, np.floating):
            raise FrameError(
                "sparse depth must be metres as floats and its validity map bool, got "
                f"{self.depth.dtype} and {self.valid.dtype}; divide depth in integers by its scale"
            )
        depth = self.depth.astype(np.float32, copy=False)
        # Comparing whole maps is several times faster than picking out the valid pixels.
        is_clean = np.array_equal(depth > 0, self.valid)
        if not (is_clean and 0 <= depth.min(initial=0.0) <= depth.max(initial=0.0) < np.inf):
            depth = _zero_where_invalid(depth, self.valid)
        object.__setattr__(self, "depth", depth)

    @classmethod
    def from_depth(cls, depth: npt.ArrayLike) -> SparseDepth:
        """From metres in any float type; NaN, infinite and non-positive pixels are not valid."""
        array = np.asarray(depth, dtype=np.float32)
        valid = np.isfinite(array) & (array > 0)
        return cls(np.where(valid, array, np.float32(0)), valid)

    @classmethod
    def nearest_at(
        cls,
        depth: Float32Array,
        row: npt.NDArray[np.int64],
        column: npt.NDArray[np.int64],
        size: tuple[int, ...],
    ) -> SparseDepth:
        """Points on the pixels of an image; the nearest of each pixel wins, those outside are lost.

        Args:
            depth: (N,) float32 metres, all positive.
            row: (N,) int64, pixels.
            column: (N,) int64, pixels.
            size: (height, width) of the image.
        """
        height, width = size
        inside = (row >= 0) & (row < height) & (column >= 0) & (column < width)
        nearest = np.full(height * width, np.inf, dtype=np.float32)
        np.minimum.at(nearest, row[inside] * width + column[inside], depth[inside])
        return cls.from_depth(nearest.reshape(height, width))

    def masked(self, mask: BoolArray) -> SparseDepth:
        """Where a mask (H, W) holds."""
        valid = self.valid & mask
        return SparseDepth(np.where(valid, self.depth, np.float32(0)), valid)

    @property
    def count(self) -> int:
        """Number of measured pixels."""
        return int(np.count_nonzero(self.valid))


def _zero_where_invalid(depth: Float32Array, valid: BoolArray) -> Float32Array:
    measured = depth[valid]
    wrong = measured[~(np.isfinite(measured) & (measured > 0))]
    if len(wrong):
        raise FrameError(
            f"{len(wrong)} of {len(measured)} valid pixels of the sparse depth have no finite "
            f"positive depth ({wrong[0]:g} is one); SparseDepth.from_depth leaves them out"
        )
    return np.where(valid, depth, np.float32(0))


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class View:
    """Another image of the same camera, before or after that of a frame.

    Attributes:
        offset: which one, counted in images: -1 is the image before, 1 the next.
        image: (H, W, 3) uint8 RGB, of the same size.
        camera: its intrinsics, where they are known.
        stamp_ns: its time, nanoseconds.
        sparse: what was measured with it.
        view_from_target: takes points from the optical frame of the frame's image to that of this
            one; None where the motion in between is not known.
    """

    offset: int
    image: UInt8Array
    camera: CameraModel | None = None
    stamp_ns: int = 0
    sparse: SparseDepth | None = None
    view_from_target: RigidTransform | None = None


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
        views: further images of the same camera, for networks that look at several.
        stamp_ns: time of the image, nanoseconds.
        frame_id: name of the optical frame.
    """

    image: UInt8Array
    camera: CameraModel | None
    points: Float32Array | None = None
    camera_from_points: RigidTransform | None = None
    sparse: SparseDepth | None = None
    views: tuple[View, ...] = ()
    stamp_ns: int = 0
    frame_id: str = ""

    def __post_init__(self) -> None:
        for image in (self.image, *(view.image for view in self.views)):
            if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8:
                raise FrameError(
                    f"expected an RGB image (height, width, 3) of uint8, got shape {image.shape} "
                    f"of {image.dtype}"
                )
            if image.shape != self.image.shape:
                raise FrameError(
                    f"a further view is {image.shape}, the image {self.image.shape}; all views of "
                    "a frame are of one size"
                )
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


@dataclass(frozen=True, eq=False, kw_only=True)
class DepthPrediction:
    """Dense depth for one frame, at the size of its image.

    Attributes:
        depth: (H, W) float32 metres; 0 where not valid.
        valid: (H, W) bool: predicted, within the range limits and near enough to a measurement.
        along: what ``depth`` is measured along: the optical axis (``z``), or the rays (``range``).
        rays: (H, W, 3) float32 unit rays of the pixels in the optical frame, of a network that
            learns its camera, and wherever ``along`` is ``range``; else None.
        confidence: (H, W) float32 in 0..1, or None where the model gives none.
        sparse: the measurements that were used, along the optical axis.
        maps: further maps of the model by name, (H, W) or (H, W, C) float32, as
            ``initial_depth``, what the model started from and corrected.
        not_finite: number of pixels where the model gave NaN or an infinite depth.
    """

    depth: Float32Array
    valid: BoolArray
    along: Literal["z", "range"] = "z"
    rays: Float32Array | None = None
    confidence: Float32Array | None
    sparse: SparseDepth
    maps: Mapping[str, Float32Array] = field(default_factory=dict)
    not_finite: int = 0

    def __post_init__(self) -> None:
        if self.along == "range" and self.rays is None:
            raise FrameError("depth along rays needs the rays that it is measured along")

    @cached_property
    def along_z(self) -> SparseDepth:
        """Depth along the optical axis, whatever ``depth`` is measured along.

        Pixels that look sideways or back, which wide lenses have, have no such depth.
        """
        if self.along == "z" or self.rays is None:
            return SparseDepth(self.depth, self.valid)
        depth, valid = z_of_range(self.depth, self.rays)
        valid &= self.valid
        return SparseDepth(np.where(valid, depth, np.float32(0)), valid)

    @cached_property
    def along_rays(self) -> SparseDepth | None:
        """Depth along ``rays``, whatever ``depth`` is measured along; None without rays."""
        if self.rays is None:
            return None
        if self.along == "range":
            return SparseDepth(self.depth, self.valid)
        depth, valid = range_of_z(self.depth, self.rays)
        valid &= self.valid
        return SparseDepth(np.where(valid, depth, np.float32(0)), valid)

    @cached_property
    def support_distance_px(self) -> Float32Array:
        """(H, W) float32, distance to the nearest measurement, pixels; infinite without any."""
        return distance_to_nearest_px(self.sparse.valid)
