# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import numpy.typing as npt
import pytest
import torch
from scipy.spatial.transform import Rotation

from depth_completion_core.geometry.camera import CameraModel
from depth_completion_core.geometry.distortion import distort, largest_valid_radius

Float64Array = npt.NDArray[np.float64]


def _camera(model: str, *distortion: float) -> CameraModel:
    return CameraModel(
        fx=410.0, fy=395.0, cx=318.4, cy=243.7, width=640, height=480,
        distortion_model=model, distortion=distortion,
    )  # fmt: skip


_CAMERAS = {
    "none": _camera("none"),
    "plumb_bob_barrel": _camera("plumb_bob", -0.28, 0.07, 0.0012, -0.0007, -0.006),
    "plumb_bob_pincushion": _camera("plumb_bob", 0.11, 0.02, -0.002, 0.001, 0.003),
    "rational": _camera("rational_polynomial", 0.8, 0.25, 5e-4, -3e-4, 0.01, 1.1, 0.4, 0.03),
    "equidistant": _camera("equidistant", -0.02, 0.009, -0.004, 0.0007),
    "equidistant_ideal": _camera("equidistant", 0.0, 0.0, 0.0, 0.0),
}
_FOLDING = _camera("plumb_bob", -0.4, 0.0, 0.0, 0.0, 0.0)

every_camera = pytest.mark.parametrize("camera", _CAMERAS.values(), ids=_CAMERAS.keys())


def _points(count: int, seed: int = 0) -> Float64Array:
    rng = np.random.default_rng(seed)
    z = rng.uniform(0.2, 60.0, count)
    return np.stack([rng.uniform(-1.2, 1.2, count) * z, rng.uniform(-1, 1, count) * z, z], axis=-1)


def _pixels(camera: CameraModel, count: int = 3000) -> Float64Array:
    rng = np.random.default_rng(3)
    corner = (camera.width - 0.5, camera.height - 0.5)
    return rng.uniform((-0.5, -0.5), corner, (count, 2))


def _opencv_pixels(points: Float64Array, camera: CameraModel) -> Float64Array:
    zero = np.zeros(3)
    coefficients = np.array(camera.distortion) if camera.distortion else np.zeros(4)
    if camera.distortion_model == "equidistant":
        fisheye, _ = cv2.fisheye.projectPoints(points[:, None], zero, zero, camera.K, coefficients)
        return np.asarray(fisheye, np.float64).reshape(-1, 2)
    pinhole, _ = cv2.projectPoints(points[:, None], zero, zero, camera.K, coefficients)
    return np.asarray(pinhole, np.float64).reshape(-1, 2)


@every_camera
def test_project_is_opencvs(camera: CameraModel) -> None:
    points = _points(4000)
    pixels, valid = camera.project(points)
    assert valid.sum() > 1000
    np.testing.assert_allclose(
        pixels[valid], _opencv_pixels(points, camera)[valid], rtol=0, atol=1e-6
    )


@every_camera
def test_torch_and_numpy_distort_alike(camera: CameraModel) -> None:
    x, y = np.random.default_rng(0).uniform(-0.7, 0.7, (2, 500))
    x[0] = y[0] = 0.0
    expected = distort(x, y, camera.distortion_model, camera.distortion, np)
    found = distort(
        torch.from_numpy(x), torch.from_numpy(y), camera.distortion_model, camera.distortion, torch
    )
    for have, want in zip(found, expected, strict=True):
        np.testing.assert_allclose(have.numpy(), want, rtol=0, atol=1e-13)


@every_camera
def test_unproject_undoes_project(camera: CameraModel) -> None:
    points = _points(4000, seed=1)
    pixels, valid = camera.project(points)
    rays, has_ray = camera.unproject(pixels[valid])
    assert has_ray.all()
    np.testing.assert_allclose(rays * points[valid][:, 2:], points[valid], rtol=1e-5, atol=1e-5)


@every_camera
def test_project_undoes_unproject(camera: CameraModel) -> None:
    pixels = _pixels(camera)
    rays, has_ray = camera.unproject(pixels)
    assert has_ray.mean() > 0.95
    back, visible = camera.project(rays[has_ray])
    np.testing.assert_allclose(back, pixels[has_ray], rtol=0, atol=1e-3)
    assert visible.mean() > 0.999  # all but rounding at the border of the image


