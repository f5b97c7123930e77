# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The synthetic world as a data set: frames by number, each with its own sensor."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import ClassVar

import torch

from depth_completion_core.data.readers.world_frames_config import WorldFramesConfig
from depth_completion_core.data.sample import DataError, DepthDataset, Sample
from depth_completion_core.frame import SparseDepth
from depth_completion_core.world.objects.families import FamilyError, chosen_families
from depth_completion_core.world.render import RenderedFrames, render_frames
from depth_completion_core.world.scene_sampling import KINDS, WorldConfig


class WorldFrames(DepthDataset):
    """Frames named ``SEED/NUMBER``, generated and rendered as they are read.

    Truth is exact; sparse depth is what the frame's sensor measures, flaws included.
    """

    needs_root: ClassVar[bool] = False

    Config = WorldFramesConfig
    config: WorldFramesConfig

    def __init__(self, root: Path, config: WorldFramesConfig | None = None) -> None:
        super().__init__(root, config)
        from depth_completion_core.world.sensors.frame_sensor import (  # noqa: PLC0415
            FrameSensor,  # needs OpenCV, which training on a bank of frames goes without
        )

        self._sensor = FrameSensor(self.config.sensor, self.config.amount, self.config.seed)
        self._world = WorldConfig(
            height=self.config.height_px,
            width=self.config.width_px,
            kind=self.config.kind,
            families=self.config.families,
            without=self.config.without,
        )
        try:
            for kind in KINDS if self.config.kind == "mixed" else (self.config.kind,):
                chosen_families(kind, self.config.families, self.config.without)
        except FamilyError as error:
            raise DataError(str(error)) from error
        _check_device(self.config.device)
        self._kept: dict[int, RenderedFrames] | None = None

    def measured_by(self, sensor: str, amount: int) -> WorldFrames:
        """The same frames with another sensor.

        Each is rendered once for both and stays in memory: 1.2 MB for 320x240 pixels.
        """
        sibling = WorldFrames(self.root, replace(self.config, sensor=sensor, amount=amount))
        if self._kept is None:
            self._kept = {}
        sibling._kept = self._kept
        return sibling

    @property
    def names(self) -> list[str]:
        """SEED/NUMBER."""
        first = self.config.first
        return [self._name(first + number) for number in range(self.config.frames)]

    def __len__(self) -> int:
        return self.config.frames

    def __getitem__(self, index: int) -> Sample:
        if not -len(self) <= index < len(self):
            raise IndexError(f"there are {len(self)} frames, not one of number {index}")
        number = self.config.first + index % len(self)
        frames = self._rendered(number)
        sample = Sample(
            name=self._name(number),
            image=frames.image[0].permute(1, 2, 0).contiguous().cpu().numpy(),
            camera=frames.scenes[0].camera,
            truth=SparseDepth(frames.depth[0].cpu().numpy(), frames.valid[0].cpu().numpy()),
        )
        return self._sensor(sample, frames, number)

    def _rendered(self, number: int) -> RenderedFrames:
        if self._kept is not None and number in self._kept:
            return self._kept[number]
        frames = render_frames(self._world, self.config.seed, [number], self.config.device)
        if self._kept is not None:
            self._kept[number] = frames
        return frames

    def _name(self, number: int) -> str:
        return f"{self.config.seed}/{number:06d}"


def _check_device(name: str) -> None:
    try:
        torch.empty(1, device=name)
    except (RuntimeError, AssertionError) as error:
        reason = str(error).splitlines()[0]
        raise DataError(f"device '{name}' cannot be used: {reason}. Try 'cpu'") from error
