# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""ScaffNet's lists and triplets of VOID.

As the release's set-up: sequences with test frames are for testing, all others for training, of
whose frames the first 30 and the last 40 are left out. A frame that neither list of VOID names is
unused. The release's supervised lists hold test sequences, too; these do not.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from depth_completion_core.data.readers.lists import read_list
from depth_completion_core.data.readers.reading import camera_of, rgb_of
from depth_completion_core.data.readers.sequences import neighbours_in
from depth_completion_core.data.sample import DataError
from depth_completion_core.files.name_numbers import frame_order
from depth_completion_core.preparation.command_lines import PrepareVoid
from depth_completion_core.preparation.scaffnet_tree import Row, ScaffNetTree
from depth_completion_core.progress import ProgressDisplay

_SKIPPED_START, _SKIPPED_END = 30, 40
_DEPTHS = ("sparse_depth", "validity_map", "ground_truth")


@dataclass(slots=True)
class _Rows:
    """The rows of each list of a density."""

    unsupervised: list[Row] = field(default_factory=list)
    supervised: list[Row] = field(default_factory=list)
    test: list[Row] = field(default_factory=list)
    unused: list[Row] = field(default_factory=list)

    def of(self, name: str, listed: dict[str, set[str]]) -> list[Row]:
        """Those that a frame belongs to, by VOID's lists."""
        if name in listed["test"]:
            return self.test
        return self.unsupervised if name in listed["train"] else self.unused


def prepare(wanted: PrepareVoid) -> list[str]:
    """Write triplets, intrinsics and lists; returns sentences on them.

    Raises:
        DataError: something of the release is missing or damaged.
        WriteError: a file cannot be written; those before it are whole.
    """
    settings = {"set": "void", "offset": wanted.offset}
    tree = ScaffNetTree(wanted.out, "void_derived", settings)
    release = tree.linked("void_release", wanted.data)
    found = sorted((path for path in release.glob("void_*") if path.is_dir()), key=frame_order)
    chosen = [path for path in found if not wanted.density or path.name == f"void_{wanted.density}"]
    if not chosen:
        raise DataError(
            f"{wanted.data} holds no void_{wanted.density or '150, void_500 or void_1500'}: give "
            "the folder void_release"
        )
    return [told for folder in chosen for told in _of_density(tree, folder, wanted)]


def _of_density(tree: ScaffNetTree, folder: Path, wanted: PrepareVoid) -> list[str]:
    listed = {split: _listed_names(folder, split) for split in ("train", "test")}
    sequences = sorted(path.parent for path in (folder / "data").glob("*/image"))
    images = {s: sorted((s / "image").glob("*.png"), key=frame_order) for s in sequences}
    if not any(images.values()):
        raise DataError(f"{folder} holds no data/SEQUENCE/image/STAMP.png")
    rows = _Rows()
    with ProgressDisplay(folder.name, unit="frame", total=sum(map(len, images.values()))) as shown:
        for sequence, own in images.items():
            is_for_testing = any(_name(image) in listed["test"] for image in own)
            for image, row in _made(tree, sequence, own, wanted, is_for_testing=is_for_testing):
                rows.of(_name(image), listed).append(row)
                shown.advance()
            if not is_for_testing:
                rows.supervised += [_row(tree, image, image) for image in own]
    density = folder.name.removeprefix("void_")
    return [
        *tree.write_lists("training/void/unsupervised/void_train", rows.unsupervised, density),
        *tree.write_lists("training/void/supervised/void_train", rows.supervised, density),
        *tree.write_lists("testing/void/void_test", rows.test, density),
        *tree.write_lists("testing/void/void_unused", rows.unused, density),
    ]


def _made(
    tree: ScaffNetTree,
    sequence: Path,
    images: list[Path],
    wanted: PrepareVoid,
    *,
    is_for_testing: bool,
) -> Iterator[tuple[Path, Row]]:
    """Each frame of a sequence that is looked at, and its files, made where they are not there."""
    if images:
        size = rgb_of(images[0]).shape[:2]
        matrix = camera_of(sequence / "K.txt", size=size, image=images[0]).K
        tree.numbers(_derived(tree, sequence) / "K.npy", matrix)
    for image, sources in _shown(images, wanted.offset, is_for_testing=is_for_testing):
        target = _derived(tree, sequence) / "image" / image.name
        if not wanted.paths_only:
            tree.images(target, sources)
        yield image, _row(tree, image, target)


def _row(tree: ScaffNetTree, image: Path, shown: Path) -> Row:
    sequence = image.parents[1]
    depths = {what: sequence / what / image.name for what in _DEPTHS}
    return {"image": shown, **depths, "intrinsics": _derived(tree, sequence) / "K.npy"}


def _derived(tree: ScaffNetTree, sequence: Path) -> Path:
    return tree.derived / sequence.parents[1].name / "data" / sequence.name


def _shown(
    images: list[Path], offset: int, *, is_for_testing: bool
) -> Iterator[tuple[Path, tuple[Path, ...]]]:
    """Each frame of a sequence that is looked at, and what is seen side by side."""
    if is_for_testing:
        yield from ((image, (image,)) for image in images)
        return
    around = neighbours_in(images, offset)
    for image in images[_SKIPPED_START : len(images) - _SKIPPED_END]:
        if image in around:
            before, after = around[image]
            yield image, (before, image, after)


def _listed_names(folder: Path, split: str) -> set[str]:
    return {_name(Path(line)) for line in read_list(folder / f"{split}_image.txt")}


def _name(image: Path) -> str:
    """SEQUENCE/STAMP of data/SEQUENCE/image/STAMP.png."""
    if len(image.parts) < 3:
        raise DataError(f"VOID lists '{image}', expected data/SEQUENCE/image/STAMP.png")
    return f"{image.parts[-3]}/{image.stem}"
