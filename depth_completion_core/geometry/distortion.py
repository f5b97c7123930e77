# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Lens distortion in normalised image coordinates, for numpy arrays and torch tensors alike.

Model names and coefficient order are those of sensor_msgs/CameraInfo; the formulas are OpenCV's
(calib3d and its fisheye module), after Brown (1966) and Kannala and Brandt (2006).
"""

from __future__ import annotations

import math
import re
from functools import lru_cache
from types import ModuleType
from typing import Any

import numpy as np

# Model name -> number of coefficients. plumb_bob: k1 k2 p1 p2 k3; rational_polynomial: the same,
# then k4 k5 k6; equidistant: k1 k2 k3 k4.
COEFFICIENT_COUNTS = {"none": 0, "plumb_bob": 5, "rational_polynomial": 8, "equidistant": 4}

# Other names of these models, as drivers and calibrators write them: Kalibr, OpenCV, librealsense.
_OTHER_NAMES = {
    "": "none",
    "radtan": "plumb_bob",
    "radial_tangential": "plumb_bob",
    "brown_conrady": "plumb_bob",
    "rational": "rational_polynomial",
    "fisheye": "equidistant",
    "kannala_brandt": "equidistant",
    "kannala_brandt4": "equidistant",
    "equi": "equidistant",
}
# Models that are not known, but that are a pinhole without distortion where all is zero.
_PINHOLE_AT_ZERO = (
    "none",
    "pinhole",
    "perspective",
    "inverse_brown_conrady",
    "modified_brown_conrady",
    "thin_prism",
    "tilted",
)

Array = Any  # numpy.ndarray or torch.Tensor: the arithmetic below is the same for both

_STEEPEST_ANGLE_RAD = math.radians(89.0)


def distort(
    x: Array, y: Array, model: str, coefficients: tuple[float, ...], xp: ModuleType
) -> tuple[Array, Array]:
    """Distorted normalised coordinates of the rays (x, y, 1).

    Args:
        x: any shape, X / Z.
        y: same shape, Y / Z.
        model: a key of COEFFICIENT_COUNTS.
        coefficients: as many as the model has.
        xp: ``numpy`` or ``torch``, whichever x and y belong to.
    """
    if model == "none":
        return x, y
    if model == "equidistant":
        radius = xp.sqrt(x * x + y * y)
        scale = _equidistant_radius(radius, coefficients, xp) / xp.clip(radius, 1e-9, None)
        scale = xp.where(radius > 1e-9, scale, xp.ones_like(scale))
        return x * scale, y * scale
    _, _, p1, p2 = coefficients[:4]
    r2 = x * x + y * y
    factor = _radial_factor(r2, coefficients)
    xy2 = 2 * x * y
    return (
        x * factor + p1 * xy2 + p2 * (r2 + 2 * x * x),
        y * factor + p1 * (r2 + 2 * y * y) + p2 * xy2,
    )


def known_distortion(model: str, coefficients: tuple[float, ...]) -> tuple[str, tuple[float, ...]]:
    """The model by its name in COEFFICIENT_COUNTS, and its full list of coefficients.

    Other usual names are understood (radtan, fisheye, Brown Conrady), however they are written.
    Only zeros mean no distortion, except those of a fisheye.

    Raises:
        ValueError: the model is not known, or does not have as many coefficients.
    """
    name = re.sub(r"[^a-z0-9]+", "_", model.lower()).strip("_")
    name = _OTHER_NAMES.get(name, name)
    bends = any(coefficients)
    if name in _PINHOLE_AT_ZERO and not bends:
        return "none", ()
    if name not in COEFFICIENT_COUNTS or name == "none":
        raise ValueError(
            f"distortion model '{model}' with coefficients {list(coefficients)} is not known; "
            f"known are {', '.join(COEFFICIENT_COUNTS)} and other names of them "
            f"({', '.join(filter(None, _OTHER_NAMES))}). Rectify the image first (image_proc), or "
            "calibrate with one of these models"
        )
    count = COEFFICIENT_COUNTS[name]
    if any(coefficients[count:]):
        raise ValueError(
            f"distortion model '{model}' has {count} coefficients, got {len(coefficients)}: "
            f"{list(coefficients)}. Thin-prism and tilted lenses are not supported: rectify first"
        )
    if not bends and name != "equidistant":
        return "none", ()
    padded = (*coefficients, *([0.0] * count))[:count]
    return name, tuple(float(number) for number in padded)


@lru_cache(maxsize=64)
def largest_valid_radius(model: str, coefficients: tuple[float, ...]) -> float:
    """Largest undistorted radius (tan of the angle off axis) up to which the model is one-to-one.

    A fitted polynomial turns round outside the image it was fitted on; beyond that radius, points
    that the camera cannot see would be folded back into the picture.
    """
    if model == "none":
        return math.inf
    radius = np.tan(np.linspace(0.0, _STEEPEST_ANGLE_RAD, 4096))
    if model == "equidistant":
        distorted = _equidistant_radius(radius, coefficients, np)
    else:
        distorted = radius * _radial_factor(radius * radius, coefficients)
    turning = np.flatnonzero(np.diff(distorted) <= 0)
    # The turn lies on either side of the first sample that is not exceeded: stay before it.
    return float(radius[max(turning[0] - 1, 0)]) if turning.size else float(radius[-1])


def _radial_factor(r2: Array, coefficients: tuple[float, ...]) -> Array:
    k1, k2, _, _, k3 = coefficients[:5]
    factor = 1 + r2 * (k1 + r2 * (k2 + r2 * k3))
    if len(coefficients) == COEFFICIENT_COUNTS["rational_polynomial"]:
        k4, k5, k6 = coefficients[5:]
        factor = factor / (1 + r2 * (k4 + r2 * (k5 + r2 * k6)))
    return factor


def _equidistant_radius(radius: Array, coefficients: tuple[float, ...], xp: ModuleType) -> Array:
    k1, k2, k3, k4 = coefficients
    theta = xp.arctan(radius)
    t2 = theta * theta
    return theta * (1 + t2 * (k1 + t2 * (k2 + t2 * (k3 + t2 * k4))))
