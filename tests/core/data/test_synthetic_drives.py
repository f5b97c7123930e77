# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from depth_completion_core.data import build_dataset
from depth_completion_core.data.sample import DataError, DepthDataset
from depth_completion_core.data.sampling.sparsify import SparsifierError
from depth_completion_core.geometry.unprojection import unproject_depth
from tests.core.data.views import motions

_SMALL = {"width_px": 96, "height_px": 72, "frames": 3}


def _drives(**config: Any) -> DepthDataset:  # noqa: ANN401
    return build_dataset("synthetic", None, {**_SMALL, **config})


def test_names_and_repetition() -> None:
    drives = _drives(seeds=[2, 0], points="uniform:50")
    assert drives.names == [
        f"room/{seed}/{number:04d}" for seed in (2, 0) for number in (0, 200, 399)
    ]
    first, again = drives[1], _drives(seeds=[2], points="uniform:50")[1]
    assert first.name == again.name
    assert first.sparse is not None
    assert again.sparse is not None
    assert first.sparse.count == 50
    np.testing.assert_array_equal(first.image, again.image)
    np.testing.assert_array_equal(first.sparse.depth, again.sparse.depth)


@pytest.mark.parametrize("scene", ["room", "street"])
def test_the_lidar_measures_the_truth(scene: str) -> None:
    """Of points that were moved to the image's instant, as the rig moves during a turn."""
    sample = _drives(scene=scene, width_px=192)[1]
    assert sample.sparse is not None
    assert sample.truth is not None
    both = sample.sparse.valid & sample.truth.valid
    assert np.count_nonzero(both) > 1000
    error = np.abs(sample.sparse.depth - sample.truth.depth)[both] / sample.truth.depth[both]
    assert np.median(error) < 0.01
    sample.frame()


def test_views_show_the_same_scene() -> None:
    """True points of the image, moved by the pose, lie where the view's truth is."""
    offset = 4
    sample = _drives(frames=2, triplet_offset=offset, points="uniform:5")[0]
    everything = _drives(frames=400, points="uniform:5")
    number = int(sample.name.rsplit("/", maxsplit=1)[1])
    assert sample.truth is not None
    assert sample.camera is not None
    points = unproject_depth(sample.truth.depth, sample.truth.valid, sample.camera)
    points = points[sample.truth.valid]
    for index, step in enumerate((-offset, offset)):
        other = everything[number + step]
        assert other.truth is not None
        np.testing.assert_array_equal(sample.views[index].image, other.image)
        assert sample.views[index].stamp_ns - sample.stamp_ns == step * 50_000_000
        moved = motions(sample)[index].apply(points)
        pixels, seen = sample.camera.project(moved)
        column, row = np.rint(pixels[seen]).astype(int).T
        depth = other.truth.depth[row.clip(0, 71), column.clip(0, 95)]
        assert np.median(np.abs(depth - moved[seen, 2])) < 0.02
        assert np.median(np.abs(points[seen, 2] - moved[seen, 2])) > 0


def test_what_cannot_be_made() -> None:
    with pytest.raises(DataError, match="401 frames were asked for, but a drive of room has 400"):
        _drives(frames=401)
    with pytest.raises(DataError, match="from 0"):
        _drives(seeds=[-1])
    with pytest.raises(DataError, match="one or more"):
        _drives(seeds=[])
    with pytest.raises(SparsifierError, match="known are"):
        _drives(points="radar")
    assert build_dataset("synthetic", Path("unused"), _SMALL).names
