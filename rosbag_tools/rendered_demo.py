# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The demo: rendered drives, their bags completed with several models, scored and pictured."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import numpy as np

from depth_completion_core.completer import DepthCompleter, load_model
from depth_completion_core.config import CloudConfig, CompletionConfig, OutputConfig
from depth_completion_core.files.json_files import write_json
from depth_completion_core.files.output_files import write_picture
from depth_completion_core.geometry.arrays import UInt8Array
from depth_completion_core.metrics import protocol_named
from depth_completion_core.pictures.depth_colors import (
    beside,
    color_bar,
    colorize,
    depth_scale,
    overlay,
    panel,
    stacked,
    title,
)
from depth_completion_core.pictures.preview import error_map, error_scale
from depth_completion_core.sensing.output_topics import BAG_TOPICS
from depth_completion_core.world.drives import SCENES
from rosbag_tools.bag_frames import BagFrames, FrameToComplete
from rosbag_tools.completion_job import CompletionJob, run_job
from rosbag_tools.completion_plan import Plan, make_plan
from rosbag_tools.completion_report import CompletionReport, report_json
from rosbag_tools.layout_synthetic import synthetic_recording
from rosbag_tools.reader import BagReader
from rosbag_tools.recording import write_recording
from rosbag_tools.scoring import Scores
from rosbag_tools.wishes import OutputWishes, PlanWishes, TopicWishes

_MAIN = "fusionnet"
_MODELS = ("nearest", "linear", "morphological", _MAIN)
_SUPPORT_RADIUS_PX = 12.0
_PANEL_WIDTH_PX = 260
_FURTHER_TOPICS = ("depth/support", "sparse_depth/image")
_WISHES = PlanWishes(topics=TopicWishes(truth="/camera/depth_truth"))

Row = tuple[str, str, dict[str, float], float]


def run_demo(out: Path, *, duration: float, image_rate_hz: float, seed: int) -> None:
    """Render, complete, score, print a table.

    Args:
        out: folder for bags, pictures and metrics; what an earlier demo left there is replaced.
        duration: of each drive, seconds.
        image_rate_hz: images per second.
        seed: of the scenes and the noise.
    """
    start = time.monotonic()
    metrics: dict[str, dict[str, object]] = {}
    rows: list[Row] = []
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
        metrics[scene] = {}
        for model in _MODELS:
            print(f"{scene}: completing with '{model}'")
            report = _completed(bag, model, out / f"{scene}_{model}_completed", out)
            metrics[scene][model] = report_json(report, model)
            rows.append((scene, model, report.scores, float(np.median(report.model_ms))))
        supported = _supported_scores(bag)
        metrics[scene][f"{_MAIN}_supported"] = {"scores": supported}
        rows.append((scene, f"{_MAIN} <= {_SUPPORT_RADIUS_PX:g} px", supported, float("nan")))
        pictures.append(_scene_picture(bag, scene))
    write_json(out / "metrics.json", metrics)
    write_picture(out / "overview.png", stacked(*pictures))
    print("\n".join(_closing(rows, out, time.monotonic() - start)))


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


def _frames(reader: BagReader, plan: Plan) -> list[FrameToComplete]:
    source = BagFrames(reader, plan, CompletionConfig().pairing)
    items = source.items(plan.topics.connections)
    return [item for item in items if isinstance(item, FrameToComplete)]


def _supported_scores(bag: Path) -> dict[str, float]:
    """The same model asked only where a measurement is near."""
    output = replace(OutputConfig(), support_radius_px=_SUPPORT_RADIUS_PX)
    completer = load_model(_MAIN, config=CompletionConfig(output=output))
    scores = Scores(protocol_named("all"))
    with BagReader([bag]) as reader:
        for item in _frames(reader, make_plan(reader, _WISHES)):
            if item.truth is not None:
                scores.add(completer.complete(item.placed.frame), item.truth)
    return scores.summary()


def _scene_picture(bag: Path, scene: str) -> UInt8Array:
    """The middle frame: two rows of panels under a title."""
    with BagReader([bag]) as reader:
        frames = _frames(reader, make_plan(reader, _WISHES))
    item = frames[len(frames) // 2]
    assert item.truth is not None  # noqa: S101 - the demo's own bags have it
    frame, truth = item.placed.frame, item.truth
    completers: dict[str, DepthCompleter] = {name: load_model(name) for name in _MODELS}
    predictions = {name: completer.complete(frame) for name, completer in completers.items()}
    sparse = predictions[_MAIN].sparse
    scale = depth_scale([sparse.depth])
    errors = error_scale(scale)
    width = _PANEL_WIDTH_PX
    columns = [
        stacked(
            panel(frame.image, "camera image", width=width),
            panel(overlay(frame.image, sparse, scale), f"lidar: {sparse.count} px", width=width),
        )
    ]
    for name, prediction in predictions.items():
        dense = panel(colorize(prediction.depth, prediction.valid, scale), name, width=width)
        wrong = panel(error_map(prediction, truth, errors), f"error of {name}", width=width)
        columns.append(stacked(dense, wrong))
    true = panel(colorize(truth.depth, truth.valid, scale), "true depth", width=width)
    supported = predictions[_MAIN].support_distance_px <= _SUPPORT_RADIUS_PX
    near = colorize(predictions[_MAIN].depth, supported, scale)
    columns.append(
        stacked(true, panel(near, f"{_MAIN}, support <= {_SUPPORT_RADIUS_PX:g} px", width=width))
    )
    half = columns[0].shape[0] // 2
    bars = stacked(color_bar(scale, height=half), color_bar(errors, height=half))
    body = beside(*columns, bars)
    heading = f"{scene}: depth and absolute error in metres (grey: no answer)"
    return stacked(title(heading, width=body.shape[1]), body)


def _closing(rows: list[Row], out: Path, seconds: float) -> list[str]:
    names = ("MAE mm", "RMSE mm", "iMAE 1/km", "REL", "coverage", "ms/frame")
    lines = ["", f"{'scene':8}{'model':20}" + "".join(f"{name:>10}" for name in names)]
    for scene, model, scores, model_ms in rows:
        figures = (
            f"{scores['mae_mm']:10.0f}{scores['rmse_mm']:10.0f}{scores['imae_per_km']:10.2f}"
            f"{scores['rel']:10.4f}{scores['coverage']:10.3f}"
        )
        speed = "" if np.isnan(model_ms) else f"{model_ms:10.1f}"
        lines.append(f"{scene:8}{model:20}{figures}{speed}")
    return [
        *lines,
        "Every pixel with a true depth counts, those far from any lidar line too; the last row of",
        f"a scene answers only within {_SUPPORT_RADIUS_PX:g} pixels of a measurement.",
        "",
        f"Done in {seconds:.0f} s. Look at {out / 'overview.png'} and {out / 'preview'}.",
        "The bags open in Foxglove, or play:",
        f"  ros2 bag play {out / f'room_{_MAIN}_completed'}",
        "Your own bag:",
        "  python -m rosbag_tools.inspect BAG",
        "  python -m rosbag_tools.complete BAG OUT --preview out/preview --holdout 0.2",
    ]
