# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Light on surfaces: Lambert's law, sky and bounce light, cast shadows, haze."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from depth_completion_core.data.synthetic.scene import Hit, Scene
from depth_completion_core.data.synthetic.shapes import Colour
from depth_completion_core.data.synthetic.texture import fractal_noise

_GAMMA = 2.2
_SHADOW_SLACK_M = 0.01


@dataclass(frozen=True, slots=True, kw_only=True)
class Light:
    """A lamp, or (far away) the sun.

    Attributes:
        position: metres, world.
        colour: linear RGB of the light that falls on a surface facing it at ``full_at_m``.
        full_at_m: distance in metres after which the light fades; infinite for the sun.
        casts_shadow: whether shapes block it.
    """

    position: tuple[float, float, float]
    colour: Colour
    full_at_m: float = float("inf")
    casts_shadow: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Lighting:
    """All light in a scene; colours are linear RGB.

    Attributes:
        from_above: ambient light on surfaces that face up. Likewise from_below.
        lights: lamps.
        zenith: colour of the open sky overhead. Likewise horizon.
        haze_m: distance in metres over which 63 % of a surface fades into the horizon's colour.
        exposure: brightness of the picture.
    """

    from_above: Colour
    from_below: Colour
    lights: tuple[Light, ...]
    zenith: Colour = (0.18, 0.36, 0.75)
    horizon: Colour = (0.62, 0.72, 0.82)
    haze_m: float = float("inf")
    exposure: float = 1.6


def shade(scene: Scene, lighting: Lighting, hit: Hit, directions: Tensor) -> Tensor:
    """The colour that each ray sees.

    Args:
        scene: what the rays were cast into.
        lighting: its light.
        hit: what they met.
        directions: (N, 3) the rays' directions.

    Returns:
        (N, 3) sRGB, 0 to 1, in the scene's dtype.
    """
    radiance = _sky(lighting, directions)
    rows = hit.valid.nonzero()[:, 0]
    shape, normal = hit.shape_index[rows], hit.normal[rows]
    albedo = scene.materials.albedo(shape, hit.surface[rows])
    received = _ambient(lighting, normal) + scene.materials.emission[shape, None]
    for light in lighting.lights:
        received = received + _from_light(scene, light, hit.point[rows], normal)
    metres = hit.distance[rows] * directions[rows].norm(dim=1)
    haze = 1.0 - torch.exp(-metres / lighting.haze_m)
    horizon = torch.tensor(lighting.horizon, dtype=albedo.dtype, device=albedo.device)
    radiance[rows] = torch.lerp(albedo * received, horizon, haze[:, None])
    exposed = 1.0 - torch.exp(-lighting.exposure * radiance)
    return exposed.pow(1.0 / _GAMMA)


def _ambient(lighting: Lighting, normal: Tensor) -> Tensor:
    above = torch.tensor(lighting.from_above, dtype=normal.dtype, device=normal.device)
    below = torch.tensor(lighting.from_below, dtype=normal.dtype, device=normal.device)
    # A little from the side, so that the faces of a box in shadow differ.
    side = 1.0 + 0.12 * normal[:, :1] - 0.08 * normal[:, 1:2]
    return torch.lerp(below, above, 0.5 + 0.5 * normal[:, 2:]) * side


def _from_light(scene: Scene, light: Light, point: Tensor, normal: Tensor) -> Tensor:
    position = torch.tensor(light.position, dtype=point.dtype, device=point.device)
    from_light = point - position
    metres = from_light.square().sum(1).sqrt()
    strength = (-(from_light * normal).sum(1) / metres).clamp_min(0.0)
    strength = strength / (1.0 + (metres / light.full_at_m).square())
    if light.casts_shadow:
        # From the lamp to the surface, not back: rays from one point are culled faster.
        lit = (strength > 0).nonzero()[:, 0]
        towards = point[lit] + normal[lit] * _SHADOW_SLACK_M - position
        _, blocker = scene.nearest(position, towards, reach=0.9999, shadows_only=True)
        strength[lit] = torch.where(blocker >= 0, 0.0, strength[lit])
    colour = torch.tensor(light.colour, dtype=point.dtype, device=point.device)
    return strength[:, None] * colour


def _sky(lighting: Lighting, directions: Tensor) -> Tensor:
    unit = torch.nn.functional.normalize(directions, dim=1)
    zenith = torch.tensor(lighting.zenith, dtype=unit.dtype, device=unit.device)
    horizon = torch.tensor(lighting.horizon, dtype=unit.dtype, device=unit.device)
    height = unit[:, 2].clamp_min(0.0)
    colour = torch.lerp(horizon, zenith, height.sqrt()[:, None])
    flat = unit[:, :2] / (height + 0.15)[:, None] * 40.0
    clouds = torch.sigmoid(2.5 * fractal_noise(flat[:, 0], flat[:, 1]) - 1.0)
    white = torch.full_like(colour, 0.95)
    return torch.lerp(colour, white, (0.7 * clouds)[:, None])
