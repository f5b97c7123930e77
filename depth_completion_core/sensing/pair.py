# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""An image and the clouds that belong to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Generic, TypeAlias, TypeVar

ImageT = TypeVar("ImageT")
CloudT = TypeVar("CloudT")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair(Generic[ImageT, CloudT]):
    """An image with the cloud of each stream.

    Attributes:
        image: what was given with the image.
        image_stamp_ns: its stamp.
        clouds: what was given with the clouds, one for each stream.
        cloud_stamps_ns: their stamps by the clock of the images, the time offset not added.
        gap_ns: largest distance in time between the image and a cloud, the time offset added.
        earlier_clouds: those of the time before that the settings add, each with its stamp.
        earlier: the images before this one, oldest first, so that ``earlier[-1]`` is the one
            before; each with its clouds where it had any, and without its own ``earlier``.
    """

    image: ImageT
    image_stamp_ns: int
    clouds: tuple[CloudT, ...]
    cloud_stamps_ns: tuple[int, ...]
    gap_ns: int
    earlier_clouds: tuple[tuple[CloudT, int], ...] = ()
    earlier: tuple[Pair[ImageT, CloudT], ...] = ()


MessagePair: TypeAlias = Pair[Any, Any]
"""A pair of messages, of rclpy or of a bag."""
