# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Whether images find measurements within the slop, and what to set where they do not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from depth_completion_core.config import PairingConfig
from depth_completion_core.diagnosis.findings import Finding
from depth_completion_core.diagnosis.stream_checks import FEWEST_MESSAGES, StreamLog
from depth_completion_core.sensing.cadence import cadence_of
from depth_completion_core.sensing.stamp_health import REMEDY, clock_doubts, why_never_paired


def check_pairing(image: StreamLog, cloud: StreamLog, config: PairingConfig) -> Finding:
    """The gap between images and their nearest clouds.

    Advice on settings is given for the stamps as they were sent: while messages are lost, gaps are
    wide for that reason alone.
    """
    subject = f"{image.topic} + {cloud.topic}"
    fewest = min(len(image.stamps_ns), len(cloud.stamps_ns))
    if not fewest:
        return Finding(
            severity="error", subject=subject, found="no pairs: one is silent", remedy="see above"
        )
    offset_ns = round((config.cloud_time_offset_ms + config.cloud_clock_offset_ms) * 1e6)
    reasons = why_never_paired(image.stamps, [cloud.stamps], offset_ns)
    if reasons:
        return Finding(severity="error", subject=subject, found="; ".join(reasons), remedy=REMEDY)
    doubts = clock_doubts(image.stamps, [cloud.stamps], offset_ns)
    if doubts:
        return Finding(severity="warning", subject=subject, found="; ".join(doubts), remedy=REMEDY)
    if fewest < FEWEST_MESSAGES:
        return Finding(
            severity="error",
            subject=subject,
            found=f"{fewest} messages of one are too few to tell how their stamps lie",
            remedy="see above",
        )
    sent = _Gaps(_sent(image.stamps_ns), _sent(cloud.stamps_ns), offset_ns)
    came = _Gaps(image.stamps_ns, cloud.stamps_ns, offset_ns)
    if came.largest_ms <= config.slop_ms:
        return Finding(severity="ok", subject=subject, found=str(came))
    if sent.largest_ms <= config.slop_ms:
        return Finding(
            severity="error",
            subject=subject,
            found=f"{came}, because messages are lost: with all of them it would be "
            f"{sent.largest_ms:.1f} ms, and pairing.slop_ms allows {config.slop_ms:g}",
            remedy="see above; a wider slop would pair what does not belong together",
        )
    return Finding(
        severity="error",
        subject=subject,
        found=f"{sent}, but pairing.slop_ms allows {config.slop_ms:g}",
        remedy=sent.remedy(config),
    )


class _Gaps:
    """From each image to its nearest cloud, in milliseconds."""

    def __init__(self, images_ns: Sequence[int], clouds_ns: Sequence[int], offset_ns: int) -> None:
        moved_ns = [stamp_ns + offset_ns for stamp_ns in clouds_ns]  # as the pairer does
        # An image at either end of the listening may have its cloud beyond.
        inside = [ns for ns in images_ns if min(moved_ns) <= ns <= max(moved_ns)]
        self._gaps_ms = signed_gaps_ns(inside or images_ns, moved_ns) / 1e6
        self.largest_ms = float(np.percentile(np.abs(self._gaps_ms), 90))
        self._typical_ms = float(np.median(self._gaps_ms))

    def __str__(self) -> str:
        return (
            f"the nearest cloud is {self._typical_ms:+.1f} ms off (median), "
            f"{self.largest_ms:.1f} ms at most (p90)"
        )

    def remedy(self, config: PairingConfig) -> str:
        """A setting with which they fit the slop."""
        spread_ms = float(np.percentile(np.abs(self._gaps_ms - self._typical_ms), 90))
        if spread_ms < min(config.slop_ms, abs(self._typical_ms)):
            offset_ms = config.cloud_time_offset_ms - self._typical_ms
            return f"a constant offset: set pairing.cloud_time_offset_ms to {offset_ms:.0f}"
        return (
            f"set pairing.slop_ms to {np.ceil(self.largest_ms / 10) * 10:.0f} or more, and give a "
            "fixed_frame so that the motion in between is undone"
        )


def _sent(stamps_ns: Sequence[int]) -> Sequence[int]:
    cadence = cadence_of(stamps_ns)
    return cadence.stamps_ns.tolist() if cadence is not None and cadence.is_lossy else stamps_ns


def signed_gaps_ns(
    images_ns: Sequence[int], clouds_ns: Sequence[int]
) -> np.ndarray[Any, np.dtype[np.float64]]:
    """(N,) for each image its nearest cloud's stamp minus its own."""
    images, clouds = np.array(images_ns, np.int64), np.sort(np.array(clouds_ns, np.int64))
    after = np.clip(np.searchsorted(clouds, images), 1, max(len(clouds) - 1, 1))
    candidates = np.stack([clouds[after - 1], clouds[np.minimum(after, len(clouds) - 1)]])
    gaps = candidates - images
    nearest: np.ndarray[Any, np.dtype[np.float64]] = np.where(
        np.abs(gaps[0]) <= np.abs(gaps[1]), gaps[0], gaps[1]
    ).astype(np.float64)
    return nearest
