# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What a bag holds, and what ``complete`` would do with it, as lines of text."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

import numpy as np

from depth_completion_core.codecs.point_lists import cloud_of_list
from depth_completion_core.codecs.stamps import stamp_ns_of
from depth_completion_core.config import PairingConfig
from depth_completion_core.geometry.transform_buffer import TransformBuffer
from depth_completion_core.sensing.drop_counts import DropCounts
from depth_completion_core.sensing.pairing import Pairer
from rosbag_tools.completion_plan import Plan, describe, described_doubt
from rosbag_tools.errors import BagError, UndecodableError
from rosbag_tools.plan_checks import checked_plan
from rosbag_tools.reader import BagReader
from rosbag_tools.stamp_check import check_stamps, smallest_gap
from rosbag_tools.topics import Topic, Topics, candidates_of
from rosbag_tools.transforms import read_transforms
from rosbag_tools.wishes import PlanWishes


@dataclass(slots=True)
class _Times:
    """When the messages of a topic were recorded and stamped, and the one less the other."""

    log_ns: list[int] = field(default_factory=list)
    stamp_ns: list[int] = field(default_factory=list)
    delay_ns: list[int] = field(default_factory=list)


_TopicAndType = tuple[str, str]
_TimesOfTopics = dict[_TopicAndType, _Times]


def inspect_bag(reader: BagReader, wishes: PlanWishes, pairing: PairingConfig) -> list[str]:
    """Topics, types, rates, frames, encodings, the TF tree, pair gaps, and the plan.

    Of a damaged bag, what can be read of it.
    """
    described = {(item.name, item.msgtype): item for item in _all_candidates(reader)}
    times, unread = _read_times(reader, set(described))
    lines = [*_overview(reader), "", *_topic_table(reader, described, times)]
    lines += unread.lines
    transforms, _ = read_transforms(reader)
    lines += ["", *_tf_tree(transforms)]
    try:
        plan = checked_plan(reader, wishes, pairing)
    except BagError as error:
        lines += [f"note: {note}" for note in (*transforms.notes, *reader.notes)]
        return [*lines, "", "complete would stop:", f"  {error}"]
    lines += ["", "complete would read:", *(f"  {line}" for line in describe(plan))]
    lines += [*_pair_gaps(plan.topics, times, pairing), *_sensor_facts(reader, plan)]
    try:
        doubts = check_stamps(reader, plan.topics, pairing)
    except BagError as error:
        return [*lines, "", "complete would stop:", f"  {error}"]
    return [*lines, *(f"  {described_doubt(doubt)}" for doubt in doubts)]


def _all_candidates(reader: BagReader) -> list[Topic]:
    found = candidates_of(reader)
    return [*found.images, *found.depths, *found.infos, *found.clouds]


def _overview(reader: BagReader) -> list[str]:
    count = sum(connection.msgcount for connection in reader.connections)
    names = ", ".join(str(path) for path in reader.paths)
    kind = "ROS 2" if reader.is_ros2 else "ROS 1"
    return [f"{names}: {kind} bag, {reader.duration_ns / 1e9:.1f} s, {count} messages"]


def _read_times(
    reader: BagReader, with_stamps: set[_TopicAndType]
) -> tuple[_TimesOfTopics, DropCounts]:
    """Log times of all topics, header stamps of those in ``with_stamps``, and what is damaged."""
    times: _TimesOfTopics = defaultdict(_Times)
    unread = DropCounts()
    try:
        for message in reader.messages(reader.connections):
            key = (message.connection.topic, message.connection.msgtype)
            times[key].log_ns.append(message.log_ns)
            if key not in with_stamps:
                continue
            try:
                stamp_ns = stamp_ns_of(reader.decoded(message))
            except UndecodableError as error:
                unread.add(f"{key[0]}: {error.drop_reason}", str(error))
                continue
            times[key].stamp_ns.append(stamp_ns)
            times[key].delay_ns.append(stamp_ns - message.log_ns)
    except BagError as error:
        unread.add("reading ended early", str(error))
    return times, unread


