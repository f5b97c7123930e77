# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""``python -m rosbag_tools.complete IN... OUT``: write dense depth beside what a bag holds."""

from __future__ import annotations

import math
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import numpy as np
import tyro

from depth_completion_core.completer import load_model
from depth_completion_core.config import CompletionConfig, load_config
from depth_completion_core.files.json_files import without_nan, write_json
from depth_completion_core.metrics import protocol_named
from depth_completion_core.sensing.holdout import Holdout
from depth_completion_core.sensing.output_topics import DepthEncoding
from rosbag_tools.cli import run_cli
from rosbag_tools.completion import CompletionOptions, CompletionReport, complete_bag
from rosbag_tools.completion_plan import describe, make_plan
from rosbag_tools.errors import BagError
from rosbag_tools.input_flags import InputFlags
from rosbag_tools.outputs import Outputs
from rosbag_tools.reader import BagReader
from rosbag_tools.writer import BagWriter, Storage


@dataclass(frozen=True, slots=True, kw_only=True)
class Complete:
    """Complete the depth of a camera-lidar bag: IN... OUT."""

    paths: tyro.conf.Positional[tuple[Path, ...]]
    """Input bags (.bag, .mcap, .db3 or a folder), then the output: a folder, .mcap or .db3."""
    model: str = "linear"
    """A model's name (a wrong one lists them), or the path of a checkpoint."""
    device: str = "auto"
    """cpu, cuda, cuda:1, ...; auto takes a GPU where there is one."""
    config: Path | None = None
    """YAML file with settings; flags go before it."""

    inputs: Annotated[InputFlags, tyro.conf.arg(name="")] = field(default_factory=InputFlags)

    encoding: DepthEncoding = "32FC1"
    """Of the depth image: metres with NaN, or 16UC1 in millimetres with 0."""
    namespace: str = ""
    """Put before the topics that are written."""
    write_points: bool = True
    """Write depth/points."""
    sparse_depth: bool = False
    """Write sparse_depth/image, the measurements that the model got."""
    support: bool = False
    """Write depth/support, the distance to the nearest measurement in pixels."""
    overlay: bool = False
    """Write debug/overlay, the measurements drawn on the image."""
    copy_inputs: bool = True
    """Copy all messages of the input to the output."""
    storage: Storage = "mcap"
    """Of an output folder."""
    overwrite: bool = False
    """Replace an output that exists."""

    truth: str = ""
    """Topic of true depth images: prints metrics."""
    holdout: float = 0.0
    """Share of the measured pixels that the model does not get and is scored on."""
    keep_lines: int = 1
    """Keep every n-th scan line; the model is scored on the others."""
    seed: int = 0
    """Of the random holdout."""
    protocol: str = "all"
    """Which pixels of a truth count: all, void, void_uncapped, kitti or nyu."""
    metrics: Path | None = None
    """Write the report as JSON."""
    preview: Path | None = None
    """Folder for pictures: image | projected points | dense depth | error."""
    preview_every: int = 5
    """A picture of every n-th frame."""
    max_frames: int = 0
    """Stop after so many frames; 0 for all."""
    settings: Annotated[CompletionConfig, tyro.conf.arg(name=""), tyro.conf.FlagConversionOff] = (
        field(default_factory=CompletionConfig)
    )


def main(arguments: list[str]) -> int:
    """Parse, complete, report; 0 for success, 130 when interrupted."""
    wanted = parsed(arguments)
    if len(wanted.paths) < 2:
        raise BagError("give one or more input bags and then the output: IN... OUT")
    *inputs, output = wanted.paths
    whole = output.resolve()
    for path in (item.resolve() for item in inputs):
        if whole in (path, *path.parents) or path in whole.parents:
            raise BagError(
                f"the output {output} is an input too, or one lies inside the other; "
                "give it another name"
            )
    options = _options(wanted)
    completer = load_model(wanted.model, device=wanted.device, config=wanted.settings)
    with BagReader(inputs) as reader:
        plan = make_plan(reader, wanted.inputs.wishes(truth=wanted.truth))
        print("\n".join(describe(plan)), flush=True)
        with BagWriter(output, storage=wanted.storage, overwrite=wanted.overwrite) as writer:
            report = complete_bag(reader, writer, plan, completer, options)
    print("\n".join(_summary(report, wanted, output)))
    if wanted.metrics:
        write_json(wanted.metrics, report_json(report, wanted.model))
    return 130 if report.interrupted else (1 if report.damage else 0)


