# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What a check found, and what to do about it."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, TypeAlias

Severity: TypeAlias = Literal["ok", "warning", "error"]

_MARKS: dict[Severity, str] = {"ok": "[ok]     ", "warning": "[warning]", "error": "[ERROR]  "}
_WIDTH = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One result of a check.

    Attributes:
        severity: ok, warning (works, but worse than it could) or error (will not work).
        subject: what was checked: a topic, a pair of topics, a transform.
        found: what was seen, in a sentence.
        remedy: what to do about it; empty only where nothing is to be done.
    """

    severity: Severity
    subject: str
    found: str
    remedy: str = ""

    def __post_init__(self) -> None:
        if self.severity != "ok" and not self.remedy:
            raise ValueError(f"finding '{self.found}' is not helpful without a remedy")


def worst(findings: Iterable[Finding]) -> Severity:
    """The gravest severity among some findings; ok for none."""
    found = {finding.severity for finding in findings}
    return "error" if "error" in found else "warning" if "warning" in found else "ok"


def render_findings(findings: Iterable[Finding]) -> str:
    """Findings as text, in their order: a mark, the subject, what was found, and what to do."""
    return "\n".join(line for finding in findings for line in _lines(finding))


def _lines(finding: Finding) -> list[str]:
    mark = _MARKS[finding.severity]
    indent = " " * (len(mark) + 1)
    lines = textwrap.wrap(
        f"{mark} {finding.subject}: {finding.found}", _WIDTH, subsequent_indent=indent
    )
    if finding.remedy:
        lines += textwrap.wrap(
            f"-> {finding.remedy}", _WIDTH, initial_indent=indent, subsequent_indent=indent + "   "
        )
    return lines
