# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A camera in a scene: picture, and exact depth."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch

from depth_completion_core.camera import CameraModel
from depth_completion_core.data.synthetic.scene import Scene
from depth_completion_core.data.synthetic.shading import Lighting, shade
from depth_completion_core.transforms import RigidTransform


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraShot:
    """One image with its truth.

    Attributes:
        stamp_ns: nanoseconds.
        image: (H, W, 3) uint8 RGB.
        depth: (H, W) float32 along the optical axis at the pixel's centre, metres; 0 where invalid.
        valid: (H, W) bool: whether the pixel's ray meets a surface (the sky is none).
        shape_index: (H, W) int32 number of that shape in the scene; -1 where invalid.
    """

    stamp_ns: int
    image: npt.NDArray[np.uint8]
    depth: npt.NDArray[np.float32]
    valid: npt.NDArray[np.bool_]
    shape_index: npt.NDArray[np.int32]


def render(
    scene: Scene,
    lighting: Lighting,
    camera: CameraModel,
    world_from_camera: RigidTransform,
    stamp_ns: int,
) -> CameraShot:
    """Cast one ray through each pixel's centre."""
    rays, has_ray = camera.rays()
    origin = torch.as_tensor(world_from_camera.translation, dtype=scene.dtype, device=scene.device)
    rotation = torch.as_tensor(world_from_camera.rotation, dtype=scene.dtype, device=scene.device)
    # The camera keeps its rays read-only, and torch has no read-only tensors.
    flat = torch.tensor(rays.reshape(-1, 3), dtype=scene.dtype, device=scene.device)
    directions = flat @ rotation.T
    hit = scene.cast(origin, directions)
    colour = shade(scene, lighting, hit, directions)
    size = (camera.height, camera.width)
    valid = hit.valid.cpu().numpy().reshape(size) & has_ray
    # Rays have z = 1 in the optical frame, so their lengths count depth.
    depth = hit.distance.cpu().numpy().reshape(size)
    image = (colour * 255.0 + 0.5).to(torch.uint8).cpu().numpy().reshape(*size, 3)
    return CameraShot(
        stamp_ns=stamp_ns,
        image=np.where(has_ray[..., None], image, 0).astype(np.uint8),
        depth=np.where(valid, depth, 0.0).astype(np.float32),
        valid=valid,
        shape_index=np.where(valid, hit.shape_index.cpu().numpy().reshape(size), -1).astype(
            np.int32
        ),
    )
