# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The lists, the manifest and the summary of a set, of the records of its sequences."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from depth_completion_core.files.atomic import write_text
from depth_completion_core.files.json_files import write_json
from rosbag_tools.errors import BagError
from rosbag_tools.void_sets.earlier_sequences import MANIFEST, earlier_splits, read_record
from rosbag_tools.void_sets.job import Split
from rosbag_tools.void_sets.places import K_FILE, LISTED, SetPlaces, density_name, file_name

SUMMARY = "summary.json"
_SPLITS: tuple[Split, ...] = ("train", "test")


def assemble(output: Path, splits: Mapping[str, Split]) -> dict[str, Any]:
    """Write lists, manifest and summary of all sequences that are there; returns the summary.

    Args:
        output: the folder of the set.
        splits: of sequences, by their names; those of earlier runs keep theirs.

    Raises:
        BagError: no sequence is there, or some have other densities than others.
    """
    records = [read_record(path) for path in sorted((output / "manifest").glob("*.json"))]
    if not records:
        raise BagError(f"{output} holds no finished sequence")
    splits = {**earlier_splits(output), **splits}
    by_split: dict[Split, list[dict[str, Any]]] = {
        split: [item for item in records if splits.get(item["sequence"], "train") == split]
        for split in _SPLITS
    }
    densities = _common_densities(records)
    for density in densities:
        for split, members in by_split.items():
            _write_lists(output, density, split, members)
    index = {
        "kind": "void_set",
        "densities": densities,
        "sequences": [
            {
                "name": record["sequence"],
                "split": splits.get(record["sequence"], "train"),
                "frames": record["summary"]["frames"],
                "bags": record["written_from"]["bags"],
                "record": f"manifest/{record['sequence']}.json",
            }
            for record in records
        ],
    }
    write_json(output / MANIFEST, index)
    summary = summary_of(records, splits)
    write_json(output / SUMMARY, summary)
    return summary


def summary_of(records: Sequence[dict[str, Any]], splits: Mapping[str, Split]) -> dict[str, Any]:
    """What came of all sequences, as plain values."""
    sequences = [
        {**record["summary"], "split": splits.get(record["sequence"], "train")}
        for record in records
    ]
    drops: Counter[str] = Counter()
    for sequence in sequences:
        drops.update(sequence["drops"])
    settings = [record["written_from"] for record in records]
    return {
        "kind": "void_set",
        "densities": settings[0]["densities"],
        "settings": {key: value for key, value in settings[0].items() if key != "bags"},
        "sequences": sequences,
        "totals": {
            "frames": sum(sequence["frames"] for sequence in sequences),
            "images": sum(sequence["images"] for sequence in sequences),
            "drops": dict(drops.most_common()),
        },
    }


def _write_lists(
    output: Path, density: int, split: Split, records: Sequence[dict[str, Any]]
) -> None:
    folder = SetPlaces(output).density(density)
    names = [(record, frame["name"]) for record in records for frame in _in_time(record)]
    have_poses = all(frame["position_m"] for record in records for frame in record["frames"])
    for what in LISTED:
        path = folder / f"{split}_{what}.txt"
        if not names or (what == "absolute_pose" and not have_poses):
            path.unlink(missing_ok=True)
            continue
        lines = [_line(density, record["sequence"], what, name) for record, name in names]
        write_text(path, "".join(f"{line}\n" for line in lines))


def _line(density: int, sequence: str, what: str, name: str) -> str:
    below = K_FILE if what == "intrinsics" else f"{what}/{file_name(what, name)}"
    return f"{density_name(density)}/data/{sequence}/{below}"


def _in_time(record: dict[str, Any]) -> list[dict[str, Any]]:
    return sorted(record["frames"], key=lambda frame: str(frame["name"]))


def _common_densities(records: Sequence[dict[str, Any]]) -> list[int]:
    known: dict[tuple[int, ...], str] = {}
    for record in records:
        known.setdefault(tuple(record["written_from"]["densities"]), record["sequence"])
    if len(known) > 1:
        listed = "; ".join(f"{name}: {list(densities)}" for densities, name in known.items())
        raise BagError(
            f"the sequences have different densities ({listed}): write some anew with --overwrite, "
            "or to another folder"
        )
    return list(next(iter(known)))
