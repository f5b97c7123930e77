# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Whether the node does what it should, in a level and a sentence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

Level = Literal["ok", "warning", "error"]


class Health(NamedTuple):
    """What /diagnostics says first."""

    level: Level
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """What was seen of late.

    Attributes:
        is_flowing: whether depth comes at its usual pace.
        rate_hz: frames per second.
        age_ms: of the depth when it was published.
        dropped: frames dropped since the last look, by reason.
        idle: why nothing is to be expected; empty where something is.
        notes: what is odd in the set-up, in sentences.
        has_completed: whether any frame was completed since the node was started.
    """

    is_flowing: bool
    rate_hz: float
    age_ms: float
    dropped: Mapping[str, int]
    idle: str
    notes: Sequence[str]
    has_completed: bool


def health_of(seen: Observed, *, min_rate_hz: float, max_age_ms: float) -> Health:
    """The worst that is to be said; a threshold of 0 is none."""
    if seen.idle:
        return Health("ok", f"idle: {seen.idle}")
    if not seen.is_flowing:
        if seen.dropped:
            reason, count = max(seen.dropped.items(), key=lambda item: item[1])
            return Health("error", f"every frame is dropped, {count} of late as '{reason}'")
        if seen.has_completed:
            return Health("warning", "no frame since the last diagnosis")
        return Health("warning", "no frame was completed yet")
    if seen.rate_hz < min_rate_hz:
        return Health("warning", f"{seen.rate_hz:.1f} Hz, {min_rate_hz:g} Hz are asked for")
    if 0 < max_age_ms < seen.age_ms:
        return Health(
            "warning", f"depth is {seen.age_ms:.0f} ms old, {max_age_ms:g} ms are allowed"
        )
    if seen.notes:
        return Health("warning", f"completing, but: {seen.notes[0]}")
    return Health("ok", "completing")
