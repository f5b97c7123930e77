# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Drives: what their sensors owe each other, and that they run into nothing."""

from __future__ import annotations

import colorsys
from dataclasses import replace
from itertools import islice, pairwise

import numpy as np
import numpy.typing as npt
import pytest
import torch

from depth_completion_core.world.casting.cast import Bundles, CastScenes
from depth_completion_core.world.casting.primitives import Kind
from depth_completion_core.world.drives import (
    ROOM_LIDAR,
    SCENES,
    CameraShot,
    SyntheticDrive,
    build_drive,
)
from depth_completion_core.world.drives.appearance import muted
from depth_completion_core.world.drives.clearance import clearance
from depth_completion_core.world.drives.lidar_sensor import LidarPreset, sweep
from depth_completion_core.world.drives.place import candidate_scenes
from depth_completion_core.world.drives.turn_cast import cast_turn
from depth_completion_core.world.drives.views import views
from depth_completion_core.world.objects.families import FAMILIES
from depth_completion_core.world.objects.parts import box, plate, table_of, towards, turn
from depth_completion_core.world.scene import WorldScene
from depth_completion_core.world.scene_sampling import WorldConfig, sample_scene
from tests.core.world.small_scenes import grey, scene_of

Float64 = npt.NDArray[np.float64]


@pytest.fixture(scope="module", params=list(SCENES))
def drive(request: pytest.FixtureRequest) -> SyntheticDrive:
    width, height = {"room": (240, 180), "street": (416, 128)}[request.param]
    lidar = replace(SCENES[request.param].rig.lidar, columns=900)
    return build_drive(request.param, seed=1, width=width, height=height, lidar=lidar)


@pytest.fixture(scope="module")
def shot(drive: SyntheticDrive) -> CameraShot:
    return drive.render(3_000_000_000)


def _lengths(drive: SyntheticDrive, origins: Float64, rays: Float64) -> Float64:
    """(N,) how many lengths of its (N, 3) ray each goes until it meets something, one by one."""
    origin = torch.tensor(np.broadcast_to(origins, rays.shape), dtype=torch.float32)
    direction = torch.tensor(rays, dtype=torch.float32)[:, None]
    return drive.cast.cast(Bundles(origin, direction, [0, len(rays)])).t[:, 0].double().numpy()


def test_a_pixels_depth_is_where_its_own_ray_ends(drive: SyntheticDrive, shot: CameraShot) -> None:
    rays, _ = drive.camera.rays()
    rows, columns = np.random.default_rng(1).integers(0, shot.depth.shape, (400, 2)).T
    world_from_camera = drive.odom_from_base(shot.stamp_ns) @ drive.base_from_camera
    towards_pixels = rays[rows, columns] @ world_from_camera.rotation.T
    lengths = _lengths(drive, world_from_camera.translation, towards_pixels)
    valid = lengths <= drive.scene.far_m
    agree = shot.valid[rows, columns] == valid
    assert agree.mean() > 0.99
    both = agree & valid
    # Outlines differ by rounding.
    assert np.isclose(shot.depth[rows, columns][both], lengths[both], rtol=1e-4).mean() > 0.98


def _depth_around(shot: CameraShot, pixels: npt.NDArray[np.int64]) -> tuple[Float64, Float64]:
    """Smallest and largest depth of the 3 x 3 pixels around each; the sky is far."""
    depth = np.where(shot.valid, shot.depth, np.inf).astype(np.float64)
    padded = np.pad(depth, 1, mode="edge")
    around = np.stack(
        [
            padded[pixels[:, 1] + row, pixels[:, 0] + column]
            for row in range(3)
            for column in range(3)
        ]
    )
    return around.min(axis=0), around.max(axis=0)


def test_lidar_agrees_with_the_depth_or_is_hidden_from_the_camera(
    drive: SyntheticDrive, shot: CameraShot
) -> None:
    sweep_ = drive.scan(shot.stamp_ns, freeze=True)
    in_camera = drive.camera_from_lidar.apply(sweep_.xyz)
    pixels, inside = drive.camera.project(in_camera)
    in_camera = in_camera[inside]
    low, high = _depth_around(shot, np.rint(pixels[inside]).astype(np.int64))
    agrees = (in_camera[:, 2] > low - 0.06) & (in_camera[:, 2] < high + 0.06)
    hidden = in_camera[:, 2] > high + 0.3
    assert agrees.mean() > 0.8
    assert (agrees | hidden).mean() > 0.97
    assert hidden.sum() > 10

    world_from_camera = drive.odom_from_base(shot.stamp_ns) @ drive.base_from_camera
    rays = in_camera[hidden] @ world_from_camera.rotation.T
    lengths = _lengths(drive, world_from_camera.translation, rays)
    assert (lengths < 1.0).mean() > 0.95  # something stands between


