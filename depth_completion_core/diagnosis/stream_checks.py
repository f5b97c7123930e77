# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Checks of sensor streams from when their messages came and what they were stamped with."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from depth_completion_core.diagnosis.findings import Finding
from depth_completion_core.geometry.intrinsics_doubts import info_doubts
from depth_completion_core.sensing.cadence import LOSS_REMEDY, cadence_of, losses_in_words
from depth_completion_core.sensing.stream_stamps import StreamStamps

FEWEST_MESSAGES = 5
"""With fewer, neither a rate nor a gap can be told."""

_NS_PER_S = 10**9
_YEAR_NS = 365 * 86_400 * _NS_PER_S
_LATE_NS = _NS_PER_S // 2


@dataclass(slots=True, kw_only=True)
class StreamLog:
    """What came in on a topic.

    Attributes:
        topic: its name.
        arrivals_ns: clock of the receiver at each message, nanoseconds.
        stamps_ns: stamp of each message, nanoseconds.
        frame_id: of the newest message.
        offers: the quality of service of each publisher, in words.
        is_reliable: whether it was received as reliable.
        listened_s: for how long it was listened to, seconds; 0 where that is not known.
    """

    topic: str
    arrivals_ns: list[int] = field(default_factory=list)
    stamps_ns: list[int] = field(default_factory=list)
    frame_id: str = ""
    offers: tuple[str, ...] = ()
    is_reliable: bool = False
    listened_s: float = 0.0

    def add(self, arrival_ns: int, stamp_ns: int, frame_id: str) -> None:
        """Note a message."""
        self.arrivals_ns.append(arrival_ns)
        self.stamps_ns.append(stamp_ns)
        self.frame_id = frame_id

    @property
    def stamps(self) -> StreamStamps:
        """What its stamps are like."""
        stamps = StreamStamps(self.topic)
        for stamp_ns, arrival_ns in zip(self.stamps_ns, self.arrivals_ns, strict=True):
            stamps.add(stamp_ns, arrival_ns)
        return stamps


def check_stream(log: StreamLog) -> Iterator[Finding]:
    """Rate, stamps and clock of one stream."""
    if not log.stamps_ns:
        yield _nothing(log)
        return
    yield _check_rate(log)
    if not log.frame_id:
        yield Finding(
            severity="error",
            subject=log.topic,
            found="its messages name no frame",
            remedy="set frame_id in the driver, or no transform can be looked up",
        )
    yield from _check_stamps(log)


def _check_rate(log: StreamLog) -> Finding:
    count, offers = len(log.stamps_ns), ""
    if log.offers:
        offers = f" from {len(log.offers)} publishers ({'; '.join(log.offers)})"
    if count < FEWEST_MESSAGES and log.listened_s:
        return Finding(
            severity="error",
            subject=log.topic,
            found=f"only {count} came in {log.listened_s:.0f} s{offers}, too few to tell a rate",
            remedy=f"does 'ros2 topic hz' see more? If not, the driver is slow. {LOSS_REMEDY}",
        )
    rate = f"{_rate_hz(log.stamps_ns):.1f} Hz by their stamps, frame '{log.frame_id}'{offers}"
    lost = losses_in_words(log.topic, log.stamps_ns, is_reliable=log.is_reliable)
    if lost:
        found, remedy = lost.removeprefix(f"{log.topic}: ").split(". ", 1)
        return Finding(
            severity="warning", subject=log.topic, found=f"{rate}; {found}", remedy=remedy
        )
    return Finding(severity="ok", subject=log.topic, found=f"{count} messages, {rate}")


def _rate_hz(stamps_ns: Sequence[int]) -> float:
    """Of the messages as they were sent; of the median interval where they follow no period."""
    cadence = cadence_of(stamps_ns)
    if cadence is not None:
        return _NS_PER_S / cadence.period_ns
    steps = np.diff(np.unique(np.array(stamps_ns, np.int64)))
    return _NS_PER_S / float(np.median(steps)) if len(steps) else 0.0


