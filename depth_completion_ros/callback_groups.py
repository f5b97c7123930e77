# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Callback groups that spare the executor's time.

In each turn, rclpy puts together anew all that it waits for. Most of that are events of publishers
and subscriptions, such as a quality of service that does not fit: they stay until they are looked
at, and may be told some seconds later.
"""

from __future__ import annotations

import time

from rclpy.callback_groups import ReentrantCallbackGroup
from rclpy.subscription import Subscription
from rclpy.waitable import Waitable

_EVENTS_EVERY_S = 4.0
_EVENTS_FOR_S = 0.25  # longer than the executor waits for anything


class EventsNowAndThen(ReentrantCallbackGroup):  # type: ignore[misc]  # rclpy has no types
    """Of publishers and subscriptions whose events are looked at every few seconds only."""

    def can_execute(self, entity: object) -> bool:
        """Whether the executor may wait for something in its next turn."""
        return not isinstance(entity, Waitable) or _are_events_due()


class EventsAlone(EventsNowAndThen):
    """Of subscriptions whose messages are fetched: no executor waits for them."""

    def can_execute(self, entity: object) -> bool:
        """Whether the executor may wait for something in its next turn."""
        return not isinstance(entity, Subscription) and super().can_execute(entity)


def _are_events_due() -> bool:
    return time.monotonic() % _EVENTS_EVERY_S < _EVENTS_FOR_S
