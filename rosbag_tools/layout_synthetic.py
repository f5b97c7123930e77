# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Recordings of drives through the synthetic scenes."""

from __future__ import annotations

from collections.abc import Iterator

from depth_completion_core.frame import SparseDepth
from depth_completion_core.world.drives import SyntheticDrive, build_drive
from rosbag_tools.recording import (
    RecordedEvent,
    RecordedImage,
    RecordedPose,
    RecordedSweep,
    Recording,
)

_EPOCH_NS = 1_700_000_000 * 10**9  # a real clock's stamps: zero means unset to many a driver
_POSE_PERIOD_NS = 10_000_000


def synthetic_recording(
    scene: str, *, seed: int, duration_ns: int, image_period_ns: int
) -> Recording:
    """A drive with odometry at 100 Hz and the true depth of every image.

    Args:
        scene: room or street.
        seed: of the scene and the noise.
        duration_ns: length; at most the drive's.
        image_period_ns: time between images.

    Raises:
        ValueError: the scene is not known.
    """
    drive = build_drive(scene, seed=seed)
    duration_ns = min(duration_ns, drive.duration_ns)
    return Recording(
        camera=drive.camera,
        image_topic="image_raw",
        base_from_camera=drive.base_from_camera,
        base_from_lidar=drive.base_from_lidar,
        events=_events(drive, duration_ns, image_period_ns),
        event_count=len(_schedule(drive, duration_ns, image_period_ns)),
    )


def _schedule(
    drive: SyntheticDrive, duration_ns: int, image_period_ns: int
) -> list[tuple[int, str, int]]:
    """(time of publishing, kind, stamp) of everything, in order."""
    period_ns = drive.lidar.period_ns
    first_image_ns = drive.camera_stamps_ns.start
    images = range(first_image_ns, duration_ns, image_period_ns)
    sweeps = range(0, duration_ns, period_ns)
    # Odometry runs past the last sweep's end, or its last points could not be placed.
    poses = range(0, duration_ns + 2 * period_ns, _POSE_PERIOD_NS)
    return sorted(
        [(stamp, "pose", stamp) for stamp in poses]
        + [(stamp, "image", stamp) for stamp in images]
        + [(stamp + period_ns, "sweep", stamp) for stamp in sweeps]
    )


def _events(
    drive: SyntheticDrive, duration_ns: int, image_period_ns: int
) -> Iterator[RecordedEvent]:
    for _, kind, stamp_ns in _schedule(drive, duration_ns, image_period_ns):
        yield _event(drive, kind, stamp_ns)


def _event(drive: SyntheticDrive, kind: str, stamp_ns: int) -> RecordedEvent:
    if kind == "pose":
        return RecordedPose(
            stamp_ns=_EPOCH_NS + stamp_ns, odom_from_base=drive.odom_from_base(stamp_ns)
        )
    if kind == "image":
        shot = drive.render(stamp_ns)
        truth = SparseDepth(shot.depth, shot.valid)
        return RecordedImage(stamp_ns=_EPOCH_NS + stamp_ns, image=shot.image, truth=truth)
    sweep = drive.scan(stamp_ns)
    return RecordedSweep(
        stamp_ns=_EPOCH_NS + stamp_ns,
        xyz=sweep.xyz,
        fields={
            "intensity": sweep.intensity,
            "ring": sweep.ring,
            "t": sweep.time_offset_ns.astype("uint32"),
        },
        duration_ns=drive.lidar.period_ns,
    )
