# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The quality of service of one input: what the user overrides, and what follows the publishers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rcl_interfaces.msg import ParameterDescriptor
from rclpy.exceptions import ParameterAlreadyDeclaredException, ParameterException
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, HistoryPolicy, QoSProfile, ReliabilityPolicy

from depth_completion_core.settings.fields import ConfigError

FOLLOW = "follow_publishers"
_KINDS: dict[str, Any] = {
    "history": HistoryPolicy,
    "reliability": ReliabilityPolicy,
    "durability": DurabilityPolicy,
}
_CHOICES = {
    "history": ("keep_last", "keep_all"),
    "reliability": (FOLLOW, "reliable", "best_effort"),
    "durability": (FOLLOW, "transient_local", "volatile"),
}


class SubscriptionQoS:
    """``qos_overrides.TOPIC.subscription.*``, and the profile that follows from it."""

    def __init__(
        self, node: Node, topic_name: str, *, depth: int, reliability: str, durability: str
    ) -> None:
        """Declare the parameters of a topic; depth and so on count where nothing else is given.

        Raises:
            ConfigError: an override is none of the policies, or of their values.
        """
        self._node = node
        self._prefix = f"qos_overrides.{topic_name}.subscription."
        self._refuse_unknown()
        defaults = {
            "history": "keep_last",
            "reliability": reliability,
            "durability": durability,
        }
        self._values = {policy: self._choice(policy, name) for policy, name in defaults.items()}
        self._depth = self._declared("depth", depth)
        if self._depth < 1:
            raise ConfigError(f"'{self._prefix}depth' is {self._depth}; it must be at least 1")

    def profile(self, offers: Sequence[QoSProfile]) -> QoSProfile:
        """For the profiles that the publishers offer.

        Reliable, so that no large message is lost, and transient local, so that what was published
        before is heard, only where all publishers offer it: with any other, one that asks for more
        than is offered would hear nothing. Without a publisher it asks for the least.
        """
        all_reliable = _all(offers, "reliability", ReliabilityPolicy.RELIABLE)
        # Only reliable subscriptions get what was published before them.
        all_latched = all_reliable and _all(offers, "durability", DurabilityPolicy.TRANSIENT_LOCAL)
        followed = {
            "reliability": "reliable" if all_reliable else "best_effort",
            "durability": "transient_local" if all_latched else "volatile",
        }
        policies = {
            policy: _KINDS[policy].get_from_short_key(followed[policy] if name == FOLLOW else name)
            for policy, name in self._values.items()
        }
        return QoSProfile(depth=self._depth, **policies)

    def _choice(self, policy: str, default: str) -> str:
        value = str(self._declared(policy, default))
        if value not in _CHOICES[policy]:
            raise ConfigError(
                f"'{self._prefix}{policy}' is '{value}'; it is one of {', '.join(_CHOICES[policy])}"
            )
        return value

    def _declared(self, policy: str, default: Any) -> Any:  # noqa: ANN401
        name = f"{self._prefix}{policy}"
        description = f"One of {', '.join(_CHOICES[policy])}." if policy in _CHOICES else "Messages"
        try:
            return self._node.declare_parameter(
                name, default, ParameterDescriptor(description=description, read_only=True)
            ).value
        except ParameterAlreadyDeclaredException:
            return self._node.get_parameter(name).value
        except ParameterException as error:
            raise ConfigError(f"'{name}': {error}") from error

    def _refuse_unknown(self) -> None:
        known = (*_KINDS, "depth")
        # What was given, declared or not: rclpy has no public name for it.
        for name in self._node._parameter_overrides:
            policy = name.removeprefix(self._prefix)
            if policy != name and policy not in known:
                raise ConfigError(
                    f"'{name}' cannot be set; of a subscription, {', '.join(known)} can"
                )


def _all(offers: Sequence[QoSProfile], policy: str, value: Any) -> bool:  # noqa: ANN401
    return bool(offers) and all(getattr(offer, policy) == value for offer in offers)
