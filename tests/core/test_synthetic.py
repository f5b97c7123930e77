# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The synthetic world against slow twins, and what its sensors owe each other."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pytest
import torch

from depth_completion_core.camera import CameraModel
from depth_completion_core.data.synthetic import (
    ROOM_LIDAR,
    SCENES,
    CameraShot,
    SyntheticDrive,
    build_drive,
)
from depth_completion_core.data.synthetic.camera_sensor import render
from depth_completion_core.data.synthetic.poses import (
    looking_forward,
    pose,
    rotations_from_angles,
    upright,
)
from depth_completion_core.data.synthetic.primitives import PRIMITIVES
from depth_completion_core.data.synthetic.scene import Scene
from depth_completion_core.data.synthetic.shading import Light, Lighting
from depth_completion_core.data.synthetic.shapes import Material, Shape, box, sheet
from depth_completion_core.data.synthetic.texture import TEXTURES, fractal_noise
from depth_completion_core.transforms import RigidTransform

Float64 = npt.NDArray[np.float64]

GREY = Material(colour=(0.6, 0.6, 0.6), grain=0.0)
PLAIN_LIGHT = Lighting(from_above=(0.4, 0.4, 0.4), from_below=(0.4, 0.4, 0.4), lights=())


@pytest.fixture(scope="module", params=list(SCENES))
def drive(request: pytest.FixtureRequest) -> SyntheticDrive:
    width, height = {"room": (240, 180), "street": (416, 128)}[request.param]
    lidar = replace(SCENES[request.param].rig.lidar, columns=900)
    return build_drive(request.param, seed=4, width=width, height=height, lidar=lidar)


@pytest.fixture(scope="module")
def shot(drive: SyntheticDrive) -> CameraShot:
    return drive.render(3_000_000_000)


def _is_inside(kind: str, unit: Float64) -> npt.NDArray[np.bool_]:
    x, y, z = unit[..., 0], unit[..., 1], unit[..., 2]
    if kind == "box":
        return (np.abs(x) <= 1) & (np.abs(y) <= 1) & (np.abs(z) <= 1)
    if kind == "cylinder":
        return (np.hypot(x, y) <= 1) & (np.abs(z) <= 1)
    if kind == "sphere":
        return x * x + y * y + z * z <= 1
    return z > 0  # the quad's plane has two sides


def _marched_distance(
    shape: Shape, origin: Float64, direction: Float64, length: float = 12.0
) -> float:
    """Walk in 6000 steps until inside turns to outside or back, then halve the step."""

    def inside(distances: Float64) -> npt.NDArray[np.bool_]:
        points = shape.world_from_shape.inverse().apply(origin + distances[:, None] * direction)
        return _is_inside(shape.kind, points / np.asarray(shape.size))

    steps = np.linspace(0.0, length, 6001)
    state = inside(steps)
    changes = np.flatnonzero(state[1:] != state[:-1])
    if not len(changes):
        return float("inf")
    low, high = steps[changes[0]], steps[changes[0] + 1]
    for _ in range(60):
        middle = 0.5 * (low + high)
        if inside(np.array([middle]))[0] == state[changes[0]]:
            low = middle
        else:
            high = middle
    if shape.kind == "quad":
        point = shape.world_from_shape.inverse().apply(origin + low * direction)
        if (np.abs(point[:2]) > np.asarray(shape.size)[:2]).any():
            return float("inf")
    return float(low)


