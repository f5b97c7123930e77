# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Drives through synthetic scenes: a camera and a lidar on a moving base, and what they see."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch

from depth_completion_core.camera import CameraModel
from depth_completion_core.data.synthetic.camera_sensor import CameraShot, render
from depth_completion_core.data.synthetic.lidar_sensor import LidarPreset, LidarSweep, sweep
from depth_completion_core.data.synthetic.poses import looking_forward, pose
from depth_completion_core.data.synthetic.room import build_room
from depth_completion_core.data.synthetic.scene import Scene
from depth_completion_core.data.synthetic.street import build_street
from depth_completion_core.data.synthetic.world import World
from depth_completion_core.transforms import Float64Array, RigidTransform


@dataclass(frozen=True, slots=True, kw_only=True)
class Rig:
    """Sensors on a base.

    Attributes:
        width: of the image, pixels. Likewise height.
        focal_per_width: focal length over the image's width.
        lidar: the lidar.
        base_from_camera: where the camera's optical frame is. Likewise base_from_lidar.
        camera_period_ns: time between two images, nanoseconds.
        camera_delay_ns: time of the first image, nanoseconds.
    """

    width: int
    height: int
    focal_per_width: float
    lidar: LidarPreset
    base_from_camera: RigidTransform
    base_from_lidar: RigidTransform
    camera_period_ns: int = 50_000_000
    camera_delay_ns: int = 13_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class SceneRecipe:
    """One kind of drive: what to build, what drives there, and for how long."""

    build: Callable[[int], World]
    rig: Rig
    duration_ns: int


ROOM_LIDAR = LidarPreset(
    rings=32, elevation_deg=(-20.0, 20.0), columns=900, range_m=(0.1, 30.0), noise_m=0.01
)
STREET_LIDAR = LidarPreset(
    rings=64, elevation_deg=(-24.8, 2.0), columns=1800, range_m=(0.9, 80.0), noise_m=0.02
)

