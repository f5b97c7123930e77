# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""FusionNet on recordings of a moving camera, without true depth, from weights that came along.

It learns from what the images before and after look like through its depth, from measurements that
it is not shown, and from ScaffNet. Where the set knows poses, motions are theirs; elsewhere a pose
network learns them beside.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import TYPE_CHECKING, ClassVar, Literal

from depth_completion_core.losses.motion_weights import MotionLossConfig
from depth_completion_core.settings.fields import setting
from depth_completion_core.training.feeds.set_feed import SetFeed
from depth_completion_core.training.recipes.finetuning import FinetuneRecipe, crops
from depth_completion_core.training.recipes.networks import NetworkTraining, PoseTraining

if TYPE_CHECKING:
    from depth_completion_core.models.base import CompletionModel
    from depth_completion_core.training.objectives.objective import Objective


@dataclass(frozen=True, slots=True, kw_only=True)
class FusionNetMotion(FinetuneRecipe):
    """See the module."""

    model_name: ClassVar[str] = "fusionnet"

    poses: Literal["auto", "set", "network"] = "auto"
    """Whose motions of the camera: set, those of the set's poses; network, those that a pose
    network learns; auto, the set's where its first frame has them."""
    pose: PoseTraining = field(default_factory=lambda: PoseTraining(rate_factor=10.0))
    pose_first_steps: int = setting(100, low=0)
    """In so many first steps, a pose network that has to learn the motions learns alone."""
    views: MotionLossConfig = field(default_factory=MotionLossConfig)
    data: SetFeed = field(
        default_factory=lambda: replace(crops(256, 192), view_gap=1, uses_truth=False)
    )

    def network_trainings(self) -> dict[str, NetworkTraining]:
        """Of the pose network, where there is one."""
        return {"pose": self.pose} if self._learns_poses() else {}

    def objective(self, model: CompletionModel) -> Objective:
        """With the recipe's losses, and a pose network where motions are to be learned."""
        from depth_completion_core.training.objectives.motion import (  # noqa: PLC0415 - needs torch
            MotionObjective,
        )

        return MotionObjective(
            model,
            self.loss,
            self.views,
            self.pose.build() if self._learns_poses() else None,
            pose_first_steps=self.pose_first_steps * self.passes,
            fixed_statistics=self.fixed_statistics,
        )

    def _learns_poses(self) -> bool:
        if self.poses == "auto":
            return not _knows_motion(self.data)
        return self.poses == "network"


@lru_cache(maxsize=8)
def _knows_motion(feed: SetFeed) -> bool:
    """Whether the first frame has views, and the motion to each; raises DataError."""
    views = feed.open()[0].views
    return bool(views) and all(view.view_from_target is not None for view in views)
