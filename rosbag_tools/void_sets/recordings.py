# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Which sequences of a set are tested on, and which ones train."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase

from rosbag_tools.errors import BagError
from rosbag_tools.void_sets.job import Split


def splits_of(
    names: Sequence[str],
    *,
    test: Sequence[str],
    test_share: float,
    seed: int,
    earlier: Mapping[str, Split],
) -> dict[str, Split]:
    """The split of each sequence, which does not depend on the order of the recordings.

    Args:
        names: of the sequences.
        test: names of those to test on, or patterns with ``*``.
        test_share: share of the sequences to test on, where none is named.
        seed: of the choice.
        earlier: of sequences that are in the set, which keep theirs where nothing is asked for.

    Raises:
        BagError: a pattern fits no sequence, or a share leaves nothing to train on.
    """
    for pattern in test:
        if not any(fnmatchcase(name, pattern) for name in names):
            raise BagError(f"--test {pattern} fits no sequence: {', '.join(names)}")
    if test and test_share:
        raise BagError("--test names the sequences that --test-share chooses: give one of them")
    if not 0 <= test_share <= 1:
        raise BagError(f"--test-share is from 0 to 1, got {test_share:g}")
    if not test and not test_share:
        return {name: earlier.get(name, "train") for name in names}
    chosen = {name for name in names if any(fnmatchcase(name, item) for item in test)}
    if test_share:
        order = sorted(names, key=lambda name: hashlib.sha256(f"{seed} {name}".encode()).digest())
        chosen = set(order[: max(1, round(test_share * len(names)))])
    return {name: "test" if name in chosen else "train" for name in names}
