# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""KITTI's images, kept as JPEG: the same frames, with the same neighbours."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from depth_completion_core.data import build_dataset
from tests.core.data.kitti_trees import write_sweep
from tests.core.data.published_trees import write_kitti_depth, write_kitti_raw
from tests.core.data.views import images_of


def _as_jpeg(root: Path) -> None:
    """Flat colours, which JPEG keeps nearly as they are; and a sweep for each."""
    for path in root.rglob("image_0[23]/data/*.png"):
        image = cv2.imread(str(path))
        assert image is not None
        image[:] = image.mean(axis=(0, 1))
        assert cv2.imwrite(str(path), image)
        assert cv2.imwrite(str(path.with_suffix(".jpg")), image)
        drive = path.parents[2]
        write_sweep(drive / f"velodyne_points/data/{path.stem}.bin", [[9.0, 1.5, -0.7]])


@pytest.mark.parametrize(
    ("name", "config"),
    [
        ("kitti_raw", {"triplet_offset": 1}),
        ("kitti_depth", {"split": "train", "camera": "left", "crop": "none"}),
        (
            "kitti_depth",
            {"split": "train", "camera": "left", "crop": "none", "triplet_offset": 1},
        ),
    ],
)
def test_frames_are_those_of_the_pngs(name: str, config: dict[str, Any], tmp_path: Path) -> None:
    root = tmp_path / "png"
    write_kitti_raw(root / "kitti_raw" if name == "kitti_depth" else root)
    if name == "kitti_depth":
        write_kitti_depth(root)
    _as_jpeg(root)
    other = tmp_path / "jpg"
    shutil.copytree(root, other)
    for path in other.rglob("image_0[23]/data/*.png"):
        path.unlink()
    expected, found = (build_dataset(name, folder, config) for folder in (root, other))
    assert found.names == expected.names != []
    for index in range(len(found)):
        ours, theirs = found[index], expected[index]
        assert ours.stamp_ns == theirs.stamp_ns
        pairs = zip([ours.image, *images_of(ours)], [theirs.image, *images_of(theirs)], strict=True)
        for image, other_image in pairs:
            assert np.abs(image.astype(int) - other_image.astype(int)).max() <= 2
