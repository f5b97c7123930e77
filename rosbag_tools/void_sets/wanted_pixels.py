# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The pixels at which a set takes the true depth as measured: those that VIO looked at."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from depth_completion_core.data.readers.void_features import FeaturePacket, VoidFeatures
from depth_completion_core.geometry.arrays import UInt8Array
from depth_completion_core.geometry.camera import CameraModel
from depth_completion_core.geometry.transforms import RigidTransform
from depth_completion_core.sensing.tracked_corners import CornerTracker
from rosbag_tools.void_sets.left_out import LeftOutError

Pixels = npt.NDArray[np.int64]
_SLOP_NS = 5_000_000
_SPARE = 1.2  # corners that lie in holes of the depth are lost


class CornerPixels:
    """Corners that are followed through all images of a recording."""

    def __init__(self, densities: Sequence[int]) -> None:
        self._densities = densities
        self._tracker = CornerTracker(round(_SPARE * max(densities)))

    def of(self, image: UInt8Array) -> Mapping[int, Pixels]:
        """(N, 2) row and column for each density, the most wanted first; images in their order."""
        return dict.fromkeys(self._densities, self._tracker.pixels(image))


class FeaturePixels:
    """What VIO has tracked, out of the files that lie beside VOID's raw bags.

    Args:
        files: one for all densities, or one for each.
        densities: the most points of an image.

    Raises:
        DataError: a file is missing or damaged.
    """

    def __init__(self, files: Sequence[Path], densities: Sequence[int]) -> None:
        self._densities = densities
        self._files = [VoidFeatures(path) for path in files]

    def of(
        self, stamp_ns: int, recorded: CameraModel, written: CameraModel
    ) -> Mapping[int, Pixels]:
        """(N, 2) row and column for each density, in the order of the file.

        Args:
            stamp_ns: of the image.
            recorded: the camera of the image that was tracked in.
            written: that of the image that is written.

        Raises:
            LeftOutError: the files hold nothing of this time.
            DataError: a file is damaged.
        """
        pixels = [_cells(_at(file, stamp_ns), recorded, written) for file in self._files]
        return dict(zip(self._densities, pixels * len(self._densities), strict=False))

    def pose(self, stamp_ns: int) -> RigidTransform | None:
        """``world_from_camera`` by VIO; None where its file does not say."""
        return _at(self._files[0], stamp_ns).world_from_camera


def _at(file: VoidFeatures, stamp_ns: int) -> FeaturePacket:
    stamps_ns = file.stamps_ns
    index = bisect_left(stamps_ns, stamp_ns)
    around = [number for number in (index - 1, index) if 0 <= number < len(file)]
    nearest = min(around, key=lambda number: abs(stamps_ns[number] - stamp_ns))
    gap_ns = abs(stamps_ns[nearest] - stamp_ns)
    if gap_ns > _SLOP_NS:
        raise LeftOutError("no features of its time", f"the nearest are {gap_ns / 1e6:.1f} ms away")
    return file.packet(nearest)


def _cells(packet: FeaturePacket, recorded: CameraModel, written: CameraModel) -> Pixels:
    places = packet.pixels[packet.usable]
    if recorded != written:
        rays, has_ray = recorded.unproject(places)
        places, is_seen = written.project(rays)
        places = places[has_ray & is_seen]
    return np.rint(places[:, ::-1]).astype(np.int64)
