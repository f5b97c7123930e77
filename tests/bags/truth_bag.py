# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A drive with odometry and true depth, of which a data set can be made."""

from __future__ import annotations

import numpy as np

from depth_completion_core.geometry.transforms import RigidTransform
from tests.bags.bag_factory import (
    BASE_FRAME,
    CAMERA,
    Entry,
    Float32Array,
    depth_entry,
    drive,
    stamp_of,
    tf_entry,
)

TRUTH_TOPIC = "/camera/depth_truth"


def true_depth(index: int) -> Float32Array:
    """Some tenths of metres up to 300 m, and some pixels without."""
    random = np.random.default_rng([index, 5])
    depth = random.uniform(0.5, 300.0, (CAMERA.height, CAMERA.width)).astype(np.float32)
    return np.where(random.random(depth.shape) < 0.3, 0, depth).astype(np.float32)


def odom_from_base(index: int) -> RigidTransform:
    turn = np.sin(0.05 * index), np.cos(0.05 * index)
    return RigidTransform.from_quaternion((0, 0, *turn), (0.5 * index, 0.1, 0))


def recording(frames: int) -> list[Entry]:
    """A drive with odometry and true depth."""
    entries = drive(frames)
    for index in range(frames):
        at = stamp_of(index)
        entries.append(depth_entry(at, true_depth(index), topic=TRUTH_TOPIC))
        motion = ("odom", BASE_FRAME, odom_from_base(index))
        entries.append(tf_entry(at, motion, static=False))
    return in_order(entries)


def in_order(entries: list[Entry]) -> list[Entry]:
    """As they would have been recorded."""
    return sorted(entries, key=lambda entry: entry.log_ns)
