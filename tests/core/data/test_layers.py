# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Laws of the layers beside image and depth; those two are in test_augment.py."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest

from depth_completion_core.data.layers.depth import DepthLayer
from depth_completion_core.data.layers.flow import FlowLayer
from depth_completion_core.data.layers.image import ImageLayer
from depth_completion_core.data.layers.intrinsics import IntrinsicsLayer
from depth_completion_core.data.layers.label import LabelLayer
from depth_completion_core.data.layers.layer import Layer, Window
from depth_completion_core.data.layers.pose import PoseLayer
from depth_completion_core.data.layers.sparse_depth import SparseDepthLayer
from depth_completion_core.data.layers.time import TimeLayer
from depth_completion_core.data.sample import Sample
from depth_completion_core.data.sampling.augment import augment
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
from tests.core.data.sample_scenes import BENT, FISHEYE, PINHOLE

_CAMERAS = [PINHOLE, BENT, FISHEYE]
_NORMAL = np.array([0.2, 0.3, 1.0])
_DISTANCE = 3.0
_VIEW_FROM_TARGET = RigidTransform.from_quaternion([0.01, -0.03, 0.02, 1.0], [0.2, 0.05, -0.1])
_CHANGES: dict[str, Callable[[Sample], Sample]] = {
    "flip": flipped,
    "crop": lambda sample: cropped(sample, 7, 5, 40, 30),
    "larger": lambda sample: resized(sample, 97, 71),
    "smaller": lambda sample: resized(sample, 41, 31),
    "nearer": lambda sample: nearer(sample, 1.7),
    "roll": lambda sample: rolled(sample, 12.0),
    "all": lambda sample: cropped(flipped(resized(rolled(sample, -9.0), 80, 60)), 5, 4, 50, 40),
}
# What a change does to points of the scene.
_TURN = np.radians(12.0)
_MAPS = {
    "flip": np.diag([-1.0, 1.0, 1.0]),
    "nearer": np.eye(3) / 1.7,
    "roll": np.array(
        [[np.cos(_TURN), np.sin(_TURN), 0], [-np.sin(_TURN), np.cos(_TURN), 0], [0, 0, 1]]
    ),
}


def _flow_of_plane(
    camera: CameraModel,
    normal: npt.NDArray[np.float64],
    motion: RigidTransform,
    pixels: npt.NDArray[np.float64],
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.bool_]]:
    """Flow (..., 2) of pixels (..., 2) on the plane ``normal . p = 3 m``, and where it ends inside.

    Rays meet the plane, the camera moves, points are projected: nothing of a layer is used.
    """
    rays, has_ray = camera.unproject(pixels)
    points = rays * (_DISTANCE / (rays @ normal))[..., None]
    ends, seen = camera.project(motion.apply(points.reshape(-1, 3)).reshape(points.shape))
    return ends - pixels, seen & has_ray


def _grid(camera: CameraModel) -> npt.NDArray[np.float64]:
    row, column = np.mgrid[: camera.height, : camera.width]
    return np.stack([column, row], axis=-1).astype(np.float64)


def _sample(camera: CameraModel = PINHOLE) -> Sample:
    random = np.random.default_rng(0)
    shape = camera.height, camera.width
    flow, valid = _flow_of_plane(camera, _NORMAL, _VIEW_FROM_TARGET, _grid(camera))
    known = np.where(valid[..., None], flow, 0.0).astype(np.float32)
    return Sample(
        name="plane",
        image=random.integers(0, 255, (*shape, 3), dtype=np.uint8),
        camera=camera,
        layers={
            "label": LabelLayer(random.integers(3, 9, shape)),
            "flow": FlowLayer(known, valid),
            "pose": PoseLayer(_VIEW_FROM_TARGET),
            "time": TimeLayer(1.5),
        },
    )


def _flow(sample: Sample) -> FlowLayer:
    layer = sample.layers["flow"]
    assert isinstance(layer, FlowLayer)
    return layer


def _label(sample: Sample) -> LabelLayer:
    layer = sample.layers["label"]
    assert isinstance(layer, LabelLayer)
    return layer


def _pose(sample: Sample) -> RigidTransform:
    layer = sample.layers["pose"]
    assert isinstance(layer, PoseLayer)
    return layer.value


@pytest.mark.parametrize("camera", _CAMERAS, ids=lambda camera: camera.distortion_model)
@pytest.mark.parametrize("what", ["flip", "crop", "larger", "smaller", "nearer", "roll"])
def test_flow_is_that_of_the_changed_scene(what: str, camera: CameraModel) -> None:
    """The changed cameras look at the changed plane: flow by projection is the layer's."""
    after = _CHANGES[what](_sample(camera))
    assert after.camera is not None
    flow = _flow(after)
    normal = _NORMAL @ np.linalg.inv(_MAPS.get(what, np.eye(3)))
    expected, _ = _flow_of_plane(after.camera, normal, _pose(after), _grid(after.camera))
    assert np.count_nonzero(flow.valid) > 300
    # Flow is that of the nearest pixel, and changes by at most 0.1 from pixel to pixel.
    error = np.abs(flow.value - expected)[flow.valid]
    assert error.max() < 0.35
    assert error.mean() < 0.06
    assert np.abs(expected[flow.valid]).mean() > 0.4


