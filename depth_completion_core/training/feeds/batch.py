# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Samples side by side, as the trainer carries them to the device."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import torch
from torch import Tensor

from depth_completion_core.inference.model_input import model_view
from depth_completion_core.models.base import ModelInput
from depth_completion_core.models.needs import ModelNeeds


class Skipped(NamedTuple):
    """A sample that was left out.

    Attributes:
        name: of the sample.
        reason: what it lacks, or has that it should not, after "it has"; the same for all alike.
        detail: what is wrong with this one, in a sentence; may be empty.
    """

    name: str
    reason: str
    detail: str = ""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class BatchView:
    """An image of each sample, and what is known of it.

    Attributes:
        offset: counted in images from the samples' own, which have 0.
        image: (B, 3, H, W) uint8 RGB.
        sparse_depth: (B, 1, H, W) float32 metres, 0 where nothing was measured.
        intrinsics: (B, 3, 3) float32 pixels; None where a sample has no camera.
        time_s: (B,) float32 seconds after the samples' own image.
        view_from_target: (B, 4, 4) float32, takes points of the samples' own cameras to this
            view's; None where a sample does not tell.
    """

    offset: int
    image: Tensor
    sparse_depth: Tensor
    intrinsics: Tensor | None
    time_s: Tensor
    view_from_target: Tensor | None = None

    def to(self, device: torch.device) -> BatchView:
        """The same on a device."""
        return replace(
            self,
            image=self.image.to(device),
            sparse_depth=self.sparse_depth.to(device),
            intrinsics=_to(self.intrinsics, device),
            time_s=self.time_s.to(device),
            view_from_target=_to(self.view_from_target, device),
        )


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Batch:
    """Samples of one size, on any device; images stay bytes until they are used.

    Attributes:
        names: of the samples.
        skipped: the samples that were left out.
        views: the samples' own images, then the views that were asked for, in that order.
        truth: (B, 1, H, W) float32 metres, 0 where not known; None where no sample has any.
        layers: what else was asked for, by name, each (B, ...).
    """

    names: tuple[str, ...]
    skipped: tuple[Skipped, ...]
    views: tuple[BatchView, ...]
    truth: Tensor | None
    layers: Mapping[str, Tensor] = field(default_factory=dict)

    @property
    def size(self) -> int:
        """Number of samples."""
        return len(self.names)

    @property
    def target(self) -> BatchView:
        """The samples' own images."""
        return self.views[0]

    @property
    def image(self) -> Tensor:
        """(B, 3, H, W) uint8 RGB of the samples' own images."""
        return self.target.image

    @property
    def sparse_depth(self) -> Tensor:
        """(B, 1, H, W) float32 metres, measured with the samples' own images."""
        return self.target.sparse_depth

    @property
    def true_depth(self) -> Tensor:
        """``truth`` of a batch that has it, as of an objective that requires it."""
        assert self.truth is not None  # noqa: S101 - who needs it requires it
        return self.truth

    def not_finite(self) -> list[str]:
        """Names of the samples with a NaN or an infinity in measurements or truth."""
        depths = [view.sparse_depth for view in self.views]
        if self.truth is not None:
            depths.append(self.truth)
        finite = torch.isfinite(torch.cat(depths, dim=1)).flatten(1).all(dim=1)
        return [
            name for name, is_good in zip(self.names, finite.tolist(), strict=True) if not is_good
        ]

    def to(self, device: torch.device) -> Batch:
        """The same on a device."""
        return replace(
            self,
            views=tuple(view.to(device) for view in self.views),
            truth=_to(self.truth, device),
            layers={name: layer.to(device) for name, layer in self.layers.items()},
        )

    def model_input(self, needs: ModelNeeds) -> ModelInput:
        """What a model sees of it: the same as a completer would show it of such frames.

        Args:
            needs: of the model; all of its views are in the batch.
        """
        by_offset = {view.offset: view for view in self.views}
        views = [by_offset[offset] for offset in (0, *needs.view_offsets)]
        return ModelInput(
            views=tuple(
                model_view(
                    view.image,
                    view.sparse_depth,
                    intrinsics=view.intrinsics,
                    time_s=view.time_s,
                    view_from_target=view.view_from_target,
                )
                for view in views
            )
        )


def _to(tensor: Tensor | None, device: torch.device) -> Tensor | None:
    return None if tensor is None else tensor.to(device)
