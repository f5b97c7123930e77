# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""How the node is doing: ~/status after every frame, /diagnostics every second."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence

import torch
from diagnostic_msgs.msg import DiagnosticStatus
from diagnostic_updater import DiagnosticStatusWrapper

from depth_completion_core.sensing.sensor_geometry import motion_in_words
from depth_completion_ros.conversions import header
from depth_completion_ros.frame_report import FrameReport
from depth_completion_ros.msg import CompletionStatus

_NO_FRAMES = ("cloud:", "transform:")  # drops of these begin with what was dropped


class Status:
    """Counts frames, and says how the node is doing."""

    def __init__(
        self,
        drops: Callable[[], Mapping[str, int]],
        why_idle: Callable[[], str],
        notes: Callable[[], Sequence[str]],
        facts: Callable[[], Sequence[str]],
    ) -> None:
        """Start counting.

        Args:
            drops: how many messages were dropped so far, by reason.
            why_idle: why nothing is to be expected now, in words; empty where something is.
            notes: what is odd in the set-up, in sentences.
            facts: what was found out of the streams and is as it should be, in sentences.
        """
        self._drops, self._why_idle, self._notes, self._facts = drops, why_idle, notes, facts
        self._lock = threading.Lock()
        self._last: CompletionStatus | None = None
        self._motion = ""
        self._frames_at_last_diagnosis = 0
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
            points=len(placed.sensor_points),
            points_in_view=measured,
            density=measured / prediction.valid.size,
            pair_gap_ms=placed.gap_ns / 1e6,
            fixed_frame=placed.fixed_frame,
            coverage=float(prediction.valid.mean()),
            holdout_mae_mm=report.holdout_mae_mm,
            published=self.published,
            dropped=sum(n for reason, n in drops.items() if not reason.startswith(_NO_FRAMES)),
            drop_reasons=list(drops),
            drop_counts=list(drops.values()),
            device_memory_bytes=_memory_bytes(device),
        )
        with self._lock:
            self._last = message
            self._motion = motion_in_words(
                placed.fixed_frame, moves_points=frame.points is not None
            )
        return message

    def diagnose(self, status: DiagnosticStatusWrapper) -> DiagnosticStatusWrapper:
        """Fill in the entry of /diagnostics; called by diagnostic_updater."""
        with self._lock:
            last, motion = self._last, self._motion
        new = self.published - self._frames_at_last_diagnosis
        self._frames_at_last_diagnosis = self.published
        notes = self._notes()
        if new and notes:
            status.summary(DiagnosticStatus.WARN, f"completing, but: {notes[0]}")
        elif new:
            status.summary(DiagnosticStatus.OK, "completing")
        elif idle := self._why_idle():
            status.summary(DiagnosticStatus.OK, f"idle: {idle}")
        elif last is None:
            status.summary(DiagnosticStatus.WARN, "no frame was completed yet")
        else:
            status.summary(DiagnosticStatus.WARN, "no frame since the last diagnosis")
        status.add("frames since the last diagnosis", str(new))
        status.add("frames published", str(self.published))
        _add_numbered(status, "note", notes)
        _add_numbered(status, "found", self._facts())
        for reason, count in self._drops().items():
            status.add(f"dropped: {reason}", str(count))
        if last is not None:
            for name in ("model", "device", "pair_gap_ms", "points_in_view", "coverage"):
                status.add(name, str(getattr(last, name)))
            status.add("motion", motion)
            for name in ("decode_ms", "project_ms", "network_ms", "publish_ms", "total_ms"):
                status.add(name, f"{getattr(last, name):.1f}")
        return status


def _add_numbered(status: DiagnosticStatusWrapper, key: str, sentences: Sequence[str]) -> None:
    for number, sentence in enumerate(sentences, 1):
        status.add(f"{key} {number}", sentence)


def _memory_bytes(device: torch.device) -> int:
    return torch.cuda.memory_allocated(device) if device.type == "cuda" else 0
