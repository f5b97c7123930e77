# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from dataclasses import replace
from typing import Any, Literal

import cv2
import numpy as np
import numpy.typing as npt
import pytest
import torch

from depth_completion_core.completer import DepthCompleter, load_model
from depth_completion_core.config import (
    AnchoringConfig,
    CompletionConfig,
    InferenceConfig,
    OcclusionConfig,
    OutputConfig,
    ProjectionConfig,
)
from depth_completion_core.frame import DepthPrediction, Frame, FrameError, SparseDepth, View
from depth_completion_core.geometry.camera import CameraModel
from depth_completion_core.geometry.pixel_distance import distance_to_nearest_px
from depth_completion_core.geometry.transforms import RigidTransform
from depth_completion_core.models.base import CompletionModel, ModelInput, ModelOutput
from depth_completion_core.models.nearest import Nearest
from depth_completion_core.models.needs import ModelNeeds
from depth_completion_core.settings.fields import ConfigError
from depth_completion_core.settings.mapping import config_from_mapping
from tests.dummies.monocular import Monocular
from tests.dummies.ray_camera import RayCamera
from tests.dummies.two_outputs import TwoOutputs
from tests.dummies.two_views import TwoViews

Float32Array = npt.NDArray[np.float32]
UInt8Array = npt.NDArray[np.uint8]
BoolArray = npt.NDArray[np.bool_]

_HEIGHT, _WIDTH = 36, 50
_CAMERA = CameraModel(fx=45.0, fy=44.0, cx=24.3, cy=17.8, width=_WIDTH, height=_HEIGHT)


def _image(seed: int, size: tuple[int, int] = (_HEIGHT, _WIDTH)) -> UInt8Array:
    return np.random.default_rng(seed).integers(0, 256, (*size, 3), dtype=np.uint8)


def _sparse(seed: int, size: tuple[int, int] = (_HEIGHT, _WIDTH), count: int = 60) -> SparseDepth:
    rng = np.random.default_rng(seed)
    depth = np.zeros(size, dtype=np.float32)
    depth[rng.integers(0, size[0], count), rng.integers(0, size[1], count)] = rng.uniform(
        2.0, 20.0, count
    )
    return SparseDepth.from_depth(depth)


def _frame(seed: int, size: tuple[int, int] = (_HEIGHT, _WIDTH), **changes: Any) -> Frame:  # noqa: ANN401
    fields: dict[str, Any] = {
        "image": _image(seed, size),
        "camera": replace(_CAMERA, height=size[0], width=size[1]),
        "sparse": _sparse(seed, size),
    } | changes
    return Frame(**fields)


def _moved_view(offset: int, seed: int) -> View:
    return View(
        offset=offset,
        image=_image(seed),
        camera=_CAMERA,
        stamp_ns=offset * 100_000_000,
        view_from_target=RigidTransform(np.eye(3), np.array([0.1 * seed, 0.0, 0.0])),
    )


def _plane_frame(metres: float = 7.0) -> Frame:
    sparse = _sparse(0)
    return _frame(0, sparse=SparseDepth.from_depth(np.where(sparse.valid, metres, 0.0)))


def _cloud_frame(points: npt.NDArray[np.floating]) -> Frame:
    return _frame(
        0,
        sparse=None,
        points=points.astype(np.float32),
        camera_from_points=RigidTransform.identity(),
    )


def _config(**changes: Any) -> CompletionConfig:  # noqa: ANN401
    wide = OutputConfig(min_depth=0.0, max_depth=1e6)
    settings: dict[str, Any] = {"output": wide} | changes
    return CompletionConfig(**settings)


def _nearest(**changes: Any) -> DepthCompleter:  # noqa: ANN401
    return DepthCompleter(Nearest(), config=_config(**changes))


def _assert_same(actual: DepthPrediction, expected: DepthPrediction) -> None:
    np.testing.assert_array_equal(actual.valid, expected.valid)
    np.testing.assert_allclose(actual.depth, expected.depth, rtol=1e-6)
    np.testing.assert_allclose(actual.support_distance_px, expected.support_distance_px, rtol=1e-6)
    assert (actual.confidence is None) == (expected.confidence is None)
    if actual.confidence is not None and expected.confidence is not None:
        np.testing.assert_allclose(actual.confidence, expected.confidence, atol=1e-6)


