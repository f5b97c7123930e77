# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What exists only while the node is active."""

from __future__ import annotations

from collections.abc import Sequence

from rclpy.node import Node

from depth_completion_core.sensing.pair import MessagePair
from depth_completion_ros.demand import Demand
from depth_completion_ros.inputs import Inputs
from depth_completion_ros.live_transforms import LiveTransforms
from depth_completion_ros.node_config import NodeConfig
from depth_completion_ros.pipeline import PairToComplete, Pipeline
from depth_completion_ros.placement_watch import PlacementWatch
from depth_completion_ros.silence import SilenceWatch
from depth_completion_ros.worker import Mailbox, Worker


class ActiveState:
    """Inputs, mailbox and worker of an active node.

    Attributes:
        mailbox: what waits for the model.
        inputs: the subscriptions.
        placement: the look at the first pairs.
    """

    def __init__(
        self, node: Node, transforms: LiveTransforms, config: NodeConfig, pipeline: Pipeline
    ) -> None:
        self._transforms = transforms
        self.mailbox: Mailbox[PairToComplete] = Mailbox(config.max_wait_ms / 1e3)
        self.inputs = Inputs(
            node,
            config,
            transforms,
            self._post,
            earlier_pairs=pipeline.in_use.wanted_views.earlier_images,
        )
        pipeline.placer.camera_infos = self.inputs.camera_infos
        self.placement = PlacementWatch(pipeline.placer, config, list(self.inputs.filters))
        self._worker = Worker(self.mailbox, pipeline.handle)
        self._demand = Demand(node, lambda: pipeline.is_wanted, self.inputs)
        self._watch = SilenceWatch(node, self.inputs, config.silence_s, config.pairing.slop_ms)

    def _post(self, pairs: Sequence[MessagePair]) -> None:
        self.mailbox.put([PairToComplete(messages=pair) for pair in pairs])
        for pair in pairs:
            self.placement.add(pair)

    def drops(self) -> dict[str, int]:
        """Messages that made no pair and pairs that were replaced, by reason."""
        return {**self.inputs.pairing.pairer.drops, **self.mailbox.drops}

    def end(self) -> None:
        """Stop listening, and finish the current frame."""
        self._watch.destroy()
        self._demand.destroy()
        self.inputs.destroy()
        self._transforms.wait_until(0.0)
        self._worker.stop()
