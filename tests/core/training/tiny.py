# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A data set, networks and runs so small that a step takes milliseconds; without OpenCV."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from depth_completion_core.data.sample import DataError, DepthDataset, Sample
from depth_completion_core.data.sampling.seeding import generator_for
from depth_completion_core.frame import SparseDepth, View
from depth_completion_core.geometry.camera import CameraModel
from depth_completion_core.models.base import CompletionModel
from depth_completion_core.models.configs.fusionnet import FusionNetConfig
from depth_completion_core.models.configs.scaffnet import ScaffNetConfig
from depth_completion_core.models.pose import build_pose_network
from depth_completion_core.training.feeds.dataset_feed import DatasetFeed
from depth_completion_core.training.recipes.fusionnet import RANDOM, FusionNetRecipe
from depth_completion_core.training.recipes.networks import NetworkTraining
from depth_completion_core.training.recipes.recipe import RunConfig, ValidationConfig
from depth_completion_core.training.recipes.scaffnet import ScaffNetRecipe
from depth_completion_core.training.recipes.schedule import ScheduleConfig
from tests.dummies.pose_objective import PoseObjective

SIZE_PX = 32
CAMERA = CameraModel(fx=30.0, fy=30.0, cx=15.5, cy=15.5, width=SIZE_PX, height=SIZE_PX)
SCAFFNET = ScaffNetConfig(
    encoder_filters=(4, 4, 8, 8, 8), decoder_filters=(8, 8, 8, 4, 4), pool_sizes=(3, 5)
)
FUSIONNET = FusionNetConfig(
    scaffnet=SCAFFNET,
    image_filters=(4, 4, 8, 8, 8),
    depth_filters=(4, 4, 8, 8, 8),
    decoder_filters=(8, 8, 8, 4, 4),
)


class Planes(DepthDataset):
    """Slanted planes whose colour tells their depth."""

    needs_root = False

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Config:
        count: int = 12
        """Number of samples."""
        without_points: tuple[int, ...] = ()
        """Samples with no measurement."""
        without_truth: tuple[int, ...] = ()
        """Samples with no truth."""
        poisoned: tuple[int, ...] = ()
        """Samples whose measurements become NaN."""
        unreadable: tuple[int, ...] = ()
        """Samples whose file is damaged."""

    config: Config

    @property
    def names(self) -> list[str]:
        return [f"plane/{index}" for index in range(self.config.count)]

    def __getitem__(self, index: int) -> Sample:
        config = self.config
        if index in config.unreadable:
            raise DataError(f"plane/{index} is damaged; get it again")
        generator = generator_for(0, self.names[index])
        rows, columns = np.mgrid[:SIZE_PX, :SIZE_PX] / SIZE_PX
        slope = generator.uniform(-1.0, 1.0, 2)
        depth = (3.0 + slope[0] * rows + slope[1] * columns).astype(np.float32)
        measured = generator.random(depth.shape) < (0.0 if index in config.without_points else 0.1)
        sparse = np.where(measured, depth, np.float32(0))
        truth = 0.0 * depth if index in config.without_truth else depth
        grey = (255.0 * depth / 6.0).astype(np.uint8)
        return Sample(
            name=self.names[index],
            image=np.stack([grey, grey, 255 - grey], axis=-1),
            camera=CAMERA,
            sparse=SparseDepth(sparse, measured),
            truth=SparseDepth.from_depth(truth),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaneSource(DatasetFeed):
    planes: Planes.Config = field(default_factory=Planes.Config)

    def open(self) -> DepthDataset:
        return Planes(Path(), self.planes)

    def changed(self, sample: Sample, generator: np.random.Generator) -> Sample:
        """Half of the measurements, each time others."""
        assert sample.sparse is not None
        kept = sample.sparse.valid & (generator.random(sample.sparse.valid.shape) < 0.5)
        thinned = SparseDepth(sample.sparse.depth * kept, kept)
        if sample.name in {f"plane/{index}" for index in self.planes.poisoned}:
            thinned.depth[kept] = np.nan  # after it was made, which refuses this
        return replace(sample, sparse=thinned)


@dataclass(frozen=True, slots=True, kw_only=True)
class MovingPlanes(PlaneSource):
    def changed(self, sample: Sample, generator: np.random.Generator) -> Sample:
        """With the next image, in which everything lies a pixel farther to the right."""
        after = View(offset=1, image=np.roll(sample.image, 1, axis=1))
        return replace(PlaneSource.changed(self, sample, generator), views=(after,))


def small_run() -> RunConfig:
    return RunConfig(
        device="cpu", threads=1, checkpoint_steps=2, log_steps=5, tensorboard=False, progress=False
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class TinyScaffNet(ScaffNetRecipe):
    """With everything that has a state: batch norm, momentum, averaged weights, a best score."""

    epochs: int = 10
    batch_size: int = 4
    clip_norm: float = 1.0
    average_decay: float = 0.9
    network: ScaffNetConfig = SCAFFNET
    schedule: ScheduleConfig = field(default_factory=lambda: ScheduleConfig(rate=5e-3))
    validate: ValidationConfig = field(default_factory=lambda: ValidationConfig(every_steps=7))
    data: PlaneSource = field(default_factory=PlaneSource)
    validation: PlaneSource = field(default_factory=lambda: PlaneSource(limit=2))
    run: RunConfig = field(default_factory=small_run)


@dataclass(frozen=True, slots=True, kw_only=True)
class TinyFusionNet(FusionNetRecipe):
    """No batch norm that learns, and a loss that is a mean over images."""

    epochs: int = 4
    batch_size: int = 4
    scaffnet_weights: str = RANDOM
    network: FusionNetConfig = FUSIONNET
    schedule: ScheduleConfig = field(default_factory=lambda: ScheduleConfig(rate=2e-3))
    data: PlaneSource = field(default_factory=PlaneSource)
    validation: PlaneSource = field(default_factory=PlaneSource)
    run: RunConfig = field(default_factory=small_run)


@dataclass(frozen=True, slots=True, kw_only=True)
class TinyPose(TinyScaffNet):
    """With a pose network beside the model, which has batch norm and rates of its own."""

    pose: NetworkTraining = field(
        default_factory=lambda: NetworkTraining(
            rates=(2e-3, 1e-3), until_epochs=(1, 2), weight_decay=0.1
        )
    )
    data: MovingPlanes = field(default_factory=MovingPlanes)

    def objective(self, model: CompletionModel) -> PoseObjective:
        pose = build_pose_network("fusionnet_pose", {"filters": [4, 8]})
        return PoseObjective(model, pose)

    def network_trainings(self) -> dict[str, NetworkTraining]:
        return {"pose": self.pose}


@dataclass(frozen=True, slots=True, kw_only=True)
class TinyFusionNetWithPose(TinyFusionNet):
    """The same without batch norm that learns."""

    pose: NetworkTraining = field(default_factory=lambda: NetworkTraining(rate_factor=2.0))
    data: MovingPlanes = field(default_factory=MovingPlanes)

    def objective(self, model: CompletionModel) -> PoseObjective:
        pose = build_pose_network("packnet_pose", {"contexts": 1, "filters": [16, 16]})
        return PoseObjective(model, pose)

    def network_trainings(self) -> dict[str, NetworkTraining]:
        return {"pose": self.pose}


def in_folder(run: RunConfig, folder: Path) -> RunConfig:
    return replace(run, out=str(folder))
