# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What a rig's camera would see along paths, coarsely."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import torch

from depth_completion_core.geometry.transforms import Float64Array
from depth_completion_core.world.casting.cast import CastScenes
from depth_completion_core.world.drives.rig import Rig
from depth_completion_core.world.drives.trajectory import Trajectory
from depth_completion_core.world.render import camera_bundles, untiled
from depth_completion_core.world.scene import WorldScene

_WIDTH_PX = 32


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Views:
    """W paths, L looks along each, and P pixels in no order.

    Attributes:
        depth: (W, L, P) float64 metres; infinite in the sky.
        owner: (W, L, P) int64 number of the object; -1 for walls, ground and sky.
    """

    depth: Float64Array
    owner: npt.NDArray[np.int64]

    @property
    def objects(self) -> npt.NDArray[np.int64]:
        """(W, L) how many objects are seen."""
        ordered = np.sort(self.owner, axis=2)
        changes: npt.NDArray[np.int64] = np.count_nonzero(np.diff(ordered, axis=2), axis=2)
        return changes + (ordered[..., 0] >= 0)


def views(
    scene: WorldScene, rig: Rig, paths: Sequence[Trajectory], stamps_ns: Iterable[int]
) -> Views:
    """Look from every path at every stamp."""
    camera = rig.camera(_WIDTH_PX, _WIDTH_PX * rig.height // rig.width)
    stamps = list(stamps_ns)
    looks = [
        replace(scene, camera=camera, world_from_camera=path.pose(stamp_ns) @ rig.base_from_camera)
        for path in paths
        for stamp_ns in stamps
    ]
    cast = CastScenes.of([scene.table])
    bundles = camera_bundles(looks, torch.device("cpu"))
    hit = cast.cast(bundles._replace(scene=[0, len(bundles.direction)]))
    owner = torch.where(hit.primitive < 0, -1, cast.owner[hit.primitive])
    size, shape = (len(looks), camera.height, camera.width), (len(paths), len(stamps), -1)
    depths, owners = (untiled(each[..., None], *size).reshape(shape) for each in (hit.t, owner))
    return Views(depth=depths.numpy().astype(np.float64), owner=owners.numpy())
