# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A page as HTML."""

from __future__ import annotations

import base64
import hashlib
import math
from collections.abc import Sequence
from importlib import import_module, resources
from pathlib import Path
from typing import TypeGuard, TypeVar

import cv2
import numpy as np

from depth_completion_core.files.atomic import write_text
from depth_completion_core.files.output_files import picture_jpeg
from depth_completion_core.geometry.arrays import UInt8Array
from depth_completion_core.reports.drawn_chart import drawn
from depth_completion_core.reports.page import (
    MOST_PICTURES,
    MOST_ROWS,
    PAGE_FILE,
    Cell,
    Page,
)

_WIDEST_PX = 1280
T = TypeVar("T")


class ReportError(ImportError):
    """The package that fills the template is not installed; the message says how to install it."""


def check_pages_can_be_written() -> None:
    """Raise ReportError, before hours of work, where no page could be written after them."""
    try:
        import_module("jinja2")
    except ImportError as error:
        raise ReportError(
            "report.html needs Jinja2: pip install 'depth_completion_ros[report]'"
        ) from error


def write_page(folder: Path, page: Page) -> Path:
    """Write report.html; returns its path.

    Raises:
        ReportError: Jinja2 is not installed.
        WriteError: the folder cannot be written.
    """
    path = folder / PAGE_FILE
    write_text(path, html_of(page))
    return path


def html_of(page: Page) -> str:
    """The page as one HTML file; whatever text it holds is shown as text.

    Raises:
        ReportError: Jinja2 is not installed.
    """
    check_pages_can_be_written()
    from jinja2 import Environment, FunctionLoader, StrictUndefined  # noqa: PLC0415 - an extra

    environment = Environment(
        loader=FunctionLoader(_resource),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        drawn=drawn,
        key=_sort_key,
        number=_number,
        picture_url=picture_url,
        sha256=_sha256,
        shown=_every_nth,
    )
    return environment.get_template("page.html.j2").render(
        page=page,
        style=_resource("page.css"),
        script=_resource("page.js"),
        most_rows=MOST_ROWS,
        most_pictures=MOST_PICTURES,
    )


def jpeg(picture: UInt8Array) -> bytes:
    """(H, W, 3) uint8 RGB as JPEG, made smaller where it is wider than a page shows."""
    height, width = picture.shape[:2]
    if width > _WIDEST_PX:
        size = (_WIDEST_PX, max(round(height * _WIDEST_PX / width), 1))
        picture = np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)
    return picture_jpeg(picture)


def picture_url(pixels: UInt8Array | bytes) -> str:
    """A picture as a URL that holds all of it."""
    content = pixels if isinstance(pixels, bytes) else jpeg(pixels)
    return f"data:image/jpeg;base64,{base64.b64encode(content).decode()}"


def _resource(name: str) -> str:
    return resources.files(__package__).joinpath(name).read_text(encoding="utf-8")


def _sha256(text: str) -> str:
    """As a Content-Security-Policy names the one script or style that it lets through."""
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _every_nth(items: Sequence[T], most: int) -> Sequence[T]:
    return items[:: max(math.ceil(len(items) / most), 1)]


def _is_number(cell: Cell) -> TypeGuard[float]:
    return isinstance(cell, (int, float)) and math.isfinite(cell)


def _sort_key(cell: Cell) -> str:
    return repr(cell) if _is_number(cell) else ""


def _number(cell: Cell, digits: int) -> str:
    return f"{cell:.{digits}f}" if _is_number(cell) else "–"
