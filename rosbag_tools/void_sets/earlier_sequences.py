# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What earlier runs have left in a set, and whether it goes together with what is asked for."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from rosbag_tools.errors import BagError
from rosbag_tools.many.identity import differences
from rosbag_tools.void_sets.job import DatasetJob, Split
from rosbag_tools.void_sets.places import LISTED, SetPlaces

MANIFEST = "manifest.json"
_SPLITS: tuple[Split, ...] = ("train", "test")


def read_record(path: Path) -> dict[str, Any]:
    """What was written of a sequence, or of what.

    Raises:
        BagError: the file is damaged.
    """
    try:
        values: dict[str, Any] = json.loads(path.read_bytes())
    except ValueError as error:
        raise BagError(f"{path} is damaged: {error}. Remove it, and give --overwrite") from error
    return values


def earlier_splits(output: Path) -> dict[str, Split]:
    """The splits of the sequences of a set, by their names; none where there is no set yet.

    Raises:
        BagError: the manifest is damaged.
    """
    path = output / MANIFEST
    if not path.exists():
        return {}
    return {item["name"]: item["split"] for item in read_record(path)["sequences"]}


def told_splits(earlier: Mapping[str, Split], jobs: Sequence[DatasetJob]) -> list[str]:
    """What becomes of sequences that earlier runs tested on, in lines as those of the plan."""
    known = [job for job in jobs if earlier.get(job.sequence) == "test"]
    stay = [job.sequence for job in known if job.split == "test"]
    move = [job.sequence for job in known if job.split == "train"]
    lines = []
    if stay:
        lines.append(f"test         as before: {', '.join(stay)}; --test NAME... says otherwise")
    if move:
        lines.append(
            f"warning      {', '.join(move)} tested so far and train from now on, as --test or "
            "--test-share does not choose them: models that were trained before have not seen them,"
            " new ones have"
        )
    return lines


def check_settings(known: Mapping[str, Any], wanted: Mapping[str, Any], where: Path) -> None:
    """Compare what a sequence was written with to what is wanted now.

    Raises:
        BagError: it was written with other settings, or of another recording.
    """
    changed = list(differences(known, wanted))
    if known.get("bags") != wanted.get("bags"):
        raise BagError(
            f"{where} is of another recording of this name. Rename the one or the other, or give "
            "another --out; --overwrite would write this one in its place"
        )
    if changed:
        raise BagError(
            f"{where} was written with other settings ({'; '.join(changed[:3])}). Give them "
            "again, --overwrite to write the sequence anew, or another --out"
        )


def check_files(record: Mapping[str, Any], output: Path) -> None:
    """Look whether all files of a finished sequence are still there; verify_dataset reads them.

    Raises:
        BagError: some are gone.
    """
    gone = [below for below in record["checksums"] if not (output / below).is_file()]
    if gone:
        raise BagError(
            f"of {record['sequence']}, which was finished, {len(gone)} files are gone, such as "
            f"{output / gone[0]}. Bring them back, or give --overwrite to write the sequence anew"
        )


def check_merged(jobs: Sequence[DatasetJob]) -> None:
    """Compare what all shards have written to what is asked for, without reading a bag.

    Raises:
        BagError: a sequence was written with other settings.
    """
    for job in jobs:
        path = SetPlaces(job.output).record(job.sequence)
        if path.exists():
            known = dict(read_record(path)["written_from"])
            known.pop("bags", None)
            check_settings(known, job.written_settings, path)


def check_densities(jobs: Sequence[DatasetJob]) -> None:
    """Compare the densities that are asked for to those of the sequences that stay.

    Raises:
        BagError: they differ: the lists of such a set could not be written.
    """
    rewritten = {job.sequence for job in jobs if job.overwrite}
    wanted = list(jobs[0].densities)
    for path in sorted(SetPlaces(jobs[0].output).record("any").parent.glob("*.json")):
        record = read_record(path)
        known = record["written_from"]["densities"]
        if known != wanted and record["sequence"] not in rewritten:
            raise BagError(
                f"{record['sequence']} in {jobs[0].output} has --densities {_spaced(known)}, and "
                f"{_spaced(wanted)} are asked for: all sequences of a set have the same. Give "
                "those, or another --out, or all bags of the set with --overwrite"
            )


def remove_densities(places: SetPlaces, sequence: str, kept: Sequence[int]) -> None:
    """Take a sequence out of the densities that an earlier run gave it and that are not kept."""
    path = places.record(sequence)
    known = read_record(path)["written_from"]["densities"] if path.exists() else []
    for density in set(known) - set(kept):
        folder = places.density(density)
        shutil.rmtree(places.sequence(density, sequence), ignore_errors=True)
        with suppress(OSError):  # other sequences are there
            (folder / "data").rmdir()
            for split in _SPLITS:
                for what in LISTED:
                    (folder / f"{split}_{what}.txt").unlink(missing_ok=True)
            folder.rmdir()


def _spaced(densities: Sequence[int]) -> str:
    return " ".join(map(str, densities))
