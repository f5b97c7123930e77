# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Whether intrinsics can be those of an image: its centre, its angle of view, its pixels' form."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, NamedTuple

from depth_completion_core.geometry.calibration import image_size_of, sensor_from_info
from depth_completion_core.geometry.camera import CameraModel

_LARGEST_ASPECT = 1.1
_LARGEST_SHIFT = 0.15  # of the principal point from the centre, in widths or heights
_OTHER_SIZE = 0.15  # the least that both axes together say of another resolution
_CLEARLY_OTHER_SIZE = 1.4  # times
_CLEARLY_SAME_RATIO = 0.08
_SAME_RATIO = 0.12  # lenses are centred to a few per cent of the image, on either axis
_NARROWEST_DEG, _WIDEST_DEG, _WIDEST_FISHEYE_DEG = 2.0, 150.0, 300.0

_NUMBERS = re.compile(r"\d+(\.\d+)?")
_CROP = "If the image is a crop of a larger one, nothing is wrong with it"


class IntrinsicsDoubt(NamedTuple):
    """Something odd.

    Attributes:
        sentence: what it is, and what to do.
        is_grave: whether depth is probably wrong; a crop or a stretched image explains the rest.
    """

    sentence: str
    is_grave: bool

    def __str__(self) -> str:
        """The sentence."""
        return self.sentence


def intrinsics_doubts(camera: CameraModel) -> list[IntrinsicsDoubt]:
    """What of some intrinsics is odd for an image of their size; mostly nothing.

    Args:
        camera: of the whole sensor, where a region of interest is cut from it.
    """
    return [*_of_centre(camera), *_of_view(camera), *_of_aspect(camera)]


class DoubtsOnce:
    """Doubts about the intrinsics of many images, each kind of them once."""

    def __init__(self) -> None:
        self._cameras: set[CameraModel] = set()
        self._kinds: set[str] = set()

    def new(self, camera: CameraModel | None) -> list[IntrinsicsDoubt]:
        """What is odd about a camera and was not told of an earlier one."""
        if camera is None or camera in self._cameras:
            return []
        self._cameras.add(camera)
        told = []
        for doubt in intrinsics_doubts(camera):
            kind = _NUMBERS.sub("", doubt.sentence)
            if kind not in self._kinds:
                self._kinds.add(kind)
                told.append(doubt)
        return told


def info_doubts(
    info: Any,  # noqa: ANN401 - a sensor_msgs/CameraInfo, of rclpy, of a bag or of a file
    image_size: tuple[int, int] | None,
    *,
    rectified: bool,
) -> list[IntrinsicsDoubt]:
    """The same of a CameraInfo, and whether it is of images of that size.

    Args:
        info: the calibration; one that holds none is refused elsewhere.
        image_size: (height, width) of the images; None where it is not known.
        rectified: whether P counts.
    """
    doubts = []
    height, width = image_size_of(info)
    if image_size is not None and (height, width) != image_size:
        sentence = (
            f"the calibration is of an image of {width}x{height} pixels, but the images have "
            f"{image_size[1]}x{image_size[0]}, so they cannot be used: take the CameraInfo of this "
            "very image topic"
        )
        doubts.append(IntrinsicsDoubt(sentence, is_grave=True))
    with suppress(ValueError):
        doubts += intrinsics_doubts(sensor_from_info(info, rectified=rectified).camera)
    return doubts


def size_by_centre(camera: CameraModel) -> tuple[int, int] | None:
    """(width, height) of the image whose centre the principal point is; None for the camera's own.

    Both axes must say the same, as those of a resized image do and those of a crop rarely.
    """
    across, down = _times_centre(camera, 0), _times_centre(camera, 1)
    if min(across, down) <= 0 or abs(across / down - 1.0) > _SAME_RATIO:
        return None
    ratio = (across + down) / 2
    if abs(ratio - 1.0) < _OTHER_SIZE:
        return None
    return round(ratio * camera.width), round(ratio * camera.height)


def _times_centre(camera: CameraModel, axis: int) -> float:
    """The principal point as a multiple of the centre of the image, across (0) or down (1)."""
    at, size = ((camera.cx, camera.width), (camera.cy, camera.height))[axis]
    return (2 * at + 1) / size


def _of_centre(camera: CameraModel) -> Iterator[IntrinsicsDoubt]:
    at = f"the principal point ({camera.cx:.0f}, {camera.cy:.0f})"
    size = f"{camera.width}x{camera.height}"
    other = size_by_centre(camera)
    if other is not None:
        ratio = max(other[0] / camera.width, camera.width / other[0])
        agree = abs(_times_centre(camera, 0) / _times_centre(camera, 1) - 1.0)
        yield IntrinsicsDoubt(
            f"{at} is the centre of an image of about {other[0]}x{other[1]} pixels, but the image "
            f"has {size}: take the calibration of this very image, or scale it. {_CROP}",
            is_grave=ratio > _CLEARLY_OTHER_SIZE and agree < _CLEARLY_SAME_RATIO,
        )
        return
    shift = max(
        abs((camera.cx + 0.5) / camera.width - 0.5), abs((camera.cy + 0.5) / camera.height - 0.5)
    )
    if shift > _LARGEST_SHIFT:
        is_outside = shift > 0.5
        where = "lies outside of" if is_outside else "is far from the centre of"
        yield IntrinsicsDoubt(
            f"{at} {where} the {size} pixels of the image: is the calibration that of another "
            f"resolution? {_CROP}",
            is_grave=is_outside,
        )


def _of_view(camera: CameraModel) -> Iterator[IntrinsicsDoubt]:
    is_fisheye = camera.distortion_model == "equidistant"
    half_px = camera.width / 2 / camera.fx
    view_deg = math.degrees(2 * half_px if is_fisheye else 2 * math.atan(half_px))
    widest = _WIDEST_FISHEYE_DEG if is_fisheye else _WIDEST_DEG
    if not _NARROWEST_DEG < view_deg < widest:
        yield IntrinsicsDoubt(
            f"the focal length of {camera.fx:g} pixels makes a horizontal field of view of "
            f"{view_deg:.3g} deg, which hardly any lens has: are the intrinsics in pixels of this "
            "image, not in millimetres or in shares of its width?",
            is_grave=True,
        )


def _of_aspect(camera: CameraModel) -> Iterator[IntrinsicsDoubt]:
    aspect = camera.fx / camera.fy
    if not 1 / _LARGEST_ASPECT < aspect < _LARGEST_ASPECT:
        yield IntrinsicsDoubt(
            f"fx / fy is {aspect:.2f}, of most cameras it is 1: is the calibration that of another "
            "resolution? If the image was stretched, nothing is wrong with it",
            is_grave=False,
        )
