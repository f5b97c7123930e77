# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What the authors' trainings of CSPN have in common, whatever the data set.

Cheng et al., ECCV 2018, and its release: stochastic gradient descent with Nesterov's momentum at
0.01, a tenth of that whenever the absolute error of validation has not fallen by 0.1 mm for some
epochs. The network is ``cspn``, which sees plain colours and puts measurements back.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from depth_completion_core.losses.terms import WeightedLossConfig
from depth_completion_core.settings.fields import setting
from depth_completion_core.training.recipes.cspn import CSPNRecipe
from depth_completion_core.training.recipes.nlspn_published import published_run
from depth_completion_core.training.recipes.published_losses import CSPN_LOSS
from depth_completion_core.training.recipes.recipe import OptimizerConfig, RunConfig
from depth_completion_core.training.recipes.schedule import ScheduleConfig


@dataclass(frozen=True, slots=True, kw_only=True)
class CSPNPublished(CSPNRecipe):
    """The settings of the release."""

    epochs: int = setting(40, low=1)
    batch_size: int = setting(8, low=1)
    loss: WeightedLossConfig = CSPN_LOSS
    optimizer: OptimizerConfig = field(
        default_factory=lambda: OptimizerConfig(
            name="sgd", momentum=0.9, nesterov=True, weight_decay=1e-4
        )
    )
    schedule: ScheduleConfig = field(
        default_factory=lambda: ScheduleConfig(kind="plateau", rate=0.01, least_improvement=0.1)
    )
    run: RunConfig = field(default_factory=published_run)