class _Asked(CompletionModel):
    """Answers 5 m everywhere and remembers every batch that it was asked about."""

    def __init__(self) -> None:
        super().__init__()
        self.batches: list[ModelInput] = []

    def forward(self, inputs: ModelInput) -> ModelOutput:
        self.batches.append(inputs)
        return ModelOutput(depth=torch.full_like(inputs.sparse_depth, 5.0))


# One by one, and together.


@pytest.mark.parametrize("name", ["nearest", "linear", "morphological", "consensus"])
def test_a_batch_is_its_frames_one_by_one_whatever_their_sizes(name: str) -> None:
    completer = load_model(name, device="cpu", config=_config())
    frames = [
        _frame(0),
        _frame(1, (21, 33)),
        _frame(2),
        _cloud_frame(np.zeros((0, 3))),
        _frame(4, (21, 33)),
    ]
    batch = completer.complete_batch(frames)
    for frame, prediction in zip(frames, batch, strict=True):
        assert prediction.depth.shape == frame.size
        _assert_same(prediction, completer.complete(frame))
    assert completer.complete_batch([]) == []


def test_frames_of_one_size_are_asked_about_together() -> None:
    model = _Asked()
    DepthCompleter(model).complete_batch([_frame(0), _frame(1, (21, 33)), _frame(2)])
    assert sorted(len(batch.image) for batch in model.batches) == [1, 2]


def test_frames_that_differ_in_camera_or_views_do_not_disturb_each_other() -> None:
    model = _Asked()
    frames = [
        _frame(0),
        _frame(1, camera=None),
        _frame(2, views=(View(offset=-1, image=_image(3)),)),
        _frame(4, views=(_moved_view(-1, 5), _moved_view(1, 6))),
    ]
    DepthCompleter(model).complete_batch(frames)
    assert sorted((b.intrinsics is None, len(b.image)) for b in model.batches) == [
        (False, 3),
        (True, 1),
    ]
    assert all(len(batch.views) == 1 for batch in model.batches)


class _Looks(_Asked):
    needs = ModelNeeds(view_offsets=(-1,))


def test_views_of_which_different_things_are_known_are_asked_about_apart() -> None:
    model = _Looks()
    frames = [
        _frame(0, views=(View(offset=-1, image=_image(3)),)),
        _frame(1, views=(_moved_view(1, 4), _moved_view(-1, 5))),
        _frame(2, views=(_moved_view(-1, 6),)),
    ]
    DepthCompleter(model).complete_batch(frames)
    seen = {batch.views[1].view_from_target is None: batch for batch in model.batches}
    assert len(seen[True].image) == 1
    assert len(seen[False].image) == 2
    other = seen[False].views[1]
    assert other.view_from_target is not None
    assert other.intrinsics is not None
    for index, seed in enumerate((5, 6)):
        expected = _image(seed).astype(np.float32) / 255.0
        np.testing.assert_allclose(other.image[index].permute(1, 2, 0).numpy(), expected)
        found = other.view_from_target[index].numpy()
        assert found[0, 3] == pytest.approx(0.1 * seed)
    torch.testing.assert_close(other.time_s, torch.tensor([-0.1, -0.1]))


# What the model sees.


def test_the_model_sees_the_frame() -> None:
    model = _Asked()
    frame = _frame(0)
    assert frame.sparse is not None
    DepthCompleter(model).complete(frame)
    (inputs,) = model.batches
    np.testing.assert_allclose(
        inputs.image[0].permute(1, 2, 0).numpy() * 255, frame.image, atol=1e-3
    )
    np.testing.assert_array_equal(inputs.sparse_depth[0, 0].numpy(), frame.sparse.depth)
    np.testing.assert_array_equal(inputs.validity_map[0, 0].numpy(), frame.sparse.valid)
    assert inputs.intrinsics is not None
    np.testing.assert_allclose(inputs.intrinsics[0].numpy(), _CAMERA.K, rtol=1e-6)
    assert not model.training