def test_each_point_is_seen_from_where_the_lidar_is_at_its_time() -> None:
    exact = replace(ROOM_LIDAR, noise_m=0.0, dropout=0.0, rings=4)
    drive = build_drive("street", seed=1, lidar=exact)
    stamp = 4_000_000_000
    moving = drive.scan(stamp)
    chosen = slice(0, None, 17)
    rays, origins = [], []
    for point, offset in zip(moving.xyz[chosen], moving.time_offset_ns[chosen], strict=True):
        world_from_lidar = drive.odom_from_base(stamp + int(offset)) @ drive.base_from_lidar
        rays.append(world_from_lidar.rotation @ point.astype(np.float64))
        origins.append(world_from_lidar.translation)
    lengths = _lengths(drive, np.stack(origins), np.stack(rays))
    np.testing.assert_allclose(lengths, 1.0, atol=2e-3)
    frozen = drive.scan(stamp, freeze=True)
    np.testing.assert_array_equal(
        np.unique(frozen.time_offset_ns), np.unique(moving.time_offset_ns)
    )
    behind = (moving.time_offset_ns > 95_000_000) & (moving.xyz[:, 0] < -2)
    frozen_behind = (frozen.time_offset_ns > 95_000_000) & (frozen.xyz[:, 0] < -2)
    moved = moving.xyz[behind, 0].mean() - frozen.xyz[frozen_behind, 0].mean()
    assert abs(moved) > 0.02


@pytest.mark.parametrize("rings", [1, 6, 32])
@pytest.mark.parametrize("columns", [5, 130])
def test_a_turn_cast_in_sectors_is_one_cast(
    drive: SyntheticDrive, rings: int, columns: int
) -> None:
    random = np.random.default_rng(3)
    azimuths = np.linspace(-3.1, 3.1, columns)[:, None] * np.ones(rings)
    elevations = np.linspace(-0.5, 0.3, rings) * np.ones((columns, 1))
    level = np.cos(elevations)
    rays = np.stack([np.cos(azimuths) * level, np.sin(azimuths) * level, np.sin(elevations)], -1)
    start = drive.odom_from_base(10**9).apply([0.0, 0.0, 1.4])
    origins = start + np.cumsum(random.normal(0.0, 0.01, (columns, 3)), axis=0)
    bundles = Bundles(
        torch.tensor(origins, dtype=torch.float32),
        torch.tensor(rays, dtype=torch.float32),
        [0, columns],
    )
    whole, sectors = drive.cast.cast(bundles), cast_turn(drive.cast, bundles)
    assert torch.equal(sectors.t, whole.t)
    assert torch.equal(sectors.primitive, whole.primitive)


def test_a_sweep_is_what_a_driver_publishes(drive: SyntheticDrive) -> None:
    turn_ = drive.scan(500_000_000)
    count = len(turn_.xyz)
    assert turn_.stamp_ns == 500_000_000
    assert count > 0.5 * drive.lidar.rings * drive.lidar.columns
    fields = (turn_.xyz, turn_.time_offset_ns, turn_.ring, turn_.intensity)
    assert [str(field.dtype) for field in fields] == ["float32", "int64", "uint16", "float32"]
    assert turn_.time_offset_ns.shape == turn_.ring.shape == turn_.intensity.shape == (count,)
    assert (np.diff(turn_.time_offset_ns) >= 0).all()
    assert turn_.time_offset_ns[0] >= 0
    assert turn_.time_offset_ns[-1] < drive.lidar.period_ns
    ranges = np.linalg.norm(turn_.xyz, axis=1)
    assert ranges.min() > drive.lidar.range_m[0] - 1e-3
    assert ranges.max() < drive.lidar.range_m[1] + 1e-3
    assert ((turn_.intensity >= 0) & (turn_.intensity <= 255)).all()
    elevations = np.degrees(np.arcsin(turn_.xyz[:, 2] / ranges))
    expected = np.linspace(*drive.lidar.elevation_deg, drive.lidar.rings)[turn_.ring]
    np.testing.assert_allclose(elevations, expected, atol=1e-3)


