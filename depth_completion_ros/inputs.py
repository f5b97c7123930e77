# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What an active node subscribes to: image, calibration, measurements and TF."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, TypeVar

from rclpy.node import Node
from sensor_msgs.msg import CameraInfo
from tf2_msgs.msg import TFMessage

from depth_completion_core.codecs.odometry import ODOMETRY_TYPES
from depth_completion_core.codecs.stamps import stamp_ns_of
from depth_completion_core.config import PairingConfig
from depth_completion_core.sensing.cadence import losses_in_words
from depth_completion_core.sensing.measurement_kinds import MEASUREMENT_KINDS
from depth_completion_core.sensing.pair import MessagePair
from depth_completion_core.sensing.stamp_health import REMEDY, clock_doubts, why_never_paired
from depth_completion_core.sensing.stream_stamps import StreamStamps
from depth_completion_ros.camera_infos import CameraInfos
from depth_completion_ros.conversions import class_named, message_class
from depth_completion_ros.following_subscription import FollowingSubscription
from depth_completion_ros.live_transforms import LiveTransforms
from depth_completion_ros.node_config import IMAGE_TRANSPORTS, NodeConfig
from depth_completion_ros.odometry_file import OdometryFile
from depth_completion_ros.pairing_filter import PairingFilter
from depth_completion_ros.polled_subscription import PolledSubscription
from depth_completion_ros.steady_thread import SteadyThread
from depth_completion_ros.steady_timer import steady_timer
from depth_completion_ros.subscription_qos import FOLLOW

_MOTION_QUEUE = 100
_TF_QUEUE = 2000  # what a robot of many broadcasters sends while the executor is busy
_FOLLOW_S = 0.5
_STREAM = 10  # messages; of fewer, each may be the only one
_FETCH_S = 0.05

_Followed = TypeVar("_Followed", bound=FollowingSubscription)


