# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Samples side by side, as the trainer carries them to the device."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from depth_completion_core.data.sample import Sample
from depth_completion_core.inference.model_input import model_view
from depth_completion_core.models.base import ModelInput
from depth_completion_core.training.errors import TrainingError

Tensors = dict[str, Tensor]
"""image, sparse_depth, truth and context of a batch, and intrinsics where they are known."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Batch:
    """Samples of one size, on any device; images stay bytes until they are used.

    Attributes:
        names: of the samples.
        skipped: names of the samples that were left out, for lack of measurements or truth.
        image: (B, 3, H, W) uint8 RGB.
        sparse_depth: (B, 1, H, W) float32 metres, 0 where nothing was measured.
        truth: (B, 1, H, W) float32 metres, 0 where not known.
        context: (B, N, 3, H, W) uint8 RGB.
        intrinsics: (B, 3, 3) float32 pixels; None where a sample has no camera.
    """

    names: tuple[str, ...]
    skipped: tuple[str, ...]
    image: Tensor
    sparse_depth: Tensor
    truth: Tensor
    context: Tensor
    intrinsics: Tensor | None

    @property
    def size(self) -> int:
        """Number of samples."""
        return len(self.names)

    def not_finite(self) -> list[str]:
        """Names of the samples with a NaN or an infinity in measurements or truth."""
        depths = torch.cat([self.sparse_depth, self.truth], dim=1)
        finite = torch.isfinite(depths).flatten(1).all(dim=1)
        return [
            name for name, is_good in zip(self.names, finite.tolist(), strict=True) if not is_good
        ]

    def to(self, device: torch.device) -> Tensors:
        """The tensors on a device."""
        tensors = {
            "image": self.image.to(device),
            "sparse_depth": self.sparse_depth.to(device),
            "truth": self.truth.to(device),
            "context": self.context.to(device),
        }
        if self.intrinsics is not None:
            tensors["intrinsics"] = self.intrinsics.to(device)
        return tensors


def model_input_of(tensors: Tensors) -> ModelInput:
    """What a model sees of a batch: the same as a completer would show it of such frames."""
    view = model_view(
        tensors["image"], tensors["sparse_depth"], intrinsics=tensors.get("intrinsics")
    )
    return ModelInput(views=(view,))


def collate(samples: Sequence[Sample]) -> Batch:
    """Samples side by side; those without a measurement or without truth are left out, by name.

    Raises:
        TrainingError: the samples are not of one size.
    """
    used = [sample for sample in samples if _is_usable(sample)]
    sizes = {sample.image.shape[:2] for sample in used}
    if len(sizes) > 1:
        found = ", ".join(f"{width}x{height}" for height, width in sorted(sizes))
        raise TrainingError(
            f"the samples of a batch are of several sizes ({found} pixels): "
            f"{', '.join(sample.name for sample in used)}; crop them to one size"
        )
    size = next(iter(sizes)) if sizes else (1, 1)
    return Batch(
        names=tuple(sample.name for sample in used),
        skipped=tuple(sample.name for sample in samples if not _is_usable(sample)),
        image=_images([(sample.image,) for sample in used], size)[:, 0],
        sparse_depth=_depths([s.sparse.depth for s in used if s.sparse is not None], size),
        truth=_depths([s.truth.depth for s in used if s.truth is not None], size),
        context=_images([[view.image for view in sample.views] for sample in used], size),
        intrinsics=_intrinsics(used),
    )


def stand_in(device: torch.device) -> Tensors:
    """An image that says nothing, for a process whose part of a step is empty."""
    return {
        "image": torch.zeros((1, 3, 64, 64), dtype=torch.uint8, device=device),
        "sparse_depth": torch.zeros((1, 1, 64, 64), device=device),
        "truth": torch.zeros((1, 1, 64, 64), device=device),
        "context": torch.zeros((1, 0, 3, 64, 64), dtype=torch.uint8, device=device),
    }


def _is_usable(sample: Sample) -> bool:
    return (
        sample.sparse is not None
        and sample.truth is not None
        and bool(sample.sparse.valid.any())
        and bool(sample.truth.valid.any())
    )


def _images(groups: Sequence[Sequence[np.ndarray]], size: tuple[int, int]) -> Tensor:
    """(B, N, 3, H, W) uint8 of as many images of every sample."""
    count = len(groups[0]) if groups else 1
    stacked = np.zeros((len(groups), count, *size, 3), dtype=np.uint8)
    for row, group in zip(stacked, groups, strict=True):
        for place, image in zip(row, group, strict=True):
            place[...] = image
    return torch.from_numpy(stacked).permute(0, 1, 4, 2, 3)


def _depths(depths: Sequence[np.ndarray], size: tuple[int, int]) -> Tensor:
    """(B, 1, H, W) float32."""
    stacked = np.stack(depths) if depths else np.zeros((0, *size), dtype=np.float32)
    return torch.from_numpy(stacked.astype(np.float32, copy=False))[:, None]


def _intrinsics(samples: Sequence[Sample]) -> Tensor | None:
    cameras = [sample.camera for sample in samples if sample.camera is not None]
    if len(cameras) < max(len(samples), 1):
        return None
    return torch.from_numpy(np.stack([camera.K for camera in cameras])).to(torch.float32)