def test_region_and_resizing_move_pixels_measurements_and_intrinsics_alike() -> None:
    """A measured point lies where the intrinsics that the model is given project it to."""
    model = _Asked()
    inference = InferenceConfig(width_px=80, height_px=30, roi_px=(6, 4, 40, 30))
    frame = _frame(0)
    assert frame.sparse is not None
    DepthCompleter(model, config=_config(inference=inference)).complete(frame)
    (inputs,) = model.batches
    assert inputs.image.shape == (1, 3, 30, 80)
    assert inputs.intrinsics is not None
    K = inputs.intrinsics[0].double().numpy()
    expected = np.zeros((30, 80), dtype=np.float32)
    for row, column in np.argwhere(frame.sparse.valid):
        ray, _ = _CAMERA.unproject((column, row))
        u, v, _ = K @ ray
        # Twice as wide: the centre of a pixel falls between two, the right one takes it.
        i, j = int(np.floor(v + 0.5 + 1e-4)), int(np.floor(u + 0.5 + 1e-4))
        if 6 <= column < 46 and 4 <= row < 34:
            expected[i, j] = frame.sparse.depth[row, column]
    np.testing.assert_array_equal(inputs.sparse_depth[0, 0].numpy(), expected)
    part = frame.image[4:34, 6:46]
    left_half = inputs.image[0].permute(1, 2, 0).numpy()[:, :, :] * 255
    resized = cv2.resize(part, (80, 30), interpolation=cv2.INTER_LINEAR)
    np.testing.assert_allclose(left_half, resized, atol=1e-3)


