# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""~/save_frame and ~/load_model."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from rclpy.callback_groups import ReentrantCallbackGroup
from rclpy.node import Node
from rclpy.task import Future
from std_srvs.srv import Trigger

from depth_completion_core.completer import load_model
from depth_completion_ros.loadable_models import loadable
from depth_completion_ros.model_in_use import ModelInUse
from depth_completion_ros.model_loading import warmed_up
from depth_completion_ros.node_config import NodeConfig
from depth_completion_ros.parameters import NodeParameters
from depth_completion_ros.pipeline import Pipeline
from depth_completion_ros.saved_frames import save_frame
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
        self._in_progress = ""
        # A group of its own: while a model loads, the node's other callbacks go on, and so does
        # this one, to refuse a second model: two at once could fill the memory.
        node.create_service(
            LoadModel,
            "~/load_model",
            self._load_model,
            callback_group=ReentrantCallbackGroup(),
        )

    def _save_frame(self, request: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        pipeline = self._pipeline()
        if pipeline is None or pipeline.last is None:
            response.message = "no frame was completed yet: nothing to save"
            return response
        done, in_use = pipeline.last
        config = self._parameters.config
        try:
            saved = Path(config.save_folder).expanduser()
            folder = save_frame(done, in_use, saved, config.save_keep)
        except OSError as error:
            response.message = f"the frame is not saved: {error}"
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
        if self._in_progress:
            response.message = f"'{self._in_progress}' is loading now: call again when it is done"
            return response
        try:
            now = self._parameters.config
            source = loadable(request.model, request.weights, now.weights_folder)
            self._in_progress = source
            completer = await self._loaded(now, source)
            now = self._parameters.config  # it may have changed meanwhile
            weights = source if request.weights else ""
            config = replace(now, model=request.model or now.model, weights=weights)
            pipeline.in_use = ModelInUse.of(completer, config)
        except Exception as error:
            response.message = f"{error}. The old model stays"
            return response
        finally:
            self._in_progress = ""
        self._parameters.set_model(config.model, config.weights)
        response.success = True
        response.message = f"'{source}' on {completer.device}"
        self._node.get_logger().info(f"loaded {response.message}")
        return response

    def _loaded(self, config: NodeConfig, source: str) -> Future:
        future = Future(executor=self._node.executor)

        def load() -> None:
            try:
                completer = load_model(source, device=config.device, config=config)
                future.set_result(warmed_up(completer, config))
            except Exception as error:
                future.set_exception(error)

        threading.Thread(target=load, name="load_model", daemon=True).start()
        return future
