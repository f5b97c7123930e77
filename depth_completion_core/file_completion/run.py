# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What ``infer`` does: completes images and sparse depth on disk, and scores them against truth."""

from __future__ import annotations

import sys
from functools import partial

from depth_completion_core.completer import load_model
from depth_completion_core.file_completion.command_line import Infer
from depth_completion_core.file_completion.frame_files import (
    MissingViewError,
    frame_files_of,
    frame_of,
    output_names,
    truth_of,
)
from depth_completion_core.file_completion.results import report_results, write_results
from depth_completion_core.inference.timing import timed
from depth_completion_core.metrics import DepthMetrics, depth_metrics, protocol_named
from depth_completion_core.progress import with_progress


def infer(wanted: Infer) -> None:
    """Complete, write, report; everything is checked for partners before the first is completed.

    Raises:
        ValueError: files are missing, damaged, or do not belong together.
        OSError: a result cannot be written.
    """
    protocol = protocol_named(wanted.protocol)
    completer = load_model(wanted.model, device=wanted.device, config=wanted.settings)
    needs, files = completer.model.needs, frame_files_of(wanted)
    names: list[str] = []
    scores: list[DepthMetrics] = []
    model_ms: list[float] = []
    outputs = enumerate(output_names([item.image for item in files]))
    for index, name in with_progress(outputs, "completing", unit="image", total=len(files)):
        try:
            frame = frame_of(files, index, needs, wanted.depth_scale)
        except MissingViewError as error:
            print(f"left out: {error}", file=sys.stderr)
            continue
        prediction, ms = timed(partial(completer.complete, frame), completer.device)
        names.append(name)
        model_ms.append(ms)
        truth = truth_of(files[index], frame, wanted.depth_scale)
        if truth is not None:
            depth = prediction.along_z
            scores.append(
                depth_metrics(depth.depth, depth.valid, truth.depth, truth.valid, protocol)
            )
        write_results(wanted, name, frame, prediction, truth)
    if not names:
        raise ValueError("no image has the further images that the model needs; give more of them")
    report_results(wanted, names, scores, model_ms, completer)
