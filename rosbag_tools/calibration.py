# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The calibration of a bag's images: of a topic, or of a file that stands in for it."""

from __future__ import annotations

from typing import Any, NamedTuple

from depth_completion_core.files.calibration_files import read_calibration
from depth_completion_core.geometry.calibration import camera_from_info
from rosbag_tools.errors import BagError
from rosbag_tools.reader import BagReader
from rosbag_tools.stated_calibrations import (
    OddCalibration,
    odd_calibration,
    stated_calibrations,
    usual_calibration,
)
from rosbag_tools.topics import Topic, Topics


class Calibration(NamedTuple):
    """The calibration that most of the images have.

    Attributes:
        info: the fields of a sensor_msgs/CameraInfo.
        source: the topic or the file that it is from.
        odd: what to say of messages that state another; None where there are none.
    """

    info: Any
    source: str
    odd: OddCalibration | None = None


def find_calibration(
    reader: BagReader, topics: Topics, file: str, *, rectified: bool
) -> Calibration:
    """Read the CameraInfo that holds for most of the bag, or the file in place of it.

    Args:
        reader: of the bag.
        topics: what is completed; without a CameraInfo where a file is given.
        file: of the intrinsics; ``PATH#cam1`` chooses the camera of a camchain.
        rectified: whether the images are.

    Raises:
        BagError: no message can be read, or the file is not of these images.
    """
    if topics.camera_info is not None:
        return _of_topic(reader, topics.camera_info, rectified=rectified)
    image = topics.image
    if image.size is None:
        raise BagError(f"{image.name} holds no readable image")
    try:
        calibration = read_calibration(file, size=image.size, image=image.name)
        camera_from_info(calibration, rectified=rectified)
    except ValueError as error:
        raise BagError(f"--intrinsics {file}: {error}") from error
    return Calibration(calibration, file)


def _of_topic(reader: BagReader, topic: Topic, *, rectified: bool) -> Calibration:
    if stated := stated_calibrations(reader, topic, rectified=rectified):
        odd = odd_calibration(stated, topic.name)
        return Calibration(usual_calibration(stated).info, topic.name, odd)
    info = reader.first(topic.connections)  # what is wrong with it is said by whoever takes it
    if info is None:
        raise BagError(f"{topic.name} holds no readable CameraInfo")
    return Calibration(info, topic.name)
