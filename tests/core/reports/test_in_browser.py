# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The page as a browser shows it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from depth_completion_core.reports.html import write_page
from tests.browser import Browser, chromium, console_of, open_page, sorted_by
from tests.core.reports.sample_page import HOSTILE, sample_page

pytest.importorskip("jinja2")

_CONTRASTS = """
const rgb = (text) => text.match(/[0-9.]+/g).slice(0, 3).map(Number);
const light = (color) => rgb(color).map((c) => c / 255)
  .map((c) => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
  .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
const below = (node) => {
  const color = getComputedStyle(node).backgroundColor;
  return color === "rgba(0, 0, 0, 0)" ? below(node.parentElement) : color;
};
return [...document.querySelectorAll("h1, dt, dd, li, caption, th, td, figcaption, text, path")]
  .map((node) => {
    const style = getComputedStyle(node);
    const color = node.tagName === "text" ? style.fill
      : node.tagName === "path" ? style.stroke : style.color;
    const [a, b] = [light(color), light(below(node))].sort((one, other) => other - one);
    return [node.tagName, (a + 0.05) / (b + 0.05)];
  });
"""


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    page = write_page(tmp_path_factory.mktemp("page"), sample_page())
    with chromium(tmp_path_factory.mktemp("profile"), "--disable-gpu") as opened:
        open_page(opened, page)
        yield opened


def test_numbers_are_sorted_from_the_largest_and_missing_ones_stay_last(browser: Browser) -> None:
    direction, rows = sorted_by(browser, 0, "MAE [mm]")
    assert (direction, [row[1] for row in rows]) == ("descending", ["101.5", "10.0", "9.0", "–"])
    direction, rows = sorted_by(browser, 0, "MAE [mm]")
    assert (direction, [row[1] for row in rows]) == ("ascending", ["9.0", "10.0", "101.5", "–"])


def test_words_are_sorted_with_their_numbers_in_order(browser: Browser) -> None:
    direction, rows = sorted_by(browser, 0, "name")
    names = [row[0] for row in rows]
    assert direction == "ascending"
    assert [name for name in names if name != HOSTILE] == ["b", "frame 2", "frame 10"]
    assert browser.find_elements("css selector", "th[aria-sort]")[0].text.startswith("name")
    assert len(browser.find_elements("css selector", "th[aria-sort]")) == 1


def test_hostile_text_does_nothing(browser: Browser) -> None:
    assert browser.title == f"Page {HOSTILE}"
    assert console_of(browser) == []
    assert browser.find_element("css selector", "dd").text == HOSTILE


def test_pictures_and_charts_are_there(browser: Browser) -> None:
    widths = browser.execute_script("return [...document.images].map((one) => one.naturalWidth)")
    assert widths == [64]
    boxes: list[dict[str, Any]] = browser.execute_script(
        "return [...document.querySelectorAll('.chart > svg path')]"
        ".map((one) => one.getBoundingClientRect())"
    )
    assert len(boxes) >= 3
    assert all(box["width"] > 50 for box in boxes)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_is_readable_in_light_and_dark(browser: Browser, scheme: str) -> None:
    wanted = {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", wanted)
    paper = browser.execute_script("return getComputedStyle(document.body).backgroundColor")
    assert (paper == "rgb(255, 255, 255)") == (scheme == "light")
    contrasts = browser.execute_script(_CONTRASTS)
    assert len({name for name, _ in contrasts}) == 10
    for name, contrast in contrasts:  # WCAG 2.1: 4.5 for text, 3 for graphics
        assert contrast >= (3 if name == "path" else 4.5), (name, contrast)


def test_a_narrow_window_cuts_nothing_off(browser: Browser) -> None:
    narrow = {"width": 360, "height": 800, "deviceScaleFactor": 1, "mobile": False}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", narrow)
    assert browser.execute_script("return innerWidth") == 360
    assert browser.execute_script("return document.documentElement.scrollWidth") <= 360
