# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from types import SimpleNamespace

import pytest

from depth_completion_core.codecs.stamps import seconds_and_nanoseconds, stamp_ns_of


@pytest.mark.parametrize(
    ("stamp_ns", "fields"),
    [
        (0, (0, 0)),
        (1_700_000_000_123_456_789, (1_700_000_000, 123_456_789)),
        (999_999_999, (0, 999_999_999)),
        (-1, (-1, 999_999_999)),
    ],
)
def test_a_stamp_is_seconds_and_the_nanoseconds_after_them(
    stamp_ns: int, fields: tuple[int, int]
) -> None:
    assert seconds_and_nanoseconds(stamp_ns) == fields
    stamp = SimpleNamespace(sec=fields[0], nanosec=fields[1])
    assert stamp_ns_of(SimpleNamespace(header=SimpleNamespace(stamp=stamp))) == stamp_ns
