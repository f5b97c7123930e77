# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The contract of every data set: a folder in, typed samples out."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from depth_completion_core.data.layers.layer import Layer
from depth_completion_core.frame import Frame, SparseDepth, View
from depth_completion_core.geometry.arrays import UInt8Array
from depth_completion_core.geometry.camera import CameraModel
from depth_completion_core.geometry.transforms import RigidTransform


class DataError(ValueError):
    """Something of a data set is missing or damaged; the message names the file and the remedy."""


class UnfitSampleError(DataError):
    """A sample whose parts do not belong together: others may be as they should.

    A training run leaves it out and counts it.

    Args:
        reason: the same for all samples of which this is wrong, to be read after "it has".
        message: what is wrong with this one: the file and the remedy.
    """

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Sample:
    """One image of a data set with what is known of its depth; all images are of one size.

    Attributes:
        name: unique within the data set, the same on every machine, such as
            ``classroom6/1552696011.5523``.
        image: (H, W, 3) uint8 RGB.
        camera: the intrinsics of the image; None where the set gives none.
        sparse: what the set gives as measured; None where it is to be sampled from the truth.
        truth: true depth; None where the set keeps it to itself (test servers).
        views: further images of the same camera, as those before and after.
        layers: what else is known of the image, by name, such as ``label`` or ``flow``.
        stamp_ns: time of the image, nanoseconds; 0 where the set gives none, to views neither.
    """

    name: str
    image: UInt8Array
    camera: CameraModel | None = None
    sparse: SparseDepth | None = None
    truth: SparseDepth | None = None
    views: tuple[View, ...] = ()
    layers: Mapping[str, Layer] = field(default_factory=dict)
    stamp_ns: int = 0

    def frame(self) -> Frame:
        """What a completer gets to see of this sample: everything but truth and layers."""
        return Frame(
            image=self.image,
            camera=self.camera,
            sparse=self.sparse,
            views=self.views,
            stamp_ns=self.stamp_ns,
            frame_id=self.name,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class NoSettings:
    """The settings of data sets that have none."""


class DepthDataset(ABC):
    """A data set on disk: its samples by number, read when they are asked for.

    A reader is built from the folder and its own frozen ``Config`` dataclass; finding out which
    samples there are happens then, and raises :class:`DataError` where something is missing.

    Attributes:
        Config: the class of its settings.
        protocol: name of the protocol that the set is scored with where none is asked for.
        needs_root: False for sets that are made, not read.
        root: the folder.
        config: the settings it was built with.
    """

    Config: ClassVar[type[Any]] = NoSettings
    protocol: ClassVar[str] = "all"
    needs_root: ClassVar[bool] = True

    def __init__(self, root: Path, config: Any = None) -> None:  # noqa: ANN401 - its own Config
        self.root = root
        self.config = config or self.Config()

    @property
    @abstractmethod
    def names(self) -> list[str]:
        """The samples' names, in order."""

    @property
    def remarks(self) -> list[str]:
        """What the samples read so far have shown, in sentences that belong beside their scores."""
        return []

    @abstractmethod
    def __getitem__(self, index: int) -> Sample:
        """Read a sample.

        Raises:
            DataError: a file of it is missing or damaged.
            IndexError: there is none of this number.
        """

    def world_from_camera(self, index: int) -> RigidTransform | None:
        """Where the camera was when it took the image of a sample; None where the set has no pose.

        Apart from the sample, because few read it.

        Raises:
            DataError: the file of the pose is damaged.
            IndexError: there is no sample of this number.
        """
        return None

    def __len__(self) -> int:
        return len(self.names)
