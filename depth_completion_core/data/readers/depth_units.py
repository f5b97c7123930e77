# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What a few samples tell of the unit of their depth."""

from __future__ import annotations

from collections.abc import Sequence

from depth_completion_core.data.sample import Sample
from depth_completion_core.files.depth_ranges import DepthRange, scale_doubt


def unit_remarks(samples: Sequence[Sample], scale: str) -> list[str]:
    """The range of their depth, and doubts, in sentences; nothing where there is no depth.

    Args:
        samples: as read.
        scale: where the scale of depth PNGs is set, and to what, in words.
    """
    measured, true = DepthRange(), DepthRange()
    doubts = []
    for sample in samples:
        if sample.sparse is not None:
            measured.add(sample.sparse)
        if sample.truth is not None:
            true.add(sample.truth)
        if sample.sparse is not None and sample.truth is not None:
            doubt = scale_doubt(sample.sparse, sample.truth)
            doubts += [f"{sample.name}: {doubt}"] if doubt else []
    named = (("measurements", measured), ("true depth", true))
    found = [(what, known) for what, known in named if known.is_known]
    if not found:
        return []
    ranges = ", ".join(f"{what} {known}" for what, known in found)
    far = [f"{what}: {doubt}" for what, known in found if (doubt := known.doubt(scale))]
    return [f"Depth of the first and the last frame: {ranges}; PNGs by {scale}.", *far, *doubts]
