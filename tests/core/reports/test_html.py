# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import base64
import hashlib
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from depth_completion_core.reports.html import ReportError, html_of, jpeg, write_page
from depth_completion_core.reports.page import (
    MOST_PICTURES,
    MOST_ROWS,
    Cell,
    Column,
    Link,
    Page,
    Picture,
    Section,
    Sheet,
    Table,
)
from tests.core.reports.read_page import ReadPage
from tests.core.reports.sample_page import HOSTILE, sample_page

pytest.importorskip("jinja2")


def _table_page(rows: int) -> Page:
    columns = [Column(heading="number", digits=0)]
    table = Table(caption="Numbers", columns=columns, rows=[(n,) for n in range(rows)])
    return Page(title="t", facts={}, sections=[Section(heading="h", blocks=[table])])


def test_text_stays_text() -> None:
    read = ReadPage(html_of(sample_page()))
    assert len(read.named("script")) == 1
    assert all("onerror" not in attributes for _, attributes in read.tags)
    assert read.texts["title"][0] == f"Page {HOSTILE}"
    assert HOSTILE in read.texts["h2"]
    assert HOSTILE in {attributes.get("alt") for attributes in read.named("img")}


def test_a_cell_leads_to_another_page_below() -> None:
    links = Link(HOSTILE, "a b/report.html"), Link("x", "javascript:alert(1)")
    rows: list[list[Cell]] = [[links[0]], ["words"], [links[1]]]
    table = Table(caption="Pages", columns=[Column(heading="page")], rows=rows)
    html = html_of(Page(title="t", facts={}, sections=[Section(heading="h", blocks=[table])]))
    read = ReadPage(html)
    hrefs = [link["href"] for link in read.named("a")]
    assert hrefs == ["a%20b/report.html", "javascript%3Aalert%281%29"]
    assert read.texts["a"] == [HOSTILE, "x"]


def test_nothing_is_fetched_and_only_the_own_script_runs() -> None:
    html = html_of(sample_page())
    read = ReadPage(html)
    for _, attributes in read.tags:
        for name in ("src", "href"):
            assert (attributes.get(name) or "data:").startswith("data:")
    policy = next(item["content"] for item in read.named("meta") if "http-equiv" in item)
    for tag in ("script", "style"):
        content = html.partition(f"<{tag}>")[2].partition(f"</{tag}>")[0]
        digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in (policy or "")


def test_numbers_are_sorted_by_their_full_value_and_missing_ones_are_dashes() -> None:
    html = html_of(_table_page(0))
    table = Table(
        caption="c",
        columns=[Column(heading="h", digits=1)],
        rows=[(1 / 3,), (float("nan"),), (None,), (float("inf"),)],
    )
    page = Page(title="t", facts={}, sections=[Section(heading="h", blocks=[table])])
    read = ReadPage(html_of(page))
    keys = [item["data-value"] for item in read.named("td")]
    assert [float(keys[0] or 0), *keys[1:]] == [1 / 3, "", "", ""]
    assert read.texts["td"] == ["0.3", "–", "–", "–"]
    assert "<td" not in html


@pytest.mark.parametrize("rows", [MOST_ROWS, MOST_ROWS + 1, 3 * MOST_ROWS])
def test_a_long_table_shows_every_nth_row_and_says_so(rows: int) -> None:
    html = html_of(_table_page(rows))
    shown = [int(item["data-value"] or -1) for item in ReadPage(html).named("td")]
    step = shown[1] - shown[0]
    assert shown == list(range(0, rows, step))
    assert MOST_ROWS / 2 <= len(shown) <= MOST_ROWS
    assert (f"of {rows} rows" in html) == (rows > MOST_ROWS)
    assert len(html) < 400_000


def test_a_sheet_of_too_many_pictures_shows_some_and_says_so() -> None:
    picture = Picture(pixels=np.zeros((2, 2, 3), np.uint8), caption="c")
    sheet = Sheet(pictures=[picture] * (MOST_PICTURES + 1))
    page = Page(title="t", facts={}, sections=[Section(heading="h", blocks=[sheet])])
    html = html_of(page)
    assert len(ReadPage(html).named("img")) <= MOST_PICTURES
    assert f"of {MOST_PICTURES + 1}, evenly spread" in html


def test_pictures_keep_their_colours_and_are_not_too_wide() -> None:
    red = np.zeros((10, 2000, 3), np.uint8)
    red[..., 0] = 200
    shown = cv2.imdecode(np.frombuffer(jpeg(red), np.uint8), cv2.IMREAD_COLOR_RGB)
    assert shown is not None
    assert shown.shape[1] == 1280
    np.testing.assert_allclose(shown.reshape(-1, 3).mean(axis=0), (200, 0, 0), atol=4)


def test_the_page_is_written_to_a_new_folder(tmp_path: Path) -> None:
    path = write_page(tmp_path / "new", sample_page())
    assert path.read_text(encoding="utf-8") == html_of(sample_page())


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "jinja2", None)
    with pytest.raises(ReportError, match=r"depth_completion_ros\[report\]"):
        write_page(tmp_path, sample_page())
    assert list(tmp_path.iterdir()) == []
