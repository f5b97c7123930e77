# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The colour of what rays hit: textures, lamps with shadows, highlights, haze."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from depth_completion_core.world.casting.cast import Bundles, CastScenes
from depth_completion_core.world.looks.materials import COLUMNS
from depth_completion_core.world.looks.textures import texture_bank
from depth_completion_core.world.scene import Lamp, WorldScene

_OFF_SURFACE_M = 4e-3
_LUMINANCE = (0.2126, 0.7152, 0.0722)
_AT = {name: number for number, name in enumerate(COLUMNS)}


class SurfaceRays(NamedTuple):
    """Rays in bundles, and what they hit.

    Attributes:
        bundles: N bundles of R rays.
        t: (N, R) where they hit; infinite where they do not.
        primitive: (N, R) int64 row, -1 where they do not.
        pixel_angle: (S,) tangent of the angle between neighbouring rays, per scene.
    """

    bundles: Bundles
    t: Tensor
    primitive: Tensor
    pixel_angle: Tensor


class _Points(NamedTuple):
    """M points that were hit.

    Bundle and ray, scene, place, normal on the side of the ray, the ray's unit vector, colour of
    the surface, and all numbers of its material.
    """

    row: Tensor
    column: Tensor
    scene: Tensor
    point: Tensor
    normal: Tensor
    ray: Tensor
    albedo: Tensor
    material: Tensor


class _Lamps(NamedTuple):
    """One lamp per scene: (S, 3) metres, (S, 3) linear colour, (S,) metres."""

    position: Tensor
    colour: Tensor
    half_at_m: Tensor


_DARK = Lamp(position=(0.0, 0.0, 0.0), colour=(0.0, 0.0, 0.0), half_at_m=1.0)


def shade(cast: CastScenes, scenes: list[WorldScene], rays: SurfaceRays) -> Tensor:
    """(N, R, 3) float32 linear light that comes along each ray; 1 is white."""
    device = rays.t.device
    materials = _joined_materials(scenes, device)
    number = _scene_of_bundle(rays.bundles, device)
    row, column = (rays.primitive >= 0).nonzero().unbind(1)
    at = _points(cast, materials, rays, (row, column), number[row])
    light = _ambient(scenes, at, device)
    glow = torch.zeros_like(light)
    for lamp in range(max(len(scene.light.lamps) for scene in scenes)):
        received, highlight = _from_lamp(cast, rays, at, _lamps(scenes, lamp, device))
        light, glow = light + received, glow + highlight
    emission = at.material[:, _AT["emission"], None]
    radiance = at.albedo * (light + emission) + glow
    sky = torch.tensor([scene.light.sky for scene in scenes], dtype=torch.float32, device=device)
    haze = torch.tensor(
        [scene.light.haze_m for scene in scenes], dtype=torch.float32, device=device
    )
    metres = rays.t[row, column] * rays.bundles.direction[row, column].norm(dim=1)
    clear = torch.exp(-metres / haze[at.scene])[:, None]
    colour = _sky(sky[number], rays.bundles.direction)
    colour[row, column] = radiance * clear + sky[at.scene] * (1.0 - clear)
    return colour


def reflectance(cast: CastScenes, scenes: list[WorldScene], rays: SurfaceRays) -> Tensor:
    """(N, R) float32 share of a lidar's light that comes back: brightness times a facing factor.

    Dull surfaces return less the more they are seen from aside; 0 where nothing is hit.
    """
    materials = _joined_materials(scenes, rays.t.device)
    number = _scene_of_bundle(rays.bundles, rays.t.device)
    row, column = (rays.primitive >= 0).nonzero().unbind(1)
    at = _points(cast, materials, rays, (row, column), number[row])
    facing = -(at.normal * at.ray).sum(1)
    share = torch.zeros_like(rays.t)
    brightness = (at.albedo * at.albedo.new_tensor(_LUMINANCE)).sum(1)
    share[row, column] = (brightness * (0.35 + 0.65 * facing)).clamp(0.0, 1.0)
    return share


