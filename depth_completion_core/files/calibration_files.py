# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Calibrations as files, in the forms in which they are written."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from depth_completion_core.files.calibration_forms import (
    FileCalibration,
    of_calibrator,
    of_kalibr,
    of_matrix,
    of_message,
)
from depth_completion_core.files.input_files import InputFileError, read_array
from depth_completion_core.geometry.calibration import camera_from_info
from depth_completion_core.geometry.camera import CameraModel
from depth_completion_core.geometry.intrinsics_doubts import size_by_centre

CALIBRATION_TYPES = (".yaml", ".yml")

_LARGEST_BYTES = 1_000_000
_FARTHEST_CENTRE = 1.5  # widths or heights from the middle of the image
_EXPECTED = (
    "expected a camera_info YAML (camera_calibration, OpenCV, or 'ros2 topic echo --once "
    "/camera_info'), a camchain of Kalibr, or a 3x3 matrix as text"
)


_WRONG = (AttributeError, OverflowError, RecursionError, TypeError, ValueError, yaml.YAMLError)


class CalibrationFileError(InputFileError):
    """A calibration that cannot be read, or of another image; the message names the file."""


def read_calibration(
    file: str | Path, *, size: tuple[int, int] | None = None, image: str = "the image"
) -> FileCalibration:
    """Read a calibration.

    Args:
        file: its path; ``PATH#cam1`` says which camera of a Kalibr camchain.
        size: (height, width) of the image, pixels: of a matrix as text, and what all other forms
            must agree with; None where no image is known yet.
        image: topic or file of the image, for messages; in a camchain of several cameras, a topic
            finds its own.

    Raises:
        CalibrationFileError: it cannot be read, is of no such form, or of an image of another size.
    """
    path, camera = _path_and_camera(str(file))
    try:
        if path.suffix.lower() == ".npy":
            calibration = of_matrix(read_array(path).ravel().tolist(), size)
        else:
            calibration = _of_text(_text_of(path), camera, size, image)
        CameraModel.from_matrix(calibration.k, width=calibration.width, height=calibration.height)
    except InputFileError:
        raise
    except KeyError as error:
        raise CalibrationFileError(f"{path} has no {error}; {_EXPECTED}") from error
    except _WRONG as error:
        raise CalibrationFileError(f"{path} is no calibration: {error}; {_EXPECTED}") from error
    _check_image(calibration, path, size, image)
    return calibration


def read_intrinsics(path: Path, *, width: int, height: int, image: Path) -> CameraModel:
    """The camera of the pixels as they are, by K and D; arguments as above.

    Raises:
        CalibrationFileError: as above, or the distortion is not known.
    """
    calibration = read_calibration(path, size=(height, width), image=str(image))
    try:
        return camera_from_info(calibration, rectified=False).camera
    except ValueError as error:
        raise CalibrationFileError(f"{path}: {error}") from error


def _check_image(
    calibration: FileCalibration, path: Path, size: tuple[int, int] | None, image: str
) -> None:
    height, width = calibration.image_size
    if size is not None and (height, width) != size:
        raise CalibrationFileError(
            f"{path} is of an image of {width}x{height} pixels, but {image} has "
            f"{size[1]}x{size[0]}: give the calibration of this very image"
        )
    camera = CameraModel.from_matrix(
        calibration.k, width=calibration.width, height=calibration.height
    )
    if camera.cx <= 1 and camera.cy <= 1:
        raise CalibrationFileError(
            f"{path} has its principal point at ({camera.cx:g}, {camera.cy:g}), as a share of the "
            f"image: multiply the first row by the width of {image}, {width}, and the second one "
            f"by its height, {height}"
        )
    other = size_by_centre(camera)
    if other is not None and (camera.cx >= camera.width or camera.cy >= camera.height):
        raise CalibrationFileError(
            f"{path} has its principal point at ({camera.cx:.0f}, {camera.cy:.0f}), the centre of "
            f"an image of about {other[0]}x{other[1]} pixels, but {image} has {width}x{height}: "
            "give the calibration of this very image"
        )
    # A crop may lie beside its principal point, but hardly as far as that.
    far = max(abs(camera.cx / camera.width - 0.5), abs(camera.cy / camera.height - 0.5))
    if far > _FARTHEST_CENTRE:
        raise CalibrationFileError(
            f"{path} has its principal point at ({camera.cx:.0f}, {camera.cy:.0f}), far outside of "
            f"the {width}x{height} pixels of {image}: the matrix is of another size than the "
            "image, or one of the two is damaged"
        )


