# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest

from depth_completion_core.diagnosis.findings import Finding, render_findings, worst

_OK = Finding(severity="ok", subject="/image", found="20 Hz")
_WARNING = Finding(severity="warning", subject="/points", found="late", remedy="wait " * 40)
_ERROR = Finding(severity="error", subject="/tf", found="missing", remedy="publish it")


def test_text_has_marks_and_remedies() -> None:
    lines = render_findings([_OK, _WARNING, _ERROR]).splitlines()
    assert lines[0] == "[ok]      /image: 20 Hz"
    assert lines[1] == "[warning] /points: late"
    assert lines[2].lstrip().startswith("-> wait wait")
    assert lines[-1] == "          -> publish it"
    assert max(map(len, lines)) <= 100
    assert render_findings([]) == ""


def test_the_worst_counts() -> None:
    assert worst([]) == "ok"
    assert worst([_OK, _WARNING]) == "warning"
    assert worst([_ERROR, _WARNING, _OK]) == "error"


def test_a_fault_without_a_remedy_is_refused() -> None:
    with pytest.raises(ValueError, match="remedy"):
        Finding(severity="warning", subject="/image", found="slow")
