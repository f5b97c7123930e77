# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What an active node subscribes to: image, calibration, measurements and TF."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from message_filters import Subscriber
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, HistoryPolicy, QoSProfile, ReliabilityPolicy
from rclpy.qos_overriding_options import QoSOverridingOptions
from sensor_msgs.msg import CameraInfo
from tf2_msgs.msg import TFMessage

from depth_completion_core.codecs.odometry import ODOMETRY_TYPES
from depth_completion_core.codecs.stamps import stamp_ns_of
from depth_completion_core.config import PairingConfig
from depth_completion_core.sensing.measurement_kinds import MEASUREMENT_KINDS
from depth_completion_core.sensing.pair import MessagePair
from depth_completion_core.sensing.stamp_health import REMEDY, clock_doubts, why_never_paired
from depth_completion_core.sensing.stream_stamps import StreamStamps
from depth_completion_ros.camera_infos import CameraInfos
from depth_completion_ros.conversions import class_named, message_class
from depth_completion_ros.live_transforms import LiveTransforms
from depth_completion_ros.node_config import IMAGE_TRANSPORTS, NodeConfig
from depth_completion_ros.pairing_filter import PairingFilter

_SENSOR_QOS = QoSProfile(
    history=HistoryPolicy.KEEP_LAST, depth=5, reliability=ReliabilityPolicy.BEST_EFFORT
)
_ODOMETRY_QOS = QoSProfile(
    history=HistoryPolicy.KEEP_LAST, depth=100, reliability=ReliabilityPolicy.BEST_EFFORT
)
_TF_QOS = QoSProfile(
    history=HistoryPolicy.KEEP_LAST, depth=100, reliability=ReliabilityPolicy.RELIABLE
)
_TF_STATIC_QOS = QoSProfile(
    history=HistoryPolicy.KEEP_LAST,
    depth=100,
    reliability=ReliabilityPolicy.RELIABLE,
    durability=DurabilityPolicy.TRANSIENT_LOCAL,
)


class Inputs:
    """The subscriptions; pairs go to a callback.

    Attributes:
        camera_infos: the calibration.
        received: the stamps of what came in, by topic.
        pairing: the filter that makes the pairs.
        filters: what the images and the measurements come through, by topic, images first.
        pairs: how many it made.
    """

    def __init__(
        self,
        node: Node,
        config: NodeConfig,
        transforms: LiveTransforms,
        on_pair: Callable[[MessagePair], None],
        *,
        earlier_pairs: int = 0,
    ) -> None:
        """Subscribe; each pair brings along as many earlier ones as are asked for."""
        self._node, self._transforms, self._on_pair = node, transforms, on_pair
        self.camera_infos = CameraInfos(by_stamp=config.camera_info == "synchronized")
        self.received: dict[str, StreamStamps] = {}
        self.pairs = 0
        self.filters: dict[str, Subscriber] = {}
        self._plain: list[Any] = []
        image_kind, image_topic = IMAGE_TRANSPORTS[config.image_transport]
        if not config.camera_info_url:
            # Before the image, so that the first image finds its calibration.
            self._subscribe(CameraInfo, "camera_info", self.camera_infos.add, _SENSOR_QOS)
        image = self._filter(message_class(image_kind), image_topic)
        clouds = [self._filter(kind, topic) for kind, topic in _measurement_topics(config)]
        self.pairing = PairingFilter(
            image,
            clouds,
            config.pairing,
            earlier_pairs=earlier_pairs,
            on_jump_back=self._jumped_back,
        )
        self.pairing.registerCallback(self._paired)
        self._odometry_frame = config.odometry_frame
        if config.odometry != "none":
            kind = class_named(ODOMETRY_TYPES[config.odometry])
            self._subscribe(kind, "odometry", self._add_odometry, _ODOMETRY_QOS)
        self._subscribe(TFMessage, "/tf", self._add_tf, _TF_QOS)
        self._subscribe(TFMessage, "/tf_static", self._add_tf_static, _TF_STATIC_QOS)

    def destroy(self) -> None:
        """End all subscriptions."""
        for filtered in self.filters.values():
            self._node.destroy_subscription(filtered.sub)
        for subscription in self._plain:
            self._node.destroy_subscription(subscription)
        self.filters.clear()
        self._plain.clear()

    def why_never_paired(self, pairing: PairingConfig) -> list[str]:
        """Why the stamps of images and measurements cannot match, or match wrongly."""
        offset_ns = round((pairing.cloud_clock_offset_ms + pairing.cloud_time_offset_ms) * 1e6)
        image, *measured = (self.received[topic] for topic in self.filters)
        reasons = why_never_paired(image, measured, offset_ns) if measured else []
        if not reasons and measured:
            return clock_doubts(image, measured, offset_ns)
        return [f"{reason}. {REMEDY}" for reason in reasons]

    def _filter(self, kind: type[Any], topic: str) -> Subscriber:
        subscriber = Subscriber(
            self._node,
            kind,
            topic,
            qos_profile=_SENSOR_QOS,
            qos_overriding_options=QoSOverridingOptions.with_default_policies(),
        )
        topic_name = subscriber.sub.topic_name
        received = self.received[topic_name] = StreamStamps(topic_name)
        subscriber.registerCallback(lambda message: _count(received, message))
        self.filters[topic_name] = subscriber
        return subscriber

    def _subscribe(
        self, kind: type[Any], topic: str, callback: Callable[[Any], None], qos: QoSProfile
    ) -> None:
        received = StreamStamps(self._node.resolve_topic_name(topic))

        def take(message: Any) -> None:  # noqa: ANN401
            _count(received, message)
            callback(message)

        subscription = self._node.create_subscription(
            kind,
            topic,
            take,
            qos,
            qos_overriding_options=QoSOverridingOptions.with_default_policies(),
        )
        self.received[received.topic] = received
        self._plain.append(subscription)

    def _add_tf(self, message: TFMessage) -> None:
        self._transforms.add(message, is_static=False)

    def _add_tf_static(self, message: TFMessage) -> None:
        self._transforms.add(message, is_static=True)

    def _add_odometry(self, message: Any) -> None:  # noqa: ANN401
        self._transforms.add_odometry(message, self._odometry_frame)

    def _paired(self, pair: MessagePair) -> None:
        self.pairs += 1
        self._on_pair(pair)

    def _jumped_back(self) -> None:
        self._transforms.clear()
        self._node.get_logger().warning(
            "time jumped back (a bag that starts again?): waiting messages and TF are forgotten"
        )


def _count(received: StreamStamps, message: Any) -> None:  # noqa: ANN401
    stamp_ns = stamp_ns_of(message) if hasattr(message, "header") else 0
    received.add(stamp_ns, time.monotonic_ns())


def _measurement_topics(config: NodeConfig) -> list[tuple[type[Any], str]]:
    kind = MEASUREMENT_KINDS[config.measurements]
    if kind.message is None:
        return []
    topics = config.points_topics if kind.are_points else (kind.topic,)
    return [(message_class(kind.message), topic) for topic in topics]
