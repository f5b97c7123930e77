# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A part of many jobs, as schedulers of clusters hand them out."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from rosbag_tools.errors import BagError
from rosbag_tools.many.outcome import J


@dataclass(frozen=True, slots=True)
class Shard:
    """The ``index``-th of ``count`` parts, counted from 1."""

    index: int
    count: int

    @classmethod
    def parse(cls, text: str) -> Shard:
        """Read ``2/8``.

        Raises:
            BagError: it does not say a part.
        """
        match = re.fullmatch(r"(\d{1,6})/(\d{1,6})", text)
        shard = cls(*map(int, match.groups())) if match else cls(0, 0)
        if not 1 <= shard.index <= shard.count:
            raise BagError(f"--shard is i/n with i from 1 to n, such as 2/8, got '{text}'")
        return shard

    def of(self, jobs: Sequence[J]) -> list[J]:
        """Every ``count``-th job by name, whatever the order in which they are given."""
        ordered = sorted(jobs, key=lambda job: job.name)
        return ordered[self.index - 1 :: self.count]
