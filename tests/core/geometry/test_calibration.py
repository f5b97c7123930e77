# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from scipy.spatial.transform import Rotation

from depth_completion_core.geometry.calibration import (
    camera_from_info,
    camera_from_kitti_calibration,
    read_kitti_calibration,
)
from depth_completion_core.geometry.camera import CameraModel

Float64Array = npt.NDArray[np.float64]

_K = [410.0, 0.0, 318.4, 0.0, 395.0, 243.7, 0.0, 0.0, 1.0]
_D = [-0.28, 0.07, 0.0012, -0.0007, -0.006]
_R = Rotation.from_euler("xyz", (1.0, -2.0, 0.5), degrees=True).as_matrix()
_P = [380.0, 0.0, 325.1, -45.6, 0.0, 380.0, 238.9, 0.0, 0.0, 0.0, 1.0, 0.0]

# KITTI raw 2011_09_26, calib_cam_to_cam.txt, camera 2.
_KITTI_SIZE = "1.242000e+03 3.750000e+02"
_KITTI_P2 = (
    "7.215377e+02 0.000000e+00 6.095593e+02 4.485728e+01 0.000000e+00 7.215377e+02 1.728540e+02 "
    "2.163791e-01 0.000000e+00 0.000000e+00 1.000000e+00 2.745884e-03"
)
_KITTI_RAW = f"""calib_time: 09-Jan-2012 13:57:47
corner_dist: 9.950000e-02
S_02: 1.392000e+03 5.120000e+02
S_rect_02: {_KITTI_SIZE}
P_rect_02: {_KITTI_P2}
"""
_KITTI_ODOMETRY = f"P2: {_KITTI_P2}\nTr_velo_to_cam: {' '.join(['0.5'] * 12)}\n\n"


def _info(*, ros1: bool = False, **changes: Any) -> SimpleNamespace:  # noqa: ANN401
    fields: dict[str, Any] = {
        "width": 640,
        "height": 480,
        "distortion_model": "plumb_bob",
        "k": _K,
        "d": _D,
        "r": _R.ravel().tolist(),
        "p": _P,
        "binning_x": 0,
        "binning_y": 0,
        "roi": SimpleNamespace(x_offset=0, y_offset=0, width=0, height=0, do_rectify=False),
    } | changes
    if ros1:
        fields = {name.upper() if name in "kdrp" else name: fields[name] for name in fields}
    return SimpleNamespace(**fields)


def _random_points(count: int = 500) -> Float64Array:
    rng = np.random.default_rng(0)
    z = rng.uniform(1.0, 50.0, count)
    return np.stack([rng.uniform(-1, 1, count) * z, rng.uniform(-0.8, 0.8, count) * z, z], axis=-1)


def _through_matrix(P: Float64Array, points: Float64Array) -> Float64Array:
    homogeneous = np.column_stack([points, np.ones(len(points))]) @ P.T
    pixels: Float64Array = homogeneous[:, :2] / homogeneous[:, 2:]
    return pixels


@pytest.mark.parametrize("ros1", [False, True])
def test_raw_image_is_described_by_K_D_and_inverse_R(ros1: bool) -> None:
    camera, camera_from_frame = camera_from_info(_info(ros1=ros1), rectified=False)
    assert camera == CameraModel(
        fx=410.0, fy=395.0, cx=318.4, cy=243.7, width=640, height=480,
        distortion_model="plumb_bob", distortion=tuple(_D),
    )  # fmt: skip
    np.testing.assert_allclose(camera_from_frame.rotation, _R.T, atol=1e-12)
    np.testing.assert_array_equal(camera_from_frame.translation, np.zeros(3))


def test_unset_R_is_no_rotation() -> None:
    camera_from_frame = camera_from_info(_info(r=[0.0] * 9), rectified=False).camera_from_frame
    np.testing.assert_array_equal(camera_from_frame.matrix, np.eye(4))


@pytest.mark.parametrize("ros1", [False, True])
def test_rectified_image_is_described_by_P(ros1: bool) -> None:
    camera, camera_from_frame = camera_from_info(_info(ros1=ros1), rectified=True)
    assert camera == CameraModel(fx=380.0, fy=380.0, cx=325.1, cy=238.9, width=640, height=480)
    np.testing.assert_array_equal(camera_from_frame.rotation, np.eye(3))
    np.testing.assert_allclose(camera_from_frame.translation, [-45.6 / 380.0, 0, 0], atol=1e-15)


@pytest.mark.parametrize("column", [(-45.6, 0.0, 0.0), (44.8, 0.21, 0.0027), (0.0, 0.0, 0.0)])
def test_projecting_through_P_is_projecting_with_the_camera(
    column: tuple[float, float, float],
) -> None:
    P = np.array(_P).reshape(3, 4)
    P[:, 3] = column
    camera, camera_from_frame = camera_from_info(_info(p=P.ravel().tolist()), rectified=True)
    points = _random_points()
    pixels, _ = camera.project(camera_from_frame.apply(points))
    np.testing.assert_allclose(pixels, _through_matrix(P, points), rtol=0, atol=1e-9)


