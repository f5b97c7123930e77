# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import pytest

from depth_completion_core.geometry.camera import CameraModel
from depth_completion_core.geometry.intrinsics_doubts import (
    DoubtsOnce,
    info_doubts,
    intrinsics_doubts,
    size_by_centre,
)

_VGA = CameraModel(fx=525.0, fy=525.0, cx=319.5, cy=239.5, width=640, height=480)

# As published with KITTI (image_02, also cut to 1216x352), NYU, EuRoC, TUM, and a wide RealSense.
_PUBLISHED = [
    CameraModel(fx=721.5377, fy=721.5377, cx=609.5593, cy=172.854, width=1242, height=375),
    CameraModel(fx=721.5377, fy=721.5377, cx=596.5593, cy=149.854, width=1216, height=352),
    CameraModel(fx=518.8579, fy=519.4696, cx=325.5824, cy=253.7362, width=640, height=480),
    CameraModel(fx=458.654, fy=457.296, cx=367.215, cy=248.375, width=752, height=480),
    CameraModel(fx=517.3, fy=516.5, cx=318.6, cy=255.3, width=640, height=480),
    CameraModel(fx=385.4, fy=385.4, cx=321.9, cy=240.7, width=640, height=480),
]


@pytest.mark.parametrize("camera", _PUBLISHED)
def test_published_cameras_are_not_doubted(camera: CameraModel) -> None:
    assert intrinsics_doubts(camera) == []


@pytest.mark.parametrize("factor", [0.25, 1 / 3, 0.5, 2 / 3, 1.5, 2.0, 3.0, 4.0])
@pytest.mark.parametrize("camera", _PUBLISHED[::2])
def test_a_camera_of_another_size_is_doubted_with_that_size(
    camera: CameraModel, factor: float
) -> None:
    other = camera.scaled(round(factor * camera.width), round(factor * camera.height))
    wrong = replace(other, width=camera.width, height=camera.height)
    (doubt,) = intrinsics_doubts(wrong)
    assert doubt.is_grave
    width, height = size_by_centre(wrong) or (0, 0)
    assert width == pytest.approx(other.width, rel=0.08)
    assert height == pytest.approx(other.height, rel=0.12)
    assert f"about {width}x{height} pixels" in doubt.sentence


@pytest.mark.parametrize(
    "crop",
    [
        (0, 0, 320, 480),
        (320, 0, 320, 480),
        (0, 240, 640, 240),
        (100, 160, 300, 150),
        (0, 0, 400, 270),
    ],
)
def test_a_crop_is_told_but_not_as_grave(crop: tuple[int, int, int, int]) -> None:
    (doubt,) = intrinsics_doubts(_VGA.cropped(*crop))
    assert not doubt.is_grave
    assert "crop" in doubt.sentence


@pytest.mark.parametrize(
    ("fx", "model", "is_doubted"),
    [
        (4.2, "none", True),
        (0.82, "none", True),
        (0.82, "equidistant", True),
        (200.0, "none", False),
        (200.0, "equidistant", False),
        (9000.0, "none", False),
        (525_000.0, "none", True),
    ],
)
def test_a_focal_length_must_make_a_possible_view(fx: float, model: str, is_doubted: bool) -> None:
    coefficients = (0.0,) * 4 if model == "equidistant" else ()
    camera = replace(_VGA, fx=fx, fy=fx, distortion_model=model, distortion=coefficients)
    assert any("field of view" in item.sentence for item in intrinsics_doubts(camera)) is is_doubted


def _info(camera: CameraModel, **roi: int) -> SimpleNamespace:
    region = {"x_offset": 0, "y_offset": 0, "width": 0, "height": 0, **roi}
    return SimpleNamespace(
        k=camera.K.ravel(),
        d=(),
        r=(0.0,) * 9,
        p=(0.0,) * 12,
        width=camera.width,
        height=camera.height,
        distortion_model="plumb_bob",
        binning_x=0,
        binning_y=0,
        roi=SimpleNamespace(**region),
    )


def test_a_region_of_interest_explains_where_the_centre_is() -> None:
    info = _info(_VGA, x_offset=400, y_offset=300, width=200, height=150)
    assert info_doubts(info, (150, 200), rectified=False) == []


def test_images_of_another_size_are_told() -> None:
    (doubt,) = info_doubts(_info(_VGA), (240, 320), rectified=False)
    assert doubt.is_grave
    assert "640x480 pixels, but the images have 320x240" in doubt.sentence


def test_a_calibration_that_holds_none_is_left_to_who_needs_it() -> None:
    assert info_doubts(_info(_VGA), (480, 640), rectified=True) == []


def test_many_images_of_a_doubted_camera_are_one_sentence() -> None:
    told = DoubtsOnce()
    wrong = replace(_VGA, width=320, height=240)
    assert len(told.new(wrong)) == 1
    assert told.new(wrong) == []
    assert told.new(replace(wrong, cx=318.0)) == []
    assert told.new(_VGA) == []
    assert told.new(None) == []
