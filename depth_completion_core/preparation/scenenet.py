# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""ScaffNet's lists of SceneNet: triplets of images, and points by Harris and k-means.

The first and the last frame of a sequence have no triplet. A frame is left out where fewer than
300 points have depth. The release takes the lengths of rays, which SceneNet holds, for depth.
"""

from __future__ import annotations

from pathlib import Path

from depth_completion_core.data.readers.scenenet import SCENENET_CAMERA, SceneNet
from depth_completion_core.data.sampling.sparsify import Sparsifier, sparsified
from depth_completion_core.preparation.command_lines import PrepareSceneNet
from depth_completion_core.preparation.scaffnet_tree import Row, ScaffNetTree
from depth_completion_core.progress import with_progress

_POINTS = Sparsifier("harris", 384)
_FEWEST_POINTS = 300
_NAME = "corner"
_PREFIXES = {
    "train": "training/scenenet/scenenet_train",
    "val": "validation/scenenet/scenenet_val",
}


def prepare(wanted: PrepareSceneNet) -> list[str]:
    """Write triplets, depth, intrinsics and lists; returns sentences on them.

    Raises:
        DataError: something of the data is missing or damaged.
        WriteError: a file cannot be written; those before it are whole.
    """
    settings = {"set": "scenenet", "points": str(_POINTS), "is_ray_length": wanted.is_ray_length}
    tree = ScaffNetTree(wanted.out, "scenenet_derived", settings)
    root = tree.linked("scenenet", wanted.data)
    told = _of_split(tree, root, "train", wanted)
    if (root / "val").is_dir():
        told += _of_split(tree, root, "val", wanted)
    return told


def _of_split(tree: ScaffNetTree, root: Path, split: str, wanted: PrepareSceneNet) -> list[str]:
    dataset = SceneNet(
        root,
        SceneNet.Config(
            split="train" if split == "train" else "val",
            parts=wanted.parts if split == "train" else (),
            triplet_offset=1,
            bad_frames=str(wanted.bad_frames.absolute()) if wanted.bad_frames else "",
            is_ray_length=wanted.is_ray_length,
        ),
    )
    intrinsics = tree.numbers(tree.derived / "intrinsics.npy", SCENENET_CAMERA.K)
    rows: dict[str, list[Row]] = {}
    for index in with_progress(range(len(dataset)), split, unit="frame", total=len(dataset)):
        row = _row(tree, root, dataset, index)
        if row is not None:
            part = dataset.names[index].split("/")[1]
            rows.setdefault(part, []).append({**row, "intrinsics": intrinsics})
    kept = [row for own in rows.values() for row in own]
    told = tree.write_lists(_PREFIXES[split], kept, _NAME)
    for part, own in rows.items():
        told += tree.write_lists(_PREFIXES[split], own, f"{_NAME}-{part}")
    left_out = len(dataset) - len(kept)
    if left_out:
        told.append(f"note: {left_out} frames of {split} have fewer than {_FEWEST_POINTS} points")
    return told


def _row(tree: ScaffNetTree, root: Path, dataset: SceneNet, index: int) -> Row | None:
    """The files of a frame; None where it has too few points."""
    sequence, number = dataset.names[index].rsplit("/", 1)
    photos = root / sequence / "photo"
    folder = tree.derived / sequence
    row = {
        "image": photos / f"{number}.jpg",
        "images": folder / "images" / f"{number}.png",
        "sparse_depth": folder / "sparse_depth" / f"{number}.png",
        "ground_truth": folder / "ground_truth" / f"{number}.png",
    }
    if all(path.is_file() for path in row.values()):
        return row
    sample = sparsified(dataset[index], _POINTS, seed=0)
    if sample.sparse is None or sample.truth is None or sample.sparse.count < _FEWEST_POINTS:
        return None
    tree.depth(row["ground_truth"], sample.truth)
    tree.depth(row["sparse_depth"], sample.sparse)
    tree.images(row["images"], dataset.triplet(index))
    return row
