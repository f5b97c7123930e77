# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What a check has found, and what to do about it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Severity = Literal["ok", "warning", "error"]
_MARKS: dict[Severity, str] = {"ok": "[ ok ]", "warning": "[warn]", "error": "[FAIL]"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was looked at.

    Attributes:
        severity: ok, warning (it works, badly) or error (it cannot work).
        subject: what was looked at, a few words.
        found: what was found, a sentence.
        remedy: what to do; empty where nothing is to be done.
    """

    severity: Severity
    subject: str
    found: str
    remedy: str = ""

    def __post_init__(self) -> None:
        if self.severity != "ok" and not self.remedy:
            raise ValueError(f"a finding that is not ok says what to do: {self.subject}")


def as_text(findings: Iterable[Finding]) -> str:
    """One line for each finding, and one for what to do."""
    lines = []
    for item in findings:
        lines.append(f"{_MARKS[item.severity]} {item.subject}: {item.found}")
        if item.remedy:
            lines.append(f"         -> {item.remedy}")
    return "\n".join(lines)


def worst(findings: Iterable[Finding]) -> Severity:
    """The worst severity; ok where nothing was found."""
    found = {item.severity for item in findings}
    return "error" if "error" in found else "warning" if "warning" in found else "ok"
