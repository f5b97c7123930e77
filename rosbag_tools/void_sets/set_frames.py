# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The frames of a recording that a set gets, in their order."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from depth_completion_core.frame import Frame, SparseDepth
from depth_completion_core.geometry.calibration import camera_from_info
from depth_completion_core.geometry.camera import CameraModel
from depth_completion_core.geometry.transform_buffer import TransformError
from depth_completion_core.sensing.near_static import NearStaticFilter
from depth_completion_core.sensing.rate_grid import RateGrid
from depth_completion_core.sensing.undistortion import Undistorter
from rosbag_tools.bag_frames import BagFrames, FrameToComplete
from rosbag_tools.completion_plan import Plan
from rosbag_tools.reader import BagReader
from rosbag_tools.same_camera import camera_in_words, is_same_camera
from rosbag_tools.sweep_accumulator import SweepWindow
from rosbag_tools.void_sets.frame_sources import FrameSources
from rosbag_tools.void_sets.job import DatasetJob
from rosbag_tools.void_sets.left_out import LeftOutError
from rosbag_tools.void_sets.places import frame_name
from rosbag_tools.void_sets.set_frame import SetFrame

OTHER_CALIBRATION = "another calibration than most images"
"""Why an image is left out."""


class SetFrames:
    """Iterates once over a planned bag; what cannot be used is counted.

    Attributes:
        recorded_camera: of the images that are taken, as they were recorded.
        source: the frames of the bag, with what was not used.
    """

    def __init__(
        self, reader: BagReader, plan: Plan, sources: FrameSources, job: DatasetJob
    ) -> None:
        self._plan, self._sources, self._wanted, self._job = plan, sources, job.frames, job
        self._near_static = NearStaticFilter(job.frames.near_static)
        self._rate = RateGrid(job.frames.rate_hz)
        self._names: set[str] = set()
        self.source = BagFrames(reader, plan, job.settings.pairing, is_chosen=self._is_due)
        info, rectified = plan.calibration.info, plan.geometry.rectified
        self.recorded_camera = camera_from_info(info, rectified=rectified).camera
        self._undistorter = Undistorter(self.recorded_camera) if job.undistorts else None

    @property
    def camera(self) -> CameraModel:
        """Of what is written, and so of K.txt."""
        return self._undistorter.camera if self._undistorter else self.recorded_camera

    def __iter__(self) -> Iterator[SetFrame]:
        number = 0
        for item in self.source.items(self._plan.topics.connections):
            if not isinstance(item, FrameToComplete):
                continue
            try:
                frame = self._frame(item, number)
            except (LeftOutError, TransformError) as error:
                self.source.refused.add_error(error)
                continue
            yield frame
            number += 1
            if 0 < self._wanted.max_frames <= number:
                return

    def _is_due(self, stamp_ns: int) -> bool:
        is_due = self._rate.takes(stamp_ns)
        if not is_due:
            self.source.refused.add(f"between the frames of --rate-hz {self._wanted.rate_hz:g}")
        return is_due

    def _frame(self, item: FrameToComplete, number: int) -> SetFrame:
        placed = item.placed
        frame, name = placed.frame, frame_name(placed.frame.stamp_ns)
        if name in self._names:
            raise LeftOutError("another frame has its time", f"{name} s")
        recorded, written = self._cameras(frame.camera, name)
        truth = self._sources.truth(item)
        if self._undistorter:
            frame, truth = _undistorted(self._undistorter, frame, truth)
        pixels = self._sources.pixels(frame.image, frame.stamp_ns, recorded, written)
        pose = self._sources.pose(placed)
        if self._wanted.skips_near_static and self._near_static.is_near_static(frame.image, pose):
            raise LeftOutError("near-static: it shows nothing new")
        self._names.add(name)
        return SetFrame(
            number=number,
            name=name,
            frame=frame,
            gap_ns=placed.gap_ns,
            truth=truth,
            world_from_camera=pose,
            pixels=pixels,
        )

    def _cameras(self, camera: CameraModel | None, name: str) -> tuple[CameraModel, CameraModel]:
        """Of the image as it was recorded, and as it is written."""
        if camera is None:
            raise LeftOutError("no calibration")
        if not is_same_camera(self.recorded_camera, camera):
            raise LeftOutError(
                OTHER_CALIBRATION,
                f"at {name} s: {camera_in_words(camera)}, for most of the recording "
                f"{camera_in_words(self.recorded_camera)}. A sequence has one K.txt: where both "
                "are right, cut the recording there, and give the parts as two",
            )
        return camera, self._undistorter.camera if self._undistorter else camera


def _undistorted(
    undistorter: Undistorter, frame: Frame, truth: SparseDepth | SweepWindow | None
) -> tuple[Frame, SparseDepth | SweepWindow | None]:
    straight = replace(
        frame,
        image=undistorter.image(frame.image),
        camera=undistorter.camera,
        sparse=undistorter.points(frame.sparse) if frame.sparse else None,
    )
    return straight, undistorter.depth(truth) if isinstance(truth, SparseDepth) else truth
