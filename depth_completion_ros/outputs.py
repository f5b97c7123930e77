# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The publishers of a configured node; what nobody listens to is not made."""

from __future__ import annotations

from typing import Any

from rclpy.lifecycle import LifecycleNode
from rclpy.qos import HistoryPolicy, QoSProfile, ReliabilityPolicy
from rclpy.qos_overriding_options import QoSOverridingOptions

from depth_completion_core.sensing.output_topics import OUTPUT_TOPICS, CompletedFrame
from depth_completion_ros.callback_groups import EventsNowAndThen
from depth_completion_ros.conversions import message_class, message_of
from depth_completion_ros.msg import CompletionStatus

_QOS = QoSProfile(history=HistoryPolicy.KEEP_LAST, depth=2, reliability=ReliabilityPolicy.RELIABLE)


class Outputs:
    """One publisher for each output, and one for the status."""

    def __init__(self, node: LifecycleNode) -> None:
        self._node = node
        self._publishers = {
            output: self._publisher(message_class(output.kind), output.topic)
            for output in OUTPUT_TOPICS
        }
        self._status = self._publisher(CompletionStatus, "~/status")

    @property
    def are_wanted(self) -> bool:
        """Whether anybody listens to anything."""
        publishers = (*self._publishers.values(), self._status)
        return any(publisher.get_subscription_count() > 0 for publisher in publishers)

    def publish(self, done: CompletedFrame) -> None:
        """Make and publish what somebody listens to, stamped and framed like the image."""
        frame = done.placed.frame
        for output, publisher in self._publishers.items():
            if publisher.get_subscription_count() > 0:
                fields = output.make(done)
                if fields is not None:
                    publisher.publish(message_of(fields, frame.stamp_ns, frame.frame_id))

    def publish_status(self, status: CompletionStatus) -> None:
        """Publish ~/status."""
        self._status.publish(status)

    def destroy(self) -> None:
        """End all publishers."""
        for publisher in (*self._publishers.values(), self._status):
            self._node.destroy_lifecycle_publisher(publisher)
        self._publishers.clear()

    def _publisher(self, kind: type[Any], topic: str) -> Any:  # noqa: ANN401 - rclpy has no types
        return self._node.create_lifecycle_publisher(
            kind,
            topic,
            _QOS,
            callback_group=EventsNowAndThen(),
            qos_overriding_options=QoSOverridingOptions.with_default_policies(),
        )
