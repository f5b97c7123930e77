# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from depth_completion_ros.setup_notes import SetupNotes


def test_notes_are_shown_while_they_hold_and_logged_once() -> None:
    logged: list[str] = []
    frames, clocks = ["3 frames have two places"], ["clocks differ by 1.5 s"]
    notes = SetupNotes(logged.append, lambda: frames, lambda: clocks)
    assert notes.current() == [*frames, *clocks]
    frames[0] = "4 frames have two places"
    clocks.clear()
    assert notes.current() == ["4 frames have two places"]
    assert logged == ["3 frames have two places", "clocks differ by 1.5 s"]
