# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The pages can be read in a terminal, are all in the contents, and link to what exists."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

_ROOT = Path(__file__).parents[1]
_CONTENTS = _ROOT / "docs" / "README.md"
_PAGES = [
    _ROOT / "README.md",
    _ROOT / "CONTRIBUTING.md",
    *sorted((_ROOT / "docs").rglob("*.md")),
    *sorted((_ROOT / "depth_completion_core").rglob("*.md")),
]
_MAX_COLUMNS = 100

pages = pytest.mark.parametrize("page", _PAGES, ids=lambda path: str(path.relative_to(_ROOT)))


def _links(page: Path) -> list[tuple[str, str]]:
    """(path, heading) of the links of a page that lead to files here; either may be empty."""
    found = re.findall(r"\]\(([^)#\s]*)(?:#([^)\s]*))?\)", page.read_text(encoding="utf-8"))
    return [(path, heading) for path, heading in found if not re.match(r"\w+:", path)]


def _anchors(page: Path) -> set[str]:
    """What headings are called in links, as GitHub makes it from their text."""
    headings = re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-") for heading in headings}


@pages
def test_lines_fit_a_terminal(page: Path) -> None:
    """Rows of tables cannot be wrapped, and links cannot be broken."""
    for number, line in enumerate(page.read_text(encoding="utf-8").splitlines(), 1):
        can_wrap = not line.startswith(("|", "![")) and " " in line.strip().removeprefix("- ")
        assert len(line) <= _MAX_COLUMNS or not can_wrap, f"{page.name}:{number} is {len(line)}"


@pages
def test_links_lead_to_files_and_headings(page: Path) -> None:
    for path, heading in _links(page):
        target = page.parent / path if path else page
        assert target.exists(), f"{page.name}: {path}"
        if heading:
            assert heading in _anchors(target), f"{page.name}: {path}#{heading}"


def test_the_contents_list_every_page_once() -> None:
    listed = [(_CONTENTS.parent / path).resolve() for path, _ in _links(_CONTENTS)]
    pages = {path for path in _PAGES if path.parent == _CONTENTS.parent} - {_CONTENTS}
    assert len(listed) == len(set(listed))
    assert set(listed) - pages == {_ROOT / "README.md", _ROOT / "CONTRIBUTING.md"}
    assert pages <= set(listed)


def test_the_readme_leads_to_the_contents() -> None:
    assert ("docs/README.md", "") in _links(_ROOT / "README.md")
