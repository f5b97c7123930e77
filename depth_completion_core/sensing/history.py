# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The images before the one that is completed, for models that look at several."""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from typing import Generic

from depth_completion_core.sensing.pair import CloudT, ImageT, Pair


class ImageHistory(Generic[ImageT, CloudT]):
    """The last images of a stream, whether or not anything came of them."""

    def __init__(self, length: int) -> None:
        self._pairs: deque[Pair[ImageT, CloudT]] = deque(maxlen=length)

    def add(self, pair: Pair[ImageT, CloudT]) -> None:
        """Take the newest; the oldest is forgotten."""
        self._pairs.append(replace(pair, earlier=()))

    def of(self, pair: Pair[ImageT, CloudT]) -> tuple[Pair[ImageT, CloudT], ...]:
        """What came before a pair, oldest first; images that came out of order are left out."""
        return tuple(item for item in self._pairs if item.image_stamp_ns < pair.image_stamp_ns)

    def clear(self) -> None:
        """Forget all, as when time jumps back."""
        self._pairs.clear()
