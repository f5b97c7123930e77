# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What the frames of a sequence have in common: their size, K.txt, and the units of depth."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from depth_completion_core.data.readers.reading import camera_of
from depth_completion_core.data.sample import DataError
from depth_completion_core.data.verification.faults import Fault
from depth_completion_core.data.verification.frames import (
    FrameFacts,
    numbers_in_rows,
)
from depth_completion_core.data.verification.layout import FRAME_FILES, SetFolder
from depth_completion_core.geometry.intrinsics_doubts import intrinsics_doubts

_SAME_UNIT = math.log(1.5)
_ENOUGH_PIXELS = 50
_CLIPPED_SHARE = 0.01
_NEAREST_NUMBER = 26  # of 256 per metre, 0.1 m: nothing is measured nearer


def check_sequence(
    folder: SetFolder, sequence: Path, frames: Sequence[FrameFacts]
) -> Iterator[Fault]:
    """The faults that only all frames of a sequence together show."""
    if not frames:
        path = folder.told(sequence / "image")
        yield Fault("missing_file", path, "the sequence has no frame", "at least one image")
    size = _common_size(frames)
    if size is None:
        return
    yield from _check_sizes(folder, sequence, frames, size)
    yield from _check_intrinsics(folder, sequence / "K.txt", size)
    for kind in ("sparse_depth", "ground_truth"):
        yield from _check_numbers(folder, sequence / kind, frames, kind)
    yield from _check_scale(folder, sequence, frames)


def _common_size(frames: Sequence[FrameFacts]) -> tuple[int, int] | None:
    """That of most images: one that was resized is the one named."""
    counted = Counter(size for frame in frames for size in frame.sizes.values())
    return counted.most_common(1)[0][0] if counted else None


def _check_sizes(
    folder: SetFolder, sequence: Path, frames: Sequence[FrameFacts], size: tuple[int, int]
) -> Iterator[Fault]:
    for frame in frames:
        for kind, (height, width) in frame.sizes.items():
            if (height, width) != size:
                path = sequence / kind / f"{frame.stem}{FRAME_FILES[kind]}"
                expected = f"{size[1]}x{size[0]}, as the other images of the sequence are"
                yield Fault("size", folder.told(path), f"{width}x{height} pixels", expected)


def _check_intrinsics(folder: SetFolder, path: Path, size: tuple[int, int]) -> Iterator[Fault]:
    if not path.is_file():
        yield Fault("missing_file", folder.told(path), "there is none", "K of the sequence")
        return
    height, width = size
    expected = f"fx 0 cx / 0 fy cy / 0 0 1 in pixels of the {width}x{height} images"
    found = _wrong_intrinsics(path, size)
    if found:
        yield Fault("intrinsics", folder.told(path), found, expected)


def _wrong_intrinsics(path: Path, size: tuple[int, int]) -> str:
    rows = numbers_in_rows(path)
    if isinstance(rows, str):
        return rows
    if [len(row) for row in rows] != [3, 3, 3]:
        return f"{sum(map(len, rows))} numbers in {len(rows)} rows"
    try:
        camera = camera_of(path, size=size, image=path.parent / "image")
    except DataError as error:
        return str(error).removeprefix(f"{path}: ").removeprefix(f"{path} ")
    # What is odd and may yet be right, as in a crop, is no fault.
    return next((doubt.sentence for doubt in intrinsics_doubts(camera) if doubt.is_grave), "")


def _check_numbers(
    folder: SetFolder, path: Path, frames: Sequence[FrameFacts], kind: str
) -> Iterator[Fault]:
    """Depth that has been through 8 bits, or was never multiplied by 256."""
    facts = [frame.depth[kind] for frame in frames if kind in frame.depth]
    pixels = sum(fact.pixels for fact in facts)
    if pixels < _ENOUGH_PIXELS:
        return
    largest = max(fact.largest for fact in facts)
    is_clipped = largest == 255 and sum(f.at_255 for f in facts) > _CLIPPED_SHARE * pixels
    expected = "metres times 256, as a 16-bit PNG from the start"
    if largest < _NEAREST_NUMBER or is_clipped:
        found = f"no number above {largest} in {len(facts)} images"
        yield Fault("depth_range", folder.told(path), found, expected)
    elif sum(fact.whole_metres for fact in facts) == pixels:
        found = f"only whole metres in {len(facts)} images, as depth that was stored in 8 bits"
        yield Fault("depth_range", folder.told(path), found, expected)


def _check_scale(
    folder: SetFolder, sequence: Path, frames: Sequence[FrameFacts]
) -> Iterator[Fault]:
    ratios = [frame.log_ratio for frame in frames if math.isfinite(frame.log_ratio)]
    if not ratios:
        return
    ratio = float(np.median(ratios))
    if abs(ratio) > _SAME_UNIT:
        found = f"sparse depth is {math.exp(ratio):.3g} times the true depth of the same pixels"
        yield Fault(
            "scale",
            folder.told(sequence),
            found,
            "about the same; one of the two is in another unit than metres times 256",
        )
