# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""How many threads a job computes on: one number for all, because results depend on it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def computing_threads(count: int) -> Iterator[None]:
    """Let torch and OpenCV compute on so many threads in this process.

    The sums in a convolution are grouped by the threads that share it, so that its last bits depend
    on their number.
    """
    import cv2  # noqa: PLC0415 - slow, and --help comes here too
    import torch  # noqa: PLC0415

    before = torch.get_num_threads(), cv2.getNumThreads()
    torch.set_num_threads(count)
    cv2.setNumThreads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before[0])
        cv2.setNumThreads(before[1])