@pytest.mark.parametrize("kind", list(PRIMITIVES))
def test_cast_agrees_with_marching_along_each_ray(kind: str) -> None:
    random = np.random.default_rng(5)
    hits = 0
    for _ in range(6):
        roll, pitch, yaw = random.uniform(-3, 3, 3)
        centre = random.uniform(-1, 1, 3)
        world_from_shape = RigidTransform(rotations_from_angles(roll, pitch, yaw), centre)
        lengths = random.uniform(0.4, 1.5, 3)
        size = (float(lengths[0]), float(lengths[1]), float(lengths[2]))
        shape = Shape(kind=kind, size=size, world_from_shape=world_from_shape, material=GREY)
        scene = Scene([[shape]], dtype=torch.float64)
        # Some start inside, and directions have any length.
        origins = centre + random.normal(size=(25, 3)) * random.choice([0.3, 3.0], (25, 1))
        towards = centre + random.normal(size=(25, 3)) * 0.5 - origins
        directions = towards / np.linalg.norm(towards, axis=1, keepdims=True)
        directions *= random.uniform(0.8, 1.2, (25, 1))
        distance, _ = scene.nearest(torch.tensor(origins), torch.tensor(directions))
        expected = np.array(
            [
                _marched_distance(shape, origin, direction)
                for origin, direction in zip(origins, directions, strict=True)
            ]
        )
        for row in np.flatnonzero(np.isinf(expected) & np.isfinite(distance.numpy())):
            # The steps may stride over a corner; look closely where it should be.
            before = float(distance[row]) - 1e-3
            start = origins[row] + before * directions[row]
            expected[row] = before + _marched_distance(shape, start, directions[row], 2e-3)
        np.testing.assert_allclose(distance.numpy(), expected, rtol=0, atol=1e-9)
        hits += int(np.isfinite(expected).sum())
    assert hits > 50


def _nearest_without_culling(
    scene: Scene, origins: torch.Tensor, directions: torch.Tensor
) -> torch.Tensor:
    """Every ray against every shape."""
    nearest = torch.full((len(directions),), torch.inf, dtype=scene.dtype)
    for shape in scene.shapes:
        inverse = shape.world_from_shape.inverse()
        size = np.asarray(shape.size)
        linear = torch.tensor(inverse.rotation / size[:, None], dtype=scene.dtype)
        offset = torch.tensor(inverse.translation / size, dtype=scene.dtype)
        met = PRIMITIVES[shape.kind].intersect(
            (origins @ linear.T + offset).T, (directions @ linear.T).T
        )
        nearest = torch.minimum(nearest, met)
    return nearest


@pytest.mark.parametrize("share_origin", [True, False])
def test_culling_loses_no_hit(drive: SyntheticDrive, share_origin: bool) -> None:
    random = np.random.default_rng(6)
    scene = Scene(drive.world.objects, dtype=torch.float64)
    origin = drive.odom_from_base(5_000_000_000).apply([0.0, 0.0, 1.3])
    spread = 0.0 if share_origin else 0.2
    origins = torch.tensor(origin + random.normal(0.0, spread, (1 if share_origin else 3000, 3)))
    directions = torch.tensor(random.normal(size=(3000, 3)) * (1.0, 1.0, 0.3))
    distance, shape = scene.nearest(origins, directions)
    expected = _nearest_without_culling(scene, origins, directions)
    torch.testing.assert_close(distance, expected, rtol=1e-12, atol=1e-12)
    assert ((shape >= 0) == torch.isfinite(expected)).all()
    single = Scene(drive.world.objects)
    distance32, _ = single.nearest(origins.float(), directions.float())
    agree = torch.isclose(distance32.double(), expected, rtol=1e-4, atol=1e-4)
    assert agree.double().mean() > 0.998  # silhouettes differ by rounding


def test_a_ray_ends_at_its_reach_and_light_passes_lamps() -> None:
    lampshade = replace(box(GREY, (1.0, 1.0, 1.0), 3.0, 0.0, 0.0), casts_shadow=False)
    scene = Scene([[lampshade], [box(GREY, (1.0, 1.0, 1.0), 6.0, 0.0, 0.0)]])
    origin, ahead = torch.zeros(3), torch.tensor([[2.0, 0.0, 0.0]])
    assert scene.nearest(origin, ahead)[0].item() == pytest.approx(1.25)
    distance, shape = scene.nearest(origin, ahead, reach=1.2)
    assert shape.item() == -1
    assert distance.item() == pytest.approx(1.2)
    distance, shape = scene.nearest(origin, ahead, shadows_only=True)
    assert (distance.item(), shape.item()) == (2.75, 1)


