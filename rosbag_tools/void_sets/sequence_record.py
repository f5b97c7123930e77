# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What is remembered of a finished sequence: of what it was made, and what is in it."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from depth_completion_core.geometry.camera import CameraModel
from rosbag_tools.bag_frames import BagFrames
from rosbag_tools.completion_plan import Plan
from rosbag_tools.reader import BagReader
from rosbag_tools.void_sets.frame_files import (
    DEPTH_SCALE,
    HISTOGRAM_EDGES_M,
    Record,
    checksum_of,
    matrix_text,
)
from rosbag_tools.void_sets.job import DatasetJob
from rosbag_tools.void_sets.places import K_FILE, density_name
from rosbag_tools.void_sets.set_frames import OTHER_CALIBRATION

_SAMPLES = 8
_KEPT = ("name", "stamp_ns", "gap_ns", "points", "truth_pixels", "position_m")
_DEPTHS = ("sparse_depth", "ground_truth")
_FARTHEST_CM = int(100 * np.iinfo(np.uint16).max / DEPTH_SCALE)


def bags_of(reader: BagReader) -> list[dict[str, Any]]:
    """The files of a recording, so that another one of their name is noticed."""
    whole = {
        "messages": sum(item.msgcount for item in reader.connections),
        "start_ns": reader.start_ns,
        "duration_ns": reader.duration_ns,
    }
    return [
        {"name": path.resolve().name, "bytes": _bytes_of(path), **whole} for path in reader.paths
    ]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class WrittenSequence:
    """A sequence whose frames are written.

    Attributes:
        job: what was to be written.
        bags: see :func:`bags_of`.
        plan: how the recording was read.
        told: the plan in lines.
        source: the frames of the recording, all of them taken.
        recorded_camera: of the images as they were recorded.
        camera: of the images as they are written.
        frames: what is remembered of each frame.
    """

    job: DatasetJob
    bags: list[dict[str, Any]]
    plan: Plan
    told: Sequence[str]
    source: BagFrames
    recorded_camera: CameraModel
    camera: CameraModel
    frames: Sequence[Record]


def sequence_record(written: WrittenSequence) -> dict[str, Any]:
    """All that is known of a sequence, as plain values; no wall times, so that it is reproducible.

    ``written_from`` decides on what is written; ``summary`` is for people and reports; ``frames``
    and ``checksums`` (SHA-256 by the paths below the set's folder) are for programs.
    """
    job, frames = written.job, written.frames
    K = matrix_text(written.camera.K.tolist())
    places = {density: f"{density_name(density)}/data/{job.sequence}" for density in job.densities}
    checksums = {f"{place}/{K_FILE}": checksum_of(K.encode()) for place in places.values()}
    for frame in frames:
        for path, known in frame.get("sha256", {}).items():
            density, _, below = path.partition("/")
            checksums[f"{density}/data/{job.sequence}/{below}"] = known
    return {
        "sequence": job.sequence,
        "written_from": {**job.written_settings, "bags": written.bags},
        "recorded_camera": dataclasses.asdict(written.recorded_camera),
        "K": K,
        "summary": _summary(written),
        "frames": [{key: frame[key] for key in _KEPT} for frame in frames],
        "checksums": checksums,
    }


def _summary(written: WrittenSequence) -> dict[str, Any]:
    job, plan, frames = written.job, written.plan, written.frames
    drops = written.source.drops
    gaps_ms = [frame["gap_ns"] / 1e6 for frame in frames]
    positions = [frame["position_m"] for frame in frames]
    height, width = written.camera.height, written.camera.width
    return {
        "name": job.sequence,
        "bags": [str(path) for path in job.inputs],
        "frames": len(frames),
        "images": plan.topics.image.count,
        "drops": drops.counts,
        "drop_examples": {why: text for why in drops.counts if (text := drops.example(why))},
        "points": {str(density): _counts(frames, str(density)) for density in job.densities},
        "histogram": {
            "edges_m": list(HISTOGRAM_EDGES_M),
            **{what: _sum_of_histograms(frames, what) for what in _DEPTHS},
        },
        "gap_ms": {
            "p50": float(np.percentile(gaps_ms, 50)),
            "p99": float(np.percentile(gaps_ms, 99)),
            "max": max(gaps_ms),
        },
        "gaps_ms": gaps_ms,
        "beyond_png": _beyond_png(frames),
        "truth_share": float(np.mean([frame["truth_pixels"] for frame in frames]) / height / width),
        "trajectory_m": [] if None in positions else positions,
        "stamps_ns": [frame["stamp_ns"] for frame in frames],
        "samples": _samples([frame["name"] for frame in frames]),
        "size": [height, width],
        "plan": list(written.told),
        "notes": [line for line in plan.geometry.habits.history if line not in plan.notes],
        "doubts": list(plan.doubts),
        "warnings": _warnings(written),
        "damage": written.source.damage,
    }


def _beyond_png(frames: Sequence[Record]) -> dict[str, int]:
    return {what: sum(frame["beyond_png"][what] for frame in frames) for what in _DEPTHS}


def _warnings(written: WrittenSequence) -> list[str]:
    warnings = [
        f"{count} pixels of {what} are more than {_FARTHEST_CM / 100:.2f} m away, the most that "
        "these PNGs hold: they are left out"
        for what, count in _beyond_png(written.frames).items()
        if count
    ]
    if written.camera.is_distorted:
        warnings.append(
            "the images are not rectified: K.txt leaves out the distortion of the lens, which "
            "--undistort takes out of the images"
        )
    if not written.plan.geometry.fixed_frame:
        warnings.append(
            "no absolute_pose: nothing says where the camera was. --odometry names a topic or a "
            "trajectory file, --fixed-frame a frame of TF"
        )
    if left_out := written.source.drops.counts.get(OTHER_CALIBRATION, 0):
        warnings.append(
            f"{left_out} images are left out, as they have another calibration than K.txt: see the "
            "notes on CameraInfo"
        )
    if written.job.truth == "none":
        warnings.append("ground_truth is empty, as --truth-from none says")
    return warnings


def _counts(frames: Sequence[Record], density: str) -> dict[str, float]:
    counts = [frame["points"][density] for frame in frames]
    return {"min": min(counts), "mean": float(np.mean(counts)), "max": max(counts)}


def _sum_of_histograms(frames: Sequence[Record], what: str) -> list[int]:
    return [int(count) for count in np.sum([frame["histogram"][what] for frame in frames], 0)]


def _samples(names: Sequence[str]) -> list[str]:
    """A few, evenly spread."""
    count = min(len(names), _SAMPLES)
    return [names[(2 * index + 1) * len(names) // (2 * count)] for index in range(count)]


def _bytes_of(path: Path) -> int:
    files = [item for item in path.rglob("*") if item.is_file()] if path.is_dir() else [path]
    return sum(item.stat().st_size for item in files)
