# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The wall time of a completion against the times of its halves, each alone on the same bag."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np

from depth_completion_core.completer import DepthCompleter, load_model
from depth_completion_core.config import CloudConfig, PairingConfig
from depth_completion_core.files.json_files import write_json
from depth_completion_core.frame import DepthPrediction
from depth_completion_core.world.drives import build_drive
from rosbag_tools.bag_frames import BagFrames, FrameToComplete
from rosbag_tools.completion import complete_bag
from rosbag_tools.completion_job import CompletionJob
from rosbag_tools.completion_plan import Plan, make_plan
from rosbag_tools.input_copier import InputCopier
from rosbag_tools.layout_synthetic import synthetic_recording
from rosbag_tools.outputs import OutputWriter
from rosbag_tools.reader import BagReader, RawMessage
from rosbag_tools.recording import RecordedEvent, RecordedImage, RecordedSweep, write_recording
from rosbag_tools.wishes import OutputWishes, PlanWishes
from rosbag_tools.writer import BagWriter

_PERIOD_NS = 100_000_000
_START_NS = 1_700_000_000 * 10**9


def measure(model: str, *, frames: int, rounds: int, device: str, json_file: Path | None) -> None:
    """Measure and print.

    Args:
        model: any model.
        frames: length of the bag.
        rounds: how often everything is measured; the medians count.
        device: as torch names it.
        json_file: where the numbers are written, too.
    """
    completer = load_model(model, device=device)
    with tempfile.TemporaryDirectory() as folder:
        bag = Path(folder) / "street"
        _write_fixed_bag(bag, frames)
        measured = [
            _measured(bag, Path(folder) / f"round{number}", completer) for number in range(rounds)
        ]
    result = {name: float(np.median([entry[name] for entry in measured])) for name in measured[0]}
    halves = max(result["model_s"], result["decode_encode_write_s"])
    result["ratio"] = result["wall_s"] / halves
    print(
        f"{frames} frames, model '{model}', medians of {rounds} rounds:\n"
        f"  model alone                {result['model_s']:7.2f} s\n"
        f"  decode                     {result['decode_s']:7.2f} s\n"
        f"  encode and write           {result['encode_write_s']:7.2f} s\n"
        f"  decode + encode + write    {result['decode_encode_write_s']:7.2f} s\n"
        f"  complete, wall             {result['wall_s']:7.2f} s\n"
        f"  wall over the larger half  {result['ratio']:7.2f}"
    )
    if json_file:
        write_json(json_file, result)


def _write_fixed_bag(path: Path, frames: int) -> None:
    drive = build_drive("street", seed=0)
    shot, sweep = drive.render(0), drive.scan(0, freeze=True)

    def events() -> Iterator[RecordedEvent]:
        for number in range(frames):
            stamp_ns = _START_NS + number * _PERIOD_NS
            yield RecordedSweep(
                stamp_ns=stamp_ns, xyz=sweep.xyz, fields={"intensity": sweep.intensity}
            )
            yield RecordedImage(stamp_ns=stamp_ns, image=shot.image)

    recording = synthetic_recording(
        "street", seed=0, duration_ns=_PERIOD_NS, image_period_ns=_PERIOD_NS
    )
    write_recording(replace(recording, events=events(), event_count=2 * frames), path)


def _measured(bag: Path, folder: Path, completer: DepthCompleter) -> dict[str, float]:
    """Seconds of the whole and of its halves, all on the same bag."""
    seconds: dict[str, float] = {}
    with BagReader([bag]) as reader:
        plan = make_plan(reader, PlanWishes())
        job = CompletionJob(inputs=(bag,), output=folder / "wall")
        with _timed(seconds, "wall_s"), BagWriter(job.output) as writer:
            complete_bag(reader, writer, plan, completer, job)
        with _timed(seconds, "decode_s"):
            items = list(_source(reader, plan).items(list(reader.connections)))
        frames = [item for item in items if isinstance(item, FrameToComplete)]
        with _timed(seconds, "model_s"):
            predictions = [completer.complete(item.placed.frame) for item in frames]
        with _timed(seconds, "encode_write_s"):
            _write_all(reader, folder / "parts", items, predictions)
    seconds["decode_encode_write_s"] = seconds["decode_s"] + seconds["encode_write_s"]
    return seconds


def _source(reader: BagReader, plan: Plan) -> BagFrames:
    return BagFrames(reader, plan, PairingConfig())


def _write_all(
    reader: BagReader,
    path: Path,
    items: list[RawMessage | FrameToComplete],
    predictions: list[DepthPrediction],
) -> None:
    remaining = iter(predictions)
    with BagWriter(path) as writer:
        outputs = OutputWriter(writer, OutputWishes(), CloudConfig())
        copier = InputCopier(reader, writer)
        copier.add(reader.connections)
        for item in items:
            if isinstance(item, RawMessage):
                copier.copy(item)
            else:
                outputs.write(item.placed, next(remaining), item.log_ns)


@contextmanager
def _timed(seconds: dict[str, float], name: str) -> Iterator[None]:
    start = time.perf_counter()
    yield
    seconds[name] = time.perf_counter() - start
