# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The folder that ScaffNet's and FusionNet's release trains in: data/, training/, validation/, ...

Lists hold one path per line, relative to that folder; line n of each list is of frame n. Images of
three instants lie side by side in one PNG: before, the frame, after. Intrinsics are 3x3 .npy.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from depth_completion_core.data.readers.reading import rgb_of
from depth_completion_core.data.sample import DataError
from depth_completion_core.files.atomic import write_text
from depth_completion_core.files.json_files import write_json
from depth_completion_core.files.output_files import write_depth_png, write_npy, write_picture
from depth_completion_core.frame import SparseDepth

DEPTH_SCALE = 256.0
_FARTHEST = 65535 / DEPTH_SCALE

Row = Mapping[str, Path]
"""The files of a frame, by what they are, as the lists are named."""

_WHATS = (
    *("image", "images", "sparse_depth", "validity_map", "ground_truth", "predict_depth"),
    *("semi_dense_depth", "dense_depth", "intrinsics", "focal_length_baseline"),
)


class ScaffNetTree:
    """Writes below one folder; what is there already is kept, so that a run can go on.

    Args:
        root: the folder.
        derived: the name in data/ of what is made.
        settings: that it is made with, plain values.

    Raises:
        DataError: what is there was made with other settings.

    Attributes:
        root: the folder.
        derived: the folder of what is made.
    """

    def __init__(self, root: Path, derived: str, settings: Mapping[str, Any]) -> None:
        self.root = root
        self.derived = root / "data" / derived
        record = self.derived / "settings.json"
        wanted = json.loads(json.dumps(settings))
        if record.is_file():
            found = json.loads(record.read_text(encoding="utf-8"))
            if found != wanted:
                raise DataError(
                    f"{self.derived} was made with {found}, now {wanted} is asked for: give "
                    "another --out, or remove that folder"
                )
        else:
            write_json(record, wanted)

    def linked(self, name: str, target: Path) -> Path:
        """data/NAME, a symbolic link to where a data set lies.

        Raises:
            DataError: something else has this name.
        """
        link = self.root / "data" / name
        if link.exists() and link.resolve() == target.resolve():
            return link
        if link.is_symlink() or link.exists():
            raise DataError(f"{link} is not {target}: remove it, or give another --out")
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(target.resolve(), target_is_directory=True)
        return link

    def images(self, target: Path, sources: Sequence[Path]) -> Path:
        """Images side by side as one PNG, made where it is not there yet; raises DataError."""
        if not target.is_file():
            pictures = [rgb_of(source) for source in sources]
            for source, picture in zip(sources, pictures, strict=True):
                if picture.shape != pictures[0].shape:
                    raise DataError(f"{source} has another size than {sources[0]}")
            write_picture(target, np.concatenate(pictures, axis=1))
        return target

    def depth(self, target: Path, depth: SparseDepth) -> Path:
        """Depth as 16-bit PNG of metres times 256, made where it is not there yet.

        What is too far for that has the largest number, as in the release: the sky of Virtual
        KITTI is supervised as the farthest that a network can say.
        """
        if not target.is_file():
            cut_off = np.minimum(depth.depth, np.float32(_FARTHEST))
            write_depth_png(target, cut_off, depth.valid, depth_scale=DEPTH_SCALE)
        return target

    def numbers(self, target: Path, array: npt.NDArray[np.generic]) -> Path:
        """An array as .npy, made where it is not there yet."""
        if not target.is_file():
            write_npy(target, array)
        return target

    def write_lists(self, prefix: str, rows: Sequence[Row], suffix: str = "") -> list[str]:
        """PREFIX_WHAT_SUFFIX.txt for everything that the rows hold; returns a sentence on them.

        Of no rows there is no list, not even an earlier one: readers take an empty one for damaged.
        """
        ending = f"_{suffix}" if suffix else ""
        if not rows:
            for what in _WHATS:
                (self.root / f"{prefix}_{what}{ending}.txt").unlink(missing_ok=True)
            return []
        for what in rows[0]:
            lines = [self._line(row[what]) for row in rows]
            write_text(self.root / f"{prefix}_{what}{ending}.txt", "\n".join(lines) + "\n")
        whats = ",".join(rows[0])
        return [f"{self.root / prefix}_{{{whats}}}{ending}.txt: {len(rows)} frames"]

    def _line(self, path: Path) -> str:
        """Relative to the folder, by the names of links."""
        return Path(os.path.relpath(path, self.root)).as_posix()
