# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The model and the settings that a frame is completed with."""

from __future__ import annotations

from dataclasses import dataclass

from depth_completion_core.completer import DepthCompleter
from depth_completion_core.sensing.wanted_views import WantedViews, refuse_what_streams_lack
from depth_completion_ros.node_config import NodeConfig


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelInUse:
    """Never changes: a frame takes it once, and the next one may find another in its place.

    Attributes:
        completer: the model with the settings of core.
        config: all settings.
    """

    completer: DepthCompleter
    config: NodeConfig

    @classmethod
    def of(cls, completer: DepthCompleter, config: NodeConfig) -> ModelInUse:
        """A model under some settings; raises ValueError where it needs what the node lacks."""
        needs = completer.model.needs
        refuse_what_streams_lack(
            config.weights or config.model,
            sparse_depth=needs.sparse_depth,
            view_offsets=needs.view_offsets,
            measurements=config.measurements,
        )
        return cls(completer=completer.configured(config), config=config)

    @property
    def name(self) -> str:
        """Name of the model, or the path of its checkpoint."""
        return self.config.weights or self.config.model

    @property
    def wanted_views(self) -> WantedViews:
        """The earlier images that the model looks at."""
        offsets = self.completer.model.needs.view_offsets
        return WantedViews(offsets=offsets, project=self.completer.sparse_depth)