def _path_and_camera(file: str) -> tuple[Path, str]:
    if "#" not in file or Path(file).is_file():
        return Path(file), ""
    name, _, camera = file.rpartition("#")
    return Path(name), camera


def _text_of(path: Path) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(_LARGEST_BYTES + 1)
    except OSError as error:
        raise CalibrationFileError(f"cannot read {path}: {error.strerror}") from error
    if len(content) > _LARGEST_BYTES:
        raise CalibrationFileError(f"{path} is too large for a calibration; {_EXPECTED}")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise CalibrationFileError(f"{path} is not text; {_EXPECTED}") from error


def _of_text(text: str, camera: str, size: tuple[int, int] | None, image: str) -> FileCalibration:
    numbers = numbers_of(text)
    if numbers is not None:
        return of_matrix(numbers, size)
    content = _mapping_of(text)
    cameras = {
        str(name): entry
        for name, entry in content.items()
        if isinstance(entry, dict) and "intrinsics" in entry
    }
    if cameras:
        return of_kalibr(_chosen(cameras, camera, image))
    if camera:
        raise ValueError(f"'#{camera}' names a camera of a camchain, which it is not")
    is_message = "camera_matrix" not in content and ("k" in content or "K" in content)
    return of_message(content) if is_message else of_calibrator(content)


def numbers_of(text: str) -> list[float] | None:
    """The numbers of a text that holds nothing else, but for comments and brackets."""
    lines = (line.partition("#")[0] for line in text.splitlines())
    try:
        return [float(word) for word in re.sub(r"[\[\](),;]", " ", " ".join(lines)).split()]
    except ValueError:
        return None


def _mapping_of(text: str) -> Mapping[str, Any]:
    # OpenCV's directive is none of YAML's; ROS ends what it echoes with a line of dashes.
    lines = [line for line in text.splitlines() if not line.startswith("%YAML:")]
    content = next(iter(yaml.load_all("\n".join(lines), Loader=_Loader)), None)
    if not isinstance(content, dict):
        raise TypeError("it is neither numbers nor YAML with names")
    return content


class _Loader(yaml.SafeLoader):
    """A safe loader that knows OpenCV's matrices, which are plain mappings."""


def _opencv_matrix(loader: _Loader, node: yaml.MappingNode) -> dict[Any, Any]:
    return loader.construct_mapping(node, deep=True)


_Loader.add_constructor("tag:yaml.org,2002:opencv-matrix", _opencv_matrix)


def _chosen(cameras: Mapping[str, Any], camera: str, image: str) -> Mapping[str, Any]:
    if camera and camera not in cameras:
        raise ValueError(f"it has no camera '{camera}', only {', '.join(cameras)}")
    topics = {name: str(entry.get("rostopic", "")).strip("/") for name, entry in cameras.items()}
    named = [camera] if camera else [name for name in topics if topics[name] == image.strip("/")]
    if len(named) == 1 or len(cameras) == 1:
        chosen: Mapping[str, Any] = cameras[(named or list(cameras))[0]]
        return chosen
    held = ", ".join(f"{name} (rostopic '{topic}')" for name, topic in topics.items())
    raise ValueError(f"it holds several cameras: {held}. Say which, as in FILE#{list(cameras)[-1]}")
