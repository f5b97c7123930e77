# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The files of a frame: what is written of it, and what of it is remembered."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from depth_completion_core.config import ProjectionConfig
from depth_completion_core.files.making import link_part, write_part
from depth_completion_core.files.output_files import depth_numbers, numbers_png, picture_png
from depth_completion_core.frame import SparseDepth
from depth_completion_core.geometry.arrays import UInt16Array
from depth_completion_core.geometry.transforms import RigidTransform
from depth_completion_core.inference.measured_depth import measured_depth
from rosbag_tools.void_sets.places import density_name, file_name
from rosbag_tools.void_sets.point_choice import kept, listed_pixels, shuffled_pixels
from rosbag_tools.void_sets.set_frame import SetFrame

DEPTH_SCALE = 256.0
HISTOGRAM_EDGES_M = (0, 0.5, 1, 1.5, 2, 3, 4, 5, 7, 10, 15, 20, 30, 40, 60, 80, 120, 180, 256)
_FIRST_NUMBERS = (np.array(HISTOGRAM_EDGES_M[:-1]) * DEPTH_SCALE).astype(np.int64)
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
        record: Record = {
            "number": frame.number,
            "stamp_ns": frame.frame.stamp_ns,
            "name": frame.name,
            "gap_ns": frame.gap_ns,
        }
        truth, truth_beyond = _truth_numbers(frame.true_depth(), frame.frame.size)
        measured, sparse_beyond = truth, 0
        if frame.pixels is None:
            measured, sparse_beyond = _sparse_numbers(measured_depth(frame.frame, self.projection))
        wanted = self._wanted(frame, measured)
        if not max(map(len, wanted.values())):
            return {**record, "dropped": _NOTHING_IN_VIEW, "why": ""}
        sparse = {density: kept(measured, wanted[density], density) for density in self.densities}
        pose, most = frame.world_from_camera, max(self.densities)
        record |= {
            "points": {str(density): min(len(wanted[density]), density) for density in wanted},
            "truth_pixels": int(np.count_nonzero(truth)),
            "beyond_png": {"sparse_depth": sparse_beyond, "ground_truth": truth_beyond},
            "histogram": {
                "sparse_depth": _histogram(measured.reshape(-1)[wanted[most][:most]]),
                "ground_truth": _histogram(truth),
            },
            "position_m": None if pose is None else pose.translation.tolist(),
        }
        if self.folder is not None:
            record["sha256"] = self._put(self.folder, frame, truth, sparse)
        return record

    def _wanted(self, frame: SetFrame, measured: UInt16Array) -> dict[int, npt.NDArray[np.int64]]:
        """For each density the measured pixels, the most wanted first."""
        if frame.pixels is None:
            shuffled = shuffled_pixels(measured, self.seed, frame.frame.stamp_ns)
            return dict.fromkeys(self.densities, shuffled)
        return {
            density: listed_pixels(measured, frame.pixels[density]) for density in self.densities
        }

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
                link_part(folder / paths[0], folder / path)
        for density, numbers in sparse.items():
            _, validity = cv2.threshold(numbers, 0, _MEASURED, cv2.THRESH_BINARY)
            maps = {"sparse_depth": numbers, "validity_map": validity.astype(np.uint16, copy=False)}
            for what, pixels in maps.items():
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


def _sparse_numbers(depth: SparseDepth) -> tuple[UInt16Array, int]:
    """As :func:`depth_numbers`, which would take its time for the empty pixels too."""
    places = np.flatnonzero(depth.valid)
    metres = depth.depth.reshape(-1)[places]
    numbers = np.zeros(depth.depth.size, np.uint16)
    numbers[places], beyond = depth_numbers(metres, metres > 0, depth_scale=DEPTH_SCALE)
    return numbers.reshape(depth.depth.shape), beyond


def _truth_numbers(truth: SparseDepth | None, size: tuple[int, int]) -> tuple[UInt16Array, int]:
    if truth is None:
        return np.zeros(size, np.uint16), 0
    return depth_numbers(truth.depth, truth.valid, depth_scale=DEPTH_SCALE)


def _histogram(numbers: UInt16Array) -> list[int]:
    """How many of the numbers, but for zeros, lie between the edges, the lower one included."""
    counts = cv2.calcHist([numbers], [0], None, [2**16], [0, 2**16]).ravel().astype(np.int64)
    counts[0] = 0
    return [int(count) for count in np.add.reduceat(counts, _FIRST_NUMBERS)]


def _write(path: Path, content: bytes) -> str:
    write_part(path, content)
    return checksum_of(content)