def _joined_materials(scenes: list[WorldScene], device: torch.device) -> Tensor:
    """(M, 20) the materials of all scenes, one after the other."""
    parts = [torch.as_tensor(scene.materials, dtype=torch.float32) for scene in scenes]
    return torch.cat(parts).to(device)


def _scene_of_bundle(bundles: Bundles, device: torch.device) -> Tensor:
    counts = torch.tensor(bundles.scene, device=device).diff()
    return torch.arange(len(counts), device=device).repeat_interleave(counts)


def _points(
    cast: CastScenes,
    materials: Tensor,
    rays: SurfaceRays,
    where: tuple[Tensor, Tensor],
    scene: Tensor,
) -> _Points:
    row, column = where
    primitive = rays.primitive[row, column]
    direction = rays.bundles.direction[row, column]
    t = rays.t[row, column]
    point = rays.bundles.origin[row] + t[:, None] * direction
    normal, local = cast.normals(primitive, point)
    length = direction.norm(dim=1)
    unit = direction / length[:, None]
    facing = (normal * unit).sum(1)
    normal = torch.where((facing > 0)[:, None], -normal, normal)
    material = materials[cast.material[primitive]]
    spread = rays.pixel_angle[scene] * t / facing.abs().clamp_min(0.15)
    axes = cast.axes[primitive]
    across = torch.stack([(axes[:, side] * normal).sum(1) for side in range(3)], dim=1)
    albedo = _albedo(material, local, across, spread)
    return _Points(row, column, scene, point, normal, unit, albedo, material)


def _albedo(material: Tensor, local: Tensor, normal: Tensor, spread: Tensor) -> Tensor:
    """(M, 3) colour of the surface; the pattern is projected along the normal's largest part."""
    bank = texture_bank(local.device)
    major = normal.abs().argmax(dim=1)
    x, y, z = local.unbind(1)
    u = torch.where(major == 0, y, x)
    v = torch.where(major == 2, y, z)
    angle, period = material[:, _AT["angle"]], material[:, _AT["period"]]
    c, s = torch.cos(angle), torch.sin(angle)
    value = bank.look_up(
        material[:, _AT["pattern"]].long(),
        (c * u - s * v) / period + material[:, _AT["shift_u"]],
        (s * u + c * v) / period + material[:, _AT["shift_v"]],
        spread / period,
    )
    rough = material[:, _AT["grain_period"]]
    grain = bank.look_up(
        material[:, _AT["grain_pattern"]].long(), u / rough, v / rough, spread / rough
    )
    first = (2.0 * value).clamp(0.0, 1.0)[:, None]
    second = (2.0 * value - 1.0).clamp(0.0, 1.0)[:, None]
    colour = torch.lerp(material[:, 0:3], material[:, 3:6], first)
    colour = torch.lerp(colour, material[:, 6:9], second)
    strength = 1.0 + 2.0 * material[:, _AT["grain"]] * (grain - 0.5)
    return colour * strength[:, None]


def _ambient(scenes: list[WorldScene], at: _Points, device: torch.device) -> Tensor:
    above = torch.tensor(
        [scene.light.above for scene in scenes], dtype=torch.float32, device=device
    )[at.scene]
    below = torch.tensor(
        [scene.light.below for scene in scenes], dtype=torch.float32, device=device
    )[at.scene]
    # A little more from one side, so that upright faces in shadow differ.
    side = 1.0 + 0.18 * at.normal[:, 0:1] - 0.1 * at.normal[:, 1:2]
    return torch.lerp(below, above, 0.5 + 0.5 * at.normal[:, 2:3]) * side


def _lamps(scenes: list[WorldScene], number: int, device: torch.device) -> _Lamps:
    """A lamp of each scene; a dark one where a scene has fewer."""
    lamps = [scene.light.lamps[number : number + 1] or (_DARK,) for scene in scenes]
    return _Lamps(
        *(
            torch.tensor([getattr(lamp[0], name) for lamp in lamps], dtype=torch.float32).to(device)
            for name in ("position", "colour", "half_at_m")
        )
    )


