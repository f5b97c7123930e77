# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The time of recording in place of stamps that tell nothing."""

from __future__ import annotations

from typing import Any

from depth_completion_core.codecs.message_kinds import MESSAGE_TYPES, types_of
from depth_completion_core.codecs.stamps import seconds_and_nanoseconds, stamp_ns_of

_MEASURED = {name for kind in MESSAGE_TYPES for name in types_of(kind)}
_LARGEST_DELAY_NS = 10 * 10**9

RECORDED_NOTE = (
    "the time of recording stands for the stamps of images, calibrations, measurements and truth, "
    "and is the stamp of what is written. It is later than the measurement by what each driver "
    "took: --pairing.cloud-clock-offset-ms corrects a difference. Transforms and odometry keep "
    f"their stamps; where these are more than {_LARGEST_DELAY_NS // 10**9} s from their recording, "
    "its time replaces them too"
)
"""What --stamps recorded means, for the plan."""


def restamp(message: Any, msgtype: str, log_ns: int) -> None:  # noqa: ANN401 - out of the bag
    """Write the time of recording into the header of a decoded message.

    The stamps of transforms and odometry come from the computer that recorded: they are better
    than the time of recording, unless they are far from it.
    """
    for item in getattr(message, "transforms", [message]):
        if not hasattr(item, "header"):
            continue
        is_far = abs(stamp_ns_of(item) - log_ns) > _LARGEST_DELAY_NS
        if msgtype in _MEASURED or is_far:
            stamp = item.header.stamp
            stamp.sec, stamp.nanosec = seconds_and_nanoseconds(log_ns)
