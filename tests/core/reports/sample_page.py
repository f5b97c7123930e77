# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import math

import numpy as np

from depth_completion_core.reports.page import (
    Chart,
    Column,
    Notes,
    Page,
    Picture,
    Section,
    Series,
    Sheet,
    Table,
)

HOSTILE = "<script>document.title = 'taken'</script>\"><img src=x onerror=alert(1)>"


def sample_page() -> Page:
    """Every kind of block, with text that tries to be more than text."""
    shade = np.linspace(0, 255, 64 * 48).reshape(48, 64).astype(np.uint8)
    table = Table(
        caption=f"Frames {HOSTILE}",
        columns=[
            Column(heading="name"),
            Column(heading="MAE [mm]", digits=1),
            Column(heading=HOSTILE, digits=0),
        ],
        rows=[("frame 2", 10.0, 3), ("frame 10", math.nan, 2), (HOSTILE, 9.0, 1), ("b", 101.5, 4)],
    )
    curve = Series(name=HOSTILE, x=[0, 1, 2, 3], y=[1.0, math.nan, 3.0, 2.0])
    steps = Series(name="steps", x=[0.1, 1, 10], y=[4, 2], style="steps")
    place = Series(name="start", x=[0], y=[0], style="points")
    chart = Chart(title=HOSTILE, x_label=HOSTILE, y_label="y", series=[curve, place])
    return Page(
        title=f"Page {HOSTILE}",
        facts={HOSTILE: HOSTILE},
        sections=[
            Section(heading="Left out", blocks=[]),
            Section(heading=HOSTILE, blocks=[Notes(lines=[HOSTILE], is_warning=True)]),
            Section(
                heading="Pictures",
                blocks=[
                    Sheet(pictures=[Picture(pixels=np.dstack([shade] * 3), caption=HOSTILE)]),
                    chart,
                    Chart(title="log", x_label="x", y_label="y", series=[steps], x_is_log=True),
                    Chart(title="map", x_label="x", y_label="y", series=[curve], is_to_scale=True),
                    Chart(title="empty", x_label="x", y_label="y", series=[]),
                ],
            ),
            Section(heading="Numbers", blocks=[table]),
        ],
    )
