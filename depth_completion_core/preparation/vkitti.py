# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""ScaffNet's lists of Virtual KITTI 2: rendered depth at the pixels that KITTI's lidar measured.

As the release's set-up: frame n of a rendered drive gets the validity map of frame n of every drive
of KITTI that is for training, of the camera on the same side, or of its first frame where that
drive is shorter. Depth is looked up at the size of that map. Sky, beyond 255 m, is no measurement,
but stays in the truth.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np

from depth_completion_core.data.layers.depth import DepthLayer
from depth_completion_core.data.readers.reading import blamed_on
from depth_completion_core.data.readers.sequences import numbered_files
from depth_completion_core.data.sample import DataError
from depth_completion_core.files.input_files import read_depth
from depth_completion_core.frame import SparseDepth
from depth_completion_core.geometry.arrays import BoolArray
from depth_completion_core.preparation.command_lines import PrepareVkitti
from depth_completion_core.preparation.scaffnet_tree import DEPTH_SCALE, Row, ScaffNetTree
from depth_completion_core.progress import with_progress

_CENTIMETRES = 100.0
_SKY = 255.0  # metres
_SIDES = {"image_02": "Camera_0", "image_03": "Camera_1"}
_PREFIX = "training/virtual_kitti/supervised/vkitti_train"


class _Pair(NamedTuple):
    """A rendered depth image, KITTI's map for it, and the folders of what is made of both."""

    depth: Path
    map: Path
    rendered: Path
    paired: Path


def prepare(wanted: PrepareVkitti) -> list[str]:
    """Write depth and lists; returns sentences on them.

    Raises:
        DataError: something of the data is missing or damaged.
        WriteError: a file cannot be written; those before it are whole.
    """
    tree = ScaffNetTree(wanted.out, "virtual_kitti_derived", {"set": "vkitti"})
    rendered = tree.linked("virtual_kitti", wanted.data)
    kitti = tree.linked("kitti_depth_completion", wanted.kitti)
    pairs = list(_pairs(tree, _scenes(rendered, wanted.scenes), _drives(kitti, wanted.drives)))
    rows = [
        _row(tree, pair) for pair in with_progress(pairs, "vkitti", unit="frame", total=len(pairs))
    ]
    return tree.write_lists(_PREFIX, rows)


def _scenes(root: Path, chosen: tuple[str, ...]) -> list[Path]:
    """The folders SceneNN/clone/frames/depth."""
    places = [root / "vkitti_2.0.3_depth", root]
    found = [path for place in places for path in sorted(place.glob("Scene*/clone/frames/depth"))]
    kept = [path for path in found if not chosen or path.parents[2].name in chosen]
    if not kept:
        raise DataError(
            f"{root} holds no SceneNN/clone/frames/depth{_named(chosen)}; unpack Virtual KITTI 2's "
            "depth there"
        )
    return kept


def _drives(root: Path, chosen: tuple[str, ...]) -> list[Path]:
    """The folders train/DRIVE/proj_depth/velodyne_raw."""
    places = [root / "data_depth_velodyne", root]
    pattern = "train/*/proj_depth/velodyne_raw"
    found = [path for place in places for path in sorted(place.glob(pattern))]
    kept = [path for path in found if not chosen or path.parents[1].name in chosen]
    if not kept:
        raise DataError(
            f"{root} holds no train/DRIVE/proj_depth/velodyne_raw{_named(chosen)}; unpack "
            "data_depth_velodyne.zip there"
        )
    return kept


def _named(chosen: tuple[str, ...]) -> str:
    return f" of {', '.join(chosen)}" if chosen else ""


def _pairs(tree: ScaffNetTree, scenes: list[Path], drives: list[Path]) -> Iterator[_Pair]:
    for scene in scenes:
        for drive in drives:
            for image, camera in _SIDES.items():
                maps = numbered_files(drive / image, ".png")
                depths = sorted((scene / camera).glob("depth_*.png"))
                rendered = tree.derived / scene.parents[2].name / camera
                paired = rendered / drive.parents[1].name
                for number, depth in enumerate(depths if maps else ()):
                    yield _Pair(depth, maps[number if number < len(maps) else 0], rendered, paired)


def _row(tree: ScaffNetTree, pair: _Pair) -> Row:
    name = f"{pair.depth.stem.removeprefix('depth_')}.png"
    measured = _read(pair.map, DEPTH_SCALE)
    height, width = measured.valid.shape
    of_size = pair.rendered / f"{width}x{height}"  # the same for all drives of this size
    row = {
        "sparse_depth": pair.paired / "sparse_depth" / name,
        "semi_dense_depth": pair.paired / "semi_dense_depth" / name,
        "dense_depth": of_size / "dense_depth" / name,
        "ground_truth": of_size / "ground_truth" / name,
    }
    if not all(path.is_file() for path in row.values()):
        truth = DepthLayer(_read(pair.depth, _CENTIMETRES)).resized(width, height).value
        dense = truth.masked(truth.depth <= _SKY)
        tree.depth(row["ground_truth"], truth)
        tree.depth(row["dense_depth"], dense)
        tree.depth(row["semi_dense_depth"], dense.masked(_hull(measured.valid)))
        tree.depth(row["sparse_depth"], dense.masked(measured.valid))
    return row


def _read(path: Path, depth_scale: float) -> SparseDepth:
    with blamed_on(path):
        return read_depth(path, depth_scale=depth_scale)


def _hull(measured: BoolArray) -> BoolArray:
    """(H, W) bool, the pixels inside the convex hull of those that were measured."""
    inside = np.zeros(measured.shape, dtype=np.uint8)
    points = np.argwhere(measured)[:, ::-1].astype(np.int32)
    if len(points):
        cv2.fillConvexPoly(inside, cv2.convexHull(points), 1)
    return inside > 0
