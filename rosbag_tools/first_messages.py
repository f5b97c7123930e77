# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What the first messages of a bag's topics show of how they are written."""

from __future__ import annotations

from contextlib import suppress
from itertools import islice

from depth_completion_core.codecs.stamps import stamp_ns_of
from depth_completion_core.sensing.measured import read_depth_image, read_sweep
from depth_completion_core.sensing.sensor_geometry import Geometry
from rosbag_tools.errors import BagError
from rosbag_tools.reader import BagReader
from rosbag_tools.topics import Topics

_CLOUDS = 3  # the first one may be cut short, and two show how often they come


def learn_habits(reader: BagReader, topics: Topics, geometry: Geometry) -> None:
    """Let the geometry's habits see the first messages; completing counts what does not decode."""
    for topic in topics.clouds:
        with suppress(BagError, ValueError):
            for message in islice(reader.messages(topic.connections), _CLOUDS):
                measured = reader.decoded(message)
                if topic.is_depth:
                    read_depth_image(measured, geometry)
                else:
                    read_sweep(measured, stamp_ns_of(measured), geometry)
    image = reader.first(topics.image.connections)
    if image is not None:
        with suppress(ValueError):
            geometry.habits.rgb_of(image)
