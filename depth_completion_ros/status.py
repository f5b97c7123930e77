# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""How the node is doing: ~/status after every frame, /diagnostics every second.

While every frame is dropped, ~/status comes every second, too.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Mapping, Sequence

import torch
from diagnostic_msgs.msg import DiagnosticStatus
from diagnostic_updater import DiagnosticStatusWrapper

from depth_completion_core.sensing.sensor_geometry import motion_in_words
from depth_completion_ros.conversions import header
from depth_completion_ros.frame_pace import FramePace
from depth_completion_ros.frame_report import FrameReport
from depth_completion_ros.health import Observed, health_of
from depth_completion_ros.msg import CompletionStatus
from depth_completion_ros.node_config import NodeConfig

_NO_FRAMES = ("cloud:", "transform:")  # drops of these begin with what was dropped
_FIRST_FRAME_S = 2.0  # that it may take after a rest
_STAGES = ("decode_ms", "project_ms", "network_ms", "publish_ms", "total_ms")
_TIMES = (*_STAGES, "age_ms", "pair_gap_ms", "density", "coverage")
_LEVELS = {
    "ok": DiagnosticStatus.OK,
    "warning": DiagnosticStatus.WARN,
    "error": DiagnosticStatus.ERROR,
}


class Status:
    """Counts frames, and says how the node is doing."""

    def __init__(
        self,
        config: Callable[[], NodeConfig],
        drops: Callable[[], Mapping[str, int]],
        why_idle: Callable[[], str],
        notes: Callable[[], Sequence[str]],
        facts: Callable[[], Sequence[str]],
    ) -> None:
        """Start counting.

        Args:
            config: the settings as they are now.
            drops: how many messages were dropped so far, by reason.
            why_idle: why nothing is to be expected now, in words; empty where something is.
            notes: what is odd in the set-up, in sentences.
            facts: what was found out of the streams and is as it should be, in sentences.
        """
        self._config, self._drops, self._why_idle = config, drops, why_idle
        self._notes, self._facts = notes, facts
        self._lock = threading.Lock()
        self._last: CompletionStatus | None = None
        self._motion = ""
        self._pace = FramePace()
        self._drops_before: dict[str, int] = {}
        self._published_before = 0
        self._rested_at_s = 0.0
        self.published = 0

    def message(self, report: FrameReport) -> CompletionStatus:
        """The status after a frame."""
        placed, prediction = report.done.placed, report.done.prediction
        frame = placed.frame
        drops, device = self._drops(), report.in_use.completer.device
        self.published += 1
        measured = prediction.sparse.count
        message = CompletionStatus(
            header=header(frame.stamp_ns, frame.frame_id),
            model=report.in_use.name,
            device=str(device),
            decode_ms=report.decode_ms,
            project_ms=report.project_ms,
            network_ms=report.network_ms,
            publish_ms=report.publish_ms,
            total_ms=report.total_ms,
            age_ms=report.age_ms,
            points=len(placed.sensor_points),
            points_in_view=measured,
            density=measured / prediction.valid.size,
            pair_gap_ms=placed.gap_ns / 1e6,
            fixed_frame=placed.fixed_frame,
            coverage=float(prediction.valid.mean()),
            holdout_mae_mm=report.holdout_mae_mm,
            published=self.published,
            dropped=sum(_frames(drops).values()),
            drop_reasons=list(drops),
            drop_counts=list(drops.values()),
            device_memory_bytes=_memory_bytes(device),
        )
        with self._lock:
            self._last = message
            self._pace.add(time.monotonic(), report.age_ms)
            self._motion = motion_in_words(
                placed.fixed_frame, moves_points=frame.points is not None
            )
        return message

    def while_dropping(self, stamp_ns: int) -> CompletionStatus | None:
        """The status at an instant when frames come but none is completed; None otherwise."""
        drops = self._drops()
        with self._lock:
            last, is_flowing = self._last, self._pace.is_flowing(time.monotonic())
        if is_flowing or self._why_idle() or not self._dropped_of_late(drops):
            return None
        config, none = self._config(), math.nan
        return CompletionStatus(
            header=header(stamp_ns, last.header.frame_id if last is not None else ""),
            model=config.weights or config.model,
            device=last.device if last is not None else "",
            **dict.fromkeys(_TIMES, none),
            holdout_mae_mm=none,
            published=self.published,
            dropped=sum(_frames(drops).values()),
            drop_reasons=list(drops),
            drop_counts=list(drops.values()),
        )

    def diagnose(self, status: DiagnosticStatusWrapper) -> DiagnosticStatusWrapper:
        """Fill in the entry of /diagnostics; called by diagnostic_updater."""
        now_s, drops, notes, config = time.monotonic(), self._drops(), self._notes(), self._config()
        idle = self._why_idle()
        with self._lock:
            if idle:
                # The pace begins anew after a rest.
                self._pace, self._rested_at_s = FramePace(), now_s
            elif not self._pace.is_flowing(now_s) and now_s - self._rested_at_s < _FIRST_FRAME_S:
                idle = "what is asked for has just begun"
            last, motion = self._last, self._motion
            seen = Observed(
                is_flowing=self._pace.is_flowing(now_s),
                rate_hz=self._pace.rate_hz(now_s),
                age_ms=self._pace.age_ms,
                dropped=self._dropped_of_late(drops),
                idle=idle,
                notes=notes,
                has_completed=last is not None,
            )
        new, self._published_before = self.published - self._published_before, self.published
        self._drops_before = dict(drops)
        health = health_of(seen, min_rate_hz=config.min_rate_hz, max_age_ms=config.warn_age_ms)
        status.summary(_LEVELS[health.level], health.sentence)
        status.add("frames since the last diagnosis", str(new))
        status.add("frames published", str(self.published))
        status.add("rate_hz", f"{seen.rate_hz:.1f}")
        status.add("age_ms", f"{seen.age_ms:.0f}")
        _add_numbered(status, "note", notes)
        _add_numbered(status, "found", self._facts())
        for reason, count in drops.items():
            status.add(f"dropped: {reason}", str(count))
        if last is not None:
            for name in ("model", "device", "pair_gap_ms", "points_in_view", "coverage"):
                status.add(name, str(getattr(last, name)))
            status.add("motion", motion)
            for name in _STAGES:
                status.add(name, f"{getattr(last, name):.1f}")
        return status

    def _dropped_of_late(self, drops: Mapping[str, int]) -> dict[str, int]:
        counts = {
            reason: count - self._drops_before.get(reason, 0)
            for reason, count in _frames(drops).items()
        }
        return {reason: count for reason, count in counts.items() if count > 0}


def _frames(drops: Mapping[str, int]) -> dict[str, int]:
    return {reason: n for reason, n in drops.items() if not reason.startswith(_NO_FRAMES)}


def _add_numbered(status: DiagnosticStatusWrapper, key: str, sentences: Sequence[str]) -> None:
    for number, sentence in enumerate(sentences, 1):
        status.add(f"{key} {number}", sentence)


def _memory_bytes(device: torch.device) -> int:
    return torch.cuda.memory_allocated(device) if device.type == "cuda" else 0