class Inputs:
    """The subscriptions; pairs go to a callback, those of one message together.

    Attributes:
        camera_infos: the calibration.
        received: the stamps of what came in, by topic.
        pairing: the filter that makes the pairs.
        odometry_file: motion that comes from a file; None where it does not.
        filters: what the images and the measurements come through, by topic, images first.
        pairs: how many it made.
        are_heard: whether images and measurements are received.
    """

    def __init__(
        self,
        node: Node,
        config: NodeConfig,
        transforms: LiveTransforms,
        on_pairs: Callable[[Sequence[MessagePair]], None],
        *,
        earlier_pairs: int = 0,
    ) -> None:
        """Subscribe; each pair brings along as many earlier ones as are asked for."""
        self._node, self._transforms, self._on_pairs = node, transforms, on_pairs
        self.camera_infos = CameraInfos(by_stamp=config.camera_info == "synchronized")
        self.received: dict[str, StreamStamps] = {}
        self.pairs = 0
        self.are_heard = True
        self.filters: dict[str, FollowingSubscription] = {}
        self._infos: dict[str, FollowingSubscription] = {}
        self._subscriptions: list[FollowingSubscription] = []
        image_kind, image_topic = IMAGE_TRANSPORTS[config.image_transport]
        if not config.camera_info_url:
            # Before the image, so that the first image finds its calibration.
            info = self._subscribe(
                CameraInfo, "camera_info", self.camera_infos.add, durability=FOLLOW
            )
            self._infos[info.topic_name] = info
        image = self._filter(message_class(image_kind), image_topic)
        self.odometry_file: OdometryFile | None = None
        if config.odometry_file:
            self.odometry_file = OdometryFile(config.odometry_file, config.odometry_frame)
            # Before the pairing, so that a pair finds the motion of its image.
            image.registerCallback(self._play_odometry)
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
            self._subscribe(kind, "odometry", self._add_odometry, depth=_MOTION_QUEUE)
        # As tf2 does, so that no transform is lost while a subscription is made anew.
        tf = {"depth": _TF_QUEUE, "reliability": "reliable"}
        self._tf = [
            self._subscribe_tf("/tf", is_static=False, **tf),
            self._subscribe_tf("/tf_static", is_static=True, **tf, durability="transient_local"),
        ]
        transforms.fetch_from(self._fetch_tf)
        self._fetching = SteadyThread("tf", _FETCH_S, transforms.refresh)
        self._timer = steady_timer(node, _FOLLOW_S, self._follow)

    def destroy(self) -> None:
        """End all subscriptions."""
        self._node.destroy_timer(self._timer)
        self._fetching.stop()
        self._transforms.fetch_from(None)
        for subscription in self._subscriptions:
            subscription.destroy()
        self.filters.clear()
        self._subscriptions.clear()

    def hear(self, *, wanted: bool) -> None:
        """Receive images and measurements, or let go of them, and of what comes with each image."""
        if wanted == self.are_heard:
            return
        self.are_heard = wanted
        if wanted:
            for subscription in (*self._infos.values(), *self.filters.values()):
                subscription.resume()
        else:
            self._let_go()
        self.pairing.start_anew()

    def why_never_paired(self, pairing: PairingConfig) -> list[str]:
        """Why the stamps of images and measurements cannot match, or match wrongly."""
        offset_ns = round((pairing.cloud_clock_offset_ms + pairing.cloud_time_offset_ms) * 1e6)
        image, *measured = (self.received[topic] for topic in self.filters)
        reasons = why_never_paired(image, measured, offset_ns) if measured else []
        if not reasons and measured:
            return clock_doubts(image, measured, offset_ns)
        return [f"{reason}. {REMEDY}" for reason in reasons]

    def losses(self) -> list[str]:
        """Which images and measurements do not arrive, with what to do, in sentences."""
        told = [
            losses_in_words(
                topic, self.received[topic].newest_ns, is_reliable=subscription.is_reliable
            )
            for topic, subscription in self.filters.items()
        ]
        return [sentence for sentence in told if sentence]

    def _filter(self, kind: type[Any], topic: str) -> FollowingSubscription:
        subscription = self._subscribe(kind, topic)
        self.filters[subscription.topic_name] = subscription
        return subscription

    def _subscribe(
        self,
        kind: type[Any],
        topic: str,
        *callbacks: Callable[[Any], None],
        **qos: Any,  # noqa: ANN401
    ) -> FollowingSubscription:
        return self._signalling(FollowingSubscription(self._node, kind, topic, **qos), *callbacks)

    def _subscribe_tf(self, topic: str, *, is_static: bool, **qos: Any) -> PolledSubscription:  # noqa: ANN401
        subscription = PolledSubscription(
            self._node, TFMessage, topic, self._transforms.lock, **qos
        )
        add = partial(self._transforms.add, is_static=is_static)
        return self._signalling(subscription, add)

    def _signalling(self, subscription: _Followed, *callbacks: Callable[[Any], None]) -> _Followed:
        received = self.received[subscription.topic_name] = StreamStamps(subscription.topic_name)
        subscription.registerCallback(lambda message: _count(received, message))
        for callback in callbacks:
            subscription.registerCallback(callback)
        self._subscriptions.append(subscription)
        return subscription

    def _follow(self) -> None:
        for subscription in self._subscriptions:
            subscription.follow()
        if not self.are_heard:
            self._let_go()

    def _let_go(self) -> None:
        for topic, subscription in {**self._infos, **self.filters}.items():
            if topic in self.filters or self.received[topic].count >= _STREAM:
                subscription.pause()
                # The next one comes after a pause that is nobody's fault.
                self.received[topic].newest_ns.clear()

    def _fetch_tf(self) -> int:
        return sum(subscription.poll() for subscription in self._tf)

    def _add_odometry(self, message: Any) -> None:  # noqa: ANN401
        self._transforms.add_odometry(message, self._odometry_frame)

    def _play_odometry(self, image: Any) -> None:  # noqa: ANN401
        if self.odometry_file is not None:
            self._transforms.add_poses(self.odometry_file.poses_around(stamp_ns_of(image)))

    def _paired(self, pairs: Sequence[MessagePair]) -> None:
        self.pairs += len(pairs)
        self._transforms.refresh()
        self._on_pairs(pairs)

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
