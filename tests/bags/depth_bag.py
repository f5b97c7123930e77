# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A drive whose measurements are depth images in place of clouds; it has no TF."""

from __future__ import annotations

import cv2
import numpy as np

from tests.bags.bag_factory import (
    CAMERA,
    CLOUD_TOPIC,
    Entry,
    Float32Array,
    UInt8Array,
    compressed_entry,
    depth_entry,
    drive,
    stamp_of,
    without,
)

TOPIC = "/camera/aligned_depth/image"


def measured(seed: int) -> Float32Array:
    """Some pixels of whole centimetres, so that millimetres hold them; 0 elsewhere."""
    random = np.random.default_rng([seed, 9])
    depth = np.round(random.uniform(1.0, 9.0, (CAMERA.height, CAMERA.width)), 2)
    return np.where(random.random(depth.shape) < 0.1, depth, 0.0).astype(np.float32)


def depth_drive(count: int, *, is_compressed: bool = False) -> list[Entry]:
    """Image, calibration and depth at each of some instants."""
    entries = without(drive(count), CLOUD_TOPIC, "/tf_static")
    entries += [_compressed(index) if is_compressed else _raw(index) for index in range(count)]
    return sorted(entries, key=lambda entry: entry.log_ns)


def _raw(index: int) -> Entry:
    return depth_entry(stamp_of(index), measured(index), topic=TOPIC)


def _compressed(index: int) -> Entry:
    """As compressed_depth_image_transport writes 16UC1: twelve bytes, then a PNG."""
    millimetres = np.round(1000 * measured(index)).astype(np.uint16)
    png = cv2.imencode(".png", millimetres)[1].reshape(-1)
    data: UInt8Array = np.concatenate([np.zeros(12, np.uint8), png])
    words = "16UC1; compressedDepth png"
    return compressed_entry(stamp_of(index), data, topic=TOPIC, format_=words)
