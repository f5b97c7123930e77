# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest

from depth_completion_core.frame import Frame, SparseDepth
from depth_completion_core.sensing.measurement_kinds import MEASUREMENT_KINDS
from depth_completion_core.sensing.wanted_views import WantedViews, refuse_what_streams_lack


def _project(frame: Frame) -> SparseDepth:
    raise NotImplementedError


@pytest.mark.parametrize(("offsets", "count"), [((), 0), ((-1,), 1), ((-4, -2), 4)])
def test_as_many_images_are_kept_as_the_farthest_view_lies_back(
    offsets: tuple[int, ...], count: int
) -> None:
    assert WantedViews(offsets=offsets, project=_project).earlier_images == count


def test_later_images_are_refused_with_the_way_that_works() -> None:
    with pytest.raises(ValueError, match=r"'video' looks at .* later \(\+1, \+3 .*infer --help"):
        refuse_what_streams_lack(
            "video", sparse_depth=True, view_offsets=(-1, 1, 3), measurements="points"
        )


def test_measurements_are_refused_to_nobody_but_who_needs_them() -> None:
    with pytest.raises(ValueError, match=r"'linear' needs .* 'none'\. Choose points, point_list, "):
        refuse_what_streams_lack("linear", sparse_depth=True, view_offsets=(), measurements="none")
    refuse_what_streams_lack("mono", sparse_depth=False, view_offsets=(), measurements="none")
    for kind in set(MEASUREMENT_KINDS) - {"none"}:
        refuse_what_streams_lack("any", sparse_depth=True, view_offsets=(-2,), measurements=kind)
