# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
r"""Flat arrays of primitives: what a scene is made of, and what rays are cast into.

Each kind fills the box of its half sizes, in its own frame. Divided by the half sizes (the
*unit frame*, in which rays are intersected) it is:

================== ================================================== ==========================
kind               surface                                            two shape numbers
================== ================================================== ==========================
BOX                the cube from -1 to 1
ELLIPSOID          the unit sphere between two heights                lowest and highest z
FRUSTUM            radius 1 below to r above, with lids               r (0 to 1)
TUBE               the same without lids                              r
CAPSULE            a cylinder about z with round ends                 height of an end
TORUS              a ring about z                                     thickness over outer radius
SUPERELLIPSOID     (\|x\|^e + \|y\|^e)^(n/e) + \|z\|^n = 1            e, n
QUAD               the square in z = 0
DISC               the disc in z = 0                                  inner radius
SHEET              a wavy cloth over the square                       waves, phase
================== ================================================== ==========================
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import IntEnum

import numpy as np
import numpy.typing as npt

Float32Array = npt.NDArray[np.float32]
Float64Array = npt.NDArray[np.float64]
Int64Array = npt.NDArray[np.int64]


class Kind(IntEnum):
    """Kinds of primitives; see the table of this module."""

    BOX = 0
    ELLIPSOID = 1
    FRUSTUM = 2
    TUBE = 3
    CAPSULE = 4
    TORUS = 5
    SUPERELLIPSOID = 6
    QUAD = 7
    DISC = 8
    SHEET = 9


_FLAT = (Kind.QUAD, Kind.DISC)
_ROUND = (
    Kind.ELLIPSOID,
    Kind.CAPSULE,
    Kind.TORUS,
    Kind.SUPERELLIPSOID,
    Kind.FRUSTUM,
    Kind.TUBE,
    Kind.SHEET,
)
CURVED_KINDS = tuple(int(kind) for kind in _ROUND)
"""The kinds with a curved surface."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class PrimitiveTable:
    """P primitives as columns.

    Attributes:
        kind: (P,) int64 of :class:`Kind`.
        centre: (P, 3) float64 metres, world.
        rotation: (P, 3, 3) float64, world from the primitive's frame.
        half: (P, 3) float64 half sizes, metres; positive (flat kinds: any third one).
        shape: (P, 2) float64, what the kind makes of it.
        material: (P,) int64 row of the scene's materials.
        owner: (P,) int64 number of the object; -1 for walls, ground and what else is no object.
        shadow: (P,) bool: whether it throws one.
    """

    kind: Int64Array
    centre: Float64Array
    rotation: Float64Array
    half: Float64Array
    shape: Float64Array
    material: Int64Array
    owner: Int64Array
    shadow: npt.NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.kind)

    @property
    def radius(self) -> Float64Array:
        """(P,) radius of a sphere about the centre that holds the primitive, metres."""
        half = self.half.copy()
        half[np.isin(self.kind, _FLAT), 2] = 0.0
        round_in_plane = np.isin(
            self.kind, (Kind.FRUSTUM, Kind.TUBE, Kind.CAPSULE, Kind.DISC, Kind.TORUS)
        )
        across = np.where(round_in_plane, half[:, :2].max(axis=1), np.hypot(half[:, 0], half[:, 1]))
        corner = np.hypot(across, half[:, 2])
        radius: Float64Array = np.where(self.kind == Kind.ELLIPSOID, half.max(axis=1), corner)
        return radius

    def placed(
        self, rotation: Float64Array, translation: npt.ArrayLike, scale: float = 1.0
    ) -> PrimitiveTable:
        """The same primitives scaled, then rotated, then moved."""
        return replace(
            self,
            centre=(self.centre * scale) @ rotation.T + np.asarray(translation, np.float64),
            rotation=rotation @ self.rotation,
            half=self.half * scale,
        )

    def corners(self) -> Float64Array:
        """(P, 8, 3) corners of the primitives' boxes, metres."""
        half = self.half.copy()
        half[np.isin(self.kind, _FLAT), 2] = 0.0
        local = half[:, None] * _SIGNS
        turned: Float64Array = np.einsum("pij,pkj->pki", self.rotation, local)
        return turned + self.centre[:, None]

    def bounds(self) -> tuple[Float64Array, Float64Array]:
        """(3,) least and (3,) greatest coordinates of the boxes, metres."""
        corners = self.corners().reshape(-1, 3)
        return corners.min(axis=0), corners.max(axis=0)

    def take(self, rows: npt.NDArray[np.bool_] | Int64Array) -> PrimitiveTable:
        """Some of the primitives."""
        return PrimitiveTable(**{name: getattr(self, name)[rows] for name in _COLUMNS})


_COLUMNS = ("kind", "centre", "rotation", "half", "shape", "material", "owner", "shadow")
_SIGNS = np.array([(x, y, z) for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)], np.float64)


def joined(tables: list[PrimitiveTable]) -> PrimitiveTable:
    """All rows, table after table."""
    return PrimitiveTable(
        **{name: np.concatenate([getattr(table, name) for table in tables]) for name in _COLUMNS}
    )