def _nothing(log: StreamLog) -> Finding:
    if not log.offers:
        return Finding(
            severity="error",
            subject=log.topic,
            found="nothing was received, and nobody publishes it",
            remedy="start the driver, or remap the topic (-r image:=/your/topic); "
            "ros2 topic list shows what there is",
        )
    return Finding(
        severity="error",
        subject=log.topic,
        found=f"nothing was received from {len(log.offers)} publishers ({'; '.join(log.offers)})",
        remedy="does 'ros2 topic hz' see it? If not, the publisher is silent, or large messages "
        "are lost on the way (docs/tuning.md)",
    )


def _check_stamps(log: StreamLog) -> Iterator[Finding]:
    stamps = np.array(log.stamps_ns, dtype=np.int64)
    if (stamps == 0).any():
        yield Finding(
            severity="error",
            subject=log.topic,
            found=f"{int((stamps == 0).sum())} of {len(stamps)} messages have no stamp",
            remedy="pairing compares stamps: use a driver that sets them",
        )
        return
    steps = np.diff(stamps)
    if (steps < 0).any():
        yield Finding(
            severity="warning",
            subject=log.topic,
            found=f"stamps went back {int((steps < 0).sum())} times",
            remedy="a bag in a loop is fine; else two publishers share the topic",
        )
    yield from _check_clock(log, stamps)


def _check_clock(log: StreamLog, stamps: np.ndarray[Any, np.dtype[np.int64]]) -> Iterator[Finding]:
    delay_ns = int(np.median(np.array(log.arrivals_ns, dtype=np.int64) - stamps))
    if abs(delay_ns) > _YEAR_NS:
        yield Finding(
            severity="warning",
            subject=log.topic,
            found=f"its stamps are {abs(delay_ns) / _YEAR_NS:.0f} years off this machine's clock",
            remedy="with a bag: play it with --clock and set use_sim_time:=true; with a sensor: "
            "synchronise its clock (PTP, NTP), or let the driver stamp with the host's time",
        )
    elif delay_ns > _LATE_NS or delay_ns < 0:
        yield Finding(
            severity="warning",
            subject=log.topic,
            found=f"it arrives {delay_ns / 1e6:.0f} ms after its stamp (median)",
            remedy="more than half a second, or less than nothing, means that clocks differ (PTP, "
            "NTP) or that messages queue up before they get here",
        )


def check_intrinsics(
    info: Any,  # noqa: ANN401
    image_size: tuple[int, int] | None,
    image_topic: str,
    *,
    rectified: bool,
) -> Iterator[Finding]:
    """A sensor_msgs/CameraInfo against the (height, width) of its images, where that is known."""
    subject = "camera_info"
    K = np.asarray(info.k if hasattr(info, "k") else info.K, dtype=np.float64).reshape(3, 3)
    D = np.asarray(info.d if hasattr(info, "d") else info.D, dtype=np.float64)
    width, height = int(info.width), int(info.height)
    if not K.any():
        yield Finding(
            severity="error",
            subject=subject,
            found="K is all zeros: the camera is not calibrated",
            remedy="calibrate it (camera_calibration), or give the driver its calibration file",
        )
        return
    for doubt in info_doubts(info, image_size, rectified=rectified):
        yield Finding(
            severity="error" if doubt.is_grave else "warning",
            subject=subject,
            found=doubt.sentence,
            remedy="compare with the overlay: depth edges must lie on the edges of the image",
        )
    if rectified and D.any():
        yield Finding(
            severity="ok",
            subject=subject,
            found=f"{image_topic} counts as rectified: P is used, the distortion D is not",
        )
    else:
        field_deg = float(np.degrees(2 * np.arctan(width / (2 * K[0, 0]))))
        yield Finding(
            severity="ok",
            subject=subject,
            found=f"{width}x{height} pixels, horizontal field of view {field_deg:.0f} deg, "
            f"distortion '{info.distortion_model}'",
        )
