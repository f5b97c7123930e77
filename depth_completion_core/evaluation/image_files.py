# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What ``infer`` does: images and sparse depth on disk are completed, and scored with a truth."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

import numpy as np

from depth_completion_core.completer import DepthCompleter, load_model
from depth_completion_core.evaluation.command_lines import Infer
from depth_completion_core.files.input_files import (
    DEPTH_TYPES,
    IMAGE_TYPES,
    files_of,
    matched,
    read_depth,
    read_image,
    read_intrinsics,
)
from depth_completion_core.files.json_files import without_nan, write_json
from depth_completion_core.files.output_files import (
    write_depth_npy,
    write_depth_png,
    write_picture,
    write_ply,
)
from depth_completion_core.frame import DepthPrediction, Frame, SparseDepth
from depth_completion_core.geometry.arrays import Float32Array
from depth_completion_core.geometry.unprojection import unproject_depth
from depth_completion_core.inference.timing import timed
from depth_completion_core.metrics import (
    DepthMetrics,
    depth_metrics,
    mean_metrics,
    metric_spread,
    protocol_named,
)
from depth_completion_core.pictures.depth_colors import depth_scale as picture_scale
from depth_completion_core.pictures.preview import frame_picture


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class _Item:
    """The files of one frame."""

    image: Path
    sparse_depth: Path
    intrinsics: Path | None
    ground_truth: Path | None


def infer(wanted: Infer) -> None:
    """Complete, write, report; everything is checked for partners before the first is completed.

    Raises:
        ValueError: files are missing, damaged, or do not belong together.
        OSError: a result cannot be written.
    """
    protocol = protocol_named(wanted.protocol)
    completer = load_model(wanted.model, device=wanted.device, config=wanted.settings)
    items = _items(wanted)
    names = _output_names([item.image for item in items])
    scores: list[DepthMetrics] = []
    model_ms: list[float] = []
    for number, (item, name) in enumerate(zip(items, names, strict=True), 1):
        frame = _frame(item, wanted.depth_scale)
        prediction, ms = timed(partial(completer.complete, frame), completer.device)
        model_ms.append(ms)
        truth = _truth(item, wanted.depth_scale, frame)
        if truth is not None:
            depth = prediction.along_z
            scores.append(
                depth_metrics(depth.depth, depth.valid, truth.depth, truth.valid, protocol)
            )
        _write(wanted, name, frame, prediction, truth)
        print(f"\r{number} of {len(items)}", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    _report(wanted, names, scores, model_ms, completer)


def _items(wanted: Infer) -> list[_Item]:
    images = files_of(wanted.image, IMAGE_TYPES, root=wanted.root)

    def partners(source: Path | None, types: Sequence[str], what: str) -> Iterator[Path | None]:
        if source is None:
            yield from [None] * len(images)
            return
        files = files_of(source, types, root=wanted.root)
        is_common = what == "intrinsics" and len(files) == 1
        yield from files * len(images) if is_common else matched(images, files, what)

    # A text file may be the matrix itself, or a list of matrices.
    intrinsics = wanted.intrinsics
    is_matrix = intrinsics is not None and intrinsics.suffix == ".txt" and _is_matrix(intrinsics)
    matrices: Iterator[Path | None] = (
        iter([intrinsics] * len(images))
        if is_matrix
        else partners(intrinsics, (".txt", ".npy"), "intrinsics")
    )
    return [
        _Item(image=image, sparse_depth=sparse, intrinsics=matrix, ground_truth=truth)
        for image, sparse, matrix, truth in zip(
            images,
            matched(images, files_of(wanted.sparse_depth, DEPTH_TYPES, root=wanted.root), "depth"),
            matrices,
            partners(wanted.ground_truth, DEPTH_TYPES, "ground truth"),
            strict=True,
        )
    ]


def _is_matrix(path: Path) -> bool:
    if not path.exists():
        return True  # let the reader say that it is missing
    try:
        [float(word) for word in path.read_text(encoding="utf-8").split()]
    except ValueError:
        return False
    return True


def _output_names(images: Sequence[Path]) -> list[str]:
    """The images' names; numbers where one name occurs twice, as in lists over several drives."""
    names = [image.stem for image in images]
    if len(set(names)) == len(names):
        return names
    return [f"{number:010d}" for number in range(len(names))]


def _frame(item: _Item, depth_scale: float) -> Frame:
    image = read_image(item.image)
    sparse = read_depth(item.sparse_depth, depth_scale=depth_scale)
    height, width = image.shape[:2]
    camera = (
        None
        if item.intrinsics is None
        else read_intrinsics(item.intrinsics, width=width, height=height)
    )
    return Frame(image=image, camera=camera, sparse=sparse, frame_id=str(item.image))


def _truth(item: _Item, depth_scale: float, frame: Frame) -> SparseDepth | None:
    if item.ground_truth is None:
        return None
    truth = read_depth(item.ground_truth, depth_scale=depth_scale)
    if truth.depth.shape != frame.size:
        raise ValueError(f"{item.ground_truth} is {truth.depth.shape}, the image {frame.size}")
    return truth


def _write(
    wanted: Infer,
    name: str,
    frame: Frame,
    prediction: DepthPrediction,
    truth: SparseDepth | None,
) -> None:
    depth, valid, out = prediction.along_z.depth, prediction.along_z.valid, wanted.out
    scale = wanted.depth_scale
    write_depth_png(out / "output_depth" / f"{name}.png", depth, valid, depth_scale=scale)
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
    for kind, values in prediction.maps.items() if wanted.save_maps else ():
        known = np.ones(values.shape, dtype=np.bool_)
        write_depth_npy(out / "maps" / kind / f"{name}.npy", values, known)
    if wanted.save_inputs:
        write_picture(out / "image" / f"{name}.png", frame.image)
        start = prediction.maps.get("initial_depth")
        if start is not None:
            path = out / "input_depth" / f"{name}.png"
            write_depth_png(path, start, start > 0, depth_scale=scale)
        for folder, given in (("sparse_depth", prediction.sparse), ("ground_truth", truth)):
            if given is not None:
                target = out / folder / f"{name}.png"
                write_depth_png(target, given.depth, given.valid, depth_scale=scale)


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


def _report(
    wanted: Infer,
    names: list[str],
    scores: list[DepthMetrics],
    model_ms: list[float],
    completer: DepthCompleter,
) -> None:
    p50, p99 = (float(np.percentile(model_ms, share)) for share in (50, 99))
    print(
        f"{len(names)} depth maps in {wanted.out}; {p50:.1f} ms each (p50), {p99:.1f} ms (p99), "
        f"on {completer.device}"
    )
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
