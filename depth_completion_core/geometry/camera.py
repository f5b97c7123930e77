# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Pinhole camera with lens distortion.

Integer pixel coordinates are pixel centres (OpenCV), so the image covers -0.5 to width - 0.5.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from depth_completion_core.geometry.distortion import (
    distort,
    known_distortion,
    largest_valid_radius,
)

_UNPROJECT_ITERATIONS = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraModel:
    """Intrinsics of one image. Immutable and hashable.

    Attributes:
        fx: focal length, pixels. Likewise fy.
        cx: principal point, pixels from the centre of the first pixel. Likewise cy.
        width: image width, pixels. Likewise height.
        distortion_model: none, plumb_bob, rational_polynomial or equidistant.
        distortion: coefficients in the order of sensor_msgs/CameraInfo.
    """

    fx: float
    fy: float
    cx: float
    cy: float
    width: int
    height: int
    distortion_model: str = "none"
    distortion: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        numbers = (self.fx, self.fy, self.cx, self.cy, *self.distortion)
        if not all(math.isfinite(number) for number in numbers):
            raise ValueError(f"the camera's intrinsics hold NaN or infinite numbers: {numbers}")
        if self.fx <= 0 or self.fy <= 0:
            raise ValueError(
                f"focal length is {self.fx:g} x {self.fy:g} pixels, expected two positive numbers. "
                "An all-zero K means that the camera driver has no calibration: calibrate the "
                "camera, or point the driver to its calibration file"
            )
        if self.width <= 0 or self.height <= 0:
            raise ValueError(
                f"image size is {self.width}x{self.height} pixels, expected at least 1x1; "
                "CameraInfo must carry the size of the image that it was calibrated for"
            )
        model, coefficients = known_distortion(self.distortion_model, self.distortion)
        object.__setattr__(self, "distortion_model", model)
        object.__setattr__(self, "distortion", coefficients)

    @classmethod
    def from_matrix(
        cls,
        K: npt.ArrayLike,
        *,
        width: int,
        height: int,
        distortion_model: str = "none",
        distortion: tuple[float, ...] = (),
    ) -> CameraModel:
        """From a 3x3 intrinsic matrix (or its 9 numbers, row by row).

        Raises:
            ValueError: K is not 3x3, singular, or has skew.
        """
        matrix = np.asarray(K, dtype=np.float64)
        if matrix.size != 9:
            raise ValueError(f"an intrinsic matrix has 3x3 numbers, got shape {matrix.shape}")
        matrix = matrix.reshape(3, 3)
        skewed = abs(matrix[0, 1]) > 1e-6 * max(abs(matrix[0, 0]), 1.0)
        if matrix[0, 0] > 0 and (skewed or not np.allclose(matrix[2], (0, 0, 1))):
            raise ValueError(
                f"the intrinsic matrix {matrix.tolist()} has skew or a last row other than 0 0 1, "
                "expected fx 0 cx / 0 fy cy / 0 0 1"
            )
        return cls(
            fx=float(matrix[0, 0]),
            fy=float(matrix[1, 1]),
            cx=float(matrix[0, 2]),
            cy=float(matrix[1, 2]),
            width=width,
            height=height,
            distortion_model=distortion_model,
            distortion=tuple(float(number) for number in distortion),
        )

    @property
    def K(self) -> npt.NDArray[np.float64]:
        """(3, 3) float64 intrinsic matrix, pixels."""
        return np.array([[self.fx, 0.0, self.cx], [0.0, self.fy, self.cy], [0.0, 0.0, 1.0]])

    @property
    def is_distorted(self) -> bool:
        """Whether straight lines are bent in this image."""
        return self.distortion_model != "none"

    def scaled(self, width: int, height: int) -> CameraModel:
        """The camera of this image resized to width x height: c' = (c + 0.5) s - 0.5."""
        sx, sy = width / self.width, height / self.height
        return replace(
            self,
            fx=self.fx * sx,
            fy=self.fy * sy,
            cx=(self.cx + 0.5) * sx - 0.5,
            cy=(self.cy + 0.5) * sy - 0.5,
            width=width,
            height=height,
        )

    def cropped(self, left: int, top: int, width: int, height: int) -> CameraModel:
        """The camera of a rectangle cut from this image (it may also reach over the border)."""
        return replace(self, cx=self.cx - left, cy=self.cy - top, width=width, height=height)

    def mirrored(self) -> CameraModel:
        """The camera of this image flipped left to right; points are mirrored in x."""
        distortion = list(self.distortion)
        if self.distortion_model in ("plumb_bob", "rational_polynomial"):
            distortion[3] *= -1.0  # p2 alone bends left and right differently
        return replace(self, cx=self.width - 1 - self.cx, distortion=tuple(distortion))

    def project(
        self, points: npt.ArrayLike
    ) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.bool_]]:
        """Pixels of points in the optical frame (x right, y down, z forward).

        Args:
            points: (..., 3) metres.

        Returns:
            (..., 2) float64 pixels (u, v), and (...) bool: in front of the camera, inside the range
            where the distortion is one-to-one, and inside the image. Other pixels mean nothing.
        """
        array = np.asarray(points, dtype=np.float64)
        z = array[..., 2]
        in_front = np.isfinite(array).all(axis=-1) & (z > 0)
        depth = np.where(in_front, z, 1.0)
        x = np.where(in_front, array[..., 0], 0.0) / depth
        y = np.where(in_front, array[..., 1], 0.0) / depth
        limit = largest_valid_radius(self.distortion_model, self.distortion)
        foldless = x * x + y * y <= limit * limit
        x, y = distort(x, y, self.distortion_model, self.distortion, np)
        u, v = self.fx * x + self.cx, self.fy * y + self.cy
        inside = (u >= -0.5) & (u < self.width - 0.5) & (v >= -0.5) & (v < self.height - 0.5)
        return np.stack([u, v], axis=-1), in_front & foldless & inside

    def unproject(
        self, pixels: npt.ArrayLike
    ) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.bool_]]:
        """Rays (x, y, 1) of pixels, in the optical frame.

        Args:
            pixels: (..., 2) pixels (u, v).

        Returns:
            (..., 3) float64 with z = 1, and (...) bool: whether such a ray exists (the distortion
            could be inverted). Multiplied by a depth, a ray is a point in metres.
        """
        array = np.asarray(pixels, dtype=np.float64)
        x_distorted = (array[..., 0] - self.cx) / self.fx
        y_distorted = (array[..., 1] - self.cy) / self.fy
        x, y, valid = _undistort(x_distorted, y_distorted, self.distortion_model, self.distortion)
        return np.stack([x, y, np.ones_like(x)], axis=-1), valid

    def rays(self) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.bool_]]:
        """The ray of every pixel: (H, W, 3) float32 with z = 1, and (H, W) bool; kept, read-only.

        Depth along Z times its ray is a point in metres; where the bool is false, the ray is 0.
        """
        return _rays(self)

    def rectification_maps(
        self,
        rectified: CameraModel,
        rectified_from_raw: npt.NDArray[np.float64] | None = None,
    ) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
        """Maps for ``cv2.remap``: for each pixel of ``rectified``, where to look in this image.

        Args:
            rectified: an undistorted camera, as large as the image wanted.
            rectified_from_raw: (3, 3) rotation, CameraInfo's R; None for none.

        Returns:
            map_x and map_y, each (H, W) float32 pixels; -1 where this image has nothing to show.
        """
        rays = rectified.rays()[0].astype(np.float64)
        if rectified_from_raw is not None:
            rays = rays @ rectified_from_raw  # row vectors: the inverse rotation
        pixels, seen = self.project(rays)
        maps = np.where(seen[..., None], pixels, -1.0).astype(np.float32)
        return np.ascontiguousarray(maps[..., 0]), np.ascontiguousarray(maps[..., 1])