def test_depth_counts_along_the_optical_axis() -> None:
    wall = sheet(GREY, 50.0, 50.0, upright(2.0, 0.0, 0.0, yaw=np.pi))
    camera = CameraModel(fx=40.0, fy=40.0, cx=31.5, cy=23.5, width=64, height=48)
    shot = render(Scene([[wall]]), PLAIN_LIGHT, camera, looking_forward(0.0, 0.0, 0.0), 7)
    assert shot.valid.all()
    assert shot.stamp_ns == 7
    np.testing.assert_allclose(shot.depth, 2.0, atol=1e-5)


def test_rendered_pixels_lie_on_the_surface_that_they_name(
    drive: SyntheticDrive, shot: CameraShot
) -> None:
    rays, _ = drive.camera.rays()
    world_from_camera = drive.odom_from_base(shot.stamp_ns) @ drive.base_from_camera
    points = world_from_camera.apply(rays.astype(np.float64) * shot.depth[..., None])
    for number in np.unique(shot.shape_index[shot.valid]):
        shape = drive.scene.shapes[number]
        at_shape = points[shot.shape_index == number]
        unit = shape.world_from_shape.inverse().apply(at_shape) / np.asarray(shape.size)
        x, y, z = np.abs(unit).T
        level = {
            "box": np.maximum(np.maximum(x, y), z),
            "cylinder": np.maximum(np.hypot(x, y), z),
            "sphere": np.sqrt(x * x + y * y + z * z),
            "quad": 1.0 + z,
        }[shape.kind]
        farthest = shot.depth[shot.shape_index == number].max()
        tolerance = 1e-5 * farthest / min(shape.size) + 1e-5
        np.testing.assert_allclose(level, 1.0, atol=tolerance, err_msg=f"{number}: {shape}")


def test_normals_are_unit_and_face_the_ray(drive: SyntheticDrive) -> None:
    directions = torch.tensor(np.random.default_rng(7).normal(size=(4000, 3)), dtype=torch.float32)
    origin = torch.tensor(drive.odom_from_base(0).apply([0.0, 0.0, 1.3]), dtype=torch.float32)
    hit = drive.scene.cast(origin, directions)
    normals = hit.normal[hit.valid]
    torch.testing.assert_close(normals.norm(dim=1), torch.ones(len(normals)))
    assert ((normals * directions[hit.valid]).sum(1) <= 1e-6).all()
    assert torch.isfinite(hit.surface).all()
    assert (hit.normal[~hit.valid] == 0).all()
    assert torch.isinf(hit.distance[~hit.valid]).all()


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
    sweep = drive.scan(shot.stamp_ns, freeze=True)
    in_camera = drive.camera_from_lidar.apply(sweep.xyz)
    pixels, inside = drive.camera.project(in_camera)
    in_camera = in_camera[inside]
    low, high = _depth_around(shot, np.rint(pixels[inside]).astype(np.int64))
    agrees = (in_camera[:, 2] > low - 0.05) & (in_camera[:, 2] < high + 0.05)
    hidden = in_camera[:, 2] > high + 0.3
    assert agrees.mean() > 0.8
    assert (agrees | hidden).mean() > 0.97
    assert hidden.sum() > 10

    world_from_camera = drive.odom_from_base(shot.stamp_ns) @ drive.base_from_camera
    towards = in_camera[hidden] @ world_from_camera.rotation.T
    distance, _ = drive.scene.nearest(
        torch.tensor(world_from_camera.translation, dtype=torch.float32),
        torch.tensor(towards, dtype=torch.float32),
    )
    assert (distance < 1.0).double().mean() > 0.95  # something stands between


def test_each_point_is_seen_from_where_the_lidar_is_at_its_time() -> None:
    exact = replace(ROOM_LIDAR, noise_m=0.0, dropout=0.0, rings=4)
    drive = build_drive("street", seed=1, lidar=exact)
    stamp = 4_000_000_000
    sweep = drive.scan(stamp)
    for index in range(0, len(sweep.xyz), 97):
        time = stamp + int(sweep.time_offset_ns[index])
        world_from_lidar = drive.odom_from_base(time) @ drive.base_from_lidar
        towards = world_from_lidar.rotation @ sweep.xyz[index].astype(np.float64)
        distance, _ = drive.scene.nearest(
            torch.tensor(world_from_lidar.translation, dtype=torch.float32),
            torch.tensor(towards[None], dtype=torch.float32),
        )
        assert distance.item() == pytest.approx(1.0, abs=2e-3)
    frozen = drive.scan(stamp, freeze=True)
    np.testing.assert_array_equal(np.unique(frozen.time_offset_ns), np.unique(sweep.time_offset_ns))
    behind = (sweep.time_offset_ns > 95_000_000) & (sweep.xyz[:, 0] < -2)
    frozen_behind = (frozen.time_offset_ns > 95_000_000) & (frozen.xyz[:, 0] < -2)
    moved = sweep.xyz[behind, 0].mean() - frozen.xyz[frozen_behind, 0].mean()
    assert abs(moved) > 0.02