def _topic_table(
    reader: BagReader, described: dict[_TopicAndType, Topic], times: _TimesOfTopics
) -> list[str]:
    header = ("topic", "type", "count", "Hz", "frame", "encoding", "stamp - record [ms]")
    rows = [header]
    # A topic of ROS 1 has a connection for every publisher.
    for name, msgtype in sorted({(item.topic, item.msgtype) for item in reader.connections}):
        topic, entry = described.get((name, msgtype)), times[name, msgtype]
        rows.append(
            (
                name,
                msgtype,
                str(len(entry.log_ns)),
                _rate(entry.log_ns),
                topic.frame_id if topic else "",
                topic.encoding if topic else "",
                _delay(entry),
            )
        )
    widths = [max(len(row[column]) for row in rows) for column in range(len(header))]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]


def _rate(log_ns: list[int]) -> str:
    span = max(log_ns) - min(log_ns) if len(log_ns) > 1 else 0
    return f"{(len(log_ns) - 1) * 1e9 / span:.1f}" if span else ""


def _delay(entry: _Times) -> str:
    if not entry.delay_ns:
        return ""
    delay_ms = float(np.median(entry.delay_ns)) / 1e6
    return f"{delay_ms:.0f} (another clock)" if abs(delay_ms) > 60_000 else f"{delay_ms:.0f}"


def _tf_tree(transforms: TransformBuffer) -> list[str]:
    children: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for parent, child, is_static, count in transforms.edges:
        children[parent].append((child, "static" if is_static else f"{count} transforms"))
    lower = {child for items in children.values() for child, _ in items}
    roots = [frame for frame in children if frame not in lower]
    lines = ["TF tree:"] if roots else ["TF tree: none (complete needs --extrinsics)"]
    for root in sorted(roots):
        lines += [f"  {root}", *_branches(root, children, 2)]
    return lines


def _branches(frame: str, children: dict[str, list[tuple[str, str]]], depth: int) -> list[str]:
    lines = []
    for child, note in children.get(frame, []):
        lines.append(f"{'  ' * depth}{child}  ({note})")
        lines += _branches(child, children, depth + 1)
    return lines


def _pair_gaps(topics: Topics, times: _TimesOfTopics, pairing: PairingConfig) -> list[str]:
    pairer: Pairer[None, None] = Pairer(pairing, len(topics.clouds))
    image_stamps_ns = times[topics.image.name, topics.image.msgtype].stamp_ns
    events = [(stamp, -1) for stamp in image_stamps_ns]
    for index, cloud in enumerate(topics.clouds):
        events += [(stamp, index) for stamp in times[cloud.name, cloud.msgtype].stamp_ns]
    pairs = []
    for stamp_ns, index in sorted(events):
        pairs += (
            pairer.add_image(stamp_ns, None)
            if index < 0
            else pairer.add_cloud(stamp_ns, None, index)
        )
    pairs += pairer.flush()
    lines = [f"  pairs        {len(pairs)} of {len(image_stamps_ns)} images"]
    if pairs:
        gaps = np.array([pair.gap_ns for pair in pairs]) / 1e6
        lines[0] += (
            f"; gap p50 {np.percentile(gaps, 50):.1f} ms, p99 {np.percentile(gaps, 99):.1f} ms, "
            f"largest {gaps.max():.1f} ms (slop {pairing.slop_ms:g} ms)"
        )
    elif pairer.best_gap_ns is not None:
        lines[0] += f"; {smallest_gap(pairer.best_gap_ns)}"
    return [*lines, *(f"  left out     {n} x {why}" for why, n in pairer.drops.most_common())]


def _sensor_facts(reader: BagReader, plan: Plan) -> list[str]:
    info = plan.calibration.info
    size = f"{info.width}x{info.height} pixels"
    lines = [f"  camera       {size}, distortion '{info.distortion_model}'"]
    for topic in plan.topics.clouds:
        cloud = reader.first(topic.connections)
        if cloud is None or topic.is_depth:
            continue
        if not hasattr(cloud, "fields"):
            cloud = cloud_of_list(cloud)
        names = ", ".join(item.name for item in cloud.fields)
        lines.append(f"  cloud        {cloud.width * cloud.height} points of {names}")
    return lines