@every_camera
def test_unproject_is_opencvs(camera: CameraModel) -> None:
    pixels = _pixels(camera)
    rays, has_ray = camera.unproject(pixels)
    coefficients = np.array(camera.distortion) if camera.distortion else np.zeros(4)
    # Far off axis OpenCV's own iterations stop early; compare the inner 45 degrees.
    inner = has_ray & (np.hypot(rays[:, 0], rays[:, 1]) < 1.0)
    if camera.distortion_model == "equidistant":
        theirs = cv2.fisheye.undistortPoints(pixels[inner][:, None], camera.K, coefficients)
    else:
        criteria = (cv2.TERM_CRITERIA_COUNT | cv2.TERM_CRITERIA_EPS, 200, 1e-12)
        source = pixels[inner][:, None]
        if hasattr(cv2, "undistortPointsIter"):  # OpenCV 4
            theirs = cv2.undistortPointsIter(
                source, camera.K, coefficients, np.eye(3), np.eye(3), criteria
            )
        else:
            theirs = cv2.undistortPoints(source, camera.K, coefficients, criteria=criteria)
    np.testing.assert_allclose(
        rays[inner][:, :2], np.asarray(theirs).reshape(-1, 2), rtol=0, atol=1e-6
    )


@every_camera
def test_rays_stand_at_pixel_centres(camera: CameraModel) -> None:
    small = camera.scaled(64, 48)
    rays, valid = small.rays()
    assert rays.shape == (48, 64, 3)
    assert rays.dtype == np.float32
    for row, column in ((0, 0), (24, 32), (47, 63), (5, 60)):
        expected, exists = small.unproject((column, row))
        assert valid[row, column] == exists
        np.testing.assert_allclose(rays[row, column], expected * exists, rtol=1e-6, atol=1e-7)
    back, _ = small.project(rays[valid] * 7.0)
    rows, columns = np.nonzero(valid)
    np.testing.assert_allclose(back, np.stack([columns, rows], axis=-1), rtol=0, atol=1e-3)
    with pytest.raises(ValueError, match="read-only"):
        rays[0, 0, 0] = 1.0


@every_camera
@pytest.mark.parametrize("size", [(320, 240), (97, 53), (1280, 1440)])
def test_scaled_camera_honours_the_half_pixel(camera: CameraModel, size: tuple[int, int]) -> None:
    points = _points(1000)
    pixels, valid = camera.project(points)
    scale = np.array(size) / (camera.width, camera.height)
    scaled = camera.scaled(*size)
    moved, still_valid = scaled.project(points)
    np.testing.assert_allclose(moved, (pixels + 0.5) * scale - 0.5, rtol=0, atol=1e-9)
    np.testing.assert_array_equal(still_valid, valid)
    assert (scaled.width, scaled.height) == size


@every_camera
def test_scaling_back_gives_the_camera_again(camera: CameraModel) -> None:
    back = camera.scaled(37, 411).scaled(camera.width, camera.height)
    np.testing.assert_allclose(back.K, camera.K, rtol=1e-12)
    assert replace(back, fx=camera.fx, fy=camera.fy, cx=camera.cx, cy=camera.cy) == camera


@every_camera
@pytest.mark.parametrize("box", [(100, 50, 200, 300), (-20, -10, 700, 500)])
def test_cropped_camera_shifts_pixels(camera: CameraModel, box: tuple[int, int, int, int]) -> None:
    left, top, width, height = box
    points = _points(1000)
    pixels, _ = camera.project(points)
    moved, inside = camera.cropped(*box).project(points)
    np.testing.assert_allclose(moved, pixels - (left, top), rtol=0, atol=1e-9)
    u, v = moved[inside].T
    assert inside.any()
    assert (u >= -0.5).all()
    assert (u < width - 0.5).all()
    assert (v >= -0.5).all()
    assert (v < height - 0.5).all()


@every_camera
def test_behind_nan_and_outside_are_invalid(camera: CameraModel) -> None:
    points = np.array(
        [
            [0.0, 0.0, 1.0],  # the one good point
            [0.0, 0.0, -1.0],
            [0.0, 0.0, 0.0],
            [np.nan, 0.0, 1.0],
            [0.0, np.inf, 1.0],
            [0.0, 0.0, np.nan],
            [0.0, 0.0, np.inf],
            [5.0, 0.0, 1.0],
            [0.0, -5.0, 1.0],
        ]
    )
    _, valid = camera.project(points)
    assert valid.tolist() == [True] + [False] * (len(points) - 1)


