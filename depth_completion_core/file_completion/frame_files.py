# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Which files make a frame, and the frame of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from depth_completion_core.file_completion.command_line import Infer
from depth_completion_core.file_completion.file_pairs import ImagePartners, say_what_is_left_out
from depth_completion_core.files.calibration_files import (
    CALIBRATION_TYPES,
    numbers_of,
    read_intrinsics,
)
from depth_completion_core.files.file_sources import files_of, lines_of
from depth_completion_core.files.input_files import (
    DEPTH_TYPES,
    IMAGE_TYPES,
    read_depth,
    read_image,
)
from depth_completion_core.frame import Frame, SparseDepth, View
from depth_completion_core.models.needs import ModelNeeds


class MissingViewError(ValueError):
    """An image at either end of a sequence has no image where the model needs one."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class FrameFiles:
    """The files of one frame."""

    image: Path
    sparse_depth: Path | None
    intrinsics: Path | None
    ground_truth: Path | None


def frame_files_of(wanted: Infer) -> list[FrameFiles]:
    """Which files belong together.

    Raises:
        ValueError: files are missing or have no partner.
    """
    images = files_of(wanted.image, IMAGE_TYPES, root=wanted.root)
    say_what_is_left_out(wanted.image, IMAGE_TYPES)
    partners = ImagePartners(images, root=wanted.root, by_order=wanted.pair_by_order)
    none = (None,) * len(images.files)
    sparse, truth = (
        none if source is None else partners.of(source, DEPTH_TYPES, what)
        for source, what in ((wanted.sparse_depth, "depth"), (wanted.ground_truth, "ground truth"))
    )
    matrices: Sequence[Path | None] = none
    if wanted.intrinsics is not None:
        matrices = (
            (wanted.intrinsics,) * len(images.files)
            if _is_calibration(wanted.intrinsics)
            else partners.of(
                wanted.intrinsics,
                (".txt", ".npy", *CALIBRATION_TYPES),
                "intrinsics",
                may_share=True,
            )
        )
    return [
        FrameFiles(image=image, sparse_depth=measured, intrinsics=matrix, ground_truth=true)
        for image, measured, matrix, true in zip(images.files, sparse, matrices, truth, strict=True)
    ]


def _is_calibration(path: Path) -> bool:
    """A text file may be the matrix itself, or a list of matrices."""
    if path.suffix in CALIBRATION_TYPES or not path.exists():
        return True  # let the reader say that it is missing
    return path.suffix == ".txt" and numbers_of("\n".join(lines_of(path))) is not None


def output_names(images: Sequence[Path]) -> list[str]:
    """The images' names; numbers where one name occurs twice, as in lists over several drives."""
    names = [image.stem for image in images]
    if len(set(names)) == len(names):
        return names
    return [f"{number:010d}" for number in range(len(names))]


def frame_of(files: Sequence[FrameFiles], index: int, needs: ModelNeeds, scale: float) -> Frame:
    """Read a frame with the views that a model needs.

    Args:
        files: of all frames, in the order of their times where the model looks at several.
        index: of the frame.
        needs: of the model.
        scale: numbers of a depth PNG per metre.

    Raises:
        MissingViewError: there is no image at an offset that the model needs.
        ValueError: a file is missing or damaged, or sizes differ.
    """
    places = [index + offset for offset in needs.view_offsets]
    folder = files[index].image.parent
    # Lists run over several drives: the last image of one is not the one before the next.
    if any(not 0 <= at < len(files) or files[at].image.parent != folder for at in places):
        raise MissingViewError(
            f"{files[index].image}: the model needs the images at {list(needs.view_offsets)} from "
            "this one, and its folder has none there"
        )
    target = _view_of(files[index], 0, scale)
    return Frame(
        image=target.image,
        camera=target.camera,
        sparse=target.sparse,
        views=tuple(
            _view_of(files[place], offset, scale)
            for place, offset in zip(places, needs.view_offsets, strict=True)
        ),
        frame_id=str(files[index].image),
    )


def _view_of(files: FrameFiles, offset: int, scale: float) -> View:
    image = read_image(files.image)
    height, width = image.shape[:2]
    return View(
        offset=offset,
        image=image,
        camera=(
            None
            if files.intrinsics is None
            else read_intrinsics(files.intrinsics, width=width, height=height, image=files.image)
        ),
        sparse=(
            None
            if files.sparse_depth is None
            else read_depth(files.sparse_depth, depth_scale=scale)
        ),
    )


def truth_of(files: FrameFiles, frame: Frame, scale: float) -> SparseDepth | None:
    """True depth of a frame, where there is a file of it; raises ValueError."""
    if files.ground_truth is None:
        return None
    truth = read_depth(files.ground_truth, depth_scale=scale)
    if truth.depth.shape != frame.size:
        raise ValueError(f"{files.ground_truth} is {truth.depth.shape}, the image {frame.size}")
    return truth