def test_a_sweep_is_what_a_driver_publishes(drive: SyntheticDrive) -> None:
    sweep = drive.scan(500_000_000)
    count = len(sweep.xyz)
    assert sweep.stamp_ns == 500_000_000
    assert count > 0.5 * drive.lidar.rings * drive.lidar.columns
    fields = (sweep.xyz, sweep.time_offset_ns, sweep.ring, sweep.intensity)
    assert [str(field.dtype) for field in fields] == ["float32", "int64", "uint16", "float32"]
    assert sweep.time_offset_ns.shape == sweep.ring.shape == sweep.intensity.shape == (count,)
    assert (np.diff(sweep.time_offset_ns) >= 0).all()
    assert sweep.time_offset_ns[0] >= 0
    assert sweep.time_offset_ns[-1] < drive.lidar.period_ns
    ranges = np.linalg.norm(sweep.xyz, axis=1)
    assert ranges.min() > drive.lidar.range_m[0] - 1e-3
    assert ranges.max() < drive.lidar.range_m[1] + 1e-3
    assert ((sweep.intensity >= 0) & (sweep.intensity <= 255)).all()
    elevations = np.degrees(np.arcsin(sweep.xyz[:, 2] / ranges))
    expected = np.linspace(*drive.lidar.elevation_deg, drive.lidar.rings)[sweep.ring]
    np.testing.assert_allclose(elevations, expected, atol=1e-3)


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
    again, other = (
        build_drive(drive.name, seed=seed, width=width, height=height, lidar=drive.lidar)
        for seed in (4, 5)
    )
    other.scan(0)  # the noise must not depend on what was asked before
    np.testing.assert_array_equal(again.render(shot.stamp_ns).image, shot.image)
    np.testing.assert_array_equal(again.render(shot.stamp_ns).depth, shot.depth)
    np.testing.assert_array_equal(again.scan(0).xyz, drive.scan(0).xyz)
    assert (other.render(shot.stamp_ns).image != shot.image).mean() > 0.3
    assert drive.scan(0, freeze=True).xyz.shape != drive.scan(10**8, freeze=True).xyz.shape


def test_the_picture_shows_a_world(drive: SyntheticDrive, shot: CameraShot) -> None:
    size = (drive.camera.height, drive.camera.width)
    assert shot.image.shape == (*size, 3)
    assert shot.depth.shape == shot.valid.shape == shot.shape_index.shape == size
    dtypes = [str(array.dtype) for array in (shot.image, shot.depth, shot.valid)]
    assert dtypes == ["uint8", "float32", "bool"]
    assert len(drive.scene.shapes) > {"room": 100, "street": 300}[drive.name]
    assert len(np.unique(shot.shape_index)) > 25
    assert 60 < shot.image.mean() < 200
    assert shot.image.std() > 25
    assert (shot.depth[~shot.valid] == 0).all()
    assert (shot.shape_index[~shot.valid] == -1).all()
    assert shot.depth[shot.valid].min() > 0.5


def test_single_precision_is_enough(drive: SyntheticDrive, shot: CameraShot) -> None:
    double = replace(drive, scene=Scene(drive.world.objects, dtype=torch.float64))
    exact = double.render(shot.stamp_ns)
    same = exact.shape_index == shot.shape_index
    assert same.mean() > 0.998  # silhouettes differ by rounding
    np.testing.assert_allclose(shot.depth[same], exact.depth[same], rtol=1e-3)
    assert np.isclose(shot.depth[same], exact.depth[same], rtol=1e-5).mean() > 0.99