SCENES: dict[str, SceneRecipe] = {
    "room": SceneRecipe(
        build=build_room,
        rig=Rig(
            width=640,
            height=480,
            focal_per_width=0.66,
            lidar=ROOM_LIDAR,
            base_from_camera=looking_forward(0.05, 0.0, 1.3, pitch=0.12),
            base_from_lidar=pose(0.0, 0.28, 1.42, yaw=0.05, pitch=0.08),
        ),
        duration_ns=20_000_000_000,
    ),
    "street": SceneRecipe(
        build=build_street,
        rig=Rig(
            width=832,
            height=256,
            focal_per_width=0.58,
            lidar=STREET_LIDAR,
            base_from_camera=looking_forward(0.3, 0.0, 1.6),
            base_from_lidar=pose(0.0, 0.25, 1.95, yaw=-0.02),
        ),
        duration_ns=20_000_000_000,
    ),
}
"""The drives that :func:`build_drive` knows, by name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SyntheticDrive:
    """A rig on its path through a scene. Frames: odom, base, camera (optical), lidar.

    Attributes:
        name: the scene's.
        seed: what it was built from.
        world: what was built.
        scene: the same as tensors.
        camera: the undistorted camera.
        lidar: the lidar.
        base_from_camera: the camera's optical frame on the base. Likewise base_from_lidar.
        duration_ns: stamps run from 0 to here, nanoseconds.
        camera_stamps_ns: when an image is taken, nanoseconds.
        sweep_stamps_ns: when a turn of the lidar starts, nanoseconds.
    """

    name: str
    seed: int
    world: World
    scene: Scene
    camera: CameraModel
    lidar: LidarPreset
    base_from_camera: RigidTransform
    base_from_lidar: RigidTransform
    duration_ns: int
    camera_stamps_ns: range
    sweep_stamps_ns: range

    @property
    def camera_from_lidar(self) -> RigidTransform:
        """The lidar's frame in the camera's optical frame; fixed."""
        return self.base_from_camera.inverse() @ self.base_from_lidar

    def odom_from_base(self, stamp_ns: int) -> RigidTransform:
        """Where the base is; smooth, and defined for every stamp."""
        return self.world.trajectory.pose(stamp_ns)

    def render(self, stamp_ns: int) -> CameraShot:
        """What the camera sees at one instant."""
        world_from_camera = self.odom_from_base(stamp_ns) @ self.base_from_camera
        return render(self.scene, self.world.lighting, self.camera, world_from_camera, stamp_ns)

    def scan(self, stamp_ns: int, *, freeze: bool = False) -> LidarSweep:
        """The turn of the lidar that starts at one instant.

        Args:
            stamp_ns: start of the turn, nanoseconds.
            freeze: hold the rig still during the turn.

        Raises:
            ValueError: the stamp is negative.
        """
        if stamp_ns < 0:
            raise ValueError(f"a drive starts at 0 ns, but a sweep at {stamp_ns} ns was asked for")
        random = np.random.default_rng([self.seed, 2, stamp_ns])
        return sweep(
            self.scene, self.lidar, self._lidar_poses, stamp_ns, random=random, freeze=freeze
        )

    def frames(self) -> Iterator[CameraShot | LidarSweep]:
        """All images and sweeps in order of the moment at which a driver could publish them."""
        images = [(stamp, True, stamp) for stamp in self.camera_stamps_ns]
        period = self.lidar.period_ns
        sweeps = [(stamp + period, False, stamp) for stamp in self.sweep_stamps_ns]
        for _, is_image, stamp in sorted(images + sweeps):
            yield self.render(stamp) if is_image else self.scan(stamp)

    def _lidar_poses(self, stamps_ns: npt.NDArray[np.int64]) -> tuple[Float64Array, Float64Array]:
        rotations, translations = self.world.trajectory.poses(stamps_ns)
        mount = self.base_from_lidar
        return rotations @ mount.rotation, rotations @ mount.translation + translations


def build_drive(
    name: str,
    *,
    seed: int = 0,
    width: int | None = None,
    height: int | None = None,
    device: torch.device | str = "cpu",
    dtype: torch.dtype = torch.float32,
    lidar: LidarPreset | None = None,
) -> SyntheticDrive:
    """A drive by the name of its scene.

    Args:
        name: one of :data:`SCENES`.
        seed: what the scene, the path and the noise are drawn from; at least 0.
        width: of the image, pixels; the scene's own by default. The horizontal field of view stays.
        height: of the image, pixels; the scene's own by default.
        device: where rays are cast.
        dtype: float32, or float64 for tests.
        lidar: another lidar than the scene's own.

    Raises:
        ValueError: the name is unknown, or the seed negative.
    """
    if name not in SCENES:
        raise ValueError(f"no synthetic scene '{name}'; known are {', '.join(SCENES)}")
    if seed < 0:
        raise ValueError(f"a seed is at least 0, got {seed}")
    recipe = SCENES[name]
    rig, world = recipe.rig, recipe.build(seed)
    lidar = lidar or rig.lidar
    return SyntheticDrive(
        name=name,
        seed=seed,
        world=world,
        scene=Scene(world.objects, device=device, dtype=dtype),
        camera=_camera(rig, width or rig.width, height or rig.height),
        lidar=lidar,
        base_from_camera=rig.base_from_camera,
        base_from_lidar=rig.base_from_lidar,
        duration_ns=recipe.duration_ns,
        camera_stamps_ns=range(rig.camera_delay_ns, recipe.duration_ns, rig.camera_period_ns),
        sweep_stamps_ns=range(0, recipe.duration_ns, lidar.period_ns),
    )


def _camera(rig: Rig, width: int, height: int) -> CameraModel:
    focal = rig.focal_per_width * width
    return CameraModel(
        fx=focal,
        fy=focal,
        cx=(width - 1) / 2,
        cy=(height - 1) / 2,
        width=width,
        height=height,
    )
