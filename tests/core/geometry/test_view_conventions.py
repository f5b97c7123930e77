# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The page of views says what the conventions are."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

from depth_completion_core.geometry.multiview import conventions

_PAGE = Path(__file__).resolve().parents[3] / "docs" / "views.md"


def test_the_table_of_the_page_has_every_option_of_every_convention() -> None:
    text = _PAGE.read_text(encoding="utf-8")
    lines = text[text.index("| option |") :].partition("\n\n")[0].splitlines()
    rows = [[cell.strip(" `") for cell in line.strip("|").split("|")] for line in lines]
    names = [name.strip("`") for name in rows[0][1:]]
    options = [asdict(getattr(conventions, name)) for name in names]
    expected = {key: [str(values[key]) for values in options] for key in options[0]}
    assert {row[0].partition("`")[0]: row[1:] for row in rows[2:]} == expected
