# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Read a whole set in VOID's layout and name every fault."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np

from depth_completion_core.data.verification.faults import Fault, FaultKind, without_repeats
from depth_completion_core.data.verification.frames import DepthRange, FrameFacts, examine
from depth_completion_core.data.verification.layout import (
    FRAME_FILES,
    SetFolder,
    files_of_sequence,
    set_folders,
)
from depth_completion_core.data.verification.listings import FrameName, Listings, check_listings
from depth_completion_core.data.verification.manifests import check_checksums, is_without_truth
from depth_completion_core.data.verification.sequences import check_sequence
from depth_completion_core.progress import ProgressDisplay

_MOST_JOBS = 8


@dataclass(frozen=True, slots=True)
class DensitySummary:
    """What one density holds, beside its faults.

    Attributes:
        name: of its folder.
        sequences: how many.
        frames: in all of them.
        listed: frames of each split.
        without_truth: sequences whose manifest says that they have no true depth.
        points: smallest, median and largest number of measured pixels of an image; zeros where no
            sparse depth is readable.
    """

    name: str
    sequences: int
    frames: int
    listed: dict[str, int]
    without_truth: list[str]
    points: tuple[int, int, int]


@dataclass(slots=True)
class VerifiedSet:
    """A set that was read, and what is wrong with it."""

    root: Path
    densities: list[DensitySummary] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)

    @property
    def counts(self) -> dict[FaultKind, int]:
        """How many faults of each kind there are, in the order of a report."""
        return dict(Counter(fault.kind for fault in self.faults))

    def to_json(self) -> dict[str, object]:
        """Plain values."""
        return {
            "root": str(self.root),
            "densities": [asdict(density) for density in self.densities],
            "counts": self.counts,
            "faults": [asdict(fault) for fault in self.faults],
        }


def verify_set(
    root: Path,
    *,
    within: DepthRange | None = None,
    jobs: int = 0,
    is_shown: bool = False,
) -> VerifiedSet:
    """Read every file of a set.

    Args:
        root: ``void_release``, or the folder of one density.
        within: the depth that is possible; None for all that the PNGs can hold.
        jobs: threads that read; 0 for one per processor, at most 8.
        is_shown: whether progress is shown on standard error.

    Raises:
        DataError: there is no set.
    """
    folders = set_folders(root)
    verified = VerifiedSet(root)
    faults: list[Fault] = []
    with ThreadPoolExecutor(jobs or min(os.cpu_count() or 1, _MOST_JOBS)) as threads:
        for folder in folders:
            density = _Density(folder, within or DepthRange())
            with ProgressDisplay(
                f"verifying {folder.name}",
                unit="frame",
                total=len(density.frames),
                is_shown=is_shown,
            ) as progress:
                density.read(threads, progress.advance)
            faults += density.faults()
            verified.densities.append(density.summary())
        faults += check_checksums(root, threads, is_shown=is_shown)
    verified.faults = without_repeats(faults)
    return verified


class _Density:
    """The set in one folder: what there is, and what was read of it."""

    def __init__(self, folder: SetFolder, within: DepthRange) -> None:
        self._folder, self._within = folder, within
        self._listings: Listings = check_listings(folder)
        self._strays: list[Fault] = []
        self.frames = {
            name: kinds
            for sequence in folder.sequences
            for name, kinds in self._frames_of(sequence).items()
        }
        self._facts: list[FrameFacts] = []
        self._without_truth = [
            sequence.name
            for sequence in folder.sequences
            if is_without_truth(folder.path.parent, sequence.name)
        ]

    def read(self, threads: ThreadPoolExecutor, advance: Callable[[], None]) -> None:
        """Examine all frames."""

        def one(item: tuple[FrameName, frozenset[str]]) -> FrameFacts:
            name, kinds = item
            return examine(self._folder, name.sequence, name.stem, kinds, self._within)

        for facts in threads.map(one, self.frames.items()):
            self._facts.append(facts)
            advance()

    def faults(self) -> Iterator[Fault]:
        """All of them, some perhaps twice."""
        yield from self._listings.faults
        yield from self._strays
        for facts in self._facts:
            yield from (fault for fault in facts.faults if not self._is_meant(facts, fault))
        for sequence in self._folder.sequences:
            own = [facts for facts in self._facts if facts.sequence == sequence.name]
            yield from check_sequence(self._folder, sequence, own)
        yield from _repeated_images(self._folder, self._facts, self._listings)
        yield from (fault for name in self.frames for fault in self._check_name(name))

    def summary(self) -> DensitySummary:
        """What was read."""
        points = [facts.points for facts in self._facts if facts.points] or [0]
        return DensitySummary(
            name=self._folder.name,
            sequences=len(self._folder.sequences),
            frames=len(self.frames),
            without_truth=self._without_truth,
            listed={split: len(names) for split, names in self._listings.frames.items()},
            points=(min(points), int(np.median(points)), max(points)),
        )

    def _frames_of(self, sequence: Path) -> dict[FrameName, frozenset[str]]:
        """The kinds of files of each frame; a lone file that no list names is of none."""
        stems, self_strays = files_of_sequence(self._folder, sequence)
        self._strays += self_strays
        listed = {name for names in self._listings.frames.values() for name in names}
        frames = {}
        for stem in sorted(set().union(*stems.values())):
            kinds = frozenset(kind for kind, names in stems.items() if stem in names)
            name = FrameName(sequence.name, stem)
            if len(kinds) == 1 and "image" not in kinds and name not in listed:
                (kind,) = kinds
                path = sequence / kind / f"{stem}{FRAME_FILES[kind]}"
                expected = "an image of this name"
                self._strays.append(
                    Fault("stray_file", self._folder.told(path), "it is of no frame", expected)
                )
            else:
                frames[name] = kinds
        return frames

    def _is_meant(self, facts: FrameFacts, fault: Fault) -> bool:
        """Whether a truth is empty because the set was written without."""
        is_empty_truth = fault.kind == "empty_depth" and "/ground_truth/" in fault.path
        return is_empty_truth and facts.sequence in self._without_truth

    def _check_name(self, name: FrameName) -> Iterator[Fault]:
        try:
            is_time = 0 <= float(name.stem) < float("inf")
        except ValueError:
            is_time = False
        if not is_time:
            path = self._folder.path / "data" / name.sequence / "image" / f"{name.stem}.png"
            expected = "seconds, such as 1552696011.5523.png"
            yield Fault("file_name", self._folder.told(path), f"named '{name.stem}'", expected)


def _repeated_images(
    folder: SetFolder, frames: Sequence[FrameFacts], listings: Listings
) -> Iterator[Fault]:
    """Frames whose pixels are those of another one."""
    split_of = {name: split for split, names in listings.frames.items() for name in names}
    first: dict[bytes, FrameName] = {}
    for facts in frames:
        name = FrameName(facts.sequence, facts.stem)
        if not facts.digest:
            continue
        other = first.setdefault(facts.digest, name)
        if other == name:
            continue
        splits = {split_of.get(name), split_of.get(other)}
        path = folder.told(folder.path / "data" / name.sequence / "image" / f"{name.stem}.png")
        same = f"data/{other.sequence}/image/{other.stem}.png"
        if splits == {"train", "test"}:
            found = f"the same pixels as {same}, one for training and one for testing"
            yield Fault("test_in_train", path, found, "a frame in one split")
        else:
            yield Fault("duplicate_frame", path, f"the same pixels as {same}", "another image")