def _from_lamp(
    cast: CastScenes, rays: SurfaceRays, at: _Points, lamps: _Lamps
) -> tuple[Tensor, Tensor]:
    """(M, 3) light received from one lamp per scene, and (M, 3) its highlight."""
    towards = lamps.position[at.scene] - at.point
    metres = towards.norm(dim=1).clamp_min(1e-3)
    unit = towards / metres[:, None]
    cosine = (unit * at.normal).sum(1).clamp_min(0.0)
    fading = 1.0 / (1.0 + (metres / lamps.half_at_m[at.scene]).square())
    shines = lamps.colour.amax(dim=1) > 0
    lit = _unshadowed(cast, rays, at, (cosine > 0) & shines[at.scene], lamps.position)
    strength = (fading * lit)[:, None] * lamps.colour[at.scene]
    middle = torch.nn.functional.normalize(unit - at.ray, dim=1)
    shine = (middle * at.normal).sum(1).clamp_min(0.0)
    shine = torch.exp(at.material[:, _AT["shininess"]] * torch.log(shine.clamp_min(1e-4)))
    highlight = at.material[:, _AT["specular"]] * shine * (cosine > 0)
    return cosine[:, None] * strength, highlight[:, None] * strength


def _unshadowed(
    cast: CastScenes, rays: SurfaceRays, at: _Points, needed: Tensor, place: Tensor
) -> Tensor:
    """(M,) 1 where a lamp reaches, else 0: rays from the lamp, so that bundles have one origin.

    Nothing is cast to points that are not ``needed`` (M,).
    """
    device = at.point.device
    origin = place[_scene_of_bundle(rays.bundles, device)]
    shape = rays.bundles.direction.shape
    targets = torch.zeros(shape, device=device)
    filled = torch.zeros(shape[:2], dtype=torch.bool, device=device)
    targets[at.row, at.column] = at.point + at.normal * _OFF_SURFACE_M
    filled[at.row, at.column] = needed
    # Other rays take a target of their bundle, so that its cone stays narrow.
    first = filled.to(torch.uint8).argmax(dim=1)
    stand_in = targets[torch.arange(shape[0], device=device), first]
    targets = torch.where(filled[..., None], targets, stand_in[:, None])
    direction = targets - origin[:, None]
    lit = torch.ones(shape[:2], device=device)
    used = filled.any(dim=1).nonzero()[:, 0]
    counts = torch.tensor(rays.bundles.scene, device=device)
    ranges = torch.searchsorted(used, counts).tolist()
    part = Bundles(origin[used], direction[used], ranges)
    hit = cast.cast(part, reach=0.9995, shadows=True)
    lit[used] = (hit.primitive < 0).to(torch.float32)
    return lit[at.row, at.column]


def _sky(colour: Tensor, direction: Tensor) -> Tensor:
    """(N, R, 3) brighter towards the horizon, with clouds."""
    unit = torch.nn.functional.normalize(direction, dim=2)
    rise = unit[..., 2].clamp_min(0.0)
    pale = torch.lerp(torch.ones_like(colour) * 0.85, colour, 0.25)[:, None]
    gradient = torch.lerp(pale, colour[:, None], rise.sqrt()[..., None])
    scale = 0.35 / (rise + 0.12)
    u, v = (unit[..., 0] * scale).flatten(), (unit[..., 1] * scale).flatten()
    zero = torch.zeros_like(u, dtype=torch.int64)
    cloud = texture_bank(direction.device).look_up(zero + 2, u, v, torch.full_like(u, 0.01))
    cover = (3.0 * (cloud - 0.5)).clamp(0.0, 0.8).reshape(rise.shape)[..., None]
    return torch.lerp(gradient, torch.full_like(gradient, 0.95), cover)
