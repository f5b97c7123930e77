# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The contract between the completer and every model, learned or not."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, ClassVar, Literal, NamedTuple, TypeAlias

from torch import Tensor, nn

from depth_completion_core.models.needs import ModelNeeds

Along: TypeAlias = Literal["z", "range"]
"""What depth is measured along: the optical axis, or the ray of each pixel."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class ModelView:
    """A batch of images of one size, with what was measured at the same time.

    Attributes:
        image: (B, 3, H, W) float32 RGB in 0..1; a model normalises for itself.
        sparse_depth: (B, 1, H, W) float32 metres, 0 where nothing was measured.
        validity_map: (B, 1, H, W) bool, where something was measured.
        intrinsics: (B, 3, 3) float32 pixels at this size; None for images without a camera.
        time_s: (B,) float32 seconds after the target, negative for earlier views.
        view_from_target: (B, 4, 4) float32, takes points of the target's camera to this view's;
            None where the motion between them is not known.
    """

    image: Tensor
    sparse_depth: Tensor
    validity_map: Tensor
    intrinsics: Tensor | None
    time_s: Tensor
    view_from_target: Tensor | None = None


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class ModelInput:
    """A batch of frames of one size.

    Attributes:
        views: the target, whose depth is asked for, then the views at the offsets that the model
            needs, in the order of its needs.
    """

    views: tuple[ModelView, ...]

    @property
    def target(self) -> ModelView:
        """The view whose depth is asked for."""
        return self.views[0]

    @property
    def image(self) -> Tensor:
        """The target's."""
        return self.target.image

    @property
    def sparse_depth(self) -> Tensor:
        """The target's."""
        return self.target.sparse_depth

    @property
    def validity_map(self) -> Tensor:
        """The target's."""
        return self.target.validity_map

    @property
    def intrinsics(self) -> Tensor | None:
        """The target's."""
        return self.target.intrinsics


class ModelOutput(NamedTuple):
    """What a model says of a batch; everything at the size of its input.

    Attributes:
        depth: (B, 1, H, W) float32 metres.
        along: what it is measured along.
        valid: (B, 1, H, W) bool, where the model has an answer; None for everywhere.
        confidence: (B, 1, H, W) float32 in 0..1; None where the model gives none.
        rays: (B, 3, H, W) float32 unit rays of a camera that the model learned; None for the rays
            of the calibration.
        farthest: (B or 1, 1, H or 1, W or 1) float32 metres, the most that it could have said;
            None for no limit.
        maps: further maps (B, C, H, W) float32 by name, as ``initial_depth``, what the model
            started from and corrected.
    """

    depth: Tensor
    along: Along = "z"
    valid: Tensor | None = None
    confidence: Tensor | None = None
    rays: Tensor | None = None
    farthest: Tensor | None = None
    maps: Mapping[str, Tensor] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class NoSettings:
    """The settings of models that have none."""


class CompletionModel(nn.Module):
    """A model is built without arguments, or from its own frozen ``Config`` dataclass.

    Attributes:
        Config: the class of its settings.
        needs: what it needs to see; a model whose settings decide that sets its own.
        depth_range: the nearest and the farthest depth that it can say, metres; None where it
            does not tell, or where that depends on the frame.
        needs_weights: whether the model is of no use before a checkpoint was loaded.
        has_stages: whether :meth:`stages` tells how it came to its answer.
        config: the settings it was built with.
    """

    Config: ClassVar[type[Any]] = NoSettings
    needs: ModelNeeds = ModelNeeds()
    depth_range: tuple[float, float] | None = None
    needs_weights: ClassVar[bool] = False
    has_stages: ClassVar[bool] = False

    def __init__(self, config: Any = None) -> None:  # noqa: ANN401 - each model's own Config
        super().__init__()
        self.config = config or self.Config()

    @abstractmethod
    def forward(self, inputs: ModelInput) -> ModelOutput:
        """Complete a batch."""
        raise NotImplementedError

    def stages(self, inputs: ModelInput) -> Mapping[str, Tensor]:
        """Maps (B, C, H, W) by name of how :meth:`forward` comes to its answer; none by default."""
        del inputs
        return {}
