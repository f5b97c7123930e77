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
from depth_completion_core.file_completion.results import (
    report_results,
    write_results,
    write_stages,
)
from depth_completion_core.file_completion.results_folder import claim_folder, release_folder
from depth_completion_core.file_completion.tally import Tally
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
    if wanted.save_stages and not completer.model.has_stages:
        raise ValueError(_no_stages(wanted.model))
    tally = Tally(protocol, completer.output, wanted.depth_scale)
    needs, files = completer.model.needs, frame_files_of(wanted)
    claim_folder(wanted, files)
    outputs = enumerate(output_names([item.image for item in files]))
    for index, name in with_progress(outputs, "completing", unit="image", total=len(files)):
        try:
            frame = frame_of(files, index, needs, wanted.depth_scale)
            tally.doubt(name, frame.camera)
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
        if wanted.save_stages:
            write_stages(wanted.out, name, completer.stages(frame))
    if not tally.names:
        release_folder(wanted.out)
        raise ValueError(_why_nothing(tally, len(files)))
    report_results(wanted, tally, completer)
    if tally.all_empty:
        raise ValueError(tally.emptiness())
    return tally.failed


def _no_stages(model: str) -> str:
    return (
        f"'{model}' has no stages; --save-stages is for networks that propagate depth, such as "
        "nlspn, cspn and cspn_legacy, from a checkpoint (.safetensors)"
    )


def _why_nothing(tally: Tally, images: int) -> str:
    if tally.failed:
        return f"none of {images} images could be completed"
    return "no image has the further images that the model needs; give more of them"
