# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The demo: bags of rendered drives, completed with several models, scored and shown."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np

from depth_completion_core.completer import load_model
from depth_completion_core.config import CloudConfig, CompletionConfig
from depth_completion_core.files.json_files import write_json
from depth_completion_core.files.output_files import write_picture
from depth_completion_core.geometry.arrays import UInt8Array
from depth_completion_core.models import DEFAULT_MODEL
from depth_completion_core.pictures.panels import stacked
from depth_completion_core.sensing.output_topics import BAG_TOPICS
from depth_completion_core.world.drives import SCENES
from rosbag_tools.bag_frames import BagFrames, FrameToComplete
from rosbag_tools.completion_job import CompletionJob
from rosbag_tools.completion_plan import make_plan
from rosbag_tools.completion_report import CompletionReport, report_json
from rosbag_tools.demo_picture import scene_picture
from rosbag_tools.demo_scores import Row, covered_scores, table
from rosbag_tools.layout_synthetic import synthetic_recording
from rosbag_tools.reader import BagReader
from rosbag_tools.recording import write_recording
from rosbag_tools.run_completion import run_job
from rosbag_tools.wishes import OutputWishes, PlanWishes, TopicWishes

_MAIN = DEFAULT_MODEL
_MODELS = ("nearest", "linear", "fusionnet", _MAIN)
_FURTHER_TOPICS = ("depth/support", "sparse_depth/image")
_WISHES = PlanWishes(topics=TopicWishes(truth="/camera/depth_truth"))


def run_demo(out: Path, *, duration: float, image_rate_hz: float, seed: int) -> None:
    """Render, complete, score, print a table.

    Args:
        out: folder for bags, pictures and metrics; results of an earlier demo are replaced.
        duration: seconds of each drive.
        image_rate_hz: images per second.
        seed: random seed of the scenes and the noise.
    """
    start = time.monotonic()
    metrics: dict[str, dict[str, object]] = {}
    rows: list[Row] = []
    uncovered_shares: dict[str, float] = {}
    pictures: list[UInt8Array] = []
    for scene in SCENES:
        print(f"\n{scene}: rendering a drive with camera, lidar and odometry")
        bag = out / f"{scene}.mcap"
        recording = synthetic_recording(
            scene,
            seed=seed,
            duration_ns=round(duration * 1e9),
            image_period_ns=round(1e9 / image_rate_hz),
        )
        write_recording(recording, bag, overwrite=True)
        reports = {}
        for model in _MODELS:
            print(f"{scene}: completing with '{model}'")
            reports[model] = _completed(bag, model, out / f"{scene}_{model}_completed", out)
        frames = _frames(bag)
        completers = {model: load_model(model) for model in _MODELS}
        covered = covered_scores(frames, completers)
        uncovered_shares[scene] = covered.uncovered_share
        metrics[scene] = {"uncovered_share": covered.uncovered_share}
        for model, report in reports.items():
            on_covered = covered.scores[model]
            metrics[scene][model] = {**report_json(report, model), "covered_scores": on_covered}
            model_ms = float(np.median(report.known("model_ms")))
            rows.append(Row(scene, model, report.scores, on_covered, model_ms))
        pictures.append(scene_picture(frames[len(frames) // 2], scene, completers))
    write_json(out / "metrics.json", metrics)
    write_picture(out / "overview.png", stacked(*pictures))
    print("\n".join(["", *table(rows, uncovered_shares), *_next_steps(out, start)]))


def _completed(bag: Path, model: str, output: Path, folder: Path) -> CompletionReport:
    is_main = model == _MAIN
    job = CompletionJob(
        inputs=(bag,),
        output=output,
        model=model,
        settings=CompletionConfig(cloud=CloudConfig(stride=2)),
        reads=_WISHES,
        writes=OutputWishes(topics=(*BAG_TOPICS, *(_FURTHER_TOPICS if is_main else ()))),
        copies_inputs=is_main,
        overwrite=True,
        preview=folder / "preview" / f"{bag.stem}_{model}",
        preview_every=5,
    )
    return run_job(job)


def _frames(bag: Path) -> list[FrameToComplete]:
    with BagReader([bag]) as reader:
        plan = make_plan(reader, _WISHES)
        source = BagFrames(reader, plan, CompletionConfig().pairing)
        items = list(source.items(plan.topics.connections))
    return [item for item in items if isinstance(item, FrameToComplete)]


def _next_steps(out: Path, start: float) -> list[str]:
    return [
        "",
        f"Done in {time.monotonic() - start:.0f} s. Look at the pictures:",
        f"  {out / 'overview.png'}, {out / 'preview'}",
        "The bags open in Foxglove, or play one:",
        f"  ros2 bag play {out / f'room_{_MAIN}_completed'}",
        "Your own bag:",
        "  python -m rosbag_tools.inspect BAG",
        "  python -m rosbag_tools.complete BAG OUT --preview out/preview --holdout 0.2",
    ]
