# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The topics that a completion writes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from depth_completion_core.codecs.camera_info import CameraInfoFields
from depth_completion_core.codecs.messages import ImageFields
from depth_completion_core.codecs.pointcloud import PointCloudFields
from depth_completion_core.config import CloudConfig
from depth_completion_core.frame import DepthPrediction, Frame
from depth_completion_core.sensing.output_topics import (
    BAG_TOPICS,
    OUTPUT_TOPICS,
    CompletedFrame,
    Fields,
    outputs_named,
)
from depth_completion_core.sensing.placed_frame import PlacedFrame
from rosbag_tools.errors import BagError
from rosbag_tools.messages import (
    CAMERA_INFO,
    IMAGE,
    POINT_CLOUD,
    camera_info_message,
    cloud_message,
    image_message,
)
from rosbag_tools.wishes import OutputWishes
from rosbag_tools.writer import BagWriter


class OutputWriter:
    """Writes predictions to a bag, stamped and framed like their image."""

    def __init__(self, writer: BagWriter, wishes: OutputWishes, cloud: CloudConfig) -> None:
        """Write nothing yet; ``cloud`` is the density of depth/points."""
        self._writer, self._encoding, self._cloud = writer, wishes.encoding, cloud
        topics = wishes.topics or BAG_TOPICS
        if wishes.sparse_depth:
            topics = (*topics, "sparse_depth/image")
        self._outputs = outputs_named(topics)
        self._prefix = f"/{wishes.namespace.strip('/')}".rstrip("/")

    def check_free(self, taken: Sequence[str]) -> None:
        """Raise BagError where a topic to be written is also copied from the input."""
        clashes = [f"{self._prefix}/{output.topic}" for output in OUTPUT_TOPICS]
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
            depth_encoding=self._encoding,
            cloud=self._cloud,
        )
        for output in self._outputs:
            fields = output.make(done)
            if fields is not None:
                self._put(output.topic, fields, placed.frame, log_ns)

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
