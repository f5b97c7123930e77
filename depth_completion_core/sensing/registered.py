# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Whether the pixels of a depth image are those of the camera's image."""

from __future__ import annotations

import numpy as np

from depth_completion_core.geometry.transform_buffer import TransformBuffer, TransformError

_SAME_FRAME = 1e-3


def check_registered(
    transforms: TransformBuffer, depth_frame: str, optical_frame: str, stamp_ns: int
) -> None:
    """A depth image of another camera lies on other pixels, even if its size is the same.

    Args:
        transforms: by which two frames may turn out to be one.
        depth_frame: of the depth image; one that names none is taken as registered.
        optical_frame: of the camera's image.
        stamp_ns: of the camera's image.

    Raises:
        ValueError: it is of another frame.
    """
    if not depth_frame or depth_frame == optical_frame:
        return
    try:
        found = transforms.lookup(optical_frame, depth_frame, stamp_ns)
    except TransformError:
        found = None
    if found is None or not np.allclose(found.matrix, np.eye(4), atol=_SAME_FRAME):
        raise ValueError(
            f"the depth image is of frame '{depth_frame}', the image of '{optical_frame}': it "
            "is not registered to this camera. Take the driver's registered or aligned depth, "
            "or publish an identity transform if the two frames are the same"
        )