def test_the_sky_is_open_and_the_room_is_closed() -> None:
    street = build_drive("street", width=208, height=64).render(0)
    assert not street.valid.all()
    assert street.valid[32:].all()
    assert street.image[~street.valid].mean() > 120
    assert build_drive("room", width=64, height=48).render(0).valid.all()


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
    first, last = drive.render(stamps[0]), drive.render(stamps[20])
    assert np.abs(first.depth - last.depth).mean() > 0.05


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


@pytest.mark.parametrize("texture", list(TEXTURES))
def test_textures_give_colours_between_black_and_white(texture: str) -> None:
    material = Material(
        colour=(0.9, 0.5, 0.2), accent=(0.1, 0.2, 0.9), texture=texture, period=(0.7, 0.4)
    )
    scene = Scene([[sheet(material, 8.0, 8.0, pose())]])
    surface = torch.rand(5000, 2, generator=torch.Generator().manual_seed(1)) * 8.0 - 2.0
    albedo = scene.materials.albedo(torch.zeros(5000, dtype=torch.int64), surface)
    assert torch.isfinite(albedo).all()
    assert ((albedo >= 0) & (albedo <= 1)).all()
    assert albedo.std(dim=0).max() > (0.01 if texture == "plain" else 0.05)


def test_the_noise_is_smooth_and_repeats() -> None:
    u = torch.linspace(0.0, 600.0, 60_001, dtype=torch.float64)
    values = fractal_noise(u, 0.3 * u)
    assert (values[1:] - values[:-1]).abs().max() < 0.05
    torch.testing.assert_close(fractal_noise(u + 512.0, 0.3 * u - 1024.0), values)
    assert float(values.std()) == pytest.approx(1.0, abs=0.4)


def test_a_box_throws_a_shadow() -> None:
    floor = sheet(GREY, 20.0, 20.0, pose())
    objects = [[floor], [box(GREY, (1.0, 1.0, 0.1), 4.0, 0.0, 1.0)]]
    lamp = Light(position=(4.0, 0.0, 30.0), colour=(1.0, 1.0, 1.0))
    camera = CameraModel(fx=60.0, fy=60.0, cx=39.5, cy=29.5, width=80, height=60)
    eye = looking_forward(0.0, 0.0, 0.5, pitch=0.1)
    shot = render(Scene(objects), replace(PLAIN_LIGHT, lights=(lamp,)), camera, eye, 0)
    (dark, light), inside = camera.project(eye.inverse().apply([[4.0, 0.0, 0.0], [4.0, 2.0, 0.0]]))
    assert inside.all()
    (u, v), (u_lit, v_lit) = np.rint([dark, light]).astype(int)
    assert int(shot.image[v_lit, u_lit].mean()) - int(shot.image[v, u].mean()) > 40


def test_mistakes_are_named() -> None:
    with pytest.raises(ValueError, match=r"'kitchen'; known are room, street"):
        build_drive("kitchen")
    with pytest.raises(ValueError, match="seed is at least 0"):
        build_drive("room", seed=-1)
    with pytest.raises(ValueError, match="starts at 0 ns"):
        build_drive("room", width=8, height=6).scan(-1)
    with pytest.raises(ValueError, match=r"'cone' is not one of"):
        Shape(kind="cone", size=(1.0, 1.0, 1.0), world_from_shape=pose(), material=GREY)
    with pytest.raises(ValueError, match="must be positive"):
        box(GREY, (1.0, 0.0, 1.0), 0.0, 0.0, 0.0)
    with pytest.raises(ValueError, match=r"texture 'fur' is not one of"):
        Scene([[box(replace(GREY, texture="fur"), (1.0, 1.0, 1.0), 0.0, 0.0, 0.0)]])
    with pytest.raises(ValueError, match="at least one shape"):
        Scene([[]])
    scene = Scene([[box(GREY, (1.0, 1.0, 1.0), 0.0, 0.0, 0.0)]])
    with pytest.raises(ValueError, match="directions must be"):
        scene.cast(torch.zeros(3), torch.zeros(5, 2))
    with pytest.raises(ValueError, match="origins must be"):
        scene.cast(torch.zeros(4, 3), torch.zeros(5, 3))
