# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The calibration of the images, as it comes in."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import Any

from depth_completion_core.codecs.stamps import stamp_ns_of

_Message = Any  # sensor_msgs/CameraInfo
_KEPT = 30


class CameraInfos:
    """The latest calibration, and those of the last images."""

    def __init__(self, *, by_stamp: bool) -> None:
        self._by_stamp = by_stamp
        self._changed = threading.Condition()
        self._recent: OrderedDict[int, _Message] = OrderedDict()

    def add(self, info: _Message) -> None:
        """Take a message."""
        stamp_ns = stamp_ns_of(info)
        with self._changed:
            self._recent[stamp_ns] = info
            self._recent.move_to_end(stamp_ns)
            while len(self._recent) > _KEPT:
                self._recent.popitem(last=False)
            self._changed.notify_all()

    def of_image(self, stamp_ns: int, *, wait_s: float = 0.0) -> _Message | None:
        """The calibration of an image, or None; waits where it comes after its image."""
        with self._changed:
            self._changed.wait_for(lambda: self._found(stamp_ns) is not None, wait_s)
            return self._found(stamp_ns)

    def _found(self, stamp_ns: int) -> _Message | None:
        if self._by_stamp or not self._recent:
            return self._recent.get(stamp_ns)
        return self._recent[next(reversed(self._recent))]
