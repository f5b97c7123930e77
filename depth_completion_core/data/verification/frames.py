# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The files of one frame of a set: encodings, validity, depth and pose."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from depth_completion_core.data.verification.faults import Fault, FaultKind
from depth_completion_core.data.verification.layout import FRAME_FILES, SetFolder
from depth_completion_core.images.decoding import decode_image_bytes
from depth_completion_core.images.headers import ImageError, ImageKind

DEPTH_SCALE = 256.0
"""Numbers of a depth PNG per metre."""

_POSE_TOLERANCE = 1e-3  # of R R^T from the identity; text of a few digits keeps it
_LARGEST_POSE_BYTES = 10_000
_KINDS: tuple[ImageKind, ...] = ("PNG",)


@dataclass(frozen=True, slots=True)
class DepthRange:
    """The depth that may be in a set, metres."""

    nearest: float = 0.0
    farthest: float = 255.99


@dataclass(slots=True)
class DepthFacts:
    """What the depth of a frame is, as the whole numbers of its PNG.

    Attributes:
        pixels: how many have a depth.
        largest: of these numbers.
        at_255: how many pixels hold just 255, where a conversion to 8 bits clips.
        whole_metres: how many pixels hold a multiple of 256.
    """

    pixels: int
    largest: int
    at_255: int
    whole_metres: int


@dataclass(slots=True)
class FrameFacts:
    """What was found of a frame.

    Attributes:
        sequence: its folder in data/.
        stem: the name of its files.
        faults: what is wrong with it.
        sizes: (height, width) of each of its images, by kind.
        digest: of the pixels of its image; empty where that is not readable.
        depth: of sparse_depth and ground_truth.
        log_ratio: median of log(sparse / true) where both have depth; NaN where nothing has.
    """

    sequence: str
    stem: str
    faults: list[Fault] = field(default_factory=list)
    sizes: dict[str, tuple[int, int]] = field(default_factory=dict)
    digest: bytes = b""
    depth: dict[str, DepthFacts] = field(default_factory=dict)
    log_ratio: float = float("nan")

    @property
    def points(self) -> int:
        """Number of measured pixels."""
        return self.depth["sparse_depth"].pixels if "sparse_depth" in self.depth else 0


def examine(
    folder: SetFolder, sequence: str, stem: str, present: frozenset[str], within: DepthRange
) -> FrameFacts:
    """Read all files of a frame.

    Args:
        folder: of the set.
        sequence: folder in data/.
        stem: name of the files.
        present: the kinds of files that the frame has.
        within: the depth that is possible.
    """
    return _Examination(folder, sequence, stem, within).of(present)


