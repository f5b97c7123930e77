# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Small samples with known geometry."""

from __future__ import annotations

import numpy as np

from depth_completion_core.data.sample import Sample
from depth_completion_core.data.sampling.sparsify import uniform
from depth_completion_core.frame import SparseDepth, View
from depth_completion_core.geometry.camera import CameraModel
from depth_completion_core.geometry.transforms import RigidTransform

PINHOLE = CameraModel(fx=50.0, fy=55.0, cx=30.0, cy=20.0, width=64, height=48)
BENT = CameraModel(
    fx=50.0,
    fy=55.0,
    cx=30.0,
    cy=20.0,
    width=64,
    height=48,
    distortion_model="plumb_bob",
    distortion=(-0.2, 0.05, 0.02, -0.03, 0.0),
)
FISHEYE = CameraModel(
    fx=50.0,
    fy=55.0,
    cx=30.0,
    cy=20.0,
    width=64,
    height=48,
    distortion_model="equidistant",
    distortion=(0.05, -0.01, 0.0, 0.0),
)


def slanted_plane(camera: CameraModel = PINHOLE, *, points: int = 60) -> Sample:
    """A textured plane through a hole-free image, with two further views and their poses."""
    random = np.random.default_rng(0)
    rays, has_ray = camera.rays()
    # The plane 0.2 x + 0.3 y + z = 3 metres.
    depth = 3.0 / (rays @ np.array([0.2, 0.3, 1.0], dtype=np.float32))
    truth = SparseDepth.from_depth(np.where(has_ray, depth, 0.0))
    images = random.integers(0, 255, (3, camera.height, camera.width, 3), dtype=np.uint8)
    poses = tuple(
        RigidTransform.from_quaternion([0.02, side * 0.1, 0.03, 1.0], [0.2 * side, 0.05, 0.1])
        for side in (-1.0, 1.0)
    )
    return Sample(
        name="plane",
        image=images[0],
        camera=camera,
        sparse=uniform(truth, points, random),
        truth=truth,
        views=tuple(
            View(offset=offset, image=image, camera=camera, view_from_target=pose)
            for offset, image, pose in zip((-1, 1), images[1:], poses, strict=True)
        ),
    )


def with_holes(sample: Sample, share: float = 0.3) -> Sample:
    """The same with truth missing at random pixels."""
    assert sample.truth is not None
    kept = np.random.default_rng(1).random(sample.truth.valid.shape) >= share
    valid = sample.truth.valid & kept
    truth = SparseDepth(np.where(valid, sample.truth.depth, np.float32(0)), valid)
    return Sample(name=sample.name, image=sample.image, camera=sample.camera, truth=truth)