def test_the_nearest_measurement_wins_where_several_fall_together() -> None:
    model = _Asked()
    inference = InferenceConfig(width_px=_WIDTH // 5, height_px=_HEIGHT // 4)
    frame = _frame(0, sparse=_sparse(0, count=700))
    assert frame.sparse is not None
    DepthCompleter(model, config=_config(inference=inference)).complete(frame)
    found = model.batches[0].sparse_depth[0, 0].numpy()
    depth = np.where(frame.sparse.valid, frame.sparse.depth, np.inf)
    cells = depth.reshape(_HEIGHT // 4, 4, _WIDTH // 5, 5).min(axis=(1, 3))
    np.testing.assert_array_equal(found, np.where(np.isfinite(cells), cells, 0.0))


class _Padded(_Asked):
    needs = ModelNeeds(size_multiple=16)


def test_padding_to_a_multiple_is_added_below_and_right_and_cut_off_again() -> None:
    model = _Padded()
    frame = _frame(0)
    assert frame.sparse is not None
    prediction = DepthCompleter(model).complete(frame)
    (inputs,) = model.batches
    for part in (inputs.image, inputs.sparse_depth, inputs.validity_map):
        assert part.shape[-2:] == (48, 64)
        assert not part[..., _HEIGHT:, :].any()
        assert not part[..., _WIDTH:].any()
    np.testing.assert_array_equal(
        inputs.sparse_depth[0, 0, :_HEIGHT, :_WIDTH].numpy(), frame.sparse.depth
    )
    assert prediction.depth.shape == (_HEIGHT, _WIDTH)
    assert prediction.valid.all()


# What comes out.


@pytest.mark.parametrize("size", [(100, 72), (25, 18), (33, 29), (0, 19), (61, 0)])
@pytest.mark.parametrize("name", ["nearest", "linear", "morphological", "consensus"])
def test_resized_inference_gives_the_size_of_the_image_and_keeps_a_plane(
    name: str, size: tuple[int, int]
) -> None:
    config = _config(inference=InferenceConfig(width_px=size[0], height_px=size[1]))
    prediction = load_model(name, device="cpu", config=config).complete(_plane_frame())
    assert prediction.depth.shape == (_HEIGHT, _WIDTH)
    assert prediction.valid.all()
    np.testing.assert_allclose(prediction.depth, 7.0, atol=1e-3)


class _LeftHalf(CompletionModel):
    """Answers 5 m on the left half; elsewhere NaN, or something that it says is no answer."""

    says_so = True

    def forward(self, inputs: ModelInput) -> ModelOutput:
        depth = torch.full_like(inputs.sparse_depth, 5.0)
        depth[..., depth.shape[-1] // 2 :] = 99.0 if self.says_so else torch.nan
        return ModelOutput(depth=depth, valid=depth == 5.0 if self.says_so else None)


@pytest.mark.parametrize("says_so", [True, False])
@pytest.mark.parametrize("size", [(0, 0), (100, 72), (24, 18)])
def test_pixels_without_an_answer_stay_so_and_do_not_bleed(
    size: tuple[int, int], says_so: bool
) -> None:
    model = _LeftHalf()
    model.says_so = says_so
    inference = InferenceConfig(width_px=size[0], height_px=size[1])
    prediction = DepthCompleter(model, config=_config(inference=inference)).complete(_frame(0))
    assert prediction.valid[:, : _WIDTH // 2 - 2].all()
    assert not prediction.valid[:, _WIDTH // 2 + 2 :].any()
    np.testing.assert_allclose(prediction.depth[prediction.valid], 5.0, rtol=1e-6)
    assert not prediction.depth[~prediction.valid].any()


def test_region_of_interest_is_the_completion_of_the_cut_out_frame() -> None:
    roi = (6, 4, 40, 30)
    frame = _frame(0)
    assert frame.sparse is not None
    prediction = _nearest(inference=InferenceConfig(roi_px=roi)).complete(frame)
    box = (slice(4, 34), slice(6, 46))
    cut = Frame(
        image=frame.image[box],
        camera=_CAMERA.cropped(*roi),
        sparse=SparseDepth(frame.sparse.depth[box], frame.sparse.valid[box]),
    )
    expected = _nearest().complete(cut)
    np.testing.assert_array_equal(prediction.depth[box], expected.depth)
    np.testing.assert_array_equal(prediction.valid[box], expected.valid)
    outside = np.ones((_HEIGHT, _WIDTH), dtype=np.bool_)
    outside[box] = False
    assert not prediction.valid[outside].any()
    assert not prediction.depth[outside].any()


@pytest.mark.parametrize(
    "roi", [(0, 0, 51, 36), (-1, 0, 10, 10), (45, 0, 10, 10), (0, 0, 0, 5), (1, 2, 3)]
)
def test_a_region_that_does_not_fit_is_refused(roi: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"inference\.roi_px"):
        _nearest(inference=InferenceConfig(roi_px=roi)).complete(_frame(0))


def test_preserved_measurements_stand_exactly_where_they_were_measured() -> None:
    frame = _frame(0)
    assert frame.sparse is not None
    output = OutputConfig(preserve_measurements=True, max_depth=4.0)
    prediction = DepthCompleter(_Asked(), config=_config(output=output)).complete(frame)
    np.testing.assert_array_equal(prediction.valid, frame.sparse.valid)  # 5 m is beyond the limit
    np.testing.assert_array_equal(prediction.depth, frame.sparse.depth)
    roi = InferenceConfig(roi_px=(0, 0, 20, _HEIGHT))
    partly = DepthCompleter(_Asked(), config=_config(output=output, inference=roi)).complete(frame)
    np.testing.assert_array_equal(partly.valid[:, :20], frame.sparse.valid[:, :20])
    assert not partly.valid[:, 20:].any()
    overwritten = DepthCompleter(_Asked(), config=_config()).complete(frame)
    assert (overwritten.depth == 5.0).all()


def test_range_limits_blank_what_lies_beyond() -> None:
    frame = _frame(0)
    free = _nearest().complete(frame)
    output = OutputConfig(min_depth=6.0, max_depth=15.0)
    limited = _nearest(output=output).complete(frame)
    np.testing.assert_array_equal(limited.valid, (free.depth >= 6.0) & (free.depth <= 15.0))
    assert 0 < limited.valid.sum() < limited.valid.size
    np.testing.assert_array_equal(limited.depth, np.where(limited.valid, free.depth, 0.0))


def test_a_least_confidence_that_does_nothing_is_noted() -> None:
    output = OutputConfig(min_confidence=0.5)
    completer = DepthCompleter(Nearest(), config=_config(output=output))
    assert completer.notes == []
    completer.complete(_frame(0))
    words = "output.min_confidence 0.5 does nothing: the model gives no confidence"
    assert completer.notes == [words]
    assert completer.configured(_config()).notes == []
    confident = load_model("linear", device="cpu", config=_config(output=output))
    confident.complete(_frame(0))
    assert confident.notes == []


@pytest.mark.parametrize("radius_px", [1.0, 3.5, 8.0])
def test_support_is_the_distance_to_the_nearest_measurement(radius_px: float) -> None:
    frame = _frame(0, sparse=_sparse(1, count=12))
    assert frame.sparse is not None
    measured = np.argwhere(frame.sparse.valid)
    v, u = np.mgrid[0:_HEIGHT, 0:_WIDTH]
    distance = np.hypot(v[..., None] - measured[:, 0], u[..., None] - measured[:, 1]).min(axis=-1)
    output = OutputConfig(support_radius_px=radius_px, max_depth=1e6)
    prediction = _nearest(output=output).complete(frame)
    np.testing.assert_allclose(prediction.support_distance_px, distance, rtol=1e-5, atol=1e-5)
    clear = np.abs(distance - radius_px) > 1e-4  # rounding decides at the rim
    np.testing.assert_array_equal(prediction.valid[clear], (distance <= radius_px)[clear])


def test_low_confidence_is_blanked() -> None:
    frame = _frame(0, sparse=_sparse(1, count=12))
    output = OutputConfig(min_confidence=0.5, max_depth=1e6)
    free = load_model("linear", device="cpu", config=_config()).complete(frame)
    strict = load_model("linear", device="cpu", config=_config(output=output)).complete(frame)
    assert free.confidence is not None
    assert free.valid.all()
    np.testing.assert_array_equal(strict.valid, free.confidence >= 0.5)
    assert 0 < strict.valid.sum() < strict.valid.size


@pytest.mark.parametrize("metres", [-1.0, np.nan, 1e9])
def test_a_frame_without_measurements_is_empty_and_not_asked_about(metres: float) -> None:
    for frame in (
        _cloud_frame(np.zeros((0, 3))),
        _cloud_frame(np.full((5, 3), metres)),
        _frame(0, sparse=SparseDepth.from_depth(np.full((_HEIGHT, _WIDTH), np.nan))),
    ):
        model = _Asked()
        prediction = DepthCompleter(model, config=_config()).complete(frame)
        assert model.batches == []
        assert not prediction.valid.any()
        assert not prediction.depth.any()
        assert np.isinf(prediction.support_distance_px).all()
        assert prediction.sparse.count == 0


def test_a_region_without_measurements_is_not_asked_about() -> None:
    depth = np.zeros((_HEIGHT, _WIDTH))
    depth[2, 2] = 3.0
    frame = _frame(0, sparse=SparseDepth.from_depth(depth))
    model = _Asked()
    config = _config(inference=InferenceConfig(roi_px=(10, 10, 20, 20)))
    prediction = DepthCompleter(model, config=config).complete(frame)
    assert model.batches == []
    assert not prediction.valid.any()
    assert prediction.sparse.count == 1


def test_points_nearer_than_the_least_depth_measure_nothing() -> None:
    points = np.array([[0.0, 0.0, 2.9], [0.5, 0.0, 3.0], [1.0, 0.0, 80.0], [4.0, 0.0, 80.1]])
    completer = _nearest(projection=ProjectionConfig(min_depth=3.0, max_depth=80.0))
    sparse = completer.sparse_depth(_cloud_frame(points))
    np.testing.assert_allclose(np.sort(sparse.depth[sparse.valid]), [3.0, 80.0])


def test_points_and_the_sparse_depth_of_the_same_points_give_the_same() -> None:
    rng = np.random.default_rng(0)
    z = rng.uniform(2.0, 20.0, 300)
    points = np.stack([rng.uniform(-0.5, 0.5, 300) * z, rng.uniform(-0.4, 0.4, 300) * z, z], -1)
    projection = ProjectionConfig(occlusion=OcclusionConfig(enabled=False))
    completer = _nearest(projection=projection)
    frame = _cloud_frame(points)
    sparse = completer.sparse_depth(frame)
    expected = np.full((_HEIGHT, _WIDTH), np.inf)
    pixels, valid = _CAMERA.project(points.astype(np.float32))
    for (u, v), depth in zip(pixels[valid], z[valid], strict=True):
        row, column = round(v), round(u)
        expected[row, column] = min(expected[row, column], depth)
    np.testing.assert_array_equal(sparse.valid, np.isfinite(expected))
    np.testing.assert_allclose(sparse.depth[sparse.valid], expected[sparse.valid], rtol=1e-6)
    _assert_same(completer.complete(frame), completer.complete(_frame(0, sparse=sparse)))


def test_read_only_strided_points_are_taken_as_they_come() -> None:
    records = np.random.default_rng(0).uniform(1.0, 9.0, (200, 5)).astype(np.float32)
    records[:, :2] -= 5.0
    tight = _cloud_frame(records[:, :3].copy())
    records.setflags(write=False)
    strided = replace(tight, points=records[:, :3])
    _assert_same(_nearest().complete(strided), _nearest().complete(tight))


def test_completing_changes_nothing_of_the_frame() -> None:
    frame = _frame(0)
    assert frame.sparse is not None
    before = (frame.image.copy(), frame.sparse.depth.copy(), frame.sparse.valid.copy())
    prediction = _nearest().complete(frame)
    prediction.depth[:] = -1.0
    prediction.valid[:] = False
    after = (frame.image, frame.sparse.depth, frame.sparse.valid)
    for old, new in zip(before, after, strict=True):
        np.testing.assert_array_equal(new, old)


# What is refused.


def test_frames_that_do_not_fit_together_are_refused() -> None:
    points = np.zeros((4, 3), dtype=np.float32)
    identity = RigidTransform.identity()
    for changes, words in (
        (
            {"camera": replace(_CAMERA, width=51)},
            "the image is 50x36 but its calibration is for 51",
        ),
        ({"image": _image(0)[..., 0]}, r"expected an RGB image .* got shape \(36, 50\)"),
        ({"image": _image(0).astype(np.float32)}, "float32"),
        ({"image": np.dstack([_image(0), _image(0)[..., :1]])}, r"\(36, 50, 4\)"),
        ({"views": (View(offset=-1, image=_image(0, (36, 49))),)}, "a further view is"),
        ({"sparse": _sparse(0, (36, 49))}, r"sparse depth is \(36, 49\)"),
        ({"sparse": None, "points": points}, "camera_from_points"),
        (
            {"sparse": None, "points": points, "camera_from_points": identity, "camera": None},
            "points need a camera",
        ),
        ({"points": points, "camera_from_points": identity}, "no sparse depth beside them"),
        (
            {"sparse": None, "points": points[:, :2], "camera_from_points": identity},
            r"\(N, 3\), got \(4, 2\)",
        ),
    ):
        with pytest.raises(FrameError, match=words):
            _frame(0, **changes)
    with pytest.raises(FrameError, match="one size"):
        SparseDepth(np.zeros((2, 3), np.float32), np.zeros((3, 2), np.bool_))


def test_sparse_depth_counts_only_finite_positive_metres() -> None:
    sparse = SparseDepth.from_depth([[1.5, 0.0, -2.0], [np.nan, np.inf, 3.0]])
    assert sparse.valid.tolist() == [[True, False, False], [False, False, True]]
    assert sparse.depth.tolist() == [[1.5, 0.0, 0.0], [0.0, 0.0, 3.0]]
    assert sparse.count == 2


def test_a_model_that_needs_depth_says_so() -> None:
    with pytest.raises(FrameError, match="_Asked needs points or sparse depth"):
        DepthCompleter(_Asked()).complete(_frame(0, sparse=None))


@pytest.mark.parametrize("device", ["gpu", "cuda:x", "no device"])
def test_an_unknown_device_is_named(device: str) -> None:
    with pytest.raises(ValueError, match=f"device '{device}' cannot be used.*Try 'cpu' or 'auto'"):
        load_model("nearest", device=device)


def test_settings_reach_the_completer_from_a_mapping() -> None:
    config = config_from_mapping(CompletionConfig, {"output": {"max_depth": 6}})
    prediction = load_model("nearest", device="auto", config=config).complete(_plane_frame(7.0))
    assert not prediction.valid.any()
    with pytest.raises(ConfigError, match=r"output\.max_depth"):
        config_from_mapping(CompletionConfig, {"output": {"max_depht": 6}})


# The contract carries other kinds of networks.


def test_contract_carries_a_network_without_sparse_input() -> None:
    frame = _frame(0, sparse=None)
    prediction = DepthCompleter(Monocular()).complete(frame)
    assert prediction.valid.all()
    expected = 1.0 + 10.0 * frame.image.mean(axis=-1) / 255.0
    np.testing.assert_allclose(prediction.depth, expected, rtol=1e-5)
    assert np.isinf(prediction.support_distance_px).all()
    without_camera = DepthCompleter(Monocular()).complete(_frame(0, sparse=None, camera=None))
    np.testing.assert_array_equal(without_camera.depth, prediction.depth)


def test_contract_carries_several_views_and_a_pose_network() -> None:
    completer = DepthCompleter(TwoViews(), config=_config())
    frames = [_frame(seed, views=(_moved_view(-1, seed + 10),)) for seed in range(3)]
    batch = completer.complete_batch(frames)
    for frame, prediction in zip(frames, batch, strict=True):
        assert frame.sparse is not None
        mean = frame.sparse.depth[frame.sparse.valid].mean()
        motion = prediction.maps["motion"]
        assert motion.shape == (_HEIGHT, _WIDTH, 6)
        np.testing.assert_allclose(prediction.depth, mean * (1.0 + motion[..., 0]), rtol=1e-4)
        np.testing.assert_allclose(prediction.maps["elapsed_s"], -0.1, rtol=1e-6)
    # Each motion is that of its own frame and its own earlier image.
    swapped = completer.complete(replace(frames[1], views=frames[2].views))
    assert not np.allclose(swapped.maps["motion"], batch[1].maps["motion"])
    for views in ((), (View(offset=1, image=_image(1)),)):
        with pytest.raises(FrameError, match=r"needs the image at -1 .* are: (none|\+1)"):
            completer.complete(_frame(0, views=views))


def test_contract_carries_a_confidence_and_further_maps() -> None:
    frame = _frame(0)
    for inference in (InferenceConfig(), InferenceConfig(width_px=32, height_px=20)):
        config = _config(inference=inference)
        prediction = DepthCompleter(TwoOutputs(), config=config).complete(frame)
        assert prediction.confidence is not None
        assert (np.diff(prediction.confidence, axis=1) <= 0).all()
        maps = prediction.maps["brightest_and_darkest"]
        assert maps.shape == (_HEIGHT, _WIDTH, 2)
        assert (maps[..., 0] >= maps[..., 1]).all()


class _FixedSize(_Asked):
    needs = ModelNeeds(fixed_size_px=(64, 32))


def test_a_network_of_one_size_sees_that_size() -> None:
    model = _FixedSize()
    frame = _frame(0)
    prediction = DepthCompleter(model).complete(frame)
    assert prediction.depth.shape == frame.size
    assert model.batches[0].image.shape[-2:] == (32, 64)
    resized = _Asked()
    config = _config(inference=InferenceConfig(width_px=64, height_px=32))
    DepthCompleter(resized, config=config).complete(frame)
    torch.testing.assert_close(model.batches[0].image, resized.batches[0].image)
    torch.testing.assert_close(model.batches[0].intrinsics, resized.batches[0].intrinsics)
    wrong = _config(inference=InferenceConfig(width_px=128))
    with pytest.raises(ValueError, match="64x32 pixels only"):
        DepthCompleter(_FixedSize(), config=wrong).complete(frame)


class _NeedsCamera(_Asked):
    needs = ModelNeeds(intrinsics=True)


def test_a_network_that_needs_a_camera_says_so() -> None:
    with pytest.raises(FrameError, match="_NeedsCamera needs a calibrated camera"):
        DepthCompleter(_NeedsCamera()).complete(_frame(0, camera=None))


def test_a_completer_with_other_settings_shares_the_model_and_leaves_the_first_alone() -> None:
    completer = DepthCompleter(_Asked(), config=_config())
    near = completer.configured(_config(output=OutputConfig(max_depth=4.0)))
    assert near.model is completer.model
    assert not near.complete(_frame(0)).valid.any()
    assert completer.complete(_frame(0)).valid.all()


@pytest.mark.parametrize("roi", [(), (10, 6, 30, 24)])
def test_contract_carries_a_ray_camera(roi: tuple[int, ...]) -> None:
    config = _config(inference=InferenceConfig(roi_px=roi))
    prediction = DepthCompleter(RayCamera(), config=config).complete(
        _frame(0, sparse=None, camera=None)
    )
    rays = prediction.rays
    assert rays is not None
    assert rays.shape == (_HEIGHT, _WIDTH, 3)
    left, top, width, height = roi or (0, 0, _WIDTH, _HEIGHT)
    box = (slice(top, top + height), slice(left, left + width))
    assert prediction.valid.sum() == width * height
    np.testing.assert_allclose(np.linalg.norm(rays[box], axis=-1), 1.0, rtol=1e-6)
    assert prediction.along == "range"
    points = rays * prediction.depth[..., None]
    np.testing.assert_allclose(points[box][..., 2], 6.0, rtol=1e-5)
    np.testing.assert_allclose(prediction.along_z.depth[box], 6.0, rtol=1e-5)
    np.testing.assert_array_equal(prediction.along_z.valid, prediction.valid)
    expected = _CAMERA.rays()[0][:height, :width] * 6.0
    np.testing.assert_allclose(points[box], expected, rtol=1e-4, atol=1e-4)


def test_resized_rays_are_unit_rays_between_those_of_the_model() -> None:
    config = _config(inference=InferenceConfig(width_px=64, height_px=32))
    prediction = DepthCompleter(RayCamera(), config=config).complete(
        _frame(0, sparse=None, camera=None)
    )
    assert prediction.rays is not None
    np.testing.assert_allclose(np.linalg.norm(prediction.rays, axis=-1), 1.0, rtol=1e-5)
    assert (np.diff(prediction.rays[..., 0], axis=1) >= 0).all()


class _Wall(CompletionModel):
    """Says nothing of rays: a wall 6 m ahead of a calibrated camera, along its rays or along Z."""

    def __init__(self, along: Literal["z", "range"]) -> None:
        super().__init__()
        self._along = along

    def forward(self, inputs: ModelInput) -> ModelOutput:
        depth = torch.full_like(inputs.sparse_depth, 6.0)
        if self._along == "range":
            rays = torch.from_numpy(_CAMERA.rays()[0].copy()).norm(dim=-1)
            depth = depth * rays
        return ModelOutput(depth=depth, along=self._along)


def _wall(
    along: Literal["z", "range"],
    **output: Any,  # noqa: ANN401
) -> DepthPrediction:
    config = _config(output=OutputConfig(**output))
    return DepthCompleter(_Wall(along), config=config).complete(_frame(0))


def test_depth_along_the_rays_of_a_calibrated_camera_is_the_same_wall() -> None:
    along_z, along_rays = _wall("z"), _wall("range")
    np.testing.assert_allclose(along_rays.along_z.depth, along_z.depth, rtol=1e-5)
    assert along_z.along_rays is None
    assert along_rays.along_rays is not None
    assert float(along_rays.depth.max()) > 6.5


def test_measurements_are_brought_to_the_rays_before_they_are_kept_or_anchor() -> None:
    cases: list[dict[str, Any]] = [
        {"preserve_measurements": True},
        {"anchoring": AnchoringConfig(enabled=True)},
    ]
    for output in cases:
        expected, found = _wall("z", **output), _wall("range", **output)
        measured = found.sparse.valid
        tolerance = 1e-5 if "preserve_measurements" in output else 0.02
        np.testing.assert_allclose(
            found.along_z.depth[measured], expected.depth[measured], rtol=tolerance
        )


class _LearnedRays(CompletionModel):
    """Six metres along the axis, and a camera of its own."""

    def forward(self, inputs: ModelInput) -> ModelOutput:
        rays = torch.zeros_like(inputs.image)
        rays[:, 2] = 1.0
        return ModelOutput(depth=torch.full_like(inputs.sparse_depth, 6.0), rays=rays)


def test_anchoring_acts_on_depth_along_the_axis_whatever_the_rays() -> None:
    config = _config(output=OutputConfig(anchoring=AnchoringConfig(enabled=True)))
    prediction = DepthCompleter(_LearnedRays(), config=config).complete(_plane_frame(3.0))
    assert np.median(prediction.depth) == pytest.approx(3.0, rel=0.02)


def test_depth_along_rays_needs_rays() -> None:
    with pytest.raises(FrameError, match="needs the rays"):
        DepthCompleter(_Wall("range")).complete(_frame(0, camera=None))


def test_the_distance_to_the_nearest_measurement_is_computed_for_who_asks(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[int] = []

    def counted(marked: BoolArray) -> Float32Array:
        asked.append(1)
        return distance_to_nearest_px(marked)

    monkeypatch.setattr("depth_completion_core.frame.distance_to_nearest_px", counted)
    prediction = _nearest().complete(_frame(0))
    assert asked == []
    first = prediction.support_distance_px
    assert prediction.support_distance_px is first
    assert len(asked) == 1


@pytest.mark.parametrize(
    ("output", "words"),
    [
        ({"min_depth": 5.0, "max_depth": 3.0}, "'output.min_depth' is 5 m"),
        ({"max_depth": 0.05}, "'output.max_depth' 0.05 m"),
        ({"min_depth": 300.0}, "'output.max_depth' 200"),
    ],
)
def test_limits_between_which_nothing_lies_are_refused(
    output: dict[str, float], words: str
) -> None:
    mapping = {"output": output}
    with pytest.raises(ConfigError, match=words):
        _nearest().configured(config_from_mapping(CompletionConfig, mapping))
    with pytest.raises(ConfigError, match=words):
        DepthCompleter(Nearest(), config=config_from_mapping(CompletionConfig, mapping))
