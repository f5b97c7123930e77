# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A subscription as good as the publishers allow, whoever comes first."""

from __future__ import annotations

from typing import Any

from message_filters import SimpleFilter
from rclpy.node import Node
from rclpy.qos import QoSProfile, ReliabilityPolicy

from depth_completion_ros.callback_groups import EventsNowAndThen
from depth_completion_ros.conversions import name_of_class
from depth_completion_ros.subscription_qos import FOLLOW, SubscriptionQoS


class FollowingSubscription(SimpleFilter):  # type: ignore[misc]  # message_filters has no types
    """Signals the messages of a topic.

    The quality of service of a subscription is fixed when it is made, so it is made anew when the
    publishers that there are by then offer another one. BEST_AVAILABLE looks at the publishers only
    once, and without any it asks for more than most will offer.

    Attributes:
        topic_name: in full.
        offers: what the publishers of the right type offer.
        is_reliable: whether the messages, as long as any came, were sent again where lost.
    """

    def __init__(
        self,
        node: Node,
        kind: type[Any],
        topic: str,
        *,
        depth: int = 5,
        reliability: str = FOLLOW,
        durability: str = "volatile",
    ) -> None:
        """Subscribe; what the user overrides goes before the policies given here.

        Raises:
            ConfigError: an override of the quality of service cannot be used.
        """
        super().__init__()
        self._node, self._kind = node, kind
        self.topic_name = node.resolve_topic_name(topic)
        self._qos = SubscriptionQoS(
            node, self.topic_name, depth=depth, reliability=reliability, durability=durability
        )
        self.offers = self._offers()
        self._profile = self._qos.profile(self.offers)
        self._subscription: Any = self._subscribe()
        self.is_reliable = self._is_reliable()

    def follow(self) -> None:
        """Subscribe anew if the publishers offer something else by now."""
        self.offers = self._offers()
        profile = self._qos.profile(self.offers)
        if profile != self._profile:
            self._profile, old = profile, self._subscription
            if old is not None:
                # The new one first, so that no message comes in between.
                self._subscription = self._subscribe()
                self._node.destroy_subscription(old)
                self._node.get_logger().info(self._in_words())
        if self.offers:
            self.is_reliable = self._is_reliable()

    def pause(self) -> None:
        """Receive nothing until :meth:`resume`; the publishers need not send it then."""
        if self._subscription is not None:
            self._node.destroy_subscription(self._subscription)
            self._subscription = None

    def resume(self) -> None:
        """Subscribe again, as the publishers allow by now."""
        self.follow()
        if self._subscription is None:
            self._subscription = self._subscribe()

    def destroy(self) -> None:
        """End the subscription."""
        self.pause()

    def _offers(self) -> list[QoSProfile]:
        name = name_of_class(self._kind)
        publishers = self._node.get_publishers_info_by_topic(self.topic_name)
        return [info.qos_profile for info in publishers if info.topic_type == name]

    def _is_reliable(self) -> bool:
        return bool(self._profile.reliability == ReliabilityPolicy.RELIABLE)

    def _subscribe(self) -> Any:  # noqa: ANN401 - rclpy has no types
        return self._node.create_subscription(
            self._kind,
            self.topic_name,
            self.signalMessage,
            self._profile,
            callback_group=EventsNowAndThen(),
        )

    def _in_words(self) -> str:
        named = f"{len(self.offers)} publishers" if self.offers else "no publisher"
        policies = (self._profile.reliability, self._profile.durability)
        asked = ", ".join(policy.name.lower().replace("_", " ") for policy in policies)
        return f"{self.topic_name}: subscribed anew as {asked}, with {named}"
