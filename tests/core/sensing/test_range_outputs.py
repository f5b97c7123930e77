# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A wall 6 m ahead is 6 m ahead in every output, whatever a model measures its depth along."""

from __future__ import annotations

import struct
from dataclasses import replace

import numpy as np
import pytest
import torch

from depth_completion_core.codecs.depth import decode_depth
from depth_completion_core.codecs.messages import ImageFields
from depth_completion_core.codecs.pointcloud import PointCloudFields
from depth_completion_core.completer import DepthCompleter
from depth_completion_core.config import CloudConfig
from depth_completion_core.frame import DepthPrediction, Frame, SparseDepth
from depth_completion_core.geometry.camera import CameraModel
from depth_completion_core.geometry.range_depth import range_of_z, z_of_range
from depth_completion_core.geometry.transforms import RigidTransform
from depth_completion_core.geometry.unprojection import pack_xyzrgb, pack_xyzrgb_along_rays
from depth_completion_core.models.base import CompletionModel, ModelInput, ModelOutput
from depth_completion_core.sensing.output_topics import OUTPUT_TOPICS, CompletedFrame, Fields
from depth_completion_core.sensing.placed_frame import PlacedFrame
from tests.dummies.ray_camera import CX, CY, FX, FY, RayCamera

_SIZE = (30, 44)
_IMAGE = np.random.default_rng(0).integers(0, 256, (*_SIZE, 3), dtype=np.uint8)


def _completed(*, organized: bool = True, stride: int = 1) -> CompletedFrame:
    frame = Frame(image=_IMAGE, camera=None)
    return CompletedFrame(
        placed=PlacedFrame(
            frame=frame,
            camera_from_frame=RigidTransform.identity(),
            sensor_points=np.empty((0, 3), np.float32),
            gap_ns=0,
        ),
        prediction=DepthCompleter(RayCamera()).complete(frame),
        cloud=CloudConfig(organized=organized, stride=stride),
    )


def _made(topic: str, done: CompletedFrame) -> Fields:
    (entry,) = [each for each in OUTPUT_TOPICS if each.topic == topic]
    fields = entry.make(done)
    assert fields is not None
    return fields


def test_the_depth_image_holds_depth_along_the_axis() -> None:
    done = _completed()
    assert done.prediction.along == "range"
    assert float(done.prediction.depth.max()) > 6.5
    fields = _made("depth/image", done)
    assert isinstance(fields, ImageFields)
    depth, valid = decode_depth(fields)
    assert valid.all()
    np.testing.assert_allclose(depth, 6.0, rtol=1e-5)


def test_the_cloud_lies_on_the_wall_though_no_calibration_is_known() -> None:
    fields = _made("depth/points", _completed(stride=2, organized=False))
    assert isinstance(fields, PointCloudFields)
    records = np.frombuffer(bytes(fields.data), np.float32).reshape(-1, 4)
    v, u = np.mgrid[0 : _SIZE[0] : 2, 0 : _SIZE[1] : 2].reshape(2, -1)
    expected = np.stack([(u - CX) / FX * 6.0, (v - CY) / FY * 6.0, np.full(u.size, 6.0)], axis=1)
    np.testing.assert_allclose(records[:, :3], expected, rtol=1e-4, atol=1e-4)


def test_depth_along_the_axis_through_learned_rays_makes_the_same_cloud() -> None:
    done = _completed()
    ranged = done.prediction
    along_z = DepthPrediction(
        depth=ranged.along_z.depth,
        valid=ranged.along_z.valid,
        rays=ranged.rays,
        confidence=None,
        sparse=ranged.sparse,
    )
    assert along_z.along_rays is not None
    np.testing.assert_allclose(along_z.along_rays.depth, ranged.depth, rtol=1e-5)


@pytest.mark.parametrize("stride", [1, 3])
@pytest.mark.parametrize("organized", [True, False])
def test_packing_along_the_rays_of_a_pinhole_is_packing_along_its_axis(
    stride: int, organized: bool
) -> None:
    height, width = _SIZE
    camera = CameraModel(fx=FX, fy=FY, cx=CX, cy=CY, width=width, height=height)
    rays = camera.rays()[0]
    unit_rays = rays / np.linalg.norm(rays, axis=-1, keepdims=True)
    random = np.random.default_rng(1)
    depth = random.uniform(1.0, 9.0, _SIZE).astype(np.float32)
    valid = random.random(_SIZE) < 0.7
    expected = pack_xyzrgb(depth, valid, _IMAGE, camera, stride=stride, organized=organized)
    range_m, forward = range_of_z(depth, unit_rays)
    assert forward.all()
    found = pack_xyzrgb_along_rays(
        range_m, valid, _IMAGE, unit_rays, stride=stride, organized=organized
    )
    np.testing.assert_allclose(found[..., :3], expected[..., :3], rtol=1e-5)
    np.testing.assert_array_equal(found[..., 3].view(np.uint32), expected[..., 3].view(np.uint32))


def test_a_pixel_that_looks_sideways_has_no_depth_along_the_axis() -> None:
    rays = np.array([[[0, 0, 1], [1, 0, 0], [0, 0.6, -0.8], [0.6, 0, 0.8]]], dtype=np.float32)
    prediction = DepthPrediction(
        depth=np.full((1, 4), 5.0, np.float32),
        valid=np.ones((1, 4), np.bool_),
        along="range",
        rays=rays,
        confidence=None,
        sparse=SparseDepth.from_depth(np.zeros((1, 4))),
    )
    np.testing.assert_array_equal(prediction.along_z.valid, [[True, False, False, True]])
    np.testing.assert_allclose(prediction.along_z.depth, [[5.0, 0.0, 0.0, 4.0]])
    back, forward = range_of_z(*z_of_range(prediction.depth, rays)[:1], rays)
    np.testing.assert_allclose(back[forward], 5.0)
    packed = pack_xyzrgb_along_rays(
        prediction.depth, prediction.valid, np.zeros((1, 4, 3), np.uint8), rays
    )
    assert struct.pack("<3f", *packed[0, 1, :3]) == struct.pack("<3f", 5.0, 0.0, 0.0)


class _Ranges(CompletionModel):
    """Six metres along the rays of the calibration."""

    def forward(self, inputs: ModelInput) -> ModelOutput:
        return ModelOutput(depth=torch.full_like(inputs.sparse_depth, 6.0), along="range")


def test_a_pixel_without_a_ray_has_no_depth_and_no_point() -> None:
    camera = CameraModel(
        fx=61.0,
        fy=58.0,
        cx=30.3,
        cy=22.9,
        width=63,
        height=47,
        distortion_model="plumb_bob",
        distortion=(-0.5,),
    )
    _, has_ray = camera.rays()
    assert not has_ray.all()
    measured = np.zeros(has_ray.shape, dtype=np.float32)
    measured[20, 20] = 3.0
    frame = Frame(
        image=np.zeros((*has_ray.shape, 3), np.uint8),
        camera=camera,
        sparse=SparseDepth.from_depth(measured),
    )
    prediction = DepthCompleter(_Ranges()).complete(frame)
    np.testing.assert_array_equal(prediction.valid, has_ray)
    fields = _made(
        "depth/points",
        replace(
            _completed(organized=False),
            placed=replace(_completed().placed, frame=frame),
            prediction=prediction,
        ),
    )
    assert isinstance(fields, PointCloudFields)
    points = np.frombuffer(bytes(fields.data), np.float32).reshape(-1, 4)[:, :3]
    assert len(points) == has_ray.sum()
    np.testing.assert_allclose(np.linalg.norm(points, axis=1), 6.0, rtol=1e-4)