def test_intensity_is_brightness_and_falls_towards_grazing_rays() -> None:
    facing = towards(np.array([-1.0, 0.0, 0.0]))
    parts = [
        plate(5.0, 5.0, (4.0, 5.0, 0.0), facing, slot=0),
        plate(5.0, 5.0, (4.0, -5.0, 0.0), facing, slot=1),
    ]
    dark = grey(1) * np.where(np.arange(20) < 9, 0.5, 1.0)
    scene = scene_of(parts, materials=np.concatenate([grey(1), dark]))
    preset = LidarPreset(
        rings=1, elevation_deg=(0.0, 0.0), columns=720, range_m=(0.1, 50.0), noise_m=0.0,
        dropout=0.0, azimuth_range_deg=(-50.0, 50.0),
    )  # fmt: skip
    still = np.broadcast_to(np.eye(3), (720, 3, 3)), np.zeros((720, 3))
    cast = CastScenes.of([scene.table])
    seen = sweep(
        cast, scene, preset, lambda at: (still[0][: len(at)], still[1][: len(at)]), 0,
        random=np.random.default_rng(0),
    )  # fmt: skip
    cosine = seen.xyz[:, 0] / np.linalg.norm(seen.xyz, axis=1)
    albedo = np.where(seen.xyz[:, 1] > 0, 0.5, 0.25)
    np.testing.assert_allclose(seen.intensity, 255 * albedo * (0.35 + 0.65 * cosine), rtol=1e-4)


def test_the_noise_of_a_lidar_is_as_large_as_its_preset_says() -> None:
    noisy = build_drive("room", seed=2)
    exact = build_drive("room", seed=2, lidar=replace(ROOM_LIDAR, noise_m=0.0, dropout=0.0))
    stamp = 1_000_000_000
    seen, truth = noisy.scan(stamp, freeze=True), exact.scan(stamp, freeze=True)
    keys = {
        (offset, ring): point
        for offset, ring, point in zip(truth.time_offset_ns, truth.ring, truth.xyz, strict=True)
    }
    matched = np.stack([keys[key] for key in zip(seen.time_offset_ns, seen.ring, strict=True)])
    errors = np.linalg.norm(seen.xyz, axis=1) - np.linalg.norm(matched, axis=1)
    assert errors.std() == pytest.approx(ROOM_LIDAR.noise_m, rel=0.05)
    assert abs(errors.mean()) < 1e-3
    assert len(seen.xyz) / len(truth.xyz) == pytest.approx(1 - ROOM_LIDAR.dropout, abs=0.005)


def test_only_the_azimuths_asked_for_are_fired() -> None:
    preset = replace(ROOM_LIDAR, azimuth_range_deg=(-30.0, 45.0))
    part = build_drive("room", lidar=preset).scan(0)
    azimuths = np.degrees(np.arctan2(part.xyz[:, 1], part.xyz[:, 0]))
    assert azimuths.min() >= -30.0
    assert azimuths.max() <= 45.0
    whole = np.unique(build_drive("room").scan(0).time_offset_ns)
    assert np.isin(part.time_offset_ns, whole).all()


