# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The files of a frame: what is written of it, and what of it is remembered."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from depth_completion_core.config import ProjectionConfig
from depth_completion_core.files.output_files import depth_numbers, numbers_png, picture_png
from depth_completion_core.frame import SparseDepth
from depth_completion_core.geometry.arrays import UInt16Array
from depth_completion_core.geometry.transforms import RigidTransform
from depth_completion_core.inference.measured_depth import measured_depth
from rosbag_tools.void_sets.places import density_name, file_name
from rosbag_tools.void_sets.point_choice import kept, shuffled_pixels
from rosbag_tools.void_sets.set_frame import SetFrame

DEPTH_SCALE = 256.0
HISTOGRAM_EDGES_M = (0, 0.5, 1, 1.5, 2, 3, 4, 5, 7, 10, 15, 20, 30, 40, 60, 80, 120, 180, 256)
_NUMBER_EDGES = np.array(HISTOGRAM_EDGES_M) * DEPTH_SCALE
_MEASURED = 256
_NOTHING_IN_VIEW = "no measurement lies in the image"

Record = dict[str, Any]
"""What is remembered of a frame, as plain values."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FrameFiles:
    """Writes frames below a folder that holds one folder for each density.

    Attributes:
        folder: where; None to find out what would be written.
        densities: the most points of an image.
        projection: which points count.
        seed: of their choice.
    """

    folder: Path | None
    densities: Sequence[int]
    projection: ProjectionConfig
    seed: int

    def write(self, frame: SetFrame) -> Record:
        """Write a frame; safe to call from several threads for different frames.

        Raises:
            OSError: there is no room or no right to write.
        """
        measured, sparse_beyond = _numbers(measured_depth(frame.frame, self.projection))
        record: Record = {
            "number": frame.number,
            "stamp_ns": frame.frame.stamp_ns,
            "name": frame.name,
            "gap_ns": frame.gap_ns,
        }
        if not measured.any():
            return {**record, "dropped": _NOTHING_IN_VIEW, "why": ""}
        truth, truth_beyond = _truth_numbers(frame)
        wanted = shuffled_pixels(measured, self.seed, frame.frame.stamp_ns)
        sparse = {density: kept(measured, wanted, density) for density in self.densities}
        pose = frame.world_from_camera
        record |= {
            "points": {str(density): min(len(wanted), density) for density in self.densities},
            "truth_pixels": int(np.count_nonzero(truth)),
            "beyond_png": {"sparse_depth": sparse_beyond, "ground_truth": truth_beyond},
            "histogram": {
                "sparse_depth": _histogram(sparse[max(self.densities)]),
                "ground_truth": _histogram(truth),
            },
            "position_m": None if pose is None else pose.translation.tolist(),
        }
        if self.folder is not None:
            record["sha256"] = self._put(self.folder, frame, truth, sparse)
        return record

    def _put(
        self, folder: Path, frame: SetFrame, truth: UInt16Array, sparse: dict[int, UInt16Array]
    ) -> dict[str, str]:
        """Write all files; returns their checksums by their paths below the folder."""
        shared = {
            "image": picture_png(frame.frame.image),
            "ground_truth": numbers_png(truth),
        }
        if frame.world_from_camera is not None:
            shared["absolute_pose"] = pose_text(frame.world_from_camera).encode()
        sums: dict[str, str] = {}
        for what, content in shared.items():
            paths = [
                f"{density_name(density)}/{what}/{file_name(what, frame.name)}"
                for density in self.densities
            ]
            sums |= dict.fromkeys(paths, _write(folder / paths[0], content))
            for path in paths[1:]:
                _link(folder / paths[0], folder / path, content)
        for density, numbers in sparse.items():
            validity = np.where(numbers > 0, _MEASURED, 0).astype(np.uint16)
            for what, pixels in (("sparse_depth", numbers), ("validity_map", validity)):
                path = f"{density_name(density)}/{what}/{file_name(what, frame.name)}"
                sums[path] = _write(folder / path, numbers_png(pixels))
        return sums


def make_folders(folder: Path, densities: Sequence[int], kinds: Sequence[str]) -> None:
    """The folders that frames are written to."""
    for density in densities:
        for kind in kinds:
            (folder / density_name(density) / kind).mkdir(parents=True, exist_ok=True)


def pose_text(world_from_camera: RigidTransform) -> str:
    """3x4, as numpy writes and reads text."""
    return matrix_text(world_from_camera.matrix[:3].tolist())


def matrix_text(rows: Sequence[Sequence[float]]) -> str:
    """Rows of numbers, as ``numpy.savetxt`` writes them."""
    return "".join(f"{' '.join(f'{number:.18e}' for number in row)}\n" for row in rows)


def checksum_of(content: bytes) -> str:
    """SHA-256 as ``sha256sum`` prints it."""
    return hashlib.sha256(content).hexdigest()


def _numbers(depth: SparseDepth) -> tuple[UInt16Array, int]:
    return depth_numbers(depth.depth, depth.valid, depth_scale=DEPTH_SCALE)


def _truth_numbers(frame: SetFrame) -> tuple[UInt16Array, int]:
    if frame.truth is None:
        return np.zeros(frame.frame.size, np.uint16), 0
    return _numbers(frame.truth)


def _histogram(numbers: UInt16Array) -> list[int]:
    counts = np.bincount(np.searchsorted(_NUMBER_EDGES, numbers[numbers > 0], side="right"))
    counts = np.pad(counts, (0, max(0, len(_NUMBER_EDGES) + 1 - len(counts))))
    return [int(count) for count in counts[1 : len(_NUMBER_EDGES)]]


def _write(path: Path, content: bytes) -> str:
    """Straight under its name: a folder in the making holds half files where a process was killed.

    Which ones are whole is told by the journal.
    """
    path.write_bytes(content)
    return checksum_of(content)


def _link(original: Path, path: Path, content: bytes) -> None:
    """One file under two names, where the file system can do that."""
    path.unlink(missing_ok=True)
    try:
        os.link(original, path)
    except OSError:
        path.write_bytes(content)