def test_raw_and_rectified_image_see_the_same_ray_of_the_rectified_frame() -> None:
    """The map that rectifies the raw image, and the two cameras, agree on where a point is."""
    P = [*_P[:3], 0.0, *_P[4:]]
    raw, raw_from_frame = camera_from_info(_info(p=P), rectified=False)
    rectified, _ = camera_from_info(_info(p=P), rectified=True)
    map_x, map_y = raw.rectification_maps(rectified, _R)
    for row, column in ((240, 320), (100, 500), (400, 77)):
        ray, _ = rectified.unproject((column, row))
        pixel, _ = raw.project(raw_from_frame.apply(4.2 * ray))
        np.testing.assert_allclose((map_x[row, column], map_y[row, column]), pixel, atol=1e-3)


def test_region_of_interest_then_binning_by_hand() -> None:
    roi = SimpleNamespace(x_offset=100, y_offset=40, width=400, height=320, do_rectify=True)
    camera, _ = camera_from_info(_info(roi=roi, binning_x=2, binning_y=4), rectified=True)
    assert (camera.width, camera.height) == (200, 80)
    assert camera.fx == pytest.approx(190.0)
    assert camera.fy == pytest.approx(95.0)
    assert camera.cx == pytest.approx((325.1 - 100 + 0.5) / 2 - 0.5)
    assert camera.cy == pytest.approx((238.9 - 40 + 0.5) / 4 - 0.5)


@pytest.mark.parametrize(("left", "top"), [(241, 0), (0, 161)])
@pytest.mark.parametrize("rectified", [False, True])
def test_a_region_of_interest_outside_of_the_sensor_is_refused(
    left: int, top: int, rectified: bool
) -> None:
    def camera_of(x_offset: int, y_offset: int) -> None:
        roi = SimpleNamespace(
            x_offset=x_offset, y_offset=y_offset, width=400, height=320, do_rectify=False
        )
        camera_from_info(_info(roi=roi), rectified=rectified)

    camera_of(240, 160)  # up to the last pixel
    with pytest.raises(ValueError, match=r"400x320 pixels at .* out of the 640x480 pixels"):
        camera_of(left, top)


@pytest.mark.parametrize("binning", [(1, 1), (2, 2), (3, 7), (4, 1)])
def test_a_binned_pixel_covers_whole_pixels_even_where_the_size_is_no_multiple(
    binning: tuple[int, int],
) -> None:
    info = _info(binning_x=binning[0], binning_y=binning[1])
    full, _ = camera_from_info(_info(), rectified=True)
    binned, _ = camera_from_info(info, rectified=True)
    assert (binned.width, binned.height) == (640 // binning[0], 480 // binning[1])
    points = _random_points()
    expected = (full.project(points)[0] + 0.5) / binning - 0.5
    np.testing.assert_allclose(binned.project(points)[0], expected, rtol=0, atol=1e-9)


@pytest.mark.parametrize("rectified", [False, True])
def test_a_driver_without_calibration_is_told(rectified: bool) -> None:
    info = _info(k=[0.0] * 9, p=[0.0] * 12, d=[], distortion_model="")
    with pytest.raises(ValueError, match="no calibration"):
        camera_from_info(info, rectified=rectified)


def test_a_distortion_that_is_not_known_matters_only_for_the_raw_image() -> None:
    info = _info(distortion_model="double_sphere")
    assert not camera_from_info(info, rectified=True).camera.is_distorted
    with pytest.raises(ValueError, match="double_sphere"):
        camera_from_info(info, rectified=False)


@pytest.mark.parametrize(
    ("text", "size"), [(_KITTI_RAW, {}), (_KITTI_ODOMETRY, {"width": 1242, "height": 375})]
)
def test_kitti_calibration_projects_as_its_matrix(
    tmp_path: Path, text: str, size: dict[str, int]
) -> None:
    path = tmp_path / "calib.txt"
    path.write_text(text, encoding="utf-8")
    camera, camera_from_frame = camera_from_kitti_calibration(path, camera_index=2, **size)
    assert (camera.width, camera.height) == (1242, 375)
    assert camera.fx == 721.5377
    # The baseline of KITTI's camera 2 to camera 0 is 6 cm.
    assert camera_from_frame.translation[0] == pytest.approx(0.0598, abs=1e-3)
    P = np.array([float(word) for word in _KITTI_P2.split()]).reshape(3, 4)
    points = _random_points()
    pixels, _ = camera.project(camera_from_frame.apply(points))
    np.testing.assert_allclose(pixels, _through_matrix(P, points), rtol=0, atol=1e-8)


def test_kitti_entries_are_the_numeric_lines(tmp_path: Path) -> None:
    path = tmp_path / "calib.txt"
    path.write_text(_KITTI_RAW + "\n", encoding="utf-8")
    entries = read_kitti_calibration(path)
    assert list(entries) == ["corner_dist", "S_02", "S_rect_02", "P_rect_02"]
    np.testing.assert_array_equal(entries["corner_dist"], [0.0995])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (_KITTI_RAW.replace("P_rect_02", "P_rect_03"), ["P_rect_02", "P2", "P_rect_03"]),
        (_KITTI_ODOMETRY, ["S_rect_02", "size"]),
        ("\n", ["no entries"]),
        (f"P2: {' '.join(['0'] * 12)}\nS_rect_02: {_KITTI_SIZE}\n", ["focal length"]),
    ],
)
def test_errors_of_kitti_calibration_name_the_file(
    tmp_path: Path, text: str, words: list[str]
) -> None:
    path = tmp_path / "strange_calib.txt"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=r"strange_calib\.txt") as caught:
        camera_from_kitti_calibration(path, camera_index=2)
    for word in words:
        assert word in str(caught.value)
