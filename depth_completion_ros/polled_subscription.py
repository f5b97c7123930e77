# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A subscription whose messages wait until they are fetched."""

from __future__ import annotations

import threading
from typing import Any

from rclpy.node import Node

from depth_completion_ros.callback_groups import EventsAlone
from depth_completion_ros.following_subscription import FollowingSubscription


class PolledSubscription(FollowingSubscription):
    """Signals the messages of a topic as they travel, whenever :meth:`poll` is called.

    Decoding a message and a turn of the executor take far longer than what is done with most
    messages of /tf.
    """

    def __init__(
        self,
        node: Node,
        kind: type[Any],
        topic: str,
        lock: threading.RLock,
        **qos: Any,  # noqa: ANN401 - as FollowingSubscription takes them
    ) -> None:
        """Subscribe; the lock is held while messages are fetched and signalled."""
        self._lock = lock
        super().__init__(node, kind, topic, **qos)

    def poll(self) -> int:
        """Signal what has come since the last time; returns how many messages that were."""
        with self._lock:
            count = 0
            while (message := self._taken()) is not None:
                self.signalMessage(message)
                count += 1
            return count

    def follow(self) -> None:
        """As its class does, what waits being signalled first."""
        with self._lock:
            self.poll()
            super().follow()

    def pause(self) -> None:
        """As its class does; what waits is lost."""
        with self._lock:
            super().pause()

    def _subscribe(self) -> Any:  # noqa: ANN401 - rclpy has no types
        return self._node.create_subscription(
            self._kind,
            self.topic_name,
            self.signalMessage,
            self._profile,
            callback_group=EventsAlone(),
            raw=True,
        )

    def _taken(self) -> bytes | None:
        subscription = self._subscription
        if subscription is None:
            return None
        with subscription.handle:
            taken = subscription.handle.take_message(subscription.msg_type, subscription.raw)
        return None if taken is None else taken[0]
