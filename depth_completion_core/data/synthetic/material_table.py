# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The materials of a scene as tensors, and the colour of points on its surfaces."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from depth_completion_core.data.synthetic.shapes import Shape
from depth_completion_core.data.synthetic.texture import TEXTURES, SurfacePoints, fractal_noise

_GAMMA = 2.2


@dataclass(frozen=True, slots=True)
class MaterialTable:
    """One row for each shape.

    Attributes:
        colour: (S, 3) linear light, 0 to 1. Likewise accent.
        period: (S, 2) metres.
        grain: (S,) relative; grain_size (S,) metres.
        emission: (S,) in units of the colour.
        texture: (S,) int64 number in TEXTURES.
    """

    colour: Tensor
    accent: Tensor
    period: Tensor
    grain: Tensor
    grain_size: Tensor
    emission: Tensor
    texture: Tensor

    @classmethod
    def of(cls, shapes: Sequence[Shape], device: torch.device, dtype: torch.dtype) -> MaterialTable:
        """From the shapes of a scene.

        Raises:
            ValueError: a texture is unknown.
        """
        materials = [shape.material for shape in shapes]
        names = list(TEXTURES)
        for material in materials:
            if material.texture not in TEXTURES:
                raise ValueError(f"texture '{material.texture}' is not one of {', '.join(names)}")

        def tensor(values: Sequence[Sequence[float]] | Sequence[float]) -> Tensor:
            return torch.tensor(values, dtype=dtype, device=device)

        return cls(
            colour=tensor([material.colour for material in materials]) ** _GAMMA,
            accent=tensor([material.accent for material in materials]) ** _GAMMA,
            period=tensor([material.period for material in materials]),
            grain=tensor([material.grain for material in materials]),
            grain_size=tensor([material.grain_size for material in materials]),
            emission=tensor([material.emission for material in materials]),
            texture=torch.tensor(
                [names.index(material.texture) for material in materials], device=device
            ),
        )

    def albedo(self, shape: Tensor, surface: Tensor) -> Tensor:
        """The share of light that points on surfaces give back.

        Args:
            shape: (N,) int64 shapes.
            surface: (N, 2) metres along them.

        Returns:
            (N, 3) linear RGB, 0 to 1.
        """
        u, v = surface[:, 0].contiguous(), surface[:, 1].contiguous()
        share, tone = torch.zeros_like(u), torch.ones_like(u)
        textures, period = self.texture[shape], self.period[shape]
        for number, pattern in enumerate(TEXTURES.values()):
            rows = (textures == number).nonzero()[:, 0]
            if len(rows):
                at = SurfacePoints(u[rows], v[rows], period[rows, 0], period[rows, 1], shape[rows])
                share[rows], tone[rows] = pattern(at)
        size = self.grain_size[shape]
        tone = tone + self.grain[shape] * fractal_noise(u / size + shape * 53, v / size)
        mixed = torch.lerp(self.colour[shape], self.accent[shape], share[:, None])
        return (mixed * tone[:, None]).clamp(0.0, 1.0)