class _Examination:
    """Reads one frame and keeps what it finds."""

    def __init__(self, folder: SetFolder, sequence: str, stem: str, within: DepthRange) -> None:
        self._folder, self._within = folder, within
        self._facts = FrameFacts(sequence, stem)

    def of(self, present: frozenset[str]) -> FrameFacts:
        for kind in self._folder.kinds:
            if kind not in present:
                self._fault("missing_file", kind, "there is none", "one file for every frame")
        if "image" in present:
            self._check_image()
        sparse = self._depth("sparse_depth") if "sparse_depth" in present else None
        truth = self._depth("ground_truth") if "ground_truth" in present else None
        if "validity_map" in present:
            self._check_validity(sparse)
        if sparse is not None and truth is not None and sparse.shape == truth.shape:
            both = (sparse > 0) & (truth > 0)
            if both.any():
                ratio = np.log(sparse[both].astype(np.float64) / truth[both])
                self._facts.log_ratio = float(np.median(ratio))
        if "absolute_pose" in present:
            self._check_pose()
        return self._facts

    def _check_image(self) -> None:
        pixels = self._pixels("image", np.uint8, "8-bit grey or RGB", channels=(1, 3))
        if pixels is not None:
            self._facts.digest = hashlib.blake2b(
                np.ascontiguousarray(pixels).data, digest_size=16
            ).digest()

    def _depth(self, kind: str) -> npt.NDArray[np.uint16] | None:
        wanted = "one channel of 16 bits, metres times 256"
        numbers = self._pixels(kind, np.uint16, wanted, channels=(1,))
        if numbers is None:
            return None
        measured = numbers[numbers > 0]
        if not len(measured):
            self._fault("empty_depth", kind, "all pixels are 0", "depth in some of them")
            return None
        smallest, largest = int(measured.min()), int(measured.max())
        self._facts.depth[kind] = DepthFacts(
            pixels=len(measured),
            largest=largest,
            at_255=int(np.count_nonzero(measured == 255)),
            whole_metres=int(np.count_nonzero(measured % 256 == 0)),
        )
        nearest, farthest = self._within.nearest, self._within.farthest
        if smallest / DEPTH_SCALE < nearest or largest / DEPTH_SCALE > farthest:
            found = f"depth from {smallest / DEPTH_SCALE:.3f} to {largest / DEPTH_SCALE:.3f} m"
            self._fault("depth_range", kind, found, f"{nearest:g} to {farthest:g} m")
        return numbers

    def _check_validity(self, sparse: npt.NDArray[np.uint16] | None) -> None:
        wanted = "one channel of 16 bits: 256 where it was measured, else 0"
        numbers = self._pixels("validity_map", np.uint16, wanted, channels=(1,))
        if numbers is None:
            return
        strange = numbers[(numbers != 0) & (numbers != 256)]
        if len(strange):
            found = f"{len(strange)} pixels are neither, such as {strange[0]}"
            self._fault("validity", "validity_map", found, "only 0 and 256")
        elif sparse is not None and sparse.shape == numbers.shape:
            wrong = int(np.count_nonzero((numbers > 0) != (sparse > 0)))
            if wrong:
                found = f"{wrong} pixels disagree with sparse_depth/"
                self._fault("validity", "validity_map", found, "256 just where that has depth")

    def _pixels(
        self, kind: str, dtype: type[np.generic], wanted: str, *, channels: tuple[int, ...]
    ) -> npt.NDArray[Any] | None:
        """The pixels of a PNG; None where it is not readable or of another encoding."""
        try:
            pixels = decode_image_bytes(self._path(kind).read_bytes(), _KINDS)
        except OSError as error:
            self._fault("unreadable", kind, f"cannot be read: {error.strerror}", "a PNG")
            return None
        except ImageError as error:
            self._fault("unreadable", kind, f"the file {error}", "a PNG")
            return None
        held = 1 if pixels.ndim == 2 else pixels.shape[2]
        if pixels.dtype != dtype or held not in channels:
            bits = 8 * pixels.dtype.itemsize
            found = f"{held} channel{'s' if held > 1 else ''} of {bits} bits"
            self._fault("encoding", kind, found, wanted)
            return None
        self._facts.sizes[kind] = (pixels.shape[0], pixels.shape[1])
        return pixels

    def _check_pose(self) -> None:
        wrong = wrong_pose(self._path("absolute_pose"))
        if wrong:
            expected = "3 rows of 4 numbers, camera to world: a rotation and metres"
            self._fault("pose", "absolute_pose", wrong, expected)

    def _path(self, kind: str) -> Path:
        facts = self._facts
        sequence = self._folder.path / "data" / facts.sequence
        return sequence / kind / f"{facts.stem}{FRAME_FILES[kind]}"

    def _fault(self, fault: FaultKind, kind: str, found: str, expected: str) -> None:
        path = self._folder.told(self._path(kind))
        self._facts.faults.append(Fault(fault, path, found, expected))


def wrong_pose(path: Path) -> str:
    """What is wrong with the text file of a pose; empty where nothing is."""
    rows = numbers_in_rows(path)
    if isinstance(rows, str):
        return rows
    lengths = [len(row) for row in rows]
    if lengths != [4, 4, 4]:
        return f"{len(rows)} rows of {' and '.join(map(str, sorted(set(lengths))))} numbers"
    matrix = np.array(rows)
    if not np.isfinite(matrix).all():
        return "NaN or infinite numbers"
    rotation = matrix[:, :3]
    with np.errstate(over="ignore", invalid="ignore"):
        error = float(np.abs(rotation @ rotation.T - np.eye(3)).max())
    if not error <= _POSE_TOLERANCE:
        return f"its 3x3 part is no rotation, it is off by {error:.2g}"
    if np.linalg.det(rotation) < 0:
        return "its 3x3 part is a reflection"
    return ""


def numbers_in_rows(path: Path) -> list[list[float]] | str:
    """The numbers of a small text file, row by row; or what is wrong with it."""
    try:
        with path.open("rb") as file:
            text = file.read(_LARGEST_POSE_BYTES + 1).decode("ascii")
        if len(text) > _LARGEST_POSE_BYTES:
            return "too long for a matrix"
        return [
            [float(word) for word in line.split()] for line in text.splitlines() if line.strip()
        ]
    except (OSError, ValueError) as error:
        return f"it is not text of numbers: {error}"
