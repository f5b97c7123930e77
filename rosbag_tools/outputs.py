# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The topics that a completion writes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from depth_completion_core.codecs.camera_info import CameraInfoFields
from depth_completion_core.codecs.messages import ImageFields
from depth_completion_core.codecs.pointcloud import PointCloudFields
from depth_completion_core.config import CloudConfig
from depth_completion_core.frame import DepthPrediction, Frame
from depth_completion_core.sensing.frame_builder import PlacedFrame
from depth_completion_core.sensing.output_topics import (
    OUTPUT_TOPICS,
    CompletedFrame,
    DepthEncoding,
    Fields,
    OutputTopic,
)
from rosbag_tools.errors import BagError
from rosbag_tools.messages import (
    CAMERA_INFO,
    IMAGE,
    POINT_CLOUD,
    camera_info_message,
    cloud_message,
    image_message,
)
from rosbag_tools.writer import BagWriter


@dataclass(frozen=True, slots=True, kw_only=True)
class Outputs:
    """Which topics to write beside depth/image and depth/camera_info.

    Attributes:
        namespace: put before every topic, such as /front.
        encoding: of the depth image: 32FC1 in metres with NaN, or 16UC1 in millimetres with 0.
        points: write depth/points, the coloured cloud.
        cloud: its density.
        sparse_depth: write sparse_depth/image, the measurements that the model got.
        support: write depth/support, the distance in pixels to the nearest measurement (32FC1).
        overlay: write debug/overlay, the measurements drawn on the image.
    """

    namespace: str = ""
    encoding: DepthEncoding = "32FC1"
    points: bool = True
    cloud: CloudConfig = field(default_factory=CloudConfig)
    sparse_depth: bool = False
    support: bool = False
    overlay: bool = False


class OutputWriter:
    """Writes predictions to a bag, stamped and framed like their image."""

    def __init__(self, writer: BagWriter, outputs: Outputs) -> None:
        self._writer = writer
        self._outputs = outputs
        self._prefix = f"/{outputs.namespace.strip('/')}".rstrip("/")

    @property
    def _wanted(self) -> list[OutputTopic]:
        outputs = self._outputs
        chosen = {
            "depth/image": True,
            "depth/camera_info": True,
            "depth/points": outputs.points,
            "sparse_depth/image": outputs.sparse_depth,
            "depth/support": outputs.support,
            "debug/overlay": outputs.overlay,
        }
        return [product for product in OUTPUT_TOPICS if chosen.get(product.topic, False)]

    def check_free(self, taken: Sequence[str]) -> None:
        """Raise BagError where a topic to be written is also copied from the input."""
        clashes = [f"{self._prefix}/{product.topic}" for product in OUTPUT_TOPICS]
        clashes = [topic for topic in clashes if topic in taken]
        if clashes:
            raise BagError(
                f"the input holds {', '.join(clashes)} already: it was completed before. Write "
                "beside them with --namespace NAME, or leave the input out with --no-copy-inputs"
            )

    def write(self, placed: PlacedFrame, prediction: DepthPrediction, log_ns: int) -> None:
        """Write all topics of one frame."""
        done = CompletedFrame(
            placed=placed,
            prediction=prediction,
            depth_encoding=self._outputs.encoding,
            cloud=self._outputs.cloud,
        )
        for product in self._wanted:
            fields = product.make(done)
            if fields is not None:
                self._put(product.topic, fields, placed.frame, log_ns)

    def _put(self, name: str, fields: Fields, frame: Frame, log_ns: int) -> None:
        msgtype, message_of = _TYPES[type(fields)]
        topic = f"{self._prefix}/{name}"
        self._writer.add_topic(topic, msgtype)
        message = message_of(fields, frame.stamp_ns, frame.frame_id)
        self._writer.write(topic, log_ns, message)


_TYPES: dict[type[Fields], tuple[str, Callable[[Any, int, str], object]]] = {
    ImageFields: (IMAGE, image_message),
    CameraInfoFields: (CAMERA_INFO, camera_info_message),
    PointCloudFields: (POINT_CLOUD, cloud_message),
}