def test_the_image_reaches_half_a_pixel_beyond_its_outer_centres() -> None:
    camera = CameraModel(fx=1.0, fy=1.0, cx=0.0, cy=0.0, width=4, height=3)
    u = np.array([-0.51, -0.5, 3.49, 3.5])
    _, valid = camera.project(np.stack([u, np.ones(4), np.ones(4)], axis=-1))
    assert valid.tolist() == [False, True, True, False]
    v = np.array([-0.51, -0.5, 2.49, 2.5])
    _, valid = camera.project(np.stack([np.ones(4), v, np.ones(4)], axis=-1))
    assert valid.tolist() == [False, True, True, False]


def test_points_beyond_the_fold_never_show() -> None:
    # r (1 - 0.4 r^2) turns at r = sqrt(1 / 1.2) and is back at the axis at r = sqrt(2.5).
    turning = np.sqrt(1.0 / 1.2)
    radius = np.linspace(0.0, 4.0, 2001)
    for angle in np.linspace(0.0, 2.0 * np.pi, 13):
        rays = np.stack(
            [radius * np.cos(angle), radius * np.sin(angle), np.ones_like(radius)], axis=-1
        )
        pixels, valid = _FOLDING.project(rays)
        assert not valid[radius > turning].any()
        assert valid[radius < 0.5].all()
        folded_in = (np.abs(pixels - (318.4, 243.7)) < 100).all(axis=-1) & (radius > turning)
        assert folded_in.any()  # without the limit these would be in the picture
    assert largest_valid_radius("plumb_bob", _FOLDING.distortion) == pytest.approx(
        turning, abs=2e-3
    )


def test_pixels_that_no_ray_reaches_are_invalid() -> None:
    # The farthest distorted radius is turning * (1 - 0.4 turning^2) = 0.6086, 250 pixels.
    rays, has_ray = _FOLDING.unproject([[318.4, 243.7], [318.4 + 240, 243.7], [318.4 + 260, 243.7]])
    assert has_ray.tolist() == [True, True, False]
    assert np.hypot(rays[:, 0], rays[:, 1]).max() <= largest_valid_radius(
        "plumb_bob", _FOLDING.distortion
    )


@every_camera
def test_nan_pixels_have_no_ray(camera: CameraModel) -> None:
    _, has_ray = camera.unproject([[np.nan, 10.0], [300.0, 200.0]])
    assert has_ray.tolist() == [False, True]


def _rectified() -> CameraModel:
    return CameraModel(fx=380.0, fy=370.0, cx=300.0, cy=250.0, width=600, height=470)


@every_camera
@pytest.mark.parametrize("rotation_deg", [None, (3.0, -2.0, 1.0)])
def test_rectification_maps_are_opencvs(
    camera: CameraModel, rotation_deg: tuple[float, float, float] | None
) -> None:
    rectified = _rectified()
    rotation = (
        None
        if rotation_deg is None
        else Rotation.from_euler("xyz", rotation_deg, degrees=True).as_matrix()
    )
    map_x, map_y = camera.rectification_maps(rectified, rotation)
    coefficients = np.array(camera.distortion) if camera.distortion else np.zeros(4)
    build = (
        cv2.fisheye.initUndistortRectifyMap
        if camera.distortion_model == "equidistant"
        else cv2.initUndistortRectifyMap
    )
    their_x, their_y = build(
        camera.K,
        coefficients,
        np.eye(3) if rotation is None else rotation,
        rectified.K,
        (rectified.width, rectified.height),
        cv2.CV_32FC1,
    )
    seen = map_x != -1.0
    assert seen.mean() > 0.5
    np.testing.assert_allclose(map_x[seen], their_x[seen], rtol=0, atol=2e-3)
    np.testing.assert_allclose(map_y[seen], their_y[seen], rtol=0, atol=2e-3)
    theirs_inside = (
        (their_x > 0) & (their_x < camera.width - 1) & (their_y > 0) & (their_y < camera.height - 1)
    )
    limit = largest_valid_radius(camera.distortion_model, camera.distortion)
    if limit > 3.0:  # nothing folds in this image: whatever OpenCV can see, we can
        assert seen[theirs_inside].all()


def test_rectification_does_not_show_the_fold() -> None:
    wide = CameraModel(fx=100.0, fy=100.0, cx=199.5, cy=199.5, width=400, height=400)
    map_x, map_y = _FOLDING.rectification_maps(wide)
    v, u = np.mgrid[0:400, 0:400]
    beyond = np.hypot(u - 199.5, v - 199.5) / 100.0 > np.sqrt(1.0 / 1.2)
    assert (map_x[beyond] == -1.0).all()
    assert (map_y[beyond] == -1.0).all()
    assert (map_x[200, 180:220] > 0).all()


