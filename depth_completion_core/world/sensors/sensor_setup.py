# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Which depth sensor a frame has, and how bad it is."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from depth_completion_core.world.sensors.beams import LIDARS

SENSOR_KINDS = ("uniform", "corners", "lidar", "rosette", "zones", "rgbd")
"""Kinds of sensors: random pixels, corners as visual odometry tracks them, spinning lidars,
solid-state lidars, multi-zone time of flight, RGB-D cameras."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SensorSetup:
    """One sensor with its flaws; the defaults have none.

    Attributes:
        kind: one of :data:`SENSOR_KINDS`.
        amount: points (uniform, corners, rosette), zones along a side (zones); else unused.
        lidar: name of a pattern of :data:`beams.LIDARS`.
        mount: x, y, z of the lidar in the camera's optical frame, metres.
        tilt_deg: its pitch, yaw and roll against the camera, degrees.
        range_m: nearest and farthest depth.
        noise_m: constant part of the depth's standard deviation, metres.
        noise_ratio: part that grows with the depth.
        noise_stereo: part that grows with its square, per metre.
        dropout: share of points that are lost.
        mixed: probability that a point within a pixel of a depth edge lies between both sides.
        outliers: share of points anywhere in the range.
        extrinsic_deg: standard deviation of the error of the known rotation, degrees.
        extrinsic_m: and of the known position, metres.
        misaligned_px: x and y by which depth and image are apart.
        jitter_px: standard deviation of the place of a corner.
        drift: standard deviation of the logarithm of a scale that changes slowly over the image.
        holes: share of the area that an RGB-D camera loses to blotches.
        hidden_kept: whether points that the camera cannot see are left in.
    """

    kind: str = "uniform"
    amount: int = 500
    lidar: str = "uniform_16"
    mount: tuple[float, float, float] = (0.0, 0.0, 0.0)
    tilt_deg: tuple[float, float, float] = (0.0, 0.0, 0.0)
    range_m: tuple[float, float] = (0.1, 100.0)
    noise_m: float = 0.0
    noise_ratio: float = 0.0
    noise_stereo: float = 0.0
    dropout: float = 0.0
    mixed: float = 0.0
    outliers: float = 0.0
    extrinsic_deg: float = 0.0
    extrinsic_m: float = 0.0
    misaligned_px: tuple[float, float] = (0.0, 0.0)
    jitter_px: float = 0.0
    drift: float = 0.0
    holes: float = 0.0
    hidden_kept: bool = False

    def __post_init__(self) -> None:
        if self.kind not in SENSOR_KINDS:
            raise ValueError(f"no sensor '{self.kind}'; known are {', '.join(SENSOR_KINDS)}")
        if self.lidar not in LIDARS:
            raise ValueError(f"no lidar '{self.lidar}'; known are {', '.join(LIDARS)}")
        if self.amount < 1:
            raise ValueError(f"a sensor measures at least 1 point, got {self.amount}")


def draw_setup(random: np.random.Generator, kind: str, scene: str) -> SensorSetup:
    """A sensor of a kind with flaws as they are found in the field.

    Args:
        random: random generator.
        kind: one of :data:`SENSOR_KINDS`, or any.
        scene: room or street: other ranges, other lidars.

    Raises:
        ValueError: the kind is not known.
    """
    if kind == "any":
        shares = (
            (0.3, 0.22, 0.25, 0.08, 0.06, 0.09)
            if scene == "room"
            else (0.3, 0.15, 0.47, 0.08, 0, 0)
        )
        kind = str(random.choice(SENSOR_KINDS, p=shares))
    if kind not in SENSOR_KINDS:
        raise ValueError(f"no sensor '{kind}'; known are {', '.join(SENSOR_KINDS)}, any")
    angle, apart = random.uniform(0, 2 * math.pi), 3.0 * random.random() ** 2
    shift = (apart * math.cos(angle), apart * math.sin(angle))
    return SensorSetup(
        kind=kind,
        amount=_amount(random, kind),
        lidar=str(random.choice(list(LIDARS))),
        mount=_mount(random, scene),
        tilt_deg=tuple(random.normal(0.0, (3.0, 2.0, 1.5)).tolist()),
        range_m=_range(kind, scene),
        dropout=random.choice([0.0, random.uniform(0.0, 0.3)], p=[0.4, 0.6]),
        mixed=random.uniform(0.0, 0.4),
        outliers=random.choice([0.0, random.uniform(0.0, 0.05)], p=[0.4, 0.6]),
        extrinsic_deg=random.choice([0.0, random.uniform(0.0, 0.4)]),
        extrinsic_m=random.choice([0.0, random.uniform(0.0, 0.02)]),
        misaligned_px=(0.0, 0.0) if random.random() < 0.5 else shift,
        jitter_px=random.uniform(0.0, 1.5),
        drift=random.choice([0.0, random.uniform(0.0, 0.06)]),
        holes=random.uniform(0.02, 0.3),
        hidden_kept=random.random() < 0.3,
        **_noise(random, kind),
    )  # fmt: skip


def with_amount(setup: SensorSetup, amount: int) -> SensorSetup:
    """The same sensor with this many points, zones along a side, or lines.

    Raises:
        ValueError: the kind has no amount, or no lidar has this many lines.
    """
    if setup.kind != "lidar":
        if setup.kind == "rgbd":
            raise ValueError("an rgbd sensor measures every pixel; leave out the amount")
        return replace(setup, amount=amount)
    lines = {name: len(lidar.elevation_deg) for name, lidar in LIDARS.items()}
    fitting = [name for name, count in lines.items() if count == amount]
    if not fitting:
        known = ", ".join(str(count) for count in sorted(set(lines.values())))
        raise ValueError(f"no lidar has {amount} lines; there are some of {known}")
    return replace(setup, lidar=fitting[0])


def _amount(random: np.random.Generator, kind: str) -> int:
    if kind == "corners":
        return int(random.choice([150, 500, 1500]))
    if kind == "zones":
        return int(random.integers(8, 25))
    if kind == "rosette":
        return int(random.choice([2000, 5000, 10000]))
    return round(math.exp(random.uniform(math.log(50.0), math.log(20000.0))))


def _mount(random: np.random.Generator, scene: str) -> tuple[float, float, float]:
    reach = 0.25 if scene == "room" else 0.6
    x, z = random.uniform(-reach, reach), random.uniform(-reach, 0.1)
    return x, random.uniform(-reach, 0.1), z


def _range(kind: str, scene: str) -> tuple[float, float]:
    if kind == "rgbd":
        return 0.3, 8.0
    if kind == "zones":
        return 0.1, 4.0
    return (0.1, 100.0) if scene == "room" or kind in {"uniform", "corners"} else (0.5, 100.0)


def _noise(random: np.random.Generator, kind: str) -> dict[str, float]:
    """Lidars and time of flight: mostly constant; stereo and odometry: grows with the depth."""
    if kind in {"lidar", "rosette"}:
        return {"noise_m": random.uniform(0.005, 0.03), "noise_ratio": random.uniform(0.0, 0.002)}
    if kind == "zones":
        return {"noise_m": random.uniform(0.005, 0.02), "noise_ratio": random.uniform(0.01, 0.05)}
    if kind == "rgbd":
        return {"noise_m": 0.001, "noise_stereo": random.uniform(0.0005, 0.004)}
    if kind == "corners":
        return {"noise_ratio": random.uniform(0.002, 0.05)}
    clean = random.random() < 0.3
    return {"noise_ratio": 0.0 if clean else random.uniform(0.0, 0.03)}
