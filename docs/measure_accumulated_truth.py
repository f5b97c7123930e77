# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""How good truth from accumulated sweeps is in a street where things move, by exact depth.

``python docs/measure_accumulated_truth.py`` prints the table of docs/accumulated_truth.md and makes
its picture.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from depth_completion_core.config import OcclusionConfig
from depth_completion_core.files.output_files import write_picture
from depth_completion_core.frame import SparseDepth
from depth_completion_core.geometry.deskew import deskew
from depth_completion_core.geometry.transforms import RigidTransform
from depth_completion_core.pictures.depth_colors import overlay
from depth_completion_core.pictures.panels import panel, stacked
from depth_completion_core.pictures.scales import depth_scale
from depth_completion_core.sensing.accumulated_depth import (
    PlacedSweep,
    accumulated_depth,
)
from depth_completion_core.sensing.accumulation_config import AccumulationConfig
from depth_completion_core.world.casting.cast import CastScenes
from depth_completion_core.world.casting.primitives import PrimitiveTable, joined
from depth_completion_core.world.drives import STREET_LIDAR, CameraShot, SyntheticDrive, build_drive

_SECOND = 1_000_000_000
_IMAGES_NS = range(2 * _SECOND, 14 * _SECOND, 2 * _SECOND)
_PERIOD_NS = STREET_LIDAR.period_ns
_LIDAR = replace(STREET_LIDAR, azimuth_range_deg=(-50.0, 50.0))
_SWEEPS = range(-5, 6)  # before and after the image
_WIDTH_PX = 640
_MOVERS = (
    "a car ahead, 5 m/s",
    "an oncoming car, 6 m/s",
    "a car that is overtaken, 1.5 m/s",
    *3 * ("people who cross, 1.3 m/s",),
)
_WRONG_M, _WRONG_SHARE = 0.3, 0.05


@dataclass(frozen=True, slots=True, eq=False)
class Mover:
    """A thing of the street, at the origin, and how it drives or walks."""

    table: PrimitiveTable
    start: tuple[float, float]
    velocity: tuple[float, float]

    def at(self, stamp_ns: int) -> PrimitiveTable:
        """Where it is; the drive's images lie between 2 and 14 s."""
        seconds = stamp_ns / _SECOND
        place = [s + v * seconds for s, v in zip(self.start, self.velocity, strict=True)]
        return self.table.placed(np.eye(3), (*place, 0.0))


class MovingStreet:
    """The rendered street with some of its cars and people on their way."""

    def __init__(self, seed: int) -> None:
        self.drive = build_drive("street", seed=seed, lidar=_LIDAR)
        scene = self.drive.scene
        cars = [n for n, name in enumerate(scene.families) if name == "car"][:3]
        people = [n for n, name in enumerate(scene.families) if name == "pedestrian"][:3]
        self.standing = scene.table.take(~np.isin(scene.table.owner, cars + people))
        lane = float(self.drive.odom_from_base(0).translation[1])
        ways = [
            ((-2.0, lane), (5.0, 0.0)),  # ahead, a little faster
            ((60.0, lane + 3.0), (-6.0, 0.0)),  # oncoming
            ((20.0, lane - 2.8), (1.5, 0.0)),  # overtaken
            ((14.0, lane - 6.0), (0.0, 1.4)),  # people who cross
            ((30.0, lane + 8.0), (0.0, -1.3)),
            ((44.0, lane - 9.0), (0.0, 1.2)),
        ]
        self.movers = [
            Mover(_at_origin(scene.table.take(scene.table.owner == number)), *way)
            for number, way in zip(cars + people, ways, strict=True)
        ]

    def mover_of(self, primitive: npt.NDArray[np.int32]) -> npt.NDArray[np.int64]:
        """(H, W) which mover a pixel shows, by its row in the table; -1 for what stands."""
        ends = np.cumsum([len(self.standing), *(len(mover.table) for mover in self.movers)])
        return np.searchsorted(ends, primitive, side="right") - 1

    def drive_at(self, stamp_ns: int) -> SyntheticDrive:
        """The drive through the street as it is at an instant."""
        table = joined([self.standing, *(mover.at(stamp_ns) for mover in self.movers)])
        scene = replace(self.drive.scene, table=table)
        return replace(self.drive, scene=scene, cast=CastScenes.of([table]))

    def sweep_at(self, stamp_ns: int) -> PlacedSweep:
        """The turn that has its middle at an instant, as if taken all at once."""
        start_ns = stamp_ns - _PERIOD_NS // 2
        sweep = self.drive_at(stamp_ns).scan(start_ns)
        fixed_from_lidar = self._fixed_from_lidar(stamp_ns)
        points = deskew(
            sweep.xyz,
            sweep.time_offset_ns,
            start_ns,
            lambda at_ns: fixed_from_lidar.inverse() @ self._fixed_from_lidar(at_ns),
        )
        return PlacedSweep(stamp_ns, points, fixed_from_lidar)

    def _fixed_from_lidar(self, stamp_ns: int) -> RigidTransform:
        return self.drive.odom_from_base(stamp_ns) @ self.drive.base_from_lidar


