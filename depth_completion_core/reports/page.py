# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What a page says, as plain values: facts, tables, pictures, charts and notes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal, TypeAlias

from depth_completion_core.geometry.arrays import UInt8Array


@dataclass(frozen=True, slots=True)
class Link:
    """Words that lead to another page.

    Attributes:
        words: what is shown.
        path: of the other page, from this one.
    """

    words: str
    path: str


Cell: TypeAlias = str | float | Link | None
"""Of a table; None, NaN and the infinite are shown as a dash and sorted last. Links are words."""

PAGE_FILE = "report.html"
SUMMARY_FILE = "summary.json"
"""The numbers of a page, beside it."""
MOST_ROWS = 2000
MOST_PICTURES = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column of a table.

    Attributes:
        heading: its name, with the unit.
        digits: behind the point, of a column of numbers; None for a column of words.
    """

    heading: str
    digits: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table that the reader can sort; of more than MOST_ROWS rows, every n-th is shown.

    Attributes:
        caption: what it lists.
        columns: from left to right.
        rows: a cell for each column.
        everything: where all rows are, where there are more than are shown.
    """

    kind: ClassVar = "table"
    caption: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[Cell]]
    everything: str = "summary.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A picture with words below it.

    Attributes:
        pixels: (H, W, 3) uint8 RGB, or the bytes of a JPEG that was made of them.
        caption: what it shows.
    """

    pixels: UInt8Array | bytes
    caption: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """Pictures below each other; of more than MOST_PICTURES, every n-th is shown.

    Attributes:
        pictures: the pictures, in order.
        total: how many there would be, where these are a choice; 0 where they are all.
    """

    kind: ClassVar = "sheet"
    pictures: Sequence[Picture]
    total: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """Numbers to draw.

    Attributes:
        name: in the legend.
        x: along the horizontal axis; of steps, the edges, one more than there are values.
        y: along the vertical axis; what is not finite leaves a gap.
        style: a line, points, or steps from edge to edge.
    """

    name: str
    x: Sequence[float]
    y: Sequence[float]
    style: Literal["line", "points", "steps"] = "line"

    def __post_init__(self) -> None:
        expected = len(self.y) + (self.style == "steps")
        if len(self.x) != expected:
            raise ValueError(f"'{self.name}' has {len(self.x)} x for {expected}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """Series in one frame.

    Attributes:
        title: what it shows.
        x_label: with the unit.
        y_label: with the unit.
        series: at least one.
        x_is_log: whether the horizontal axis is logarithmic; its values are positive then.
        is_to_scale: whether both axes have the same scale, as a map has.
    """

    kind: ClassVar = "chart"
    title: str
    x_label: str
    y_label: str
    series: Sequence[Series]
    x_is_log: bool = False
    is_to_scale: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Notes:
    """Sentences.

    Attributes:
        lines: the sentences.
        is_warning: whether something may be wrong.
    """

    kind: ClassVar = "notes"
    lines: Sequence[str]
    is_warning: bool = False


Block: TypeAlias = Table | Sheet | Chart | Notes


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A heading and what stands below it; a section without blocks is left out.

    Attributes:
        heading: a few words.
        blocks: in order.
    """

    heading: str
    blocks: Sequence[Block]


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A page.

    Attributes:
        title: what it reports on.
        facts: the most important numbers and names, by their name.
        sections: in order.
    """

    title: str
    facts: Mapping[str, str]
    sections: Sequence[Section]
