# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A bundle of rays that can tell which of them pass near a sphere."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

# Bounding spheres grow by this much: culling must never lose a hit to rounding.
_MARGIN = 1e-3


@dataclass(frozen=True, slots=True)
class Rays:
    """Rays, component-first.

    Attributes:
        origins: (3, N), or (3, 1) for rays that leave from one point; metres.
        directions: (3, N), of any length.
        lengths: (N,) lengths of the directions.
    """

    origins: Tensor
    directions: Tensor
    lengths: Tensor

    @classmethod
    def of(cls, origins: Tensor, directions: Tensor) -> Rays:
        """From (N, 3), (1, 3) or (3,) origins and (N, 3) directions.

        Raises:
            ValueError: other shapes.
        """
        if directions.ndim != 2 or directions.shape[1] != 3:
            raise ValueError(f"directions must be (N, 3), got {tuple(directions.shape)}")
        origins = origins.reshape(1, 3) if origins.ndim == 1 else origins
        if origins.shape not in ((1, 3), directions.shape):
            raise ValueError(
                f"origins must be (3,), (1, 3) or {tuple(directions.shape)} as the directions are, "
                f"got {tuple(origins.shape)}"
            )
        columns = directions.T.contiguous()
        return cls(origins.T.contiguous(), columns, columns.square().sum(0).sqrt())

    @property
    def share_origin(self) -> bool:
        """Whether all rays leave from one point."""
        return self.origins.shape[1] == 1

    def take(self, rows: Tensor) -> Rays:
        """The rays with these (M,) int64 numbers."""
        origins = self.origins if self.share_origin else self.origins.index_select(1, rows)
        return Rays(
            origins, self.directions.index_select(1, rows), self.lengths.index_select(0, rows)
        )

    def near_sphere(self, centre: Tensor, radius: float, reach: Tensor) -> Tensor | None:
        """The rays that may meet what a sphere contains.

        Args:
            centre: (3, 1) metres.
            radius: metres.
            reach: (N,) direction lengths after which a ray no longer counts.

        Returns:
            (M,) int64 numbers of rays, or None for all of them.
        """
        radius = radius * (1.0 + _MARGIN) + _MARGIN
        towards = centre - self.origins
        squared = towards.square().sum(0)
        if float(squared.min()) <= radius * radius:
            return None
        along = (
            (towards.T @ self.directions)[0]
            if self.share_origin
            else (towards * self.directions).sum(0)
        )
        near = along >= (squared - radius * radius).sqrt() * self.lengths
        near &= reach * self.lengths > squared.sqrt() - radius
        return near.nonzero()[:, 0]