@dataclass(slots=True)
class Tally:
    """Sums over images."""

    pixels: int = 0
    valid: int = 0
    wrong: int = 0
    of_movers: Counter[str] = field(default_factory=Counter)
    wrong_of_movers: Counter[str] = field(default_factory=Counter)
    errors: list[npt.NDArray[np.float32]] = field(default_factory=list)

    def add(self, depth: SparseDepth, shot: CameraShot, mover_of: npt.NDArray[np.int64]) -> None:
        """Compare with the exact depth."""
        both = depth.valid & shot.valid
        error = np.abs(depth.depth - shot.depth)
        wrong = both & (error > np.maximum(_WRONG_M, _WRONG_SHARE * shot.depth))
        self.pixels += both.size
        self.valid += int(both.sum())
        self.wrong += int(wrong.sum())
        for number, name in enumerate(_MOVERS):
            self.of_movers[name] += int((both & (mover_of == number)).sum())
            self.wrong_of_movers[name] += int((wrong & (mover_of == number)).sum())
        self.errors.append(error[both])

    def row(self, name: str) -> str:
        """Of the table of all pixels."""
        error = np.concatenate(self.errors)
        return (
            f"| {name} | {100 * self.valid / self.pixels:.1f} % | {1000 * np.median(error):.0f} mm "
            f"| {1000 * error.mean():.0f} mm | {1000 * np.sqrt((error**2).mean()):.0f} mm "
            f"| {100 * self.wrong / max(self.valid, 1):.2f} % |"
        )


def main() -> None:
    """Print the table and write the picture."""
    plain = AccumulationConfig(reject_moving=False, occlusion=OcclusionConfig(enabled=False))
    ways = {
        "one sweep": AccumulationConfig(reject_moving=False),
        "11 sweeps, nothing rejected": plain,
        "11 sweeps, what is hidden rejected": AccumulationConfig(reject_moving=False),
        "11 sweeps, what is hidden or moves rejected": AccumulationConfig(),
    }
    tallies = {name: Tally() for name in ways}
    for seed in (0, 1):
        street = MovingStreet(seed)
        for image_ns in _IMAGES_NS:
            shot = street.drive_at(image_ns).render(image_ns)
            stamps = [image_ns + number * _PERIOD_NS for number in _SWEEPS]
            sweeps = [street.sweep_at(stamp_ns) for stamp_ns in stamps]
            camera = street.drive.camera
            pose = street.drive.odom_from_base(image_ns) @ street.drive.base_from_camera
            mover_of = street.mover_of(shot.primitive)
            found = {}
            for name, config in ways.items():
                used = sweeps[5:6] if name == "one sweep" else sweeps
                found[name] = accumulated_depth(used, image_ns, camera, pose, config)
                tallies[name].add(found[name], shot, mover_of)
            if (seed, image_ns) == (0, 6 * _SECOND):
                _write_picture(shot, found)
    print("| truth | pixels | median | MAE | RMSE | wrong |\n|---|---|---|---|---|---|")
    print("\n".join(tally.row(name) for name, tally in tallies.items()))
    print(
        "| moves | pixels | of them wrong | rejected | wrong ones rejected |\n|---|---|---|---|---|"
    )
    before, after = tallies["11 sweeps, nothing rejected"], tallies[list(ways)[-1]]
    for name in dict.fromkeys(_MOVERS):
        pixels, wrong = before.of_movers[name], before.wrong_of_movers[name]
        print(
            f"| {name} | {pixels} | {wrong} | {100 * (1 - after.of_movers[name] / pixels):.0f} % "
            f"| {100 * (1 - after.wrong_of_movers[name] / wrong):.0f} % |"
        )


def _write_picture(shot: CameraShot, found: dict[str, SparseDepth]) -> None:
    scale = depth_scale([shot.depth])
    shown = {"image": shot.image}
    for name, depth in found.items():
        if "hidden rejected" not in name:
            shown[name] = overlay(shot.image, depth, scale)
    rows = [panel(picture, name, width=_WIDTH_PX) for name, picture in shown.items()]
    write_picture(Path(__file__).with_name("accumulated_truth.png"), stacked(*rows))


def _at_origin(table: PrimitiveTable) -> PrimitiveTable:
    low, high = table.bounds()
    middle = (low + high) / 2
    return table.placed(np.eye(3), (-middle[0], -middle[1], 0.0))


if __name__ == "__main__":
    main()
