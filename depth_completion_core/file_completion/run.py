# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What ``infer`` does: completes images and sparse depth on disk, and scores them against truth."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from functools import partial

from depth_completion_core.completer import load_model
from depth_completion_core.file_completion.command_line import Infer
from depth_completion_core.file_completion.frame_files import (
    FrameFiles,
    MissingViewError,
    frame_files_of,
    frame_of,
    output_names,
    truth_of,
)
from depth_completion_core.file_completion.results import (
    report_results,
    write_results,
    written_folders,
)
from depth_completion_core.file_completion.tally import Tally
from depth_completion_core.files.kept_inputs import InputInDangerError
from depth_completion_core.frame import OF_ONE_FRAME
from depth_completion_core.inference.timing import timed
from depth_completion_core.metrics import protocol_named
from depth_completion_core.progress import with_progress


def infer(wanted: Infer) -> list[str]:
    """Complete, write, report; everything is checked for partners before the first is completed.

    Returns:
        What was wrong with some frames, in sentences; the others are done.

    Raises:
        ValueError: files do not belong together, or no frame could be completed.
        OSError: a result cannot be written.
    """
    protocol = protocol_named(wanted.protocol)
    completer = load_model(wanted.model, device=wanted.device, config=wanted.settings)
    tally = Tally(protocol, completer.output, wanted.depth_scale)
    needs, files = completer.model.needs, frame_files_of(wanted)
    _check_inputs_are_kept(wanted, files)
    outputs = enumerate(output_names([item.image for item in files]))
    for index, name in with_progress(outputs, "completing", unit="image", total=len(files)):
        try:
            frame = frame_of(files, index, needs, wanted.depth_scale)
            truth = truth_of(files[index], frame, wanted.depth_scale)
            prediction, ms = timed(partial(completer.complete, frame), completer.device)
        except MissingViewError as error:
            print(f"left out: {error}", file=sys.stderr)
            continue
        except OF_ONE_FRAME as error:
            tally.fail(name, error)
            continue
        tally.add(name, prediction, ms, truth)
        write_results(wanted, name, frame, prediction, truth, pngs=tally.pngs)
    _check_anything(tally, len(files))
    report_results(wanted, tally, completer)
    if tally.all_empty:
        raise ValueError(tally.emptiness())
    return tally.failed


def _check_inputs_are_kept(wanted: Infer, files: Sequence[FrameFiles]) -> None:
    """No input lies where results go: whether by the same name is not worth the risk."""
    read = {
        path.resolve().parent
        for item in files
        for path in (item.image, item.sparse_depth, item.intrinsics, item.ground_truth)
        if path is not None
    }
    for folder in written_folders(wanted):
        if folder.resolve() in read:
            raise InputInDangerError(
                f"results would be written to {folder}, where inputs lie; give another --out"
            )


def _check_anything(tally: Tally, images: int) -> None:
    if tally.failed and not tally.names:
        raise ValueError(f"none of {images} images could be completed")
    if not tally.names:
        raise ValueError("no image has the further images that the model needs; give more of them")
