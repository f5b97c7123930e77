# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Where truth, pose and wanted pixels of a set's frames come from."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from depth_completion_core.frame import SparseDepth
from depth_completion_core.geometry.arrays import UInt8Array
from depth_completion_core.geometry.camera import CameraModel
from depth_completion_core.geometry.transforms import RigidTransform
from depth_completion_core.sensing.accumulation_config import AccumulationConfig
from depth_completion_core.sensing.camera_pose import fixed_from_camera
from depth_completion_core.sensing.placed_frame import PlacedFrame
from rosbag_tools.bag_frames import FrameToComplete
from rosbag_tools.completion_plan import Plan
from rosbag_tools.errors import BagError
from rosbag_tools.reader import BagReader
from rosbag_tools.sweep_accumulator import SweepAccumulator, SweepWindow
from rosbag_tools.void_sets.job import DatasetJob
from rosbag_tools.void_sets.left_out import LeftOutError
from rosbag_tools.void_sets.truth_choice import ChosenTruth
from rosbag_tools.void_sets.wanted_pixels import CornerPixels, FeaturePixels


class FrameSources:
    """Gives what a frame needs beside its image; frames are asked for in their order.

    Args:
        sweeps_reader: of the same bag, for sweeps before and after an image; nobody else uses it.
        plan: how the bag is read.
        truth: where the true depth comes from.
        job: what is wanted.

    Raises:
        BagError: there are no sweeps, or nothing tells their motion.
        DataError: a file of features cannot be read.
    """

    def __init__(
        self, sweeps_reader: BagReader, plan: Plan, truth: ChosenTruth, job: DatasetJob
    ) -> None:
        self._geometry, self._truth = plan.geometry, truth
        around = AccumulationConfig(sweeps_before=job.sweeps_around, sweeps_after=job.sweeps_around)
        try:
            self._sweeps = (
                SweepAccumulator(sweeps_reader, plan, around) if truth.kind == "sweeps" else None
            )
        except BagError as error:
            raise BagError(f"{error}. --truth-from none leaves the true depth out") from error
        self._corners = CornerPixels(job.densities) if job.sparse == "corners" else None
        self._features = (
            FeaturePixels(job.features, job.densities) if job.sparse == "features" else None
        )

    def truth(self, item: FrameToComplete) -> SparseDepth | SweepWindow | None:
        """The true depth of a frame as it was recorded, or the sweeps that make it.

        Raises:
            LeftOutError: nothing was recorded of its time.
        """
        if self._truth.kind == "none":
            return None
        frame = item.placed.frame
        if self._sweeps is not None:
            return self._sweeps.window(frame.stamp_ns)
        truth = item.truth if self._truth.kind == "topic" else frame.sparse
        if truth is None:
            raise LeftOutError("no true depth of its time")
        return truth

    def pose(self, placed: PlacedFrame) -> RigidTransform | None:
        """``world_from_camera``; None where nothing tells it.

        Raises:
            TransformError: of this instant nothing is known.
            LeftOutError: likewise of VIO.
        """
        if self._features is not None and not self._geometry.fixed_frame:
            return self._features.pose(placed.frame.stamp_ns)
        return fixed_from_camera(self._geometry, placed)

    def pixels(
        self, image: UInt8Array, stamp_ns: int, recorded: CameraModel, written: CameraModel
    ) -> Mapping[int, npt.NDArray[np.int64]] | None:
        """The pixels at which the truth counts as measured; None where the measurements count.

        Args:
            image: as it is written; all of them are shown, also those that are left out then.
            stamp_ns: of the image.
            recorded: the camera before its distortion was taken out.
            written: that of the image.

        Raises:
            LeftOutError: the features hold nothing of this time.
        """
        if self._corners is not None:
            return self._corners.of(image)
        if self._features is not None:
            return self._features.of(stamp_ns, recorded, written)
        return None
