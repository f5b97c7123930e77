# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What can be wrong with a set in VOID's layout."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

FaultKind = Literal[
    "missing_list",
    "list_length",
    "list_path",
    "outside_root",
    "list_order",
    "listed_twice",
    "missing_file",
    "stray_file",
    "file_name",
    "unreadable",
    "encoding",
    "size",
    "intrinsics",
    "pose",
    "validity",
    "empty_depth",
    "depth_range",
    "scale",
    "duplicate_frame",
    "test_in_train",
    "checksum",
]

FAULT_KINDS: dict[FaultKind, str] = {
    "missing_list": "a list of a split is not there",
    "list_length": "a list is not as long as the list of its images",
    "list_path": "a line of a list is no path of this layout",
    "outside_root": "a line of a list leads out of the set",
    "list_order": "line n of a list is of another frame than line n of the images",
    "listed_twice": "a frame is in a list more than once",
    "missing_file": "a file that a frame needs is not there",
    "stray_file": "a file belongs to no frame",
    "file_name": "an image is not named after its time in seconds",
    "unreadable": "a file is empty or damaged",
    "encoding": "an image has other bits or channels than this layout wants",
    "size": "an image is not of the size of its sequence",
    "intrinsics": "K.txt is no intrinsic matrix of these images",
    "pose": "a pose is no rigid 3x4 transform",
    "validity": "a validity map does not say where the sparse depth was measured",
    "empty_depth": "a depth image holds no depth",
    "depth_range": "depth lies outside what is possible",
    "scale": "sparse and true depth of a sequence are in different units",
    "duplicate_frame": "two frames show the same image",
    "test_in_train": "a frame of the test split is also in the training split",
    "checksum": "a file has changed since the set was written",
}
"""Every kind of fault, in the order of a report, with its meaning."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong.

    Attributes:
        kind: what sort of fault it is.
        path: the file, relative to the root of the set.
        found: what is there.
        expected: what should be.
    """

    kind: FaultKind
    path: str
    found: str
    expected: str

    def __str__(self) -> str:
        return f"{self.path}: {self.found}; expected {self.expected}"


def without_repeats(faults: Iterable[Fault]) -> list[Fault]:
    """The first fault of each kind and file, by kind and then by file; lists keep all theirs."""
    order = {kind: place for place, kind in enumerate(FAULT_KINDS)}
    first: dict[tuple[str, ...], Fault] = {}
    for fault in faults:
        first.setdefault(_key(fault), fault)
    return sorted(first.values(), key=lambda fault: (order[fault.kind], fault.path))


def _key(fault: Fault) -> tuple[str, ...]:
    is_of_a_line = fault.path.endswith(".txt") and "/data/" not in f"/{fault.path}"
    return (fault.kind, fault.path, fault.found if is_of_a_line else "")
