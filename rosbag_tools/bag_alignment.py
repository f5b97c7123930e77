# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Whether the clocks and extrinsics of a bag agree with what its camera and lidars see."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from depth_completion_core.alignment import alignment_findings, estimate_alignment
from depth_completion_core.alignment.placement import edge_scenes, placement_findings
from depth_completion_core.completer import DepthCompleter
from depth_completion_core.config import PairingConfig
from depth_completion_core.diagnosis.findings import Finding
from depth_completion_core.files.output_files import write_picture
from depth_completion_core.geometry.arrays import UInt8Array
from depth_completion_core.geometry.transform_buffer import TransformError
from depth_completion_core.models import build_model
from depth_completion_core.pictures.depth_colors import overlay
from depth_completion_core.pictures.panels import panel, stacked
from depth_completion_core.pictures.scales import depth_scale
from depth_completion_core.sensing.frame_builder import FrameBuilder
from depth_completion_core.sensing.pair import MessagePair
from rosbag_tools.completion_plan import Plan
from rosbag_tools.errors import BagError
from rosbag_tools.plan_checks import checked_plan
from rosbag_tools.reader import BagReader
from rosbag_tools.spread_pairs import alignment_frames, spread_pairs
from rosbag_tools.wishes import PlanWishes

_PAIRS = 40  # what the rotation of a lidar of few lines takes
_PICTURES = 3
_WIDTH_PX = 1280


def align_bag(
    reader: BagReader, wishes: PlanWishes, pairing: PairingConfig, picture: Path
) -> list[Finding]:
    """Compare every lidar with the images, and draw the points on some of them.

    Args:
        reader: of the bag.
        wishes: what was asked for.
        pairing: which cloud belongs to which image.
        picture: the file to be written.

    Raises:
        BagError: the bag cannot be completed, or holds no clouds.
        OSError: the picture cannot be written.
    """
    plan = checked_plan(reader, wishes, pairing)
    clouds = [(number, item) for number, item in enumerate(plan.topics.clouds) if not item.is_depth]
    if not clouds:
        raise BagError(
            "--align compares point clouds with the images, and this bag is read without"
        )
    pairs = spread_pairs(reader, plan, pairing, _PAIRS)
    findings: list[Finding] = []
    for stream, cloud in clouds:
        subject = f"{plan.topics.image.name} + {cloud.name}"
        frames = alignment_frames(plan, pairs, stream)
        findings += placement_findings(edge_scenes(frames), subject)
        findings += alignment_findings(
            estimate_alignment(frames), subject, known_offset_ms=pairing.cloud_clock_offset_ms
        )
    return [*findings, _drawn(plan, pairs, picture)]


def _drawn(plan: Plan, pairs: Sequence[MessagePair], path: Path) -> Finding:
    """The points on the first image, on one in the middle and on the last."""
    subject = "overlay"
    places = sorted({round(at * (len(pairs) - 1) / (_PICTURES - 1)) for at in range(_PICTURES)})
    panels = [drawn for at in places if pairs for drawn in _panel(plan, pairs[at])]
    if not panels:
        return Finding(
            severity="error",
            subject=subject,
            found="no pair of image and cloud could be drawn",
            remedy="the lines above, or those of complete, say why",
        )
    write_picture(path, stacked(*panels))
    return Finding(
        severity="ok",
        subject=subject,
        found=f"{path} shows the points on {len(panels)} images: look whether their edges lie on "
        "edges of the image",
    )


def _panel(plan: Plan, pair: MessagePair) -> list[UInt8Array]:
    """The labelled picture of a pair; none where it makes no frame."""
    try:
        placed = FrameBuilder(plan.geometry, plan.calibration.info).build(pair)
        sparse = DepthCompleter(build_model("nearest"), device="cpu").sparse_depth(placed.frame)
    except (ValueError, TransformError):
        return []
    label = (
        f"{pair.image_stamp_ns / 1e9:.3f} s: {sparse.count} of {len(placed.sensor_points)} points "
        f"in view, pair gap {pair.gap_ns / 1e6:.1f} ms, near is red"
    )
    drawn = overlay(placed.frame.image, sparse, depth_scale([sparse.depth]))
    return [panel(drawn, label, width=_WIDTH_PX)]
