# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Which files of a command line belong to which image."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from depth_completion_core.files.file_sources import FileSource, files_of, left_out_of
from depth_completion_core.files.input_files import InputFileError
from depth_completion_core.files.listing import listed
from depth_completion_core.files.partners import disagreement, partners_by_name

_FLAG = "--pair-by-order"


class ImagePartners:
    """Finds the files of several images; what is not paired by equal names is said aloud.

    Args:
        images: all of them.
        root: what paths of lists are relative to.
        by_order: whether order decides, and no name.
    """

    def __init__(self, images: FileSource, *, root: Path, by_order: bool) -> None:
        self._images, self._root, self._by_order = images, root, by_order

    def of(
        self, source: Path, types: Sequence[str], what: str, *, may_share: bool = False
    ) -> Sequence[Path]:
        """For each image the file that belongs to it.

        Args:
            source: a file, a folder or a list.
            types: endings of the files looked for.
            what: they are, for messages.
            may_share: whether one file may be of all images, or of several lines of a list.

        Raises:
            InputFileError: a partner is missing, or names do not tell.
        """
        found, images = files_of(source, types, root=self._root), self._images
        say_what_is_left_out(source, types)
        is_single = not (found.lines or source.is_dir())
        if is_single and (may_share or len(images.files) == 1):
            return found.files * len(images.files)
        if self._by_order:
            return self._in_order(found, what)
        if images.lines and found.lines:
            return self._line_by_line(found, what, may_share)
        are_equally_many = len(found.files) == len(images.files)
        remedy = f"; {_FLAG} pairs them in their order" if are_equally_many else ""
        partners = partners_by_name(images.files, found.files, what, remedy=remedy)
        if partners.unused:
            unused = f"{len(partners.unused)} of {len(found.files)} files belong to no image"
            print(f"{what}: {unused}: {listed(partners.unused)}", file=sys.stderr)
        if partners.by_numbers:
            _say(f"{what}: paired by the numbers in the names", images.files, partners.files)
        return partners.files

    def _in_order(self, found: FileSource, what: str) -> Sequence[Path]:
        self._check_count(found, what)
        _say(f"{what}: paired by order alone, as {_FLAG} says", self._images.files, found.files)
        return found.files

    def _line_by_line(self, found: FileSource, what: str, may_share: bool) -> Sequence[Path]:
        images = self._images
        self._check_count(found, what)
        wrong = disagreement(images.files, found.files, may_share=may_share)
        if wrong is not None:
            at = wrong.line
            raise InputFileError(
                f"line {images.lines[at]} of {images.path} is {images.files[at]}, but line "
                f"{found.lines[at]} of {found.path} is {found.files[at]}: {wrong.reason}. Bring "
                f"the lists into one order; {_FLAG} takes them as they are"
            )
        return found.files

    def _check_count(self, found: FileSource, what: str) -> None:
        if len(found.files) != len(self._images.files):
            raise InputFileError(
                f"{len(self._images.files)} images in {self._images.path}, but "
                f"{len(found.files)} files of {what} in {found.path}"
            )


def say_what_is_left_out(source: Path, types: Sequence[str]) -> None:
    """Tell what looks like frames in a folder, and is not read."""
    if source.is_dir() and (names := left_out_of(source, types)):
        print(
            f"left out of {source}: {listed(names)}; read are its {' '.join(types)} files",
            file=sys.stderr,
        )


def _say(how: str, images: Sequence[Path], others: Sequence[Path]) -> None:
    pairs = zip(images[:2], others, strict=False)
    examples = ", ".join(f"{image.name} with {other.name}" for image, other in pairs)
    print(f"{how}: {examples}{', ...' if len(images) > 2 else ''}", file=sys.stderr)
