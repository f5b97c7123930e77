# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""``python -m depth_completion_ros.benchmark_node``: a node in a process of its own, under load.

Publishes pairs at a fixed rate from this process, and reports the rate and age of what comes back,
what each stage took, and the node's CPU load and resident memory over time.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import rclpy
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.qos import QoSProfile, ReliabilityPolicy
from rclpy.serialization import serialize_message
from sensor_msgs.msg import CameraInfo, Image, PointCloud2

from depth_completion_core.codecs.camera_info import encode_camera_info
from depth_completion_core.codecs.image import encode_image
from depth_completion_core.codecs.pointcloud import encode_points
from depth_completion_core.codecs.stamps import seconds_and_nanoseconds, stamp_ns_of
from depth_completion_core.files.json_files import write_json
from depth_completion_core.geometry.camera import CameraModel
from depth_completion_core.sensing.output_topics import Fields
from depth_completion_core.settings.command_line import parsed
from depth_completion_ros.conversions import message_of
from depth_completion_ros.msg import CompletionStatus

_STAGES = ("decode_ms", "project_ms", "network_ms", "publish_ms", "total_ms")
_FRAME = "camera_optical_frame"
_BIG_TOPICS = ("image", "points")
_STAMP_AT = 4  # bytes of a serialised message before its header's stamp


@dataclass(frozen=True, slots=True, kw_only=True)
class BenchmarkNode:
    """Publish pairs to a completion node at a fixed rate, and measure what comes back."""

    model: str = "nearest"
    """Model of the node."""
    rate_hz: float = 30.0
    """Pairs per second."""
    duration_s: float = 60.0
    """How long."""
    width_px: int = 640
    """Width of the images."""
    height_px: int = 480
    """Height of the images."""
    points: int = 100_000
    """Points of each cloud; a sixth of them lies in the image."""
    clouds: bool = False
    """Listen to depth/points, too."""
    out: Path | None = None
    """Write the figures as JSON, too."""
    node_arguments: tuple[str, ...] = ()
    """Further arguments of the node, such as torch_threads:=1."""


@dataclass(slots=True)
class _Seen:
    """What came back."""

    ages_ms: list[float] = field(default_factory=list)
    statuses: list[CompletionStatus] = field(default_factory=list)
    memory_mib: list[tuple[float, float]] = field(default_factory=list)


class _Load(Node):  # type: ignore[misc]  # rclpy has no types on every distro
    """Publishes pairs, and listens."""

    def __init__(self, wanted: BenchmarkNode, seen: _Seen) -> None:
        super().__init__("completion_load")
        self._wanted, self._seen = wanted, seen
        qos = QoSProfile(depth=5, reliability=ReliabilityPolicy.RELIABLE)
        messages = _messages(wanted)
        self._serialized = {
            topic: bytearray(serialize_message(item)) for topic, item in messages.items()
        }
        self._topics = {
            topic: self.create_publisher(type(item), topic, qos) for topic, item in messages.items()
        }
        self.create_subscription(Image, "depth/image", self._on_depth, 2)
        if wanted.clouds:
            self.create_subscription(PointCloud2, "depth/points", lambda _: None, 2)
        status = "completion_node/status"
        self.create_subscription(CompletionStatus, status, seen.statuses.append, 10)
        self.create_timer(1.0 / wanted.rate_hz, self._publish)

    def _publish(self) -> None:
        stamp = np.array(seconds_and_nanoseconds(time.time_ns()), dtype="<u4").tobytes()
        for topic, data in self._serialized.items():
            data[_STAMP_AT : _STAMP_AT + 8] = stamp
            self._topics[topic].publish(bytes(data))

    def _on_depth(self, message: Image) -> None:
        self._seen.ages_ms.append((time.time_ns() - stamp_ns_of(message)) / 1e6)


def main(arguments: list[str]) -> int:
    """Measure and print; 1 where nothing came back."""
    wanted = parsed(BenchmarkNode, arguments)
    rclpy.init()
    seen = _Seen()
    with _completion_node(wanted) as process:
        load = _Load(wanted, seen)
        executor = SingleThreadedExecutor()
        executor.add_node(load)
        _spin_until(executor, lambda: bool(seen.ages_ms), time.monotonic() + 60)
        seen.ages_ms.clear()
        seen.statuses.clear()
        figures = _measured(wanted, seen, executor, process.pid)
        load.destroy_node()
    rclpy.try_shutdown()
    print(json.dumps(figures, indent=2))
    if wanted.out is not None:
        write_json(wanted.out, figures)
    return 0 if seen.ages_ms else 1


