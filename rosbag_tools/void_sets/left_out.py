# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Frames that a set does not get."""

from __future__ import annotations

from rosbag_tools.errors import BagError


class LeftOutError(BagError):
    """A frame that a set does not get: the reason is counted, the sentence is an example of it."""

    def __init__(self, reason: str, sentence: str = "") -> None:
        super().__init__(sentence)
        self.drop_reason = reason
