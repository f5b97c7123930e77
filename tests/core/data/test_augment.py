# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest

from depth_completion_core.data.layers.layer import Resampling
from depth_completion_core.data.layers.pillow_resize import resize_bilinear
from depth_completion_core.data.sample import Sample
from depth_completion_core.data.sampling.augment import augment, changed
from depth_completion_core.data.sampling.augment_draws import DRAWS, drawn_changes
from depth_completion_core.data.sampling.augment_geometry import (
    cropped,
    flipped,
    nearer,
    resized,
    rolled,
)
from depth_completion_core.data.sampling.augmentation import Augmentation
from depth_completion_core.frame import SparseDepth
from depth_completion_core.geometry.camera import CameraModel
from depth_completion_core.geometry.transforms import RigidTransform
from depth_completion_core.geometry.unprojection import unproject_depth
from depth_completion_core.settings.fields import ConfigError
from depth_completion_core.settings.mapping import config_from_mapping
from tests.core.data.sample_scenes import BENT, FISHEYE, PINHOLE, slanted_plane
from tests.core.data.views import images_of, motions

_CAMERAS = [PINHOLE, BENT, FISHEYE]
_EVERYTHING = Augmentation(
    roll_deg=8.0,
    flip=0.5,
    zoom_min=0.9,
    zoom_max=1.5,
    crop_width_px=40,
    crop_height_px=30,
    brightness=0.3,
    contrast=0.3,
    saturation=0.3,
    remove_max=0.5,
)

Change = Callable[[Sample], Sample]
_CHANGES: dict[str, Change] = {
    "flip": flipped,
    "crop": lambda sample: cropped(sample, 7, 5, 40, 30),
    "larger": lambda sample: resized(sample, 97, 71),
    "smaller": lambda sample: resized(sample, 41, 31),
    "nearer": lambda sample: nearer(sample, 1.7),
    "roll": lambda sample: rolled(sample, 12.0),
    "roll back": lambda sample: rolled(sample, -5.0),
}


def _turned(angle_deg: float) -> npt.NDArray[np.float64]:
    angle = np.radians(angle_deg)
    return np.array(
        [[np.cos(angle), np.sin(angle), 0], [-np.sin(angle), np.cos(angle), 0], [0, 0, 1]]
    )


# What a change does to points of the scene: a linear map of the optical frame.
_MAPS: dict[str, npt.NDArray[np.float64]] = {
    "flip": np.diag([-1.0, 1.0, 1.0]),
    "nearer": np.eye(3) / 1.7,
    "roll": _turned(12.0),
    "roll back": _turned(-5.0),
}


def _points(depth: SparseDepth | None, camera: CameraModel | None) -> npt.NDArray[np.float64]:
    assert depth is not None
    assert camera is not None
    points = unproject_depth(depth.depth, depth.valid, camera)
    return points[np.isfinite(points[..., 2])].astype(np.float64)


