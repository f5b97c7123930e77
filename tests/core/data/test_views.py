# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np
import pytest

from depth_completion_core.data.readers.sequences import neighbours_in
from depth_completion_core.data.readers.views import views_of
from depth_completion_core.geometry.transforms import RigidTransform
from tests.core.data.sample_scenes import PINHOLE


@pytest.mark.parametrize("length", [0, 1, 2, 6, 7, 20])
@pytest.mark.parametrize("offset", [1, 3])
def test_neighbours_by_hand(length: int, offset: int) -> None:
    frames = [f"{number:03d}" for number in range(length)]
    expected = {
        frames[index]: (frames[index - offset], frames[index + offset])
        for index in range(length)
        if index - offset >= 0 and index + offset < length
    }
    assert neighbours_in(frames, offset) == expected


def test_no_neighbours_at_no_distance() -> None:
    with pytest.raises(ValueError, match="1 or more frames away"):
        neighbours_in(["a"], 0)


def test_views_are_the_image_before_and_the_one_after() -> None:
    random = np.random.default_rng(0)
    images = random.integers(0, 255, (2, 48, 64, 3), dtype=np.uint8)
    world_from_camera = [
        RigidTransform.from_quaternion([*random.normal(0, 0.2, 3), 1.0], random.normal(size=3))
        for _ in range(3)
    ]
    before, after = views_of(
        list(images), camera=PINHOLE, stamps_ns=(7, 9), world_from_camera=world_from_camera
    )
    assert (before.offset, after.offset) == (-1, 1)
    assert (before.stamp_ns, after.stamp_ns) == (7, 9)
    point = np.array([0.3, -0.1, 2.0])
    for view, image, pose in zip((before, after), images, world_from_camera[1:], strict=True):
        np.testing.assert_array_equal(view.image, image)
        assert view.camera is PINHOLE
        assert view.view_from_target is not None
        np.testing.assert_allclose(
            pose.apply(view.view_from_target.apply(point)), world_from_camera[0].apply(point)
        )


def test_what_is_not_known_of_views() -> None:
    assert views_of([], camera=PINHOLE, world_from_camera=[RigidTransform.identity()]) == ()
    for view in views_of([np.zeros((4, 4, 3), np.uint8)] * 2, camera=None):
        assert (view.camera, view.stamp_ns, view.view_from_target) == (None, 0, None)
