# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The folder of the service ~/save_frame, which holds the newest frames alone."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from depth_completion_core.diagnosis.frame_bundle import BUNDLE_NAMES, write_bundle
from depth_completion_core.sensing.output_topics import CompletedFrame
from depth_completion_ros.model_in_use import ModelInUse

_STAMP = re.compile(r"\d{19}")


def save_frame(done: CompletedFrame, in_use: ModelInUse, folder: Path, keep: int) -> Path:
    """Write a frame to a folder named after its stamp, and make room for it.

    Args:
        done: the frame.
        in_use: what it was completed with.
        folder: of all saved frames.
        keep: how many of them stay.

    Raises:
        OSError: the folder cannot be written.
    """
    bundle = folder / f"{done.placed.frame.stamp_ns:019d}"
    write_bundle(bundle, done, model=in_use.name, config=in_use.config)
    remove_oldest(folder, keep)
    return bundle


def remove_oldest(folder: Path, keep: int) -> None:
    """Remove all but the last frames saved; what holds anything else is left alone."""
    saved = sorted((item for item in folder.iterdir() if _is_bundle(item)), key=_saved_ns)
    for bundle in saved[:-keep]:
        shutil.rmtree(bundle)


def _is_bundle(path: Path) -> bool:
    is_named = bool(_STAMP.fullmatch(path.name)) and path.is_dir() and not path.is_symlink()
    return is_named and {item.name for item in path.iterdir()} <= BUNDLE_NAMES


def _saved_ns(bundle: Path) -> int:
    """By the time of saving, as the stamps of bags that are played again go back."""
    return bundle.stat().st_mtime_ns