def _undistort(
    x_distorted: npt.NDArray[np.float64],
    y_distorted: npt.NDArray[np.float64],
    model: str,
    coefficients: tuple[float, ...],
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64], npt.NDArray[np.bool_]]:
    """Invert :func:`distort` by Newton's method with a numerical Jacobian, kept in its range."""
    if model == "none":
        return x_distorted, y_distorted, np.isfinite(x_distorted + y_distorted)
    limit = largest_valid_radius(model, coefficients)
    x, y = _start_of_undistort(x_distorted, y_distorted, model)
    step = 1e-6
    for _ in range(_UNPROJECT_ITERATIONS):
        at_x, at_y = distort(x, y, model, coefficients, np)
        dx_x, dx_y = distort(x + step, y, model, coefficients, np)
        dy_x, dy_y = distort(x, y + step, model, coefficients, np)
        a, b = (dx_x - at_x) / step, (dy_x - at_x) / step
        c, d = (dx_y - at_y) / step, (dy_y - at_y) / step
        determinant = a * d - b * c
        determinant = np.where(np.abs(determinant) < 1e-9, 1e-9, determinant)
        error_x, error_y = at_x - x_distorted, at_y - y_distorted
        if np.maximum(np.abs(error_x), np.abs(error_y)).max(initial=0.0) < 1e-12:
            break
        x = x - (d * error_x - b * error_y) / determinant
        y = y - (a * error_y - c * error_x) / determinant
        shrink = np.minimum(1.0, limit / np.maximum(np.hypot(x, y), 1e-12))
        x, y = x * shrink, y * shrink
    at_x, at_y = distort(x, y, model, coefficients, np)
    valid = np.hypot(at_x - x_distorted, at_y - y_distorted) < 1e-6
    return np.where(valid, x, 0.0), np.where(valid, y, 0.0), valid


def _start_of_undistort(
    x_distorted: npt.NDArray[np.float64], y_distorted: npt.NDArray[np.float64], model: str
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    if model != "equidistant":
        return x_distorted, y_distorted
    theta = np.minimum(np.hypot(x_distorted, y_distorted), 1.5)
    scale = np.tan(theta) / np.maximum(theta, 1e-12)
    return x_distorted * scale, y_distorted * scale


@lru_cache(maxsize=8)
def _rays(camera: CameraModel) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.bool_]]:
    u, v = np.meshgrid(np.arange(camera.width), np.arange(camera.height))
    rays, valid = camera.unproject(np.stack([u, v], axis=-1))
    single = np.where(valid[..., None], rays, 0.0).astype(np.float32)
    single.setflags(write=False)
    valid.setflags(write=False)
    return single, valid
