# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What is missing, told when no pair has come for a while."""

from __future__ import annotations

import time
from collections.abc import Collection
from typing import Any

from rclpy.node import Node

from depth_completion_core.sensing.cadence import LOSS_REMEDY
from depth_completion_core.sensing.measurement_kinds import measurements_of
from depth_completion_core.sensing.stream_stamps import StreamStamps
from depth_completion_core.sensing.unreadable_types import unreadable_form
from depth_completion_ros.inputs import Inputs
from depth_completion_ros.steady_timer import steady_timer

_YEAR_S = 365 * 86_400
_LONGEST_PAUSE_S = 600.0


class SilenceWatch:
    """Looks once a second whether pairs still come."""

    def __init__(self, node: Node, inputs: Inputs, silence_s: float, slop_ms: float) -> None:
        self._node, self._inputs = node, inputs
        self._silence_s, self._slop_ms = silence_s, slop_ms
        self._pairs = 0
        self._last_change = time.monotonic()
        self._wait_s = silence_s
        self._timer = steady_timer(node, 1.0, self._look)

    def destroy(self) -> None:
        """Stop looking."""
        self._node.destroy_timer(self._timer)

    def _look(self) -> None:
        now = time.monotonic()
        if self._inputs.pairs != self._pairs or not self._inputs.are_heard:
            self._pairs, self._last_change = self._inputs.pairs, now
            self._wait_s = self._silence_s
        elif now - self._last_change >= self._wait_s:
            # Each time later, so that a camera that is off for a night does not fill the disk.
            self._wait_s = now - self._last_change + min(self._wait_s, _LONGEST_PAUSE_S)
            self._node.get_logger().warning("\n  ".join(self._sentences()))

    def _sentences(self) -> list[str]:
        silent_s = time.monotonic() - self._last_change
        lines = [f"no pair of image and points for {silent_s:.0f} s. What was received:"]
        lines += [self._of_topic(topic, got) for topic, got in self._inputs.received.items()]
        lines += self._inputs.losses()
        gap_ns = self._inputs.pairing.pairer.best_gap_ns
        if gap_ns is not None:
            lines.append(
                f"the smallest gap between an image and its nearest cloud was {gap_ns / 1e6:.1f} "
                f"ms, pairing.slop_ms allows {self._slop_ms:g}"
            )
        drops = self._inputs.pairing.pairer.drops
        if drops:
            listed = ", ".join(f"{reason}: {count}" for reason, count in drops.items())
            lines.append(f"not paired so far: {listed}")
        lines.append("more: ros2 run depth_completion_ros doctor")
        return lines

    def _of_topic(self, topic: str, got: StreamStamps) -> str:
        offers = offers_of(self._node, topic)
        listed = "; ".join(sorted(set(offers)))
        source = f"{len(offers)} publishers ({listed})" if offers else "no publisher"
        if not got.count:
            lost = f"; it is silent, or its messages are lost. {LOSS_REMEDY}" if offers else ""
            return f"{topic}: nothing, {source}{lost}"
        if not got.stamp_ns:
            return f"{topic}: {got.count} messages, {source}"
        age_s = self._node.get_clock().now().nanoseconds / 1e9 - got.stamp_ns / 1e9
        clock = " - another clock! use_sim_time, or the driver's" if abs(age_s) > _YEAR_S else ""
        return (
            f"{topic}: {got.count} messages, the last stamped {got.stamp_ns / 1e9:.3f} s "
            f"({age_s:.1f} s ago{clock}), {source}"
        )


def offers_of(node: Node, topic: str) -> tuple[str, ...]:
    """What each publisher of a topic offers, in words: its quality of service, and a wrong type."""
    own = {
        info.topic_type
        for info in node.get_subscriptions_info_by_topic(topic)
        if info.node_name == node.get_name()
    }
    return tuple(
        _offer(info.qos_profile) + (_of_type(info.topic_type, own) if own else "")
        for info in node.get_publishers_info_by_topic(topic)
    )


def _offer(qos: Any) -> str:  # noqa: ANN401 - rclpy has no types
    return f"{qos.reliability.name.lower()}, {qos.durability.name.lower()}"


def _of_type(found: str, expected: Collection[str]) -> str:
    """What to do about a publisher of a type that is not subscribed to; empty for one that is."""
    if found in expected:
        return ""
    measurements, form = measurements_of(found), unreadable_form(found)
    advice = ""
    if measurements:
        advice = f": set measurements to '{measurements}'"
    elif form:
        advice = f": these are {form.what}. {form.instead}"
    return f", of type {found} where {' or '.join(sorted(expected))} is read{advice}"
