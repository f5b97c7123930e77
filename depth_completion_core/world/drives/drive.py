# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Drives through scenes of the world: a camera and a lidar on a moving base, what they see."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import torch

from depth_completion_core.geometry.camera import CameraModel
from depth_completion_core.geometry.transforms import Float64Array, RigidTransform
from depth_completion_core.world.casting.cast import CastScenes
from depth_completion_core.world.drives.appearance import exposed
from depth_completion_core.world.drives.camera_sensor import CameraShot, look, render
from depth_completion_core.world.drives.lidar_sensor import LidarPreset, LidarSweep, sweep
from depth_completion_core.world.drives.place import Place
from depth_completion_core.world.drives.rig import ROOM_RIG, STREET_RIG, Rig
from depth_completion_core.world.drives.room_walk import find_room
from depth_completion_core.world.drives.street_lane import find_street
from depth_completion_core.world.drives.trajectory import Trajectory
from depth_completion_core.world.looks.camera_effects import CameraFlaws
from depth_completion_core.world.scene import WorldScene

_METERED_NS = (0, 5_000_000_000, 10_000_000_000, 15_000_000_000)


@dataclass(frozen=True, slots=True, kw_only=True)
class SceneRecipe:
    """One kind of drive: where it goes, what drives there, and for how long."""

    find: Callable[[int], Place]
    rig: Rig
    duration_ns: int


SCENES: dict[str, SceneRecipe] = {
    "room": SceneRecipe(find=find_room, rig=ROOM_RIG, duration_ns=20_000_000_000),
    "street": SceneRecipe(find=find_street, rig=STREET_RIG, duration_ns=20_000_000_000),
}
"""The drives that :func:`build_drive` knows, by name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SyntheticDrive:
    """A rig on its path through a scene. Frames: odom, base, camera (optical), lidar.

    Attributes:
        name: the scene's.
        seed: random seed.
        scene: what stands there; its own camera is not the drive's.
        cast: the same on a device, for further rays.
        trajectory: the path of base_link.
        camera: the undistorted camera.
        flaws: how it takes photographs.
        lidar: the lidar.
        base_from_camera: the camera's optical frame on the base. Likewise base_from_lidar.
        duration_ns: stamps run from 0 to here, nanoseconds.
        camera_stamps_ns: when an image is taken, nanoseconds.
        sweep_stamps_ns: when a turn of the lidar starts, nanoseconds.
    """

    name: str
    seed: int
    scene: WorldScene
    cast: CastScenes
    trajectory: Trajectory
    camera: CameraModel
    flaws: CameraFlaws
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
        return self.trajectory.pose(stamp_ns)

    def render(self, stamp_ns: int) -> CameraShot:
        """What the camera sees at one instant."""
        world_from_camera = self.odom_from_base(stamp_ns) @ self.base_from_camera
        scene = replace(self.scene, camera=self.camera, world_from_camera=world_from_camera)
        noise = np.random.SeedSequence([self.seed, 3, stamp_ns]).generate_state(1, np.uint64)
        return render(self.cast, scene, self.flaws, stamp_ns, seed=int(noise[0] >> np.uint64(1)))

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
            self.cast,
            self.scene,
            self.lidar,
            self._lidar_poses,
            stamp_ns,
            random=random,
            freeze=freeze,
        )

    def frames(self) -> Iterator[CameraShot | LidarSweep]:
        """All images and sweeps in order of the moment at which a driver could publish them."""
        images = [(stamp, True, stamp) for stamp in self.camera_stamps_ns]
        period = self.lidar.period_ns
        sweeps = [(stamp + period, False, stamp) for stamp in self.sweep_stamps_ns]
        for _, is_image, stamp in sorted(images + sweeps):
            yield self.render(stamp) if is_image else self.scan(stamp)

    def _lidar_poses(self, stamps_ns: npt.NDArray[np.int64]) -> tuple[Float64Array, Float64Array]:
        rotations, translations = self.trajectory.poses(stamps_ns)
        mount = self.base_from_lidar
        return rotations @ mount.rotation, rotations @ mount.translation + translations


def build_drive(
    name: str,
    *,
    seed: int = 0,
    width: int | None = None,
    height: int | None = None,
    device: torch.device | str = "cpu",
    lidar: LidarPreset | None = None,
) -> SyntheticDrive:
    """A drive by the name of its scene.

    Args:
        name: one of :data:`SCENES`.
        seed: random seed of the scene, the path and the noise; at least 0.
        width: of the image, pixels; the scene's own by default. The horizontal field of view stays.
        height: of the image, pixels; the scene's own by default.
        device: where rays are cast.
        lidar: another lidar than the scene's own.

    Raises:
        ValueError: the name is unknown, or the seed negative.
    """
    if name not in SCENES:
        raise ValueError(f"no synthetic scene '{name}'; known are {', '.join(SCENES)}")
    if seed < 0:
        raise ValueError(f"a seed is at least 0, got {seed}")
    recipe = SCENES[name]
    rig = recipe.rig
    place, flaws = _place_and_flaws(name, seed)
    lidar = lidar or rig.lidar
    return SyntheticDrive(
        name=name,
        seed=seed,
        scene=place.scene,
        cast=CastScenes.of([place.scene.table], device),
        trajectory=place.trajectory,
        camera=rig.camera(width or 0, height or 0),
        flaws=flaws,
        lidar=lidar,
        base_from_camera=rig.base_from_camera,
        base_from_lidar=rig.base_from_lidar,
        duration_ns=recipe.duration_ns,
        camera_stamps_ns=range(rig.camera_delay_ns, recipe.duration_ns, rig.camera_period_ns),
        sweep_stamps_ns=range(0, recipe.duration_ns, lidar.period_ns),
    )


@lru_cache(maxsize=8)
def _place_and_flaws(name: str, seed: int) -> tuple[Place, CameraFlaws]:
    """Where the drive goes, and the camera with one exposure for all of it."""
    recipe = SCENES[name]
    place = recipe.find(seed)
    cast = CastScenes.of([place.scene.table])
    lights = []
    for stamp_ns in _METERED_NS:
        world_from_camera = place.trajectory.pose(stamp_ns) @ recipe.rig.base_from_camera
        camera = recipe.rig.camera(64, 64 * recipe.rig.height // recipe.rig.width)
        scene = replace(place.scene, camera=camera, world_from_camera=world_from_camera)
        lights.append(look(cast, scene)[1])
    return place, exposed(torch.cat(lights, dim=1))
