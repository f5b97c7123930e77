# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What is written of completed files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

import numpy as np

from depth_completion_core.completer import DepthCompleter
from depth_completion_core.file_completion.command_line import Infer
from depth_completion_core.file_completion.tally import Tally
from depth_completion_core.files.depth_pngs import DepthPngs
from depth_completion_core.files.folder_names import folder_name
from depth_completion_core.files.json_files import without_nan, write_json
from depth_completion_core.files.output_files import (
    write_depth_npy,
    write_picture,
    write_ply,
)
from depth_completion_core.frame import DepthPrediction, Frame, SparseDepth
from depth_completion_core.geometry.arrays import Float32Array
from depth_completion_core.geometry.unprojection import unproject_depth
from depth_completion_core.metrics import mean_metrics, metric_spread, protocol_named
from depth_completion_core.pictures.preview import frame_picture
from depth_completion_core.pictures.scales import depth_scale as picture_scale


def write_results(
    wanted: Infer,
    name: str,
    frame: Frame,
    prediction: DepthPrediction,
    truth: SparseDepth | None,
    *,
    pngs: DepthPngs,
) -> None:
    """Write depth, a picture, points, and what else was asked for; raises OSError."""
    depth, valid, out = prediction.along_z.depth, prediction.along_z.valid, wanted.out
    pngs.write(out / "output_depth" / f"{name}.png", depth, valid)
    write_depth_npy(out / "output_depth" / f"{name}.npy", depth, valid)
    colors = picture_scale([prediction.sparse.depth, depth])
    write_picture(
        out / "preview" / f"{name}.png", frame_picture(frame.image, prediction, truth, colors)
    )
    points = _points(frame, prediction)
    if points is not None:
        usable = np.isfinite(points).all(axis=-1)
        write_ply(out / "points" / f"{name}.ply", points[usable], frame.image[usable])
    if prediction.confidence is not None:
        known = np.ones_like(valid)
        write_depth_npy(out / "confidence" / f"{name}.npy", prediction.confidence, known)
    log_error = prediction.maps.get("log_error")
    if log_error is not None:
        error = np.exp(log_error)
        write_depth_npy(out / "output_uncertainty" / f"{name}.npy", error, np.ones_like(valid))
    for kind, values in prediction.maps.items() if wanted.save_maps else ():
        known = np.ones(values.shape, dtype=np.bool_)
        write_depth_npy(out / "maps" / folder_name(kind) / f"{name}.npy", values, known)
    if wanted.save_inputs:
        write_picture(out / "image" / f"{name}.png", frame.image)
        start = prediction.maps.get("initial_depth")
        if start is not None:
            path = out / "input_depth" / f"{name}.png"
            pngs.write(path, start, start > 0)
        for folder, given in (("sparse_depth", prediction.sparse), ("ground_truth", truth)):
            if given is not None:
                target = out / folder / f"{name}.png"
                pngs.write(target, given.depth, given.valid)


def write_stages(out: Path, name: str, stages: Mapping[str, Float32Array]) -> None:
    """Write how a model came to its depth, a folder for each stage; raises OSError."""
    for kind, values in stages.items():
        known = np.ones(values.shape, dtype=np.bool_)
        write_depth_npy(out / "stages" / folder_name(kind) / f"{name}.npy", values, known)


def _points(frame: Frame, prediction: DepthPrediction) -> Float32Array | None:
    """(H, W, 3) metres, NaN where unknown; None where neither camera nor rays are known."""
    along_rays = prediction.along_rays
    if along_rays is not None and prediction.rays is not None:
        points = prediction.rays * along_rays.depth[..., None]
        points[~along_rays.valid] = np.nan
        return points
    if frame.camera is None:
        return None
    return unproject_depth(prediction.depth, prediction.valid, frame.camera)


def report_results(wanted: Infer, tally: Tally, completer: DepthCompleter) -> None:
    """Print and write how fast and, with true depth, how good it was; raises OSError."""
    names, scores = tally.names, tally.scores
    p50, p99 = (float(np.percentile(tally.model_ms, share)) for share in (50, 99))
    print(
        f"{len(names)} depth maps in {wanted.out}; {p50:.1f} ms each (p50), {p99:.1f} ms (p99), "
        f"on {completer.device}"
    )
    emptiness = "" if tally.all_empty else tally.emptiness()
    for remark in (tally.measured(), emptiness, tally.pngs.remark(), *completer.notes):
        if remark:
            print(remark)
    report: dict[str, object] = {"model": wanted.model, "ms": {"p50": p50, "p99": p99}}
    if scores:
        summary = mean_metrics(scores, protocol_named(wanted.protocol).averaging)
        spread = metric_spread(scores)
        print(
            f"MAE {summary['mae_mm']:.2f} +/- {spread['mae_mm']:.2f} mm, "
            f"RMSE {summary['rmse_mm']:.2f} +/- {spread['rmse_mm']:.2f} mm, "
            f"iMAE {summary['imae_per_km']:.2f} 1/km, iRMSE {summary['irmse_per_km']:.2f} 1/km, "
            f"REL {summary['rel']:.4f}, coverage {summary['coverage']:.3f} "
            f"(protocol '{wanted.protocol}', {summary['images']:.0f} images)"
        )
        report["protocol"] = wanted.protocol
        report["mean"] = without_nan(summary)
        report["std"] = without_nan(spread)
        report["frames"] = {n: without_nan(asdict(s)) for n, s in zip(names, scores, strict=True)}
    write_json(wanted.out / "metrics.json", report)