def parsed(arguments: list[str]) -> Complete:
    """The command line; settings come from its flags, then from its --config file."""
    return tyro.cli(Complete, args=arguments, default=_with_config_file(arguments))


def report_json(report: CompletionReport, model: str) -> dict[str, object]:
    """The report as plain values; what is not a number becomes null."""
    return {
        "model": model,
        "frames": report.frames,
        "images": report.images,
        "drops": dict(report.drops),
        "scores": without_nan(report.scores),
        "model_ms": without_nan(_percentiles(report.model_ms)),
        "gap_ms": without_nan(_percentiles(report.gap_ms)),
        **without_nan(
            {
                "coverage_of_image": _mean(report.coverage),
                "mean_confidence": _mean(report.confidence),
            }
        ),
        "interrupted": report.interrupted,
        "damage": report.damage,
    }


def _with_config_file(arguments: list[str]) -> Complete:
    """The defaults, those of a --config file among them, for the flags to override."""
    for flag, value in zip(arguments, [*arguments[1:], ""], strict=True):
        name, equals, joined = flag.partition("=")
        if name == "--config":
            settings = load_config(Path(joined if equals else value))
            return Complete(paths=(Path(),), settings=settings)
    return Complete(paths=tyro.MISSING)


def _options(wanted: Complete) -> CompletionOptions:
    holdout = Holdout(share=wanted.holdout, keep_lines=wanted.keep_lines, seed=wanted.seed)
    if holdout.is_on and wanted.truth:
        raise BagError("--truth and withheld points are two truths; give one of them")
    return CompletionOptions(
        outputs=Outputs(
            namespace=wanted.namespace,
            encoding=wanted.encoding,
            points=wanted.write_points,
            cloud=wanted.settings.cloud,
            sparse_depth=wanted.sparse_depth,
            support=wanted.support,
            overlay=wanted.overlay,
        ),
        pairing=wanted.settings.pairing,
        copy_inputs=wanted.copy_inputs,
        holdout=holdout,
        protocol=protocol_named(wanted.protocol),
        preview=wanted.preview,
        preview_every=max(wanted.preview_every, 1),
        max_frames=wanted.max_frames,
    )


def _summary(report: CompletionReport, wanted: Complete, output: Path) -> list[str]:
    ended = "interrupted: " if report.interrupted else ""
    done = f"{ended}{report.frames} of {report.images} images completed with '{wanted.model}'"
    model_ms, gap_ms = _percentiles(report.model_ms), _percentiles(report.gap_ms)
    lines = [
        f"{done} into {output}",
        f"model        p50 {model_ms['p50']:.1f} ms, p99 {model_ms['p99']:.1f} ms per frame",
        f"pair gap     p50 {gap_ms['p50']:.1f} ms, p99 {gap_ms['p99']:.1f} ms",
        f"coverage     {100 * _mean(report.coverage):.1f} % of the image",
    ]
    if report.confidence:
        lines.append(f"confidence   {_mean(report.confidence):.3f} on average")
    lines.extend(f"not used     {count} x {why}" for why, count in report.drops.most_common())
    if report.damage:
        lines.append(f"stopped      {report.damage}")
    if report.scores:
        lines.append(_score_line(report.scores, wanted))
    return lines


def _score_line(scores: dict[str, float], wanted: Complete) -> str:
    truth = wanted.truth or (
        f"withheld lines (kept every {wanted.keep_lines}.)"
        if wanted.keep_lines > 1
        else f"withheld points ({100 * wanted.holdout:g} %)"
    )
    return (
        f"error        MAE {scores['mae_mm']:.1f} mm, RMSE {scores['rmse_mm']:.1f} mm, "
        f"iMAE {scores['imae_per_km']:.2f} 1/km, iRMSE {scores['irmse_per_km']:.2f} 1/km, "
        f"REL {scores['rel']:.4f}, delta1 {scores['delta1']:.4f}, "
        f"coverage {scores['coverage']:.3f}; {scores['images']:.0f} frames against {truth}"
    )


def _mean(values: list[float]) -> float:
    return float(np.mean(values)) if values else math.nan


def _percentiles(values: list[float]) -> dict[str, float]:
    if not values:
        return {"p50": math.nan, "p99": math.nan}
    return {"p50": float(np.percentile(values, 50)), "p99": float(np.percentile(values, 99))}


if __name__ == "__main__":
    sys.exit(run_cli(main))