def test_rectification_does_not_look_behind_the_camera() -> None:
    turned_away = Rotation.from_euler("y", 180.0, degrees=True).as_matrix()
    map_x, map_y = _CAMERAS["none"].rectification_maps(_rectified(), turned_away)
    assert (map_x == -1.0).all()
    assert (map_y == -1.0).all()


def test_from_matrix_takes_nine_numbers_or_three_rows() -> None:
    camera = _CAMERAS["none"]
    for K in (camera.K, camera.K.ravel(), camera.K.ravel().tolist()):
        assert CameraModel.from_matrix(K, width=640, height=480) == camera
    with pytest.raises(ValueError, match="3x3"):
        CameraModel.from_matrix(np.eye(4), width=640, height=480)


@pytest.mark.parametrize(
    ("K", "words"),
    [
        (np.zeros((3, 3)), "all-zero K.*calibrate"),
        (np.full((3, 3), np.nan), "NaN"),
        (np.diag([400.0, 0.0, 1.0]), "400 x 0 pixels"),
        (np.diag([-400.0, 400.0, 1.0]), "two positive numbers"),
        (np.diag([400.0, 400.0, 0.0]), "last row"),
        (np.array([[400.0, 3.0, 320.0], [0.0, 400.0, 240.0], [0.0, 0.0, 1.0]]), "skew"),
    ],
)
def test_what_is_no_intrinsic_matrix_is_refused(K: Float64Array, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        CameraModel.from_matrix(K, width=640, height=480)


@pytest.mark.parametrize(
    ("model", "coefficients", "words"),
    [
        ("omnidirectional", (0.1,), "'omnidirectional'.*known are none, plumb_bob.*radtan"),
        ("omnidirectional", (0.0,), "not known"),  # a fisheye, even without coefficients
        ("none", (0.1,), "'none'.*not known"),
        ("Inverse Brown Conrady", (0.1,), "not known"),
        ("", (0.1, 0.2), "not known"),
        ("plumb_bob", (0.1, 0.0, 0.0, 0.0, 0.0, 0.3), "has 5 coefficients, got 6"),
        ("rational_polynomial", (0.1,) * 12, "Thin-prism"),
        ("plumb_bob", (np.inf,), "infinite"),
    ],
)
def test_unknown_distortion_is_refused(
    model: str, coefficients: tuple[float, ...], words: str
) -> None:
    with pytest.raises(ValueError, match=words):
        _camera(model, *coefficients)


def test_image_size_must_be_known() -> None:
    with pytest.raises(ValueError, match="image size is 0x480"):
        replace(_CAMERAS["none"], width=0)


def test_short_and_long_lists_of_coefficients_mean_the_padded_one() -> None:
    full = _camera("plumb_bob", -0.2, 0.05, 0.001, 0.002, 0.0)
    assert _camera("plumb_bob", -0.2, 0.05, 0.001, 0.002) == full
    assert _camera("plumb_bob", -0.2, 0.05, 0.001, 0.002, 0.0, 0.0, 0.0, 0.0) == full
    as_rational = _camera("rational_polynomial", -0.2, 0.05, 0.001, 0.002)
    points = _points(300)
    np.testing.assert_allclose(as_rational.project(points)[0], full.project(points)[0], atol=1e-9)


@pytest.mark.parametrize(
    ("other", "name"),
    [
        ("radtan", "plumb_bob"),
        ("Brown Conrady", "plumb_bob"),
        ("brown_conrady", "plumb_bob"),
        ("Plumb-Bob", "plumb_bob"),
        ("fisheye", "equidistant"),
        ("KANNALA_BRANDT4", "equidistant"),
    ],
)
def test_other_names_of_a_distortion_mean_it(other: str, name: str) -> None:
    assert _camera(other, -0.2, 0.05, 0.001, 0.002) == _camera(name, -0.2, 0.05, 0.001, 0.002)


def test_only_zeros_are_no_distortion_but_for_the_fisheye() -> None:
    names = ("", "none", "plumb_bob", "rational_polynomial", "radtan", "Inverse Brown Conrady")
    for model in names:
        assert _camera(model, 0.0, 0.0, 0.0, 0.0, 0.0) == _CAMERAS["none"]
    ideal = _CAMERAS["equidistant_ideal"]
    assert ideal.is_distorted
    # An ideal fisheye: the distance from the principal point is f times the angle.
    (pixel, *_), _ = ideal.project([[np.tan(0.5), 0.0, 1.0]])
    assert pixel[0] == pytest.approx(318.4 + 410.0 * 0.5, abs=1e-9)
