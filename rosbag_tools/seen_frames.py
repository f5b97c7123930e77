# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What a page about frames needs of each, collected before the frame is gone."""

from __future__ import annotations

import math

from depth_completion_core.frame import DepthPrediction, SparseDepth
from depth_completion_core.geometry.arrays import UInt8Array
from depth_completion_core.geometry.transform_buffer import TransformError
from depth_completion_core.pictures.preview import frame_picture
from depth_completion_core.pictures.scales import depth_scale
from depth_completion_core.reports.depth_histogram import DepthHistogram
from depth_completion_core.reports.html import jpeg
from depth_completion_core.reports.page import MOST_PICTURES, Picture
from depth_completion_core.reports.spread_sample import SpreadSample
from depth_completion_core.sensing.camera_pose import fixed_from_camera
from depth_completion_core.sensing.placed_frame import PlacedFrame
from depth_completion_core.sensing.sensor_geometry import Geometry
from rosbag_tools.frame_outcome import FrameOutcome

_NOWHERE = (math.nan, math.nan, math.nan)


class SeenFrames:
    """Pictures of a few frames, and of all of them where the camera was and how far things were.

    Attributes:
        measured: depths of the measurements that the model saw.
        dense: depths that were written.
        positions_m: (x, y, z) of the camera in the fixed frame, NaN where not known.
    """

    def __init__(self, geometry: Geometry) -> None:
        """Know where the sensors are."""
        self._geometry = geometry
        self.measured, self.dense = DepthHistogram(), DepthHistogram()
        self.positions_m: list[tuple[float, ...]] = []
        self._pictures: SpreadSample[Picture] = SpreadSample(MOST_PICTURES)

    @property
    def pictures(self) -> list[Picture]:
        """Of frames that are evenly spread."""
        return self._pictures.items

    @property
    def are_placed(self) -> bool:
        """Whether it is known of any frame where its camera was."""
        return any(place != _NOWHERE for place in self.positions_m)

    def add(
        self,
        outcome: FrameOutcome,
        placed: PlacedFrame,
        prediction: DepthPrediction,
        truth: SparseDepth | None,
    ) -> None:
        """Take the next frame."""
        dense, sparse = prediction.along_z, prediction.sparse
        self.dense.add(dense.depth, dense.valid)
        self.measured.add(sparse.depth, sparse.valid)
        number = len(self.positions_m)
        self.positions_m.append(self._position_m(placed))
        self._pictures.offer(
            lambda: Picture(
                pixels=jpeg(_drawn(placed, prediction, truth)),
                caption=f"Frame {number}, {_words(outcome)}",
            )
        )

    def _position_m(self, placed: PlacedFrame) -> tuple[float, ...]:
        try:
            pose = fixed_from_camera(self._geometry, placed)
        except TransformError:
            return _NOWHERE
        return tuple(pose.translation.tolist()) if pose else _NOWHERE


def _drawn(
    placed: PlacedFrame, prediction: DepthPrediction, truth: SparseDepth | None
) -> UInt8Array:
    known = [prediction.sparse.depth, prediction.depth]
    return frame_picture(placed.frame.image, prediction, truth, depth_scale(known))


def _words(outcome: FrameOutcome) -> str:
    words = [
        f"stamp {outcome.stamp_ns / 1e9:.3f} s",
        f"{outcome.measured_pixels} measured pixels",
        f"depth on {100 * outcome.coverage:.1f} % of the image",
    ]
    if outcome.metrics:
        words.append(f"MAE {outcome.metrics.mae_mm:.0f} mm, RMSE {outcome.metrics.rmse_mm:.0f} mm")
    return ", ".join(words)
