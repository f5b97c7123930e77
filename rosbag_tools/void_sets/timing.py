# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The time of writing a set against its floor: decoding the messages and encoding the PNGs."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from depth_completion_core.codecs.depth import decode_depth
from depth_completion_core.codecs.image import decode_image
from depth_completion_core.codecs.points import decode_points
from depth_completion_core.files.json_files import write_json
from depth_completion_core.files.output_files import depth_numbers, numbers_png, picture_png
from depth_completion_core.frame import SparseDepth
from depth_completion_core.geometry.arrays import UInt8Array, UInt16Array
from depth_completion_core.world.drives import build_drive
from rosbag_tools.layout_synthetic import synthetic_recording
from rosbag_tools.ordered_threads import in_threads, usable_cores
from rosbag_tools.reader import BagReader
from rosbag_tools.recording import (
    RecordedEvent,
    RecordedImage,
    RecordedPose,
    RecordedSweep,
    write_recording,
)
from rosbag_tools.void_sets.job import DatasetJob
from rosbag_tools.void_sets.places import SetPlaces
from rosbag_tools.void_sets.run_sequence import run_dataset_job

_PERIOD_NS = 100_000_000
_POSE_PERIOD_NS = 10_000_000
_START_NS = 1_700_000_000 * 10**9
_SEQUENCE = "room"


def measure_set(*, frames: int, rounds: int, json_file: Path | None) -> None:
    """Measure and print.

    Args:
        frames: length of the bag.
        rounds: how often both are measured, in turns; the medians count.
        json_file: where the numbers are written, too.
    """
    with tempfile.TemporaryDirectory() as folder:
        bag = Path(folder) / f"{_SEQUENCE}.mcap"
        _write_bag(bag, frames)
        whole, floor = [], []
        for number in range(rounds):
            output = Path(folder) / f"set{number}"
            job = DatasetJob(inputs=(bag,), output=output, sequence=_SEQUENCE)
            whole.append(
                _timed(partial(run_dataset_job, job, threads=usable_cores(), is_shown=False))
            )
            floor.append(_timed(partial(_floor, bag, _sparse_pictures(job))))
    set_s, set_cpu_s = np.median(whole, axis=0)
    floor_s, floor_cpu_s = np.median(floor, axis=0)
    result = {
        "frames": float(frames),
        "cores": float(usable_cores()),
        "set_s": float(set_s),
        "set_cpu_s": float(set_cpu_s),
        "floor_s": float(floor_s),
        "floor_cpu_s": float(floor_cpu_s),
        "share_of_floor": float(floor_s / set_s),
    }
    print(
        f"{frames} frames of a {_SEQUENCE} (640x480, lidar, odometry, true depth), 3 densities, "
        f"{usable_cores()} cores, medians of {rounds} rounds in turns:\n"
        f"  decode and encode alone    {floor_s:7.2f} s, {floor_cpu_s:7.2f} s of processor\n"
        f"  to_dataset                 {set_s:7.2f} s, {set_cpu_s:7.2f} s of processor\n"
        f"  throughput                 {100 * floor_s / set_s:7.1f} % of the floor's"
    )
    if json_file:
        write_json(json_file, result)


def _write_bag(path: Path, frames: int) -> None:
    """The same view again and again: rendering takes longer than all the rest."""
    drive = build_drive(_SEQUENCE, seed=0)
    shot, sweep = drive.render(0), drive.scan(0)
    fields: dict[str, npt.NDArray[np.generic]] = {
        "intensity": sweep.intensity,
        "ring": sweep.ring,
        "t": sweep.time_offset_ns.astype("uint32"),
    }

    def events() -> Iterator[RecordedEvent]:
        for stamp_ns in range(0, (frames + 2) * _PERIOD_NS, _POSE_PERIOD_NS):
            at = _START_NS + stamp_ns
            yield RecordedPose(stamp_ns=at, odom_from_base=drive.odom_from_base(0))
            if stamp_ns % _PERIOD_NS == 0 and stamp_ns < frames * _PERIOD_NS:
                yield RecordedSweep(stamp_ns=at, xyz=sweep.xyz, fields=fields)
                truth = SparseDepth(shot.depth, shot.valid)
                yield RecordedImage(stamp_ns=at, image=shot.image, truth=truth)

    recording = synthetic_recording(
        _SEQUENCE, seed=0, duration_ns=_PERIOD_NS, image_period_ns=_PERIOD_NS
    )
    write_recording(replace(recording, events=events(), event_count=12 * frames), path)


def _sparse_pictures(job: DatasetJob) -> list[UInt16Array]:
    """The sparse depth and validity maps of one frame of the set."""
    pictures: list[UInt16Array] = []
    for density in job.densities:
        folder = SetPlaces(job.output).sequence(density, job.sequence)
        for what in ("sparse_depth", "validity_map"):
            path = next((folder / what).iterdir())
            pictures.append(np.asarray(cv2.imread(str(path), cv2.IMREAD_UNCHANGED), np.uint16))
    return pictures


def _floor(bag: Path, sparse: list[UInt16Array]) -> None:
    """Decode every message of the frames, and encode as many PNGs as the set has of each."""
    with BagReader([bag]) as reader:
        for _ in in_threads(_decoded(reader), lambda item: _encoded(item, sparse), usable_cores()):
            pass


def _decoded(reader: BagReader) -> Iterator[UInt8Array | UInt16Array]:
    decoders: dict[str, Callable[[Any], Any]] = {
        "/camera/image_raw": decode_image,
        "/camera/depth_truth": _truth,
        "/lidar/points": decode_points,
    }
    for message in reader.messages(reader.connections):
        decoded = reader.decoded(message)
        decode = decoders.get(message.connection.topic)
        content = decode(decoded) if decode else None
        if isinstance(content, np.ndarray):
            yield content


def _truth(message: Any) -> UInt16Array:  # noqa: ANN401 - types come out of the bag
    return depth_numbers(*decode_depth(message), depth_scale=256.0)[0]


def _encoded(picture: UInt8Array | UInt16Array, sparse: list[UInt16Array]) -> int:
    if picture.dtype == np.uint16:
        return len(numbers_png(picture.astype(np.uint16, copy=False)))
    image = picture_png(picture.astype(np.uint8, copy=False))
    return len(image) + sum(len(numbers_png(numbers)) for numbers in sparse)


def _timed(work: Callable[[], object]) -> tuple[float, float]:
    """Seconds by the clock, and of all processors together."""
    start, cpu_start = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - start, time.process_time() - cpu_start
