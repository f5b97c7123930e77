# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Topics that hold what is looked for in a form that is not read, and what to record instead."""

from __future__ import annotations

from typing import Literal

from depth_completion_core.sensing.unreadable_types import UnreadableForm, unreadable_form
from rosbag_tools.reader import BagReader


def unreadable_topics(reader: BagReader, holds: Literal["points", "images"]) -> str:
    """The topics that hold points or images of another form, as sentences; empty for none."""
    found: dict[UnreadableForm, dict[str, str]] = {}
    for item in reader.connections:
        form = unreadable_form(item.msgtype)
        if form is not None and form.holds == holds:
            found.setdefault(form, {})[item.topic] = item.msgtype
    return ". ".join(
        f"{_listed(topics)} holds {form.what}, which are not read. {form.instead}"
        for form, topics in found.items()
    )


def _listed(topics: dict[str, str]) -> str:
    return ", ".join(f"{name} ({msgtype})" for name, msgtype in topics.items())