def test_a_seed_gives_the_same_drive_again_and_another_seed_another(
    drive: SyntheticDrive, shot: CameraShot
) -> None:
    width, height = drive.camera.width, drive.camera.height
    recipe = SCENES[drive.name]
    again = build_drive(drive.name, seed=1, width=width, height=height, lidar=drive.lidar)
    other = build_drive(drive.name, seed=2, width=width, height=height, lidar=drive.lidar)
    place = recipe.find(1)
    assert place.trajectory == drive.trajectory
    np.testing.assert_array_equal(place.scene.table.centre, drive.scene.table.centre)
    other.scan(0)  # the noise must not depend on what was asked before
    shot_again = again.render(shot.stamp_ns)
    np.testing.assert_array_equal(shot_again.image, shot.image)
    np.testing.assert_array_equal(shot_again.depth, shot.depth)
    np.testing.assert_array_equal(again.scan(0).xyz, drive.scan(0).xyz)
    assert (other.render(shot.stamp_ns).image != shot.image).mean() > 0.3
    assert drive.scan(0, freeze=True).xyz.shape != drive.scan(10**8, freeze=True).xyz.shape


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("name", list(SCENES))
def test_the_picture_shows_a_world(name: str, seed: int) -> None:
    rig = SCENES[name].rig
    drive = build_drive(name, seed=seed, width=rig.width // 4, height=rig.height // 4)
    for stamp in (0, 2_500_000_000, 9_000_000_000):
        shot = drive.render(stamp)
        size = (drive.camera.height, drive.camera.width)
        assert shot.image.shape == (*size, 3)
        assert shot.depth.shape == shot.valid.shape == shot.primitive.shape == size
        dtypes = [str(array.dtype) for array in (shot.image, shot.depth, shot.valid)]
        assert dtypes == ["uint8", "float32", "bool"]
        owners = drive.scene.table.owner[shot.primitive[shot.valid]]
        assert len(np.unique(owners)) > 6
        assert 60 < shot.image.mean() < 200
        assert shot.image.std() > 25
        assert (shot.depth[~shot.valid] == 0).all()
        assert (shot.primitive[~shot.valid] == -1).all()
        assert shot.depth[shot.valid].min() > 0.3
        if name == "room":
            assert shot.valid.all()
        else:
            assert not shot.valid.all()
            assert shot.valid[3 * size[0] // 4 :].all()


def test_a_drives_images_share_one_exposure(drive: SyntheticDrive) -> None:
    """What is seen twice has the same colour, but for noise and highlights."""
    first, second = drive.render(2_000_000_000), drive.render(2_200_000_000)
    poses = [
        drive.odom_from_base(shot.stamp_ns) @ drive.base_from_camera for shot in (first, second)
    ]
    rays, _ = drive.camera.rays()
    points = (rays * first.depth[..., None])[first.valid]
    moved = (poses[1].inverse() @ poses[0]).apply(points)
    pixels, inside = drive.camera.project(moved)
    column, row = np.rint(pixels[inside]).astype(int).T
    same = np.abs(second.depth[row, column] - moved[inside, 2]) < 0.05
    colours = first.image[first.valid][inside][same].astype(float)
    difference = second.image[row, column][same] - colours
    assert same.sum() > 1000
    assert np.median(np.abs(difference)) < 8
    assert abs(np.median(difference)) < 2


def test_the_base_moves_smoothly(drive: SyntheticDrive) -> None:
    stamps = range(0, drive.duration_ns, 50_000_000)
    poses = [drive.odom_from_base(stamp) for stamp in stamps]
    steps = [before.inverse() @ after for before, after in pairwise(poses)]
    lengths = np.array([np.linalg.norm(step.translation) for step in steps])
    angles = np.array([2 * np.arccos(min(step.quaternion_xyzw[3], 1.0)) for step in steps])
    assert lengths.max() < 0.4
    assert np.abs(np.diff(lengths)).max() < 0.02
    assert np.degrees(angles.max()) < 2.0
    assert lengths.sum() > 5.0


@pytest.mark.parametrize("seed", [0, 1, 2])
@pytest.mark.parametrize("name", list(SCENES))
def test_nothing_stands_in_the_way(name: str, seed: int) -> None:
    """Level rays all around the base, at several heights along the way, go at least its radius."""
    drive, rig = build_drive(name, seed=seed, width=32, height=24), SCENES[name].rig
    angles = np.linspace(0.0, 2 * np.pi, 60, endpoint=False)
    around = np.stack([np.cos(angles), np.sin(angles), np.zeros(60)], axis=1)
    stamps = np.arange(0, drive.duration_ns, 800_000_000)
    _, places = drive.trajectory.poses(stamps)
    offsets = np.linspace(0.1, rig.height_m, 5)[:, None, None] * (0.0, 0.0, 1.0)
    origins = (places + offsets).reshape(-1, 1, 3)
    rays = np.broadcast_to(around, (len(origins), 60, 3)).reshape(-1, 3)
    lengths = _lengths(drive, np.repeat(origins[:, 0], 60, axis=0), rays)
    assert lengths.min() > rig.radius_m
    for mount in (rig.base_from_camera, rig.base_from_lidar):
        assert np.hypot(*mount.translation[:2]) < rig.radius_m
        assert mount.translation[2] < rig.height_m


@pytest.mark.parametrize("name", list(SCENES))
def test_coarse_views_count_what_the_image_shows(name: str) -> None:
    rig, stamps = SCENES[name].rig, (0, 4_000_000_000)
    drive = build_drive(name, seed=1, width=32, height=32 * rig.height // rig.width)
    seen = views(drive.scene, rig, [drive.trajectory], stamps)
    for number, stamp in enumerate(stamps):
        shot = drive.render(stamp)
        owners = drive.scene.table.owner[shot.primitive[shot.primitive >= 0]]
        assert seen.objects[0, number] == len(np.unique(owners[owners >= 0]))
        depth = seen.depth[0, number]
        np.testing.assert_array_equal(
            np.sort(depth[depth <= drive.scene.far_m].astype(np.float32)),
            np.sort(shot.depth[shot.valid]),
        )


def test_clearance_is_the_gap_to_what_stands_beside() -> None:
    random = np.random.default_rng(2)
    yaw = 0.4
    table = table_of([box((2.0, 1.0, 1.0), 3.0, 1.0, 0.5, rotation=turn(yaw))])
    places = random.uniform(-4, 8, (500, 2))
    c, s = np.cos(yaw), np.sin(yaw)
    local = np.abs((places - (3.0, 1.0)) @ np.array([[c, -s], [s, c]])) - (1.0, 0.5)
    true = np.hypot(*np.maximum(local, 0.0).T) + np.minimum(local.max(axis=1), 0.0)
    found = clearance(table, places, low_m=0.1, high_m=2.0)
    outside = true > 0
    assert (found <= true + 1e-9).all()
    assert (found[outside] >= 0.97 * true[outside] - 0.03).all()
    for low, high in ((1.1, 2.0), (-2.0, -0.1)):
        assert np.isinf(clearance(table, places, low_m=low, high_m=high)).all()


def test_muted_materials_keep_their_hue_and_lose_their_loudness() -> None:
    loud = grey(1, r0=0.9, g0=0.1, b0=0.1)
    quiet = muted(loud)
    hue, saturation, value = colorsys.rgb_to_hsv(*quiet[0, :3].tolist())
    assert (hue, value) == pytest.approx((0.0, 0.9))
    assert saturation < 0.45
    np.testing.assert_array_equal(quiet[:, 9:], loud[:, 9:])
    np.testing.assert_allclose(muted(grey(2)), grey(2))
    purple = muted(grey(1, r0=0.5, g0=0.1, b0=0.6))[0, :3]
    assert np.ptp(purple) < 0.2 * purple.max()


def test_nothing_floats_in_a_drives_scene() -> None:
    config, count = WorldConfig(kind="room"), 12

    def lowest_of_standing(scene: WorldScene) -> list[float]:
        heights = scene.table.corners()[..., 2].min(axis=1)
        return [
            float(heights[scene.table.owner == number].min())
            for number, name in enumerate(scene.families)
            if FAMILIES["room"][name].place in {"floor", "furniture"}
            and not scene.supported[number]
            and number in scene.table.owner
        ]

    drawn = [sample_scene(config, 3, index) for index in range(count)]
    grounded = list(islice(candidate_scenes(config, 3), count))
    assert max(height for scene in drawn for height in lowest_of_standing(scene)) > 0.3
    assert max(height for scene in grounded for height in lowest_of_standing(scene)) < 0.3


def test_walls_of_a_drives_room_are_light_and_within_white() -> None:
    scene = build_drive("room", seed=2, width=16, height=12).scene
    first = scene.materials[scene.table.material[scene.table.owner < 0], :3].max(axis=1)
    upright = scene.table.kind[scene.table.owner < 0] == Kind.QUAD
    above = scene.table.centre[scene.table.owner < 0, 2] > 0
    assert first[upright & above].min() >= 0.449
    assert scene.materials[:, :9].max() <= 1.0


def test_frames_come_in_the_order_of_their_time() -> None:
    preset = replace(ROOM_LIDAR, rings=2, columns=30)
    drive = build_drive("room", width=16, height=12, lidar=preset)
    drive = replace(
        drive, camera_stamps_ns=range(0, 300_000_000, 50_000_000), sweep_stamps_ns=range(0, 2, 3)
    )
    kinds = [(type(frame).__name__, frame.stamp_ns) for frame in drive.frames()]
    assert kinds.index(("LidarSweep", 0)) in {2, 3}  # published when the turn has ended
    assert [stamp for kind, stamp in kinds if kind == "CameraShot"] == list(drive.camera_stamps_ns)


def test_both_ways_from_lidar_to_camera_agree(drive: SyntheticDrive) -> None:
    point = np.array([3.0, -1.0, 0.5])
    through_base = drive.base_from_camera.inverse().apply(drive.base_from_lidar.apply(point))
    np.testing.assert_allclose(drive.camera_from_lidar.apply(point), through_base, atol=1e-12)
    assert 0.25 < np.linalg.norm(drive.camera_from_lidar.translation) < 0.6


def test_mistakes_are_named() -> None:
    with pytest.raises(ValueError, match=r"'kitchen'; known are room, street"):
        build_drive("kitchen")
    with pytest.raises(ValueError, match="seed is at least 0"):
        build_drive("room", seed=-1)
    with pytest.raises(ValueError, match="starts at 0 ns"):
        build_drive("room", width=8, height=6).scan(-1)