@pytest.mark.parametrize("what", _CHANGES)
def test_labels_never_get_new_values(what: str) -> None:
    before = _sample()
    after = _label(_CHANGES[what](before))
    assert set(np.unique(after.value)) <= {*np.unique(_label(before).value), -1}
    assert after.value.dtype == np.int64
    assert (-1 in after.value) == (what in {"roll", "all"})


@pytest.mark.parametrize("what", _CHANGES)
def test_labels_move_with_their_pixels(what: str) -> None:
    """Depth that spells the label goes the same way."""
    before = _sample()
    truth = SparseDepth.from_depth(_label(before).value.astype(np.float32))
    after = _CHANGES[what](replace(before, truth=truth))
    assert after.truth is not None
    factor = 1.7 if what == "nearer" else 1.0
    known = after.truth.valid
    np.testing.assert_allclose(after.truth.depth[known] * factor, _label(after).value[known])
    np.testing.assert_array_equal(_label(after).value == -1, ~known)


def _layers() -> list[Layer]:
    sample, random = _sample(), np.random.default_rng(1)
    depth = SparseDepth.from_depth(random.uniform(-1.0, 5.0, (48, 64)))
    own = [ImageLayer(sample.image), DepthLayer(depth), SparseDepthLayer(depth)]
    return [*own, IntrinsicsLayer(BENT), *sample.layers.values()]


@pytest.mark.parametrize("layer", _layers(), ids=lambda layer: type(layer).__name__)
def test_twice_mirrored_is_as_before(layer: Layer) -> None:
    np.testing.assert_allclose(layer.mirrored().mirrored().array, layer.array, atol=1e-7)


@pytest.mark.parametrize("layer", _layers(), ids=lambda layer: type(layer).__name__)
def test_a_crop_of_the_doubled_is_the_doubled_crop(layer: Layer) -> None:
    """All but images, whose colours at the edge of a crop cannot blend with what was cut off."""
    one = layer.resized(128, 96).cropped(Window(10, 20, 60, 40)).array
    other = layer.cropped(Window(5, 10, 30, 20)).resized(60, 40).array
    if isinstance(layer, ImageLayer):
        one, other = one[:, 1:-1, 1:-1], other[:, 1:-1, 1:-1]
    np.testing.assert_allclose(one, other, atol=1e-6)


@pytest.mark.parametrize("layer", _layers(), ids=lambda layer: type(layer).__name__)
def test_a_window_of_the_mirrored_is_the_mirrored_other_window(layer: Layer) -> None:
    one = layer.mirrored().cropped(Window(4, 6, 30, 20)).array
    other = layer.cropped(Window(64 - 4 - 30, 6, 30, 20)).mirrored().array
    np.testing.assert_allclose(one, other, atol=1e-6)


@pytest.mark.parametrize("layer", _layers(), ids=lambda layer: type(layer).__name__)
def test_changes_leave_the_given_one_and_the_type_alone(layer: Layer) -> None:
    before = layer.array.copy()
    changes: list[Layer] = [
        layer.mirrored(),
        layer.cropped(Window(1, 2, 30, 20)),
        layer.resized(30, 20),
        layer.nearer(2.0),
    ]
    for changed in changes:
        assert type(changed) is type(layer)
        assert changed.array.dtype == before.dtype
        assert changed.array.ndim == before.ndim
    np.testing.assert_array_equal(layer.array, before)


def test_time_stays() -> None:
    for change in _CHANGES.values():
        assert change(_sample()).layers["time"].array == np.float32(1.5)


def test_poses_in_layers_move_as_those_of_views() -> None:
    point = np.array([0.3, -0.2, 2.0])
    for what, move in _MAPS.items():
        moved = _pose(_CHANGES[what](_sample())).apply(move @ point)
        np.testing.assert_allclose(moved, move @ _VIEW_FROM_TARGET.apply(point), atol=1e-12)


def test_augmentation_carries_layers_along() -> None:
    config = Augmentation(flip=1.0, zoom_min=1.3, zoom_max=1.3, crop_width_px=40, crop_height_px=30)
    after = augment(_sample(), config, np.random.default_rng(0))
    assert _label(after).value.shape == _flow(after).valid.shape == (30, 40)
    assert after.camera is not None
    normal = _NORMAL * [-1.0, 1.0, 1.0]
    # Depth is divided by the zoom, and so is the way between the images: flow is the same.
    divided = RigidTransform(_pose(after).rotation, _pose(after).translation * 1.3)
    expected, _ = _flow_of_plane(after.camera, normal, divided, _grid(after.camera))
    valid = _flow(after).valid
    assert np.abs(_flow(after).value - expected)[valid].max() < 0.35
