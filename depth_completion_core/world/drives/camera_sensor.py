# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A camera in a scene: picture, and exact depth."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from depth_completion_core.world.casting.cast import CastScenes, Hit
from depth_completion_core.world.looks.camera_effects import CameraFlaws, photograph
from depth_completion_core.world.looks.shading import SurfaceRays, shade
from depth_completion_core.world.render import camera_bundles, untiled
from depth_completion_core.world.scene import WorldScene


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraShot:
    """One image with its truth.

    Attributes:
        stamp_ns: nanoseconds.
        image: (H, W, 3) uint8 RGB.
        depth: (H, W) float32 along the optical axis at the pixel's centre, metres; 0 where invalid.
        valid: (H, W) bool: whether the pixel's ray meets a surface that is not too far.
        primitive: (H, W) int32 row of that surface in the scene's table; -1 where invalid.
    """

    stamp_ns: int
    image: npt.NDArray[np.uint8]
    depth: npt.NDArray[np.float32]
    valid: npt.NDArray[np.bool_]
    primitive: npt.NDArray[np.int32]


def render(
    cast: CastScenes, scene: WorldScene, flaws: CameraFlaws, stamp_ns: int, *, seed: int
) -> CameraShot:
    """Cast one ray through each pixel's centre.

    Args:
        cast: the scene's primitives.
        scene: with the camera where it is at this instant.
        flaws: of the camera.
        stamp_ns: nanoseconds.
        seed: of the image's noise.
    """
    hit, light = look(cast, scene)
    height, width = scene.camera.height, scene.camera.width
    image = photograph(light, flaws, seed).permute(1, 2, 0).cpu().numpy()
    depth = untiled(hit.t[..., None], 1, height, width)[0, ..., 0].cpu().numpy()
    primitive = untiled(hit.primitive[..., None], 1, height, width)[0, ..., 0].cpu().numpy()
    valid = depth <= scene.far_m
    return CameraShot(
        stamp_ns=stamp_ns,
        image=np.ascontiguousarray(image),
        depth=np.where(valid, depth, 0.0).astype(np.float32),
        valid=valid,
        primitive=np.where(valid, primitive, -1).astype(np.int32),
    )


def look(cast: CastScenes, scene: WorldScene) -> tuple[Hit, Tensor]:
    """What the tiles of the image hit, and the image's light: (3, H, W) float32, linear."""
    device = cast.kind.device
    bundles = camera_bundles([scene], device)
    hit = cast.cast(bundles)
    angle = torch.tensor([1.0 / scene.camera.fx], dtype=torch.float32, device=device)
    light = shade(cast, [scene], SurfaceRays(bundles, hit.t, hit.primitive, angle))
    size = (scene.camera.height, scene.camera.width)
    return hit, untiled(light, 1, *size)[0].permute(2, 0, 1)
