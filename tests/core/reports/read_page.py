# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from html.parser import HTMLParser


class ReadPage(HTMLParser):
    """Tags with their attributes, the text that begins in each kind of element, and the tables.

    Attributes:
        tags: name and attributes of each tag, in order.
        texts: by the name of the tag; as far as the next tag.
        tables: the texts of the cells of each row of each table, headings first.
    """

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: dict[str, list[str]] = {}
        self.tables: list[list[list[str]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self.texts.setdefault(tag, []).append("")
        if tag == "table":
            self.tables.append([])
        elif tag == "tr":
            self.tables[-1].append([])
        elif tag in ("td", "th"):
            self.tables[-1][-1].append("")

    def handle_data(self, data: str) -> None:
        if not self.tags:
            return
        last = self.tags[-1][0]
        self.texts[last][-1] += data.strip()
        if last in ("td", "button"):
            self.tables[-1][-1][-1] += data.strip()

    def named(self, tag: str) -> list[dict[str, str | None]]:
        """The attributes of all tags of a name."""
        return [attributes for name, attributes in self.tags if name == tag]
