# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The forms of calibrations: of ROS's calibrator and OpenCV, an echoed message, Kalibr, a matrix.

Each becomes the fields of a sensor_msgs/CameraInfo, so that whatever takes one takes a file.
Functions raise KeyError, TypeError, AttributeError, ValueError or OverflowError on another form.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from depth_completion_core.geometry.calibration import image_size_of
from depth_completion_core.geometry.distortion import known_distortion

_Numbers = tuple[float, ...]
_IDENTITY = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0)
_NO_PROJECTION = (0.0,) * 12


class _Header(NamedTuple):
    frame_id: str = ""


class _Region(NamedTuple):
    x_offset: int = 0
    y_offset: int = 0
    width: int = 0
    height: int = 0


_NO_HEADER = _Header()
_WHOLE_SENSOR = _Region()


@dataclass(frozen=True, slots=True, kw_only=True)
class FileCalibration:
    """A calibration with the fields of a sensor_msgs/CameraInfo.

    Attributes:
        width: of the full sensor, pixels.
        height: likewise.
        distortion_model: as the file names it.
        d: coefficients of the distortion.
        k: (9) intrinsic matrix of the raw image, row by row, pixels.
        r: (9) rectifying rotation, row by row.
        p: (12) projection matrix of the rectified image, row by row, pixels; zeros where it is not
            known.
        roi: the part of the sensor that the image shows; of size 0 for all of it.
        binning_x: sensor pixels per image pixel; 0 for one.
        binning_y: likewise.
        header: with an empty frame id.
    """

    width: int
    height: int
    distortion_model: str
    d: _Numbers
    k: _Numbers
    r: _Numbers = _IDENTITY
    p: _Numbers = _NO_PROJECTION
    roi: _Region = _WHOLE_SENSOR
    binning_x: int = 0
    binning_y: int = 0
    header: _Header = _NO_HEADER

    @property
    def image_size(self) -> tuple[int, int]:
        """(height, width) of the image, pixels."""
        return image_size_of(self)


def of_matrix(numbers: Sequence[float], size: tuple[int, int] | None) -> FileCalibration:
    """An intrinsic matrix of 3x3 numbers, or the corner of a 4x4 one, for an image of a size."""
    if len(numbers) == 16:
        numbers = [number for row in range(3) for number in numbers[4 * row : 4 * row + 3]]
    if len(numbers) != 9:
        raise ValueError(f"found {len(numbers)} numbers, expected 3 rows of 3 numbers")
    if size is None:
        raise ValueError("a matrix alone does not say which size the image has")
    K = tuple(numbers)
    return FileCalibration(
        width=size[1],
        height=size[0],
        distortion_model="none",
        d=(),
        k=K,
        p=_projection_of(K, "none", ()),
    )


def of_calibrator(content: Mapping[str, Any]) -> FileCalibration:
    """The YAML of ROS's camera_calibration and camera_info_manager, or of OpenCV."""
    K, D = _matrix(content, "camera_matrix", 9), _matrix(content, "distortion_coefficients")
    model = str(content["distortion_model"]) if "distortion_model" in content else _unnamed(D)
    return FileCalibration(
        width=int(content["image_width"]),
        height=int(content["image_height"]),
        distortion_model=model,
        d=D,
        k=K,
        r=_matrix(content, "rectification_matrix", 9) or _IDENTITY,
        p=_matrix(content, "projection_matrix", 12) or _projection_of(K, model, D),
    )


def of_message(content: Mapping[str, Any]) -> FileCalibration:
    """A CameraInfo as ``ros2 topic echo`` or ``rostopic echo`` prints it."""
    D, K, R, P = (content[name if name in content else name.upper()] for name in "dkrp")
    roi = content.get("roi", {})
    return FileCalibration(
        width=int(content["width"]),
        height=int(content["height"]),
        distortion_model=str(content["distortion_model"]),
        d=_floats(D),
        k=_floats(K, 9),
        r=_floats(R, 9),
        p=_floats(P, 12),
        roi=_Region(*(int(roi.get(name, 0)) for name in _Region._fields)),
        binning_x=int(content.get("binning_x", 0)),
        binning_y=int(content.get("binning_y", 0)),
    )


def of_kalibr(entry: Mapping[str, Any]) -> FileCalibration:
    """One camera of a camchain (https://github.com/ethz-asl/kalibr/wiki/yaml-formats)."""
    if str(entry.get("camera_model", "pinhole")) != "pinhole":
        raise ValueError(
            f"Kalibr's camera_model '{entry['camera_model']}' is not supported; calibrate with "
            "pinhole-radtan or pinhole-equi"
        )
    fx, fy, cx, cy = _floats(entry["intrinsics"], 4)
    width, height = (int(number) for number in entry["resolution"])
    K, D = (fx, 0.0, cx, 0.0, fy, cy, 0.0, 0.0, 1.0), _floats(entry.get("distortion_coeffs", []))
    model = str(entry.get("distortion_model", "none"))
    return FileCalibration(
        width=width,
        height=height,
        distortion_model=model,
        d=D,
        k=K,
        p=_projection_of(K, model, D),
    )


def _unnamed(D: _Numbers) -> str:
    """OpenCV names no model: the number of its coefficients does, but for four."""
    if len(D) == 4 and any(D):
        raise ValueError(
            "it has four distortion coefficients and no distortion_model, so that they may be k1 "
            "k2 p1 p2 or those of a fisheye; add 'distortion_model: plumb_bob' or 'equidistant'"
        )
    return "rational_polynomial" if len(D) > 5 else "plumb_bob"


def _projection_of(K: _Numbers, model: str, D: _Numbers) -> _Numbers:
    """K where the lens does not bend what it sees; else nothing says what P is."""
    bends = known_distortion(model, D)[0] != "none"
    return _NO_PROJECTION if bends else (*K[:3], 0.0, *K[3:6], 0.0, *K[6:], 0.0)


def _matrix(content: Mapping[str, Any], name: str, count: int = 0) -> _Numbers:
    """The numbers of a matrix; none where it is missing and could be."""
    if name not in content and name in ("rectification_matrix", "projection_matrix"):
        return ()
    return _floats(content[name]["data"], count, name)


def _floats(values: Sequence[Any], count: int = 0, name: str = "a list") -> _Numbers:
    numbers = tuple(float(value) for value in values)
    if count and len(numbers) != count:
        raise ValueError(f"{name} has {len(numbers)} numbers, expected {count}")
    return numbers
