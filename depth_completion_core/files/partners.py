# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Which files belong to one frame: by their names; never by their place in a folder alone."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from pathlib import Path, PurePath
from typing import NamedTuple

from depth_completion_core.files.input_files import InputFileError
from depth_completion_core.files.name_numbers import numbers_in


class Partners(NamedTuple):
    """For each of several files the one that belongs to it.

    Attributes:
        files: the partners.
        by_numbers: whether the names differ, and only the numbers in them are the same.
        unused: names of the others that belong to none.
    """

    files: list[Path]
    by_numbers: bool
    unused: list[str]


def partners_by_name(
    paths: Sequence[Path], others: Sequence[Path], what: str, *, remedy: str = ""
) -> Partners:
    """For each path the one of ``others`` that has its name before the ending.

    Where a name is missing, all are paired by the numbers in their names, if those tell them apart:
    1.png and 000001.png, rgb_0005.png and depth_0005.png.

    Args:
        paths: of which each needs a partner.
        others: possible partners, in one folder or list.
        what: they are, as "depth".
        remedy: what helps where names do not tell, for messages.

    Raises:
        InputFileError: a partner is missing, or there are two.
    """
    by_name = _paired(paths, others, lambda path: path.stem)
    found = by_name or _paired(paths, others, numbers_in)
    if found is None:
        raise InputFileError(_no_partner(paths, others, what, remedy))
    for path, candidates in zip(paths, found, strict=True):
        if len(candidates) > 1:
            raise InputFileError(
                f"{path.name} has {len(candidates)} files of {what}: "
                f"{', '.join(map(str, candidates))}; keep one of them"
            )
    partners = [candidates[0] for candidates in found]
    taken = set(partners)
    unused = [other.name for other in others if other not in taken]
    return Partners(partners, by_numbers=by_name is None, unused=unused)


class Disagreement(NamedTuple):
    """The first line, from 0, whose files are not of one frame, and why not."""

    line: int
    reason: str


def disagreement(
    images: Sequence[PurePath], others: Sequence[PurePath], *, may_share: bool = False
) -> Disagreement | None:
    """Whether lists, line by line, name files of the same frames.

    They do where the names are the same, or the numbers in them, and no partner lies in a folder
    that other images have and its own has not, as that of another drive.

    Args:
        images: one for each frame.
        others: as many.
        may_share: whether one of ``others`` may be of several frames, as intrinsics are.
    """
    folders = {path.parent for path in images}
    common = set.intersection(*(set(folder.parts) for folder in folders)) if folders else set()
    telling = {part for folder in folders for part in folder.parts} - common
    stems = {path.stem for path in others}
    has_own_names = not may_share or 1 < len(stems) == len(others)
    for index, (image, other) in enumerate(zip(images, others, strict=True)):
        foreign = (telling & {*other.parent.parts, other.stem}) - set(image.parent.parts)
        if foreign:
            return Disagreement(index, f"one is of '{sorted(foreign)[0]}', the other is not")
        if has_own_names and not _same_name(image, other):
            return Disagreement(index, "their names differ")
    return None


def _same_name(one: PurePath, other: PurePath) -> bool:
    numbers = numbers_in(one)
    return one.stem == other.stem or (bool(numbers) and numbers == numbers_in(other))


def _paired(
    paths: Sequence[Path], others: Sequence[Path], key_of: Callable[[Path], Hashable]
) -> list[list[Path]] | None:
    """For each path the others with its key; None where keys are missing or not its own."""
    by_key: dict[Hashable, list[Path]] = {}
    for other in others:
        by_key.setdefault(key_of(other), []).append(other)
    keys = [key_of(path) for path in paths]
    if len(set(keys)) < len(keys) or not all(key and key in by_key for key in keys):
        return None
    return [by_key[key] for key in keys]


def _no_partner(paths: Sequence[Path], others: Sequence[Path], what: str, remedy: str) -> str:
    stems = {other.stem for other in others}
    example = f" (such as {others[0]})" if others else ""
    lone = next((path for path in paths if path.stem not in stems), None)
    begin = (
        f"none of {len(others)} files of {what}{example} belongs to {lone.name}"
        if lone
        else f"of {len(paths)} images some have one name, so {len(others)} files of {what} cannot "
        "be told apart"
    )
    return f"{begin}: they are paired by name, or by the numbers in their names{remedy}"