def _measured(
    wanted: BenchmarkNode, seen: _Seen, executor: SingleThreadedExecutor, pid: int
) -> dict[str, object]:
    start, cpu_start = time.monotonic(), _cpu_seconds(pid)
    end = start + wanted.duration_s
    while (now := time.monotonic()) < end:
        seen.memory_mib.append((now - start, _resident_mib(pid)))
        _spin_until(executor, lambda: False, min(now + 5.0, end))
    seconds = time.monotonic() - start
    cpu_share = (_cpu_seconds(pid) - cpu_start) / seconds
    after_5_min = [mib for at, mib in seen.memory_mib if at >= 300]
    drops = seen.statuses[-1] if seen.statuses else CompletionStatus()
    overhead = [s.total_ms - s.network_ms for s in seen.statuses]
    return {
        "model": wanted.model,
        "size_px": [wanted.width_px, wanted.height_px],
        "points": wanted.points,
        "published_hz": wanted.rate_hz,
        "seconds": round(seconds, 1),
        "completed_hz": round(len(seen.ages_ms) / seconds, 2),
        "age_ms": _percentiles(seen.ages_ms),
        "stages_ms": {
            name: _percentiles([getattr(status, name) for status in seen.statuses])
            for name in _STAGES
        },
        "overhead_ms": _percentiles(overhead),
        "cpu_share_of_one_core": round(cpu_share, 3),
        "resident_mib": {
            "first": round(seen.memory_mib[0][1], 1),
            "last": round(seen.memory_mib[-1][1], 1),
            "largest": round(max(mib for _, mib in seen.memory_mib), 1),
            "growth_after_5_min": round(after_5_min[-1] - after_5_min[0], 2)
            if after_5_min
            else None,
        },
        "drops": dict(zip(drops.drop_reasons, map(int, drops.drop_counts), strict=True)),
    }


def _spin_until(executor: SingleThreadedExecutor, done: Any, deadline: float) -> None:  # noqa: ANN401
    while not done() and (left := deadline - time.monotonic()) > 0:
        executor.spin_once(timeout_sec=min(left, 0.5))


def _percentiles(values: list[float]) -> dict[str, float | None]:
    if not values:
        return {"p50": None, "p99": None, "max": None}
    p50, p99 = np.percentile(values, (50, 99))
    return {"p50": round(p50, 2), "p99": round(p99, 2), "max": round(max(values), 2)}


@contextmanager
def _completion_node(wanted: BenchmarkNode) -> Iterator[subprocess.Popen[bytes]]:
    # Reliable: the node is to be measured, not the socket buffers of this machine.
    reliable = [f"qos_overrides./{t}.subscription.reliability:=reliable" for t in _BIG_TOPICS]
    known = ["fixed_frame:=none", "points_in_camera_frame:=true"]
    given = [f"model:={wanted.model}", *known, *reliable, *wanted.node_arguments]
    arguments = [word for item in given for word in ("-p", item)]
    module = "depth_completion_ros.completion_node"
    process = subprocess.Popen([sys.executable, "-m", module, "--ros-args", *arguments])  # noqa: S603
    try:
        yield process
    finally:
        process.terminate()
        process.wait(timeout=20)


def _messages(wanted: BenchmarkNode) -> dict[str, Image | CameraInfo | PointCloud2]:
    width, height = wanted.width_px, wanted.height_px
    camera = CameraModel(
        fx=0.8 * width, fy=0.8 * width, cx=width / 2, cy=height / 2, width=width, height=height
    )
    random = np.random.default_rng(0)
    angle = random.uniform(-np.pi, np.pi, wanted.points)
    distance = random.uniform(2.0, 40.0, wanted.points)
    xyz = np.stack(
        [
            distance * np.sin(angle),
            distance * random.uniform(-0.3, 0.3, wanted.points),
            distance * np.cos(angle),
        ],
        axis=1,
    ).astype(np.float32)
    intensity = {"intensity": np.zeros(wanted.points, np.float32)}
    image = random.integers(0, 255, (height, width, 3), dtype=np.uint8)
    fields: dict[str, Fields] = {
        "camera_info": encode_camera_info(camera),
        "points": encode_points(xyz, extra=intensity),
        "image": encode_image(image),
    }
    return {topic: message_of(item, 0, _FRAME) for topic, item in fields.items()}


def _resident_mib(pid: int) -> float:
    pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def _cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
