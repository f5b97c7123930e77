# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What a trained ScaffNet says of the frames of lists, for trainings that read it from files."""

from __future__ import annotations

import hashlib
from pathlib import Path

from depth_completion_core.completer import load_model
from depth_completion_core.data.readers.scaffnet_lists import ScaffNetLists
from depth_completion_core.data.sample import DataError
from depth_completion_core.files.depth_pngs import DepthPngs
from depth_completion_core.preparation.command_lines import PrepareFusionNet
from depth_completion_core.preparation.scaffnet_tree import DEPTH_SCALE, ScaffNetTree
from depth_completion_core.progress import with_progress


def prepare(wanted: PrepareFusionNet) -> list[str]:
    """Write predictions and their list; returns sentences on them.

    Raises:
        DataError: a list or a file of it is missing or damaged.
        ValueError: there is no such model.
        WriteError: a file cannot be written; those before it are whole.
    """
    config = ScaffNetLists.Config(lists=wanted.lists, suffix=wanted.suffix)
    dataset = ScaffNetLists(wanted.data, config)
    settings = {"set": "fusionnet", "model": _identity(wanted.model)}
    tree = ScaffNetTree(wanted.data, wanted.derived, settings)
    completer = load_model(wanted.model, device=wanted.device)
    pngs = DepthPngs(DEPTH_SCALE)
    rows = []
    for index in with_progress(range(len(dataset)), "scaffnet", unit="frame", total=len(dataset)):
        target = tree.derived / f"{dataset.names[index]}.png"
        if not target.is_file():
            sample = dataset[index]
            if sample.sparse is None:
                raise DataError(f"{wanted.lists}: there is no list of sparse_depth to complete")
            depth = completer.complete(sample.frame()).along_z
            pngs.write(target, depth.depth, depth.valid)
        rows.append({"predict_depth": target})
    told = tree.write_lists(wanted.lists, rows, wanted.suffix)
    return [*told, *filter(None, [pngs.remark("Use a ScaffNet of a shorter range")])]


def _identity(model: str) -> str:
    """A name of the table, or what a file holds: the next training writes to the same path."""
    path = Path(model)
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else model
