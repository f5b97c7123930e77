# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Frames in the memory of the device that trains; measurements are sampled per batch."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

from depth_completion_core.world.bank.batch_sensors import (
    BANK_SENSORS,
    DenseBatch,
    measure_batch,
)
from depth_completion_core.world.bank.scene_source import SceneSource
from depth_completion_core.world.render import render_scenes

_AT_ONCE = 8


DenseChange = Callable[[DenseBatch], DenseBatch]
"""A change of frames before they are measured."""


class BankBatch(NamedTuple):
    """B frames on the bank's device.

    Attributes:
        image: (B, 3, H, W) float32 RGB, 0 to 1.
        sparse: (B, 1, H, W) float32 metres as measured, flaws included; 0 where nothing was.
        truth: (B, 1, H, W) float32 metres, clean to the 0.05 % of half precision; 0 where unknown.
        focal: (B, 4) float32 fx, fy, cx, cy, pixels.
        sensor: (B,) int64 number of the sensor, in the order of BANK_SENSORS; on the CPU.
    """

    image: Tensor
    sparse: Tensor
    truth: Tensor
    focal: Tensor
    sensor: Tensor


class FrameBank:
    """N frames, the oldest of which are replaced by new ones between epochs.

    A frame of 240x320 takes 0.4 MB, so 50,000 of them take 19 GiB.

    Args:
        source: of scenes; the bank goes on taking from it.
        size: number of frames, at least 1.
        seed: of the world, as the source's.
        device: that holds and renders them.
        shares: probability of each of BANK_SENSORS; equal where empty.
        on_rendered: called with the number of new frames, repeatedly until the bank is full.

    Attributes:
        image: (N, 3, H, W) uint8 RGB.
        depth: (N, H, W) float16 metres; 0 where not valid.
        focal: (N, 4) float32 fx, fy, cx, cy, pixels.
        number: (N,) int64 which frame of the world each is; on the CPU.
    """

    def __init__(
        self,
        source: SceneSource,
        size: int,
        *,
        seed: int,
        device: torch.device | str = "cpu",
        shares: tuple[float, ...] = (),
        on_rendered: Callable[[int], object] = int,
    ) -> None:
        if size < 1:
            raise ValueError(f"a bank holds at least 1 frame, got {size}")
        if shares and len(shares) != len(BANK_SENSORS):
            raise ValueError(
                f"expected a share for each of {', '.join(BANK_SENSORS)}, got {shares}"
            )
        self._source, self._seed, self._device = source, seed, torch.device(device)
        self._shares = torch.tensor(shares or (1.0,) * len(BANK_SENSORS))
        self._oldest = 0
        self.number = torch.full((size,), -1, dtype=torch.int64)
        first, numbers = self._rendered(1)
        _, _, height, width = first.image.shape
        self.image = torch.zeros((size, 3, height, width), dtype=torch.uint8, device=self._device)
        self.depth = torch.zeros((size, height, width), dtype=torch.float16, device=self._device)
        self.focal = torch.zeros((size, 4), device=self._device)
        self._store(first, numbers)
        on_rendered(1)
        self._replace(size - 1, on_rendered)

    def __len__(self) -> int:
        return len(self.number)

    def refresh(self, share: float) -> int:
        """Replace a share (0 to 1) of the frames, the oldest first; returns how many."""
        if not 0.0 <= share <= 1.0:
            raise ValueError(f"a share lies from 0 to 1, got {share:g}")
        amount = round(share * len(self))
        self._replace(amount)
        return amount

    def batch(
        self, rows: Tensor, generator: torch.Generator, change: DenseChange | None = None
    ) -> BankBatch:
        """Frames with newly sampled measurements.

        Args:
            rows: (B,) int64 which frames.
            generator: of the bank's device; the same state gives the same batch.
            change: of the frames before they are measured; None for none.
        """
        rows = rows.to(self._device)
        dense = DenseBatch(
            self.image[rows].to(torch.float32) * (1.0 / 255.0),
            self.depth[rows].to(torch.float32),
            self.focal[rows],
        )
        dense = dense if change is None else change(dense)
        shares = self._shares.to(generator.device)
        kinds = torch.multinomial(shares, len(rows), replacement=True, generator=generator).cpu()
        sparse = measure_batch(dense, kinds, generator)
        return BankBatch(dense.image, sparse[:, None], dense.depth[:, None], dense.focal, kinds)

    def _replace(self, amount: int, on_rendered: Callable[[int], object] = int) -> None:
        for start in range(0, amount, _AT_ONCE):
            count = min(amount - start, _AT_ONCE)
            self._store(*self._rendered(count))
            on_rendered(count)

    def _rendered(self, amount: int) -> tuple[DenseBatch, Tensor]:
        numbers, scenes = self._source.take(amount)
        frames = render_scenes(scenes, self._seed, numbers, self._device)
        cameras = [scene.camera for scene in scenes]
        focal = torch.tensor([(each.fx, each.fy, each.cx, each.cy) for each in cameras])
        return DenseBatch(frames.image, frames.depth, focal), torch.tensor(numbers)

    def _store(self, frames: DenseBatch, numbers: Tensor) -> None:
        rows = (torch.arange(len(numbers)) + self._oldest) % len(self)
        there = rows.to(self._device)
        self.image[there] = frames.image
        self.depth[there] = frames.depth.to(torch.float16)
        self.focal[there] = frames.focal.to(self._device)
        self.number[rows] = numbers
        self._oldest = int(rows[-1] + 1) % len(self)
