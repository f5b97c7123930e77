# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The frames of a recording that a set gets, in their order."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from depth_completion_core.frame import Frame, SparseDepth
from depth_completion_core.geometry.camera import CameraModel
from depth_completion_core.geometry.transform_buffer import TransformError
from depth_completion_core.sensing.camera_pose import fixed_from_camera
from depth_completion_core.sensing.near_static import NearStaticFilter
from depth_completion_core.sensing.rate_grid import RateGrid
from depth_completion_core.sensing.undistortion import Undistorter
from rosbag_tools.bag_frames import BagFrames, FrameToComplete
from rosbag_tools.completion_plan import Plan
from rosbag_tools.errors import BagError
from rosbag_tools.reader import BagReader
from rosbag_tools.void_sets.job import DatasetJob
from rosbag_tools.void_sets.places import frame_name
from rosbag_tools.void_sets.same_camera import is_same_camera
from rosbag_tools.void_sets.set_frame import SetFrame
from rosbag_tools.void_sets.truth_choice import ChosenTruth


class _LeftOutError(BagError):
    """A frame that a set does not get."""

    def __init__(self, reason: str, sentence: str = "") -> None:
        super().__init__(sentence)
        self.drop_reason = reason


class SetFrames:
    """Iterates once over a planned bag; what cannot be used is counted.

    Attributes:
        recorded_camera: of the first frame; None before it.
        source: the frames of the bag, with what was not used.
    """

    def __init__(self, reader: BagReader, plan: Plan, truth: ChosenTruth, job: DatasetJob) -> None:
        self._plan, self._truth, self._wanted, self._job = plan, truth, job.frames, job
        self._near_static = NearStaticFilter(job.frames.near_static)
        self._rate = RateGrid(job.frames.rate_hz)
        self._names: set[str] = set()
        self.source = BagFrames(reader, plan, job.settings.pairing, is_chosen=self._is_due)
        self.recorded_camera: CameraModel | None = None
        self._undistorter: Undistorter | None = None

    @property
    def camera(self) -> CameraModel | None:
        """Of what is written, and so of K.txt; None before the first frame."""
        return self._undistorter.camera if self._undistorter else self.recorded_camera

    def __iter__(self) -> Iterator[SetFrame]:
        number = 0
        for item in self.source.items(self._plan.topics.connections):
            if not isinstance(item, FrameToComplete):
                continue
            try:
                frame = self._frame(item, number)
            except (_LeftOutError, TransformError) as error:
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
            raise _LeftOutError("another frame has its time", f"{name} s")
        self._check_camera(frame.camera, name)
        truth = self._true_depth(item)
        pose = fixed_from_camera(self._plan.geometry, placed)
        if self._wanted.skips_near_static and self._near_static.is_near_static(frame.image, pose):
            raise _LeftOutError("near-static: it shows nothing new")
        self._names.add(name)
        if self._undistorter:
            frame, truth = _undistorted(self._undistorter, frame, truth)
        return SetFrame(
            number=number,
            name=name,
            frame=frame,
            gap_ns=placed.gap_ns,
            truth=truth,
            world_from_camera=pose,
        )

    def _true_depth(self, item: FrameToComplete) -> SparseDepth | None:
        if self._truth.kind == "none":
            return None
        truth = item.truth if self._truth.kind == "topic" else item.placed.frame.sparse
        if truth is None:
            raise _LeftOutError("no true depth of its time")
        return truth

    def _check_camera(self, camera: CameraModel | None, name: str) -> None:
        if camera is None:
            raise _LeftOutError("no calibration")
        if self.recorded_camera is None:
            self.recorded_camera = camera
            self._undistorter = Undistorter(camera) if self._job.undistorts else None
        if not is_same_camera(self.recorded_camera, camera):
            raise _LeftOutError(
                "the calibration has changed",
                f"at {name} s: {_numbers(camera)}, at first {_numbers(self.recorded_camera)}. A "
                "sequence has one K.txt: cut the recording there, and give the parts as two",
            )


def _undistorted(
    undistorter: Undistorter, frame: Frame, truth: SparseDepth | None
) -> tuple[Frame, SparseDepth | None]:
    straight = replace(
        frame,
        image=undistorter.image(frame.image),
        camera=undistorter.camera,
        sparse=undistorter.points(frame.sparse) if frame.sparse else None,
    )
    return straight, undistorter.depth(truth) if truth else None


def _numbers(camera: CameraModel) -> str:
    K = f"fx {camera.fx:.6g}, fy {camera.fy:.6g}, cx {camera.cx:.6g}, cy {camera.cy:.6g}"
    return f"{camera.width}x{camera.height} pixels, {K}, distortion {list(camera.distortion)}"
