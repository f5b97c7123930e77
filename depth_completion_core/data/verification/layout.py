# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Where the files of a set in VOID's layout are.

The layout: :mod:`depth_completion_core.data.readers.void`. Truth and poses may be missing, but then
as a whole.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from depth_completion_core.data.sample import DataError
from depth_completion_core.data.verification.faults import Fault

FRAME_FILES = {
    "image": ".png",
    "sparse_depth": ".png",
    "validity_map": ".png",
    "ground_truth": ".png",
    "absolute_pose": ".txt",
}
"""The folders of a sequence, and how their files end."""

SPLITS = ("train", "test")
_OPTIONAL = ("ground_truth", "absolute_pose")
_DENSITY_FOLDER = re.compile(r"void_\d+")


@dataclass(frozen=True, slots=True)
class SetFolder:
    """The folder of one density.

    Attributes:
        root: what was given to verify; messages name files relative to it.
        path: the folder with ``data/`` and the lists.
        kinds: which of :data:`FRAME_FILES` the set has.
    """

    root: Path
    path: Path
    kinds: tuple[str, ...]

    @property
    def name(self) -> str:
        """void_1500, or the name of the folder."""
        return self.path.name

    @property
    def sequences(self) -> list[Path]:
        """The folders in ``data/``, by name."""
        return sorted(path for path in (self.path / "data").iterdir() if path.is_dir())

    def listing(self, split: str, what: str) -> Path:
        """The file of a list, whether or not it is there."""
        return self.path / f"{split}_{what}.txt"

    def told(self, path: Path) -> str:
        """A file as messages name it."""
        return path.relative_to(self.root).as_posix()


def is_density(name: str) -> bool:
    """Whether a folder's name is that of a density, such as void_1500."""
    return _DENSITY_FOLDER.fullmatch(name) is not None


def set_folders(root: Path) -> list[SetFolder]:
    """The densities in a release, or the one that was given.

    Raises:
        DataError: there is no set.
    """
    if not root.is_dir():
        raise DataError(f"there is no folder {root}")
    named = sorted(path for path in root.iterdir() if path.is_dir() and is_density(path.name))
    found = [path for path in named or [root] if (path / "data").is_dir()]
    if not found:
        raise DataError(
            f"{root} is no set in VOID's layout: expected void_1500/ or another density in it, as "
            "in void_release, or data/, as in the folder of one density"
        )
    return [SetFolder(root, path, _kinds(path)) for path in found]


def files_of_sequence(folder: SetFolder, sequence: Path) -> tuple[dict[str, set[str]], list[Fault]]:
    """Which frames have which file: for each kind the names without their endings; and strays."""
    stems: dict[str, set[str]] = {}
    faults: list[Fault] = []
    for kind in folder.kinds:
        suffix = FRAME_FILES[kind]
        stems[kind] = set()
        for path in _files(sequence / kind):
            if path.suffix == suffix and not path.name.startswith("."):
                stems[kind].add(path.stem)
            elif path.suffix == suffix or not path.name.startswith("."):
                expected = f"only STAMP{suffix} in {kind}/"
                faults.append(
                    Fault("stray_file", folder.told(path), "a file of no frame", expected)
                )
    return stems, faults


def _kinds(path: Path) -> tuple[str, ...]:
    def is_there(kind: str) -> bool:
        listed = any((path / f"{split}_{kind}.txt").is_file() for split in SPLITS)
        return listed or any((path / "data").glob(f"*/{kind}"))

    return tuple(kind for kind in FRAME_FILES if kind not in _OPTIONAL or is_there(kind))


def _files(folder: Path) -> Iterator[Path]:
    return iter(sorted(folder.iterdir()) if folder.is_dir() else [])