def _distances(points: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    distances: npt.NDArray[np.float64] = np.linalg.norm(points[:, None] - points[None], axis=2)
    return distances


def _single_point(camera: CameraModel, row: int, column: int) -> Sample:
    depth = np.zeros((camera.height, camera.width))
    depth[row, column] = 2.5
    sample = slanted_plane(camera)
    return replace(sample, sparse=SparseDepth.from_depth(depth))


@pytest.mark.parametrize("camera", _CAMERAS, ids=lambda camera: camera.distortion_model)
@pytest.mark.parametrize("what", _CHANGES)
def test_a_point_lands_on_its_new_pixel_with_its_new_depth(what: str, camera: CameraModel) -> None:
    move = _MAPS.get(what, np.eye(3))
    for row, column in ((20, 30), (12, 40), (30, 15)):
        before = _single_point(camera, row, column)
        after = _CHANGES[what](before)
        assert after.sparse is not None
        assert after.camera is not None
        (point,) = _points(before.sparse, before.camera) @ move.T
        pixel, seen = after.camera.project(point)
        assert seen
        ((found_row, found_column),) = np.argwhere(after.sparse.valid)
        assert abs(found_column - pixel[0]) <= 0.5 + 1e-4
        assert abs(found_row - pixel[1]) <= 0.5 + 1e-4
        assert after.sparse.depth[found_row, found_column] == pytest.approx(point[2], rel=1e-5)


@pytest.mark.parametrize("camera", _CAMERAS, ids=lambda camera: camera.distortion_model)
@pytest.mark.parametrize("what", ["flip", "crop", "larger", "smaller", "nearer", "roll"])
def test_a_plane_stays_a_plane(what: str, camera: CameraModel) -> None:
    """The true depth, seen through the new intrinsics, lies on the moved plane."""
    after = _CHANGES[what](slanted_plane(camera))
    normal = np.array([0.2, 0.3, 1.0]) @ np.linalg.inv(_MAPS.get(what, np.eye(3)))
    points = _points(after.truth, after.camera)
    assert len(points) > 500
    # Depth is that of the nearest pixel: half a pixel of a slope of about 0.4 at 3 metres.
    assert np.abs(points @ normal - 3.0).max() < 0.06


@pytest.mark.parametrize("camera", _CAMERAS, ids=lambda camera: camera.distortion_model)
@pytest.mark.parametrize("what", ["flip", "crop", "larger", "nearer", "roll"])
def test_further_views_see_the_moved_points(what: str, camera: CameraModel) -> None:
    before = _single_point(camera, 22, 33)
    after = _CHANGES[what](before)
    move = _MAPS.get(what, np.eye(3))
    (point,) = _points(before.sparse, before.camera)
    for old, new in zip(motions(before), motions(after), strict=True):
        np.testing.assert_allclose(new.apply(move @ point), move @ old.apply(point), atol=1e-9)


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("camera", [PINHOLE, BENT], ids=["pinhole", "bent"])
def test_everything_together_keeps_shapes(seed: int, camera: CameraModel) -> None:
    """Distances between points survive, up to the zoom and the rounding to pixels."""
    before = slanted_plane(camera)
    config = replace(_EVERYTHING, remove_max=0.0)
    after = augment(before, config, np.random.default_rng(seed))
    undivided = augment(
        before, replace(config, zoom_divides_depth=False), np.random.default_rng(seed)
    )
    assert after.sparse is not None
    assert undivided.sparse is not None
    assert before.sparse is not None
    np.testing.assert_array_equal(after.sparse.valid, undivided.sparse.valid)
    factors = undivided.sparse.depth[after.sparse.valid] / after.sparse.depth[after.sparse.valid]
    assert np.ptp(factors) < 1e-5
    # Every depth is unique, and undivided depths are unchanged: they tell which point is which.
    kept = np.isin(before.sparse.depth, undivided.sparse.depth) & before.sparse.valid
    assert np.count_nonzero(kept) == undivided.sparse.count > 5
    old = _points(SparseDepth(before.sparse.depth, kept), before.camera)
    new = _points(after.sparse, after.camera) * factors.mean()
    old, new = old[np.argsort(old[:, 2])], new[np.argsort(new[:, 2])]
    change = np.abs(_distances(old) - _distances(new))
    assert change.max() < 0.2
    assert change.mean() < 0.05
    for pose, other in zip(motions(before), motions(after), strict=True):
        reached = np.linalg.norm(pose.apply(old), axis=1)
        moved = np.linalg.norm(other.apply(new / factors.mean()), axis=1) * factors.mean()
        assert np.abs(reached - moved).max() < 0.15


@pytest.mark.parametrize("camera", _CAMERAS, ids=lambda camera: camera.distortion_model)
def test_twice_flipped_is_as_before(camera: CameraModel) -> None:
    sample = slanted_plane(camera)
    twice = flipped(flipped(sample))
    assert twice.camera == sample.camera
    np.testing.assert_array_equal(twice.image, sample.image)
    for name in ("sparse", "truth"):
        np.testing.assert_array_equal(getattr(twice, name).depth, getattr(sample, name).depth)
        np.testing.assert_array_equal(getattr(twice, name).valid, getattr(sample, name).valid)
    for pose, other in zip(motions(sample), motions(twice), strict=True):
        np.testing.assert_allclose(pose.matrix, other.matrix, atol=1e-12)


@pytest.mark.parametrize("camera", _CAMERAS, ids=lambda camera: camera.distortion_model)
def test_a_mirrored_camera_sees_the_mirrored_scene(camera: CameraModel) -> None:
    points = np.random.default_rng(0).uniform([-1, -1, 2], [1, 1, 5], (200, 3))
    pixels, seen = camera.project(points)
    mirrored, seen_mirrored = camera.mirrored().project(points * [-1, 1, 1])
    np.testing.assert_array_equal(seen, seen_mirrored)
    np.testing.assert_allclose(mirrored[:, 0], camera.width - 1 - pixels[:, 0], atol=1e-9)
    np.testing.assert_allclose(mirrored[:, 1], pixels[:, 1], atol=1e-9)


@pytest.mark.parametrize("seed", range(20))
def test_no_depth_is_invented(seed: int) -> None:
    before = slanted_plane()
    assert before.truth is not None
    assert before.sparse is not None
    config = replace(_EVERYTHING, zoom_divides_depth=False)
    after = augment(before, config, np.random.default_rng(seed))
    assert after.truth is not None
    assert after.sparse is not None
    for new, old in ((after.truth, before.truth), (after.sparse, before.sparse)):
        assert set(new.depth[new.valid]) <= set(old.depth[old.valid])
        np.testing.assert_array_equal(new.valid, new.depth > 0)
        assert new.depth.dtype == np.float32
    assert after.frame().size == (30, 40)
    assert all(image.shape == after.image.shape for image in images_of(after))


@pytest.mark.parametrize("size", [(97, 71), (41, 31), (128, 96), (64, 48)])
def test_resized_truth_by_hand(size: tuple[int, int]) -> None:
    """The nearest pixel, by way of the camera: along the same ray."""
    before = slanted_plane()
    after = resized(before, *size)
    assert before.truth is not None
    assert after.truth is not None
    assert after.camera is not None
    for row in range(size[1]):
        for column in range(0, size[0], 7):
            ray, _ = after.camera.unproject([column, row])
            u, v = PINHOLE.project(ray)[0]
            rows, columns = ({np.floor(x + 0.5 - 1e-9), np.floor(x + 0.5 + 1e-9)} for x in (v, u))
            nearest = {before.truth.depth[int(i), int(j)] for i in rows for j in columns}
            assert after.truth.depth[row, column] in nearest


def test_images_move_with_their_depth() -> None:
    """Depth painted into the image as a grey value is still the depth of that pixel."""
    plane = slanted_plane()
    assert plane.truth is not None
    grey = np.rint(plane.truth.depth * 50).astype(np.uint8)
    before = replace(plane, image=np.repeat(grey[..., None], 3, axis=2))
    for what in ("flip", "crop", "larger", "smaller", "roll"):
        after = _CHANGES[what](before)
        assert after.truth is not None
        difference = after.image[..., 0] / 50.0 - after.truth.depth
        assert np.abs(difference[after.truth.valid]).max() < 0.08, what


def test_rolled_without_intrinsics_turns_about_the_middle() -> None:
    sample = replace(slanted_plane(), camera=None, views=())
    after = rolled(sample, 180.0)
    np.testing.assert_array_equal(after.image, sample.image[::-1, ::-1])
    assert after.camera is None
    assert after.sparse is not None
    assert sample.sparse is not None
    np.testing.assert_array_equal(after.sparse.depth, sample.sparse.depth[::-1, ::-1])


def test_rolled_is_counter_clockwise() -> None:
    image = np.zeros((41, 41, 3), dtype=np.uint8)
    image[19:22, 35:38] = 255  # right of the middle
    after = rolled(Sample(name="a", image=image), 90.0)
    assert after.image[4, 20].min() > 200  # above it


def test_zoom_divides_depth_or_not() -> None:
    config = Augmentation(zoom_min=2.0, zoom_max=2.0)
    near, far = (
        augment(
            slanted_plane(),
            replace(config, zoom_divides_depth=divides),
            np.random.default_rng(0),
        )
        for divides in (True, False)
    )
    assert near.truth is not None
    assert far.truth is not None
    assert near.camera == far.camera == PINHOLE.scaled(128, 96)
    np.testing.assert_allclose(near.truth.depth * 2.0, far.truth.depth, rtol=1e-6)


def test_zooms_are_spread_evenly_over_factors() -> None:
    config = Augmentation(zoom_min=0.5, zoom_max=2.0)
    sample = Sample(name="a", image=np.zeros((48, 64, 3), dtype=np.uint8))
    widths = [
        augment(sample, config, np.random.default_rng(seed)).image.shape[1] for seed in range(300)
    ]
    logarithms = np.log2(np.array(widths) / 64.0)
    assert -1.0 <= logarithms.min() < -0.9 < 0.9 < logarithms.max() <= 1.0
    assert abs(np.mean(logarithms < 0.0) - 0.5) < 0.1


def test_zooms_that_are_spread_evenly() -> None:
    config = Augmentation(zoom_min=1.0, zoom_max=3.0, zoom_spread="even")
    sample = Sample(name="a", image=np.zeros((48, 64, 3), dtype=np.uint8))
    widths = [
        augment(sample, config, np.random.default_rng(seed)).image.shape[1] for seed in range(300)
    ]
    factors = np.array(widths) / 64.0
    assert 1.0 <= factors.min() < 1.1
    assert 2.9 < factors.max() <= 3.0
    assert abs(np.mean(factors < 2.0) - 0.5) < 0.1


def test_a_zoom_of_true_size_leaves_depth_as_it_is() -> None:
    config = Augmentation(zoom_min=0.5, zoom_max=0.5, zoom_of_true_size=0.5)
    half = augment(slanted_plane(), config, np.random.default_rng(0))
    assert half.truth is not None
    expected = resized(slanted_plane(), 32, 24).truth
    assert expected is not None
    np.testing.assert_array_equal(half.truth.depth, expected.depth)
    near = augment(
        slanted_plane(), replace(config, zoom_of_true_size=0.25), np.random.default_rng(0)
    )
    assert near.truth is not None
    np.testing.assert_allclose(near.truth.depth, expected.depth / 2.0)


def test_how_depth_is_resized() -> None:
    """Twice as large: a point stays one, or becomes four; blended truth takes holes for 0 m."""
    sample = slanted_plane(points=50)
    assert sample.sparse is not None
    assert sample.truth is not None
    rules: tuple[Resampling, ...] = ("points", "nearest", "bilinear")
    points, nearest, bilinear = (resized(sample, 128, 96, rule) for rule in rules)
    assert points.sparse is not None
    assert nearest.sparse is not None
    assert bilinear.sparse is not None
    assert bilinear.truth is not None
    assert points.truth is not None
    assert points.sparse.count == bilinear.sparse.count == sample.sparse.count
    np.testing.assert_array_equal(
        nearest.sparse.depth, sample.sparse.depth.repeat(2, axis=0).repeat(2, axis=1)
    )
    blended = resize_bilinear(sample.truth.depth, height=96, width=128)
    np.testing.assert_array_equal(bilinear.truth.depth, blended)
    np.testing.assert_array_equal(
        bilinear.image, resize_bilinear(sample.image, height=96, width=128)
    )
    np.testing.assert_array_equal(points.image, nearest.image)
    assert not np.array_equal(points.truth.depth, blended)


@pytest.mark.parametrize("vertical", ["random", "centre", "anchored", "top", "bottom"])
@pytest.mark.parametrize("horizontal", ["random", "centre", "anchored"])
def test_where_crops_come_from(horizontal: str, vertical: str) -> None:
    columns, rows = np.meshgrid(np.arange(64, dtype=np.uint8), np.arange(48, dtype=np.uint8))
    sample = Sample(name="a", image=np.stack([columns, rows, rows], axis=-1), camera=PINHOLE)
    size = {"crop_width_px": 60, "crop_height_px": 44}
    places = {"crop_horizontal": horizontal, "crop_vertical": vertical}
    config = config_from_mapping(Augmentation, {**size, **places})
    starts = set()
    for seed in range(60):
        after = augment(sample, config, np.random.default_rng(seed))
        left, top = int(after.image[0, 0, 0]), int(after.image[0, 0, 1])
        assert after.camera == PINHOLE.cropped(left, top, 60, 44)
        starts.add((left, top))
    expected = {
        "random": {0, 1, 2, 3, 4},
        "centre": {2},
        "anchored": {0, 2, 4},
        "top": {0},
        "bottom": {4},
    }
    assert {left for left, _ in starts} == expected[horizontal]
    assert {top for _, top in starts} == expected[vertical]


def test_a_crop_larger_than_the_image() -> None:
    config = Augmentation(crop_width_px=65)
    with pytest.raises(ValueError, match=r"plane: a crop of 65x48 pixels at .* image of 64x48"):
        augment(slanted_plane(), config, np.random.default_rng(0))


def _in_light(sample: Sample, **factors: float) -> Sample:
    """Under a known change of light."""
    draws = np.zeros((DRAWS, 1))
    changes = drawn_changes(Augmentation(), draws, (48, 64), (0, 0))
    light = {name: np.array([factor]) for name, factor in factors.items()}
    return changed(sample, replace(changes, **light), (0, 0))


def test_colours_change_alike_in_all_images() -> None:
    sample = slanted_plane()
    alike = replace(sample, views=tuple(replace(v, image=sample.image) for v in sample.views))
    after = _in_light(alike, brightness=1.2, contrast=0.7, saturation=1.3)
    for image in images_of(after):
        np.testing.assert_array_equal(image, after.image)
    assert np.abs(after.image.astype(int) - sample.image).mean() > 5
    np.testing.assert_array_equal(_in_light(sample).image, sample.image)
    grey = _in_light(sample, saturation=0.0).image
    assert np.ptp(grey, axis=2).max() <= 1
    dark = _in_light(sample, brightness=0.5).image
    np.testing.assert_allclose(dark, sample.image * 0.5, atol=1.0)
    flat = _in_light(sample, contrast=0.0).image
    assert np.ptp(flat) == 0


def test_light_is_that_of_the_formula() -> None:
    """A loop over pixels of the sum that OpenCV's grey is."""
    sample = slanted_plane()
    found = _in_light(sample, brightness=1.1, contrast=0.8, saturation=1.3).image
    luma = np.array([0.299, 0.587, 0.114])
    colours = sample.image.astype(np.float64) * 1.1
    mean = (colours @ luma).mean()
    colours = mean + (colours - mean) * 0.8
    grey = (colours @ luma)[..., None]
    expected = (grey + (colours - grey) * 1.3).clip(0, 255)
    np.testing.assert_allclose(found, expected, atol=0.51)


def test_by_default_nothing_changes() -> None:
    sample = slanted_plane()
    assert augment(sample, Augmentation(), np.random.default_rng(0)) is sample


def test_the_same_for_the_same_generator_and_the_given_one_is_untouched() -> None:
    sample = slanted_plane()
    before = sample.image.copy()
    first, second = (augment(sample, _EVERYTHING, np.random.default_rng(5)) for _ in range(2))
    np.testing.assert_array_equal(first.image, second.image)
    assert first.sparse is not None
    assert second.sparse is not None
    np.testing.assert_array_equal(first.sparse.depth, second.sparse.depth)
    np.testing.assert_array_equal(sample.image, before)


def test_points_are_lost_within_the_limits() -> None:
    sample = slanted_plane(points=2000)
    config = Augmentation(remove_min=0.2, remove_max=0.4)
    assert sample.sparse is not None
    shares = []
    for seed in range(20):
        sparse = augment(sample, config, np.random.default_rng(seed)).sparse
        assert sparse is not None
        shares.append(1.0 - sparse.count / sample.sparse.count)
    assert 0.17 < min(shares) < 0.27
    assert 0.33 < max(shares) < 0.43


def test_limits_the_wrong_way_round() -> None:
    with pytest.raises(ConfigError, match=r"zooms from 1\.5 to 1"):
        Augmentation(zoom_min=1.5)


def test_poses_stay_rigid() -> None:
    sample = slanted_plane()
    for change in _CHANGES.values():
        for pose in motions(change(sample)):
            assert isinstance(pose, RigidTransform)
            assert np.linalg.det(pose.rotation) == pytest.approx(1.0)
