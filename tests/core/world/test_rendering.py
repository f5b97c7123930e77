# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What every rendered frame keeps to."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from depth_completion_core.geometry.unprojection import unproject_depth
from depth_completion_core.world.objects.families import FamilyError
from depth_completion_core.world.render import (
    RenderedFrames,
    camera_bundles,
    render_frames,
    untiled,
)
from depth_completion_core.world.scene_sampling import WorldConfig
from tests.core.world.slow_cast import first_crossing, slow_cast
from tests.core.world.small_scenes import CAMERA, rendered, scene_of, wall_and_box

SMALL = WorldConfig(height=76, width=98)  # no multiples of the tiles' 8


@pytest.fixture(scope="module")
def frames() -> RenderedFrames:
    made = render_frames(SMALL, 5, [0, 1, 2, 3])
    assert {scene.kind for scene in made.scenes} == {"room", "street"}
    return made


def test_the_same_seed_gives_the_same_bits_in_any_company(frames: RenderedFrames) -> None:
    for company in ([2], [3, 2], [0, 2, 1]):
        again = render_frames(SMALL, 5, company)
        at = company.index(2)
        for name in ("image", "depth", "valid"):
            assert torch.equal(getattr(again, name)[at], getattr(frames, name)[2]), name
        assert again.indices == tuple(company)
    other = render_frames(SMALL, 6, [2])
    assert not torch.equal(other.depth[0], frames.depth[2])


def test_threads_change_nothing() -> None:
    config, before = WorldConfig(height=32, width=48, kind="room"), torch.get_num_threads()
    frames = []
    try:
        for threads in (1, 2):
            torch.set_num_threads(threads)
            frames.append(render_frames(config, 0, [0]))
    finally:
        torch.set_num_threads(before)
    assert torch.equal(frames[0].image, frames[1].image)
    assert torch.equal(frames[0].depth, frames[1].depth)


def test_depth_is_positive_and_finite_where_it_is_valid_and_else_zero(
    frames: RenderedFrames,
) -> None:
    assert frames.image.shape == (4, 3, 76, 98)
    assert frames.image.dtype == torch.uint8
    assert frames.depth.dtype == torch.float32
    assert torch.isfinite(frames.depth).all()
    assert torch.equal(frames.depth > 0, frames.valid)
    far = torch.tensor([scene.far_m for scene in frames.scenes])
    assert (frames.depth <= far[:, None, None]).all()
    assert not (frames.valid & (frames.primitive < 0)).any()
    assert frames.valid.float().mean() > 0.7


def test_what_is_seen_lies_on_the_primitive_that_the_map_names(frames: RenderedFrames) -> None:
    """Through the camera's own unprojection: depth counts along the optical axis."""
    for number, scene in enumerate(frames.scenes):
        depth, valid = frames.depth[number].numpy(), frames.valid[number].numpy()
        points = unproject_depth(depth, valid, scene.camera).astype(np.float64)
        points = scene.world_from_camera.apply(points)
        rows = frames.primitive[number].numpy() - frames.cast.ranges[number]
        assert rows[valid].min() >= 0
        assert rows[valid].max() < len(scene.table)
        eye = scene.world_from_camera.translation
        largest = np.bincount(rows[valid]).argsort()[-12:]
        for row in largest:
            seen = points[(rows == row) & valid][::7]
            t = first_crossing(scene.table, row, np.tile(eye, (len(seen), 1)), seen - eye)
            assert np.count_nonzero(np.abs(t - 1.0) > 2e-3) <= max(1, len(seen) // 20)


def test_a_frame_is_what_the_slow_cast_sees(frames: RenderedFrames) -> None:
    """A few pixels of a whole room, against all of its primitives."""
    number = next(n for n, scene in enumerate(frames.scenes) if scene.kind == "room")
    scene = frames.scenes[number]
    random = np.random.default_rng(0)
    rows, columns = random.integers(0, 76, 40), random.integers(0, 98, 40)
    rays = scene.camera.rays()[0][rows, columns].astype(np.float64)
    directions = rays @ scene.world_from_camera.rotation.T
    eye = np.tile(scene.world_from_camera.translation, (40, 1))
    expected = slow_cast(scene.table, eye, directions).t
    depth = frames.depth[number].numpy()[rows, columns]
    assert np.mean(np.abs(depth / expected - 1.0) < 1e-3) >= 0.95


def test_a_wall_and_a_box_are_where_they_were_put() -> None:
    frames = rendered(scene_of(wall_and_box()), scene_of(wall_and_box(), far_m=5.0))
    middle, corner = (36, 48), (3, 3)
    assert frames.depth[0][middle].item() == pytest.approx(2.9, rel=1e-5)
    assert frames.depth[0][corner].item() == pytest.approx(6.0, rel=1e-5)
    half_px = CAMERA.fx * 0.2 / 2.9  # to both sides of the principal point, between two pixels
    columns = (frames.depth[0][36] < 4.0).nonzero()[:, 0]
    assert columns.min() == np.ceil(CAMERA.cx - half_px)
    assert columns.max() == np.floor(CAMERA.cx + half_px)
    assert frames.depth[1][corner].item() == 0.0, "beyond far_m nothing is valid"
    assert not frames.valid[1][corner]


def test_pixels_keep_their_places_in_the_tiles() -> None:
    """Rays there and back again: that of every pixel is the camera's."""
    scenes = [scene_of(wall_and_box())] * 2
    bundles = camera_bundles(scenes, torch.device("cpu"))
    directions = untiled(bundles.direction, 2, CAMERA.height, CAMERA.width)
    expected = CAMERA.rays()[0] @ scenes[0].world_from_camera.rotation.T
    np.testing.assert_allclose(directions[1].numpy(), expected, atol=1e-6)


def test_what_cannot_be_drawn_is_said() -> None:
    with pytest.raises(ValueError, match="at least one frame"):
        render_frames(SMALL, 0, [])
    for seed, index in ((-1, 0), (0, -1)):
        with pytest.raises(ValueError, match="at least 0"):
            render_frames(SMALL, seed, [index])
    with pytest.raises(ValueError, match="mixed, room, street"):
        WorldConfig(kind="forest")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="at least 16x16"):
        WorldConfig(height=8)
    with pytest.raises(FamilyError, match=r"known are .*cabinet"):
        render_frames(WorldConfig(families=("cupboard",)), 0, [0])
