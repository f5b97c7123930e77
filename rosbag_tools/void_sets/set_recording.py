# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A set as a recording for the viewer Rerun, from its own files."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from depth_completion_core.files.input_files import read_depth, read_image
from depth_completion_core.geometry.camera import CameraModel
from depth_completion_core.geometry.transforms import RigidTransform
from depth_completion_core.progress import with_progress
from rosbag_tools.rerun_file import RerunFile, ShownFrame
from rosbag_tools.shown_frame import points_of
from rosbag_tools.void_sets.frame_files import DEPTH_SCALE
from rosbag_tools.void_sets.places import K_FILE, SetPlaces, file_name


def write_set_recording(path: Path, folder: Path, summary: dict[str, Any]) -> None:
    """Write all frames of a set, each sequence in a world of its own.

    Points are the sparse depth of the largest density; dense depth is the true depth.

    Args:
        path: the file, FILE.rrd.
        folder: of the set.
        summary: as ``set_lists.summary_of`` makes it.

    Raises:
        RerunError: rerun-sdk is not installed.
        WriteError: the file cannot be written.
        InputFileError: a file of the set cannot be read.
    """
    sequences = summary["sequences"]
    names = [sequence["name"] for sequence in sequences]
    has_poses = all(sequence["trajectory_m"] for sequence in sequences)
    density, total = max(summary["densities"]), summary["totals"]["frames"]
    with RerunFile(path, names, z_is_up=has_poses) as recording:
        frames = (
            (sequence["name"], frame)
            for sequence in sequences
            for frame in _frames(SetPlaces(folder), density, sequence)
        )
        for name, frame in with_progress(frames, path.name, unit="frame", total=total):
            recording.add(name, frame)


def _frames(places: SetPlaces, density: int, sequence: dict[str, Any]) -> Iterator[ShownFrame]:
    place = places.sequence(density, sequence["name"])
    record = json.loads(places.record(sequence["name"]).read_bytes())
    camera = _camera(place, sequence["size"])
    for known in record["frames"]:
        name = known["name"]
        sparse, truth = (
            read_depth(place / kind / file_name(kind, name), depth_scale=DEPTH_SCALE)
            for kind in ("sparse_depth", "ground_truth")
        )
        yield ShownFrame(
            stamp_ns=known["stamp_ns"],
            image=read_image(place / "image" / file_name("image", name)),
            camera=camera,
            points=points_of(sparse, camera),
            sparse=sparse,
            dense=truth,
            world_from_camera=(
                _pose(place / "absolute_pose" / file_name("absolute_pose", name))
                if sequence["trajectory_m"]
                else None
            ),
        )


def _camera(place: Path, size: list[int]) -> CameraModel:
    K = np.loadtxt(place / K_FILE)
    height, width = size
    return CameraModel(fx=K[0, 0], fy=K[1, 1], cx=K[0, 2], cy=K[1, 2], width=width, height=height)


def _pose(file: Path) -> RigidTransform:
    """Camera to world, 3x4."""
    return RigidTransform.from_matrix(np.vstack([np.loadtxt(file), [0.0, 0.0, 0.0, 1.0]]))
