# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A page in headless Chromium; tests that need it are skipped by name where it is missing."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeAlias

import pytest

Browser: TypeAlias = Any
"""Selenium's own, whose types are not complete."""

_NAMES = ("chromium", "chromium-browser", "google-chrome")
_FLAGS = (
    *("--headless", "--no-sandbox", "--no-first-run", "--hide-scrollbars"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)


@contextmanager
def chromium(profile: Path, *flags: str) -> Iterator[Browser]:
    """A browser with a new profile that keeps what pages log and request.

    Args:
        profile: an empty folder.
        flags: more of Chromium's own.
    """
    driver = shutil.which("chromedriver")
    program = next((found for name in _NAMES if (found := shutil.which(name))), None)
    if not program or not driver:
        pytest.skip("needs Chromium and chromedriver (apt-get install chromium chromium-driver)")
    pytest.importorskip("selenium", reason="needs selenium (pip install selenium)")
    from selenium.webdriver import Chrome, ChromeOptions, ChromeService  # noqa: PLC0415

    options = ChromeOptions()
    options.binary_location = program
    for flag in (*_FLAGS, f"--user-data-dir={profile}", *flags):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    browser = Chrome(options=options, service=ChromeService(driver))
    try:
        yield browser
    finally:
        browser.quit()


def console_of(browser: Browser) -> list[str]:
    """What the page has logged since the last call."""
    return [str(entry["message"]) for entry in browser.get_log("browser")]


def requests_of(browser: Browser) -> list[str]:
    """The URLs that pages asked for since the last call, but for those that hold their content."""
    events: list[dict[str, Any]] = [
        json.loads(entry["message"])["message"] for entry in browser.get_log("performance")
    ]
    urls = [
        str(event["params"]["request"]["url"])
        for event in events
        if event["method"] == "Network.requestWillBeSent"
    ]
    return [url for url in urls if not url.startswith(("data:", "chrome:"))]  # its own first page


def open_page(browser: Browser, page: Path) -> None:
    """Open a file, and see that it needs nothing else and has nothing to complain of."""
    browser.get(page.as_uri())
    asked, said = requests_of(browser), console_of(browser)
    assert asked == [page.as_uri()], asked
    assert said == [], said


def sorted_by(browser: Browser, table: int, heading: str) -> tuple[str, list[list[str]]]:
    """Click on a heading; the direction that it then shows, and the rows in their new order."""
    heads = browser.find_elements("css selector", "table")[table].find_elements(
        "css selector", "th"
    )
    head = next(cell for cell in heads if cell.text.strip(" ▲▼") == heading)
    head.find_element("css selector", "button").click()
    rows: list[list[str]] = browser.execute_script(
        "return [...document.querySelectorAll('table')[arguments[0]].tBodies[0].rows]"
        ".map((row) => [...row.cells].map((cell) => cell.textContent.trim()))",
        table,
    )
    return head.get_attribute("aria-sort") or "", rows
