# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""From scenes to images with exact depth, several frames at once."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from depth_completion_core.world.casting.cast import Bundles, CastScenes
from depth_completion_core.world.casting.primitives import PrimitiveTable
from depth_completion_core.world.looks.camera_effects import develop
from depth_completion_core.world.looks.shading import SurfaceRays, shade
from depth_completion_core.world.scene import WorldScene
from depth_completion_core.world.scene_sampling import WorldConfig, frame_generator, sample_scene

_TILE = 8


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class RenderedFrames:
    """B frames of one size, on one device.

    Attributes:
        seed: of the world.
        indices: numbers of the frames.
        scenes: what they show.
        cast: the scenes' primitives, for further rays.
        image: (B, 3, H, W) uint8 sRGB.
        depth: (B, H, W) float32 along the optical axis, metres; 0 where not valid.
        valid: (B, H, W) bool.
        primitive: (B, H, W) int64 row of what is seen, -1 for the sky.
    """

    seed: int
    indices: tuple[int, ...]
    scenes: list[WorldScene]
    cast: CastScenes
    image: Tensor
    depth: Tensor
    valid: Tensor
    primitive: Tensor


def render_frames(
    config: WorldConfig, seed: int, indices: list[int], device: torch.device | str = "cpu"
) -> RenderedFrames:
    """Draw and render frames; each looks the same in whatever company it is rendered.

    Args:
        config: which scenes.
        seed: of the world, at least 0.
        indices: numbers of the frames, at least 0 each; at least one.
        device: where rays are cast.

    Raises:
        FamilyError: a family is not known, or none is left.
        ValueError: a number is negative, or there is none.
    """
    if not indices:
        raise ValueError("give at least one frame index")
    return render_scenes(
        [sample_scene(config, seed, index) for index in indices], seed, indices, device
    )


def render_scenes(
    scenes: list[WorldScene], seed: int, indices: list[int], device: torch.device | str = "cpu"
) -> RenderedFrames:
    """Render scenes of one image size that were sampled before; see :func:`render_frames`."""
    device = torch.device(device)
    height, width = scenes[0].camera.height, scenes[0].camera.width
    cast = CastScenes.of(_numbered(scenes), device)
    bundles = camera_bundles(scenes, device)
    hit = cast.cast(bundles)
    angle = torch.tensor(
        [1.0 / scene.camera.fx for scene in scenes], dtype=torch.float32, device=device
    )
    light = shade(cast, scenes, SurfaceRays(bundles, hit.t, hit.primitive, angle))
    count = len(scenes)
    t = untiled(hit.t[..., None], count, height, width)[..., 0]
    far = torch.tensor([scene.far_m for scene in scenes], dtype=torch.float32, device=device)
    valid = t <= far[:, None, None]
    linear = untiled(light, count, height, width).permute(0, 3, 1, 2)
    generators = [frame_generator(seed, index, 1) for index in indices]
    return RenderedFrames(
        seed=seed,
        indices=tuple(indices),
        scenes=scenes,
        cast=cast,
        image=develop(linear, generators),
        depth=torch.where(valid, t, 0.0),
        valid=valid,
        primitive=untiled(hit.primitive[..., None], count, height, width)[..., 0],
    )


def camera_bundles(scenes: list[WorldScene], device: torch.device) -> Bundles:
    """A ray through the middle of every pixel, in bundles of 8x8; z is 1, so t counts depth."""
    origins, directions = [], []
    for scene in scenes:
        rays = torch.tensor(scene.camera.rays()[0])
        rotation = torch.as_tensor(scene.world_from_camera.rotation, dtype=torch.float32)
        columns = [
            rays[..., 0] * rotation[row, 0] + rays[..., 1] * rotation[row, 1] + rotation[row, 2]
            for row in range(3)
        ]
        tiles = _tiled(torch.stack(columns, dim=2))
        origin = torch.as_tensor(scene.world_from_camera.translation, dtype=torch.float32)
        directions.append(tiles)
        origins.append(origin.expand(len(tiles), 3))
    per_scene = len(directions[0])
    ranges = [per_scene * number for number in range(len(scenes) + 1)]
    return Bundles(torch.cat(origins).to(device), torch.cat(directions).to(device), ranges)


def _numbered(scenes: list[WorldScene]) -> list[PrimitiveTable]:
    """The scenes' tables, with materials counted through all scenes."""
    tables, first = [], 0
    for scene in scenes:
        tables.append(replace(scene.table, material=scene.table.material + first))
        first += len(scene.materials)
    return tables


def _tiled(pixels: Tensor) -> Tensor:
    """(H, W, C) to (N, 64, C); the border is repeated if the size is not a multiple of 8."""
    height, width, channels = pixels.shape
    rows = torch.arange(-(-height // _TILE) * _TILE).clamp_max(height - 1)
    columns = torch.arange(-(-width // _TILE) * _TILE).clamp_max(width - 1)
    whole = pixels[rows][:, columns]
    grid = whole.reshape(len(rows) // _TILE, _TILE, len(columns) // _TILE, _TILE, channels)
    return grid.permute(0, 2, 1, 3, 4).reshape(-1, _TILE * _TILE, channels).contiguous()


def untiled(tiles: Tensor, count: int, height: int, width: int) -> Tensor:
    """(B N, 64, C) back to (B, H, W, C)."""
    down, across = -(-height // _TILE), -(-width // _TILE)
    grid = tiles.reshape(count, down, across, _TILE, _TILE, tiles.shape[-1])
    whole = grid.permute(0, 1, 3, 2, 4, 5).reshape(count, down * _TILE, across * _TILE, -1)
    return whole[:, :height, :width]
