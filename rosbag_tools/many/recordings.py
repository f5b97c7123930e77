# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Names for many recordings, which become the names of what is made of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from rosbag_tools.errors import BagError


def recording_names(recordings: Sequence[Path]) -> list[str]:
    """A name for each: that of the bag, with its folder's before it where two have one name.

    Raises:
        BagError: a recording is given twice, or two have the same name in folders of the same name.
    """
    whole = [path.resolve() for path in recordings]
    for path, count in Counter(whole).items():
        if count > 1:
            raise BagError(f"{path} is given {count} times; give it once")
    stems = [path.stem if path.is_file() else path.name for path in whole]
    counts = Counter(stems)
    names = [
        stem if counts[stem] == 1 else f"{path.parent.name}_{stem}"
        for path, stem in zip(whole, stems, strict=True)
    ]
    for name, count in Counter(names).items():
        if count > 1:
            first, second, *_ = (
                path for path, own in zip(whole, names, strict=True) if own == name
            )
            raise BagError(
                f"{first} and {second} would both be called '{name}': rename one of them, or its "
                "folder"
            )
    return names
