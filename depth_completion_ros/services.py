# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""~/save_frame and ~/load_model."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from rclpy.callback_groups import MutuallyExclusiveCallbackGroup
from rclpy.node import Node
from rclpy.task import Future
from std_srvs.srv import Trigger

from depth_completion_core.completer import DepthCompleter
from depth_completion_core.diagnosis.frame_bundle import write_bundle
from depth_completion_ros.model_in_use import ModelInUse
from depth_completion_ros.model_loading import loaded, warmed_up
from depth_completion_ros.node_config import NodeConfig
from depth_completion_ros.parameters import NodeParameters
from depth_completion_ros.pipeline import Pipeline
from depth_completion_ros.srv import LoadModel


class Services:
    """The services of the node, from its construction on."""

    def __init__(
        self,
        node: Node,
        parameters: NodeParameters,
        pipeline: Callable[[], Pipeline | None],
    ) -> None:
        self._node, self._parameters, self._pipeline = node, parameters, pipeline
        node.create_service(Trigger, "~/save_frame", self._save_frame)
        # A group of its own: while the new model loads, the node's other callbacks go on.
        node.create_service(
            LoadModel,
            "~/load_model",
            self._load_model,
            callback_group=MutuallyExclusiveCallbackGroup(),
        )

    def _save_frame(self, request: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        pipeline = self._pipeline()
        if pipeline is None or pipeline.last is None:
            response.message = "no frame was completed yet: nothing to save"
            return response
        done, in_use = pipeline.last
        config = self._parameters.config
        folder = Path(config.save_folder).expanduser() / f"{done.placed.frame.stamp_ns:019d}"
        try:
            write_bundle(folder, done, model=in_use.name, config=in_use.config)
        except OSError as error:
            response.message = f"cannot write {folder}: {error.strerror or error}"
            return response
        response.success = True
        response.message = f"{folder}; replay.txt in it is the command that completes it again"
        return response

    async def _load_model(
        self, request: LoadModel.Request, response: LoadModel.Response
    ) -> LoadModel.Response:
        """Load on a thread, so that the old model serves meanwhile."""
        pipeline = self._pipeline()
        if pipeline is None:
            response.message = "the node is not configured: set the parameters model and weights"
            return response
        try:
            completer = await self._loaded(self._parameters.config, request.model, request.weights)
            now = self._parameters.config  # it may have changed meanwhile
            config = replace(now, model=request.model or now.model, weights=request.weights)
            pipeline.in_use = ModelInUse.of(completer, config)
        except Exception as error:
            response.message = f"{error}. The old model stays"
            return response
        self._parameters.set_model(config.model, config.weights)
        response.success = True
        response.message = f"'{request.weights or request.model}' on {completer.device}"
        self._node.get_logger().info(f"loaded {response.message}")
        return response

    def _loaded(self, config: NodeConfig, model: str, weights: str) -> Future:
        future = Future(executor=self._node.executor)

        def load() -> DepthCompleter | None:
            try:
                if not model and not weights:
                    raise ValueError("give a model, or the path of weights")
                future.set_result(warmed_up(loaded(config, model=model, weights=weights), config))
            except Exception as error:
                future.set_exception(error)
            return None

        threading.Thread(target=load, name="load_model", daemon=True).start()
        return future
