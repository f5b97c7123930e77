# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A bag on which every setting from pairs to depth matters, and a value of each that shows it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from operator import attrgetter
from typing import Any

import numpy as np

from depth_completion_core.config import CompletionConfig
from depth_completion_core.geometry.transforms import RigidTransform
from depth_completion_core.settings.descriptions import settings_of
from depth_completion_core.settings.mapping import config_from_mapping
from tests.bags.bag_factory import (
    BASE_FRAME,
    MS,
    START_NS,
    Entry,
    cloud,
    cloud_entry,
    image_entry,
    info_entry,
    mounts_entry,
    picture,
    tf_entry,
)

GROUPS = ("pairing", "projection", "inference", "output")

_IMAGES_MS = (100, 200, 345, 400, 500, 530, 600, 700, 800)
_CLOUDS_MS = (
    # stamp and time of its record
    (10, 15),
    (110, 115),
    (210, 215),
    (305, 310),
    (340, 350),  # sooner than the period lets expect, and nearer to the image before it
    (415, 420),
    (515, 535),  # nearest to two images, which both wait for it
    (610, 615),
    (660, 665),
    (250, 705),  # late by far, while the image at 700 waits
    (720, 725),
    (815, 820),
)


@dataclass(frozen=True)
class Probe:
    """A value of a setting that changes what comes of the bag.

    Attributes:
        value: another than the default.
        beside: settings without which it would make no difference.
        fixed_frame: none where time jumps back, which makes a live node forget the motion.
    """

    value: object
    beside: Mapping[str, object] = field(default_factory=dict)
    fixed_frame: str = "odom"


# A model that goes through all measurements says what they say, unless it sees a smaller image.
_SMALLER = {"inference.width_px": 32, "inference.height_px": 24}
_ANCHORED = {**_SMALLER, "output.anchoring.enabled": True}

PROBES: dict[str, Probe] = {
    "pairing.reuse_clouds": Probe(False),
    "pairing.slop_ms": Probe(12.0),
    "pairing.cloud_time_offset_ms": Probe(-45.0),
    "pairing.cloud_clock_offset_ms": Probe(7.0),
    "pairing.jump_back_ms": Probe(300.0, fixed_frame="none"),
    "pairing.decide_early": Probe(False),
    "pairing.accumulate_ms": Probe(150.0),
    "pairing.queue_size": Probe(1),
    "projection.min_depth": Probe(4.0),
    "projection.max_depth": Probe(7.0),
    "projection.occlusion.enabled": Probe(False),
    "projection.occlusion.window_px": Probe(15),
    "projection.occlusion.tolerance": Probe(2.5),
    "projection.occlusion.tolerance_ratio": Probe(0.6),
    "inference.width_px": Probe(32),
    "inference.height_px": Probe(24),
    "inference.measured_share": Probe(0.5),
    "inference.roi_px": Probe((8, 4, 40, 30)),
    "output.min_depth": Probe(4.0),
    "output.max_depth": Probe(6.0),
    "output.min_confidence": Probe(0.5),
    "output.support_radius_px": Probe(2.5),
    "output.preserve_measurements": Probe(True, beside=_SMALLER),
    "output.anchoring.enabled": Probe(True, beside=_SMALLER),
    "output.anchoring.reach_px": Probe(4.0, beside=_ANCHORED),
}


def entries() -> list[Entry]:
    """A base that drives ahead and turns, in the order of recording."""
    poses = [
        tf_entry(START_NS + at * MS, ("odom", BASE_FRAME, _odom_from_base(at)), static=False)
        for at in range(-300, 1200, 10)
    ]
    recorded = [replace(mounts_entry(), log_ns=START_NS - 300 * MS), *poses]
    for number, at in enumerate(_IMAGES_MS):
        stamp_ns = START_NS + at * MS
        recorded += [info_entry(stamp_ns), image_entry(stamp_ns, picture(number))]
    for number, (at, log) in enumerate(_CLOUDS_MS):
        stamp_ns, log_ns = START_NS + at * MS, START_NS + log * MS
        recorded.append(cloud_entry(stamp_ns, cloud(number), log_ns=log_ns))
    return sorted(recorded, key=lambda entry: entry.log_ns)


def leaves() -> list[str]:
    """The dotted path of every setting of the groups."""
    paths = [setting.path for setting in settings_of(CompletionConfig)]
    return [path for path in paths if path.split(".")[0] in GROUPS]


def configured(settings: Mapping[str, object]) -> CompletionConfig:
    """The defaults with some settings changed, by their dotted paths."""
    tree: dict[str, Any] = {}
    for path, value in settings.items():
        *groups, leaf = path.split(".")
        branch = tree
        for group in groups:
            branch = branch.setdefault(group, {})
        branch[leaf] = value
    return config_from_mapping(CompletionConfig, tree)


def default_of(path: str) -> object:
    """The default of a setting."""
    return attrgetter(path)(CompletionConfig())


def _odom_from_base(at_ms: int) -> RigidTransform:
    """2 m/s ahead and 0.4 radians per second to the left."""
    half = 0.2 * at_ms / 1000
    return RigidTransform.from_quaternion(
        (0.0, 0.0, np.sin(half), np.cos(half)), (2.0 * at_ms / 1000, 0.0, 0.0)
    )
