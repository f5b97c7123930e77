# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""How the scenes of drives look: quieter than those for training, through one good camera."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from torch import Tensor

from depth_completion_core.geometry.transforms import Float64Array
from depth_completion_core.world.casting.primitives import Kind
from depth_completion_core.world.looks.camera_effects import CameraFlaws, measured_exposure
from depth_completion_core.world.scene import WorldScene

CAMERA = CameraFlaws(middle_grey=0.2, blur_px=0.4, electrons=8e3, read_noise=2e-3, vignette=0.12)
"""The camera of every drive; its exposure is set once per drive."""

_MOST_SATURATION, _LEAST_GREEN, _CONTRAST = 0.4, 0.95, 0.6
_LEAST_WALL, _MOST_WALL = 0.45, 0.9
_BRIGHTEST = 2.0


def quiet(scene: WorldScene) -> WorldScene:
    """The scene without loud colours; the walls and the ceiling of a room are light."""
    materials = muted(scene.materials)
    if scene.kind == "room":
        table = scene.table
        sheets = (table.owner < 0) & (table.kind == Kind.QUAD) & (table.centre[:, 2] > 0)
        walls = np.unique(table.material[sheets])
        top = materials[walls, :3].max(axis=1, keepdims=True)
        lighter = materials[walls, :9] * np.maximum(_LEAST_WALL / top, 1.0)
        materials[walls, :9] = np.minimum(lighter, _MOST_WALL)
    return replace(scene, materials=materials)


def muted(materials: Float64Array) -> Float64Array:
    """Materials of little saturation and no purple, patterns close to their first colour.

    Args:
        materials: (M, 20) see :data:`depth_completion_core.world.looks.materials.COLUMNS`.
    """
    result: Float64Array = materials.copy()
    colours = result[:, :9].reshape(-1, 3, 3)
    top = colours.max(axis=2, keepdims=True)
    saturation = 1.0 - colours.min(axis=2, keepdims=True) / top
    colours = top - (top - colours) * np.minimum(1.0, _MOST_SATURATION / (saturation + 1e-9))
    # Purple is rare on walls, sofas and cars.
    purple = colours[..., [0, 2]].min(axis=2)
    colours[..., 1] = np.maximum(colours[..., 1], _LEAST_GREEN * purple)
    colours[:, 1:] = colours[:, :1] + _CONTRAST * (colours[:, 1:] - colours[:, :1])
    result[:, :9] = colours.reshape(-1, 9)
    return result


def exposed(light: Tensor) -> CameraFlaws:
    """:data:`CAMERA` with one exposure for all images of a drive.

    Args:
        light: (3, H, W) linear, of some of them; what is brightest may burn out.
    """
    grey = float(measured_exposure(light, CAMERA.middle_grey))
    brightest = float(light.mean(dim=0).flatten().quantile(0.95))
    return replace(CAMERA, exposure=min(grey, _BRIGHTEST / brightest))
