# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Recordings of data sets of frames: images with measured and true depth, and poses."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Literal, get_args

import numpy as np

from depth_completion_core.data.readers.folder import Folder
from depth_completion_core.data.readers.kitti_depth import KittiDepth
from depth_completion_core.data.readers.nyu import Nyu
from depth_completion_core.data.sample import DataError, DepthDataset, Sample
from depth_completion_core.data.sampling.sparsify import Sparsifier, sparsified
from depth_completion_core.data.verification.layout import set_folders
from depth_completion_core.geometry.transforms import RigidTransform
from rosbag_tools.errors import BagError
from rosbag_tools.recording import RecordedEvent, RecordedImage, RecordedPose, Recording

SetLayout = Literal["void", "kitti_dc", "nyu", "folder"]
SET_LAYOUTS: tuple[SetLayout, ...] = get_args(SetLayout)

_EPOCH_NS = 1_700_000_000 * 10**9  # for sets that know no times: zero means unset to many a driver
_NANOSECOND_DIGITS = 18  # of today's times
_SELECTED = re.compile(r"(?P<drive>.+_sync)_image_(?P<number>\d+)_(?P<camera>image_\d+)")
_BASE_FROM_CAMERA = RigidTransform(  # x forward, y left, z up (REP 103), from z forward, x right
    np.array([[0.0, 0.0, 1.0], [-1.0, 0.0, 0.0], [0.0, -1.0, 0.0]]), np.zeros(3)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SetWishes:
    """How a set is read.

    Attributes:
        density: of VOID's points; 0 for that of the folder, 1500 in void_release.
        split: of KITTI and NYU; empty for val and test.
        depth_scale: of the PNGs of a folder.
        points: how to sample sparse depth from the truth where the set has none; empty for the way
            of the set.
        image_rate_hz: images per second of sets without times.
    """

    density: int = 0
    split: str = ""
    depth_scale: float = 256.0
    points: str = ""
    image_rate_hz: float = 5.0


@dataclass(frozen=True, slots=True, eq=False)
class SetSequence:
    """Frames of one camera, in the order of their times.

    Attributes:
        name: of the sequence, as a file can be called.
        dataset: that the frames are of.
        indices: of the frames.
        stamps_ns: likewise, increasing; 0 where the sample itself knows.
        sparsifier: of frames without sparse depth; None for none.
    """

    name: str
    dataset: DepthDataset
    indices: Sequence[int]
    stamps_ns: Sequence[int]
    sparsifier: Sparsifier | None

    def recording(self) -> Recording:
        """What drivers would have recorded.

        Raises:
            DataError: the first frame cannot be read.
            BagError: it has no intrinsics.
        """
        first = self.dataset[self.indices[0]]
        if first.camera is None:
            raise BagError(
                f"{first.name} has no intrinsics, and a bag needs a CameraInfo: add K.txt beside "
                "the folder of its images"
            )
        has_poses = self.dataset.world_from_camera(self.indices[0]) is not None
        return Recording(
            camera=first.camera,
            image_topic="image_rect_color",
            base_from_camera=_BASE_FROM_CAMERA,
            base_from_lidar=None,
            events=self._events(first),
            event_count=len(self.indices) * (2 if has_poses else 1),
        )

    def _events(self, first: Sample) -> Iterator[RecordedEvent]:
        for index, named_ns in zip(self.indices, self.stamps_ns, strict=True):
            sample = self.dataset[index]
            if sample.camera != first.camera:
                raise BagError(
                    f"{sample.name} has another size or other intrinsics than {first.name}, and a "
                    "bag has one camera: make a sequence of each"
                )
            stamp_ns = named_ns or sample.stamp_ns
            world_from_camera = self.dataset.world_from_camera(index)
            if world_from_camera is not None:
                odom_from_base = world_from_camera @ _BASE_FROM_CAMERA.inverse()
                yield RecordedPose(stamp_ns=stamp_ns, odom_from_base=odom_from_base)
            if sample.sparse is None and sample.truth is not None and self.sparsifier is not None:
                sample = sparsified(sample, self.sparsifier, seed=0)
            yield RecordedImage(
                stamp_ns=stamp_ns, image=sample.image, truth=sample.truth, sparse=sample.sparse
            )


def set_sequences(layout: SetLayout, root: Path, wishes: SetWishes) -> list[SetSequence]:
    """The sequences of a set, by name.

    Raises:
        DataError: it is not there, or no such set.
        BagError: a frame is not named after a time.
        SparsifierError: ``wishes.points`` names none.
    """
    dataset = _dataset(layout, root, wishes)
    wanted = wishes.points or getattr(dataset, "default_sparsifier", "")
    sparsifier = Sparsifier.from_text(wanted) if wanted else None
    numbers: dict[str, list[int]] = {}
    for index, name in enumerate(dataset.names):
        numbers.setdefault(_sequence_of(name) or root.resolve().name, []).append(index)
    return [
        SetSequence(
            name=name,
            dataset=dataset,
            indices=indices,
            stamps_ns=_stamps_ns(layout, [dataset.names[i] for i in indices], wishes.image_rate_hz),
            sparsifier=sparsifier,
        )
        for name, indices in numbers.items()
    ]


def _dataset(layout: SetLayout, root: Path, wishes: SetWishes) -> DepthDataset:
    if layout == "void":
        folders = {folder.name: folder for folder in set_folders(root)}
        name = f"void_{wishes.density or 1500}"
        chosen = folders.get(name) or (None if wishes.density else folders.get(root.name))
        if chosen is None:
            raise DataError(f"{root} has no {name}; it has {', '.join(folders)}: give --density")
        return Folder(chosen.path / "data", Folder.Config(depth_scale=256.0))
    if layout == "folder":
        return Folder(root, Folder.Config(depth_scale=wishes.depth_scale))
    if layout == "nyu":
        split = _chosen(wishes.split or "test", ("test", "train"), layout)
        return Nyu(root, Nyu.Config(split=split))  # type: ignore[arg-type]
    split = _chosen(wishes.split or "val", ("val", "train", "selection"), layout)
    return KittiDepth(root, KittiDepth.Config(split=split, crop="none"))  # type: ignore[arg-type]


def _chosen(split: str, known: tuple[str, ...], layout: str) -> str:
    if split not in known:
        raise BagError(f"--layout {layout} has no split '{split}'; it has {', '.join(known)}")
    return split


def _sequence_of(name: str) -> str:
    """The sequence of a sample by its name, as a file can be called; empty for the only one."""
    selected = _SELECTED.fullmatch(name)
    if selected:
        return f"{selected['drive']}_{selected['camera']}"
    return "_".join(name.split("/")[:-1])


def _stamps_ns(layout: SetLayout, names: Sequence[str], rate_hz: float) -> list[int]:
    """The time of each frame by its name, or else by its place; 0 where the sample knows it."""
    if layout == "kitti_dc" and not _SELECTED.fullmatch(names[0]):
        return [0] * len(names)
    stems = [name.rpartition("/")[2] for name in names]
    if layout in ("void", "folder"):
        times = [_named_time_ns(stem) for stem in stems]
        if all(time is not None for time in times):
            return [time for time in times if time is not None]
        if layout == "void":
            odd = stems[times.index(None)]
            raise BagError(
                f"the frame '{odd}' is not named after its time in seconds, as VOID's are"
            )
    return [_EPOCH_NS + round(place * 1e9 / rate_hz) for place in range(len(names))]


def _named_time_ns(stem: str) -> int | None:
    """1552696011.5523 is in seconds, 1552696011552300000 in nanoseconds; None for other names."""
    if re.fullmatch(r"\d{1,12}\.\d{1,9}", stem):
        return int(Decimal(stem) * 10**9)
    return int(stem) if re.fullmatch(rf"\d{{{_NANOSECOND_DIGITS},19}}", stem) else None
