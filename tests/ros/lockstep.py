# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A node that gets each message of a bag after its answer to those before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from depth_completion_core.codecs.stamps import stamp_ns_of
from depth_completion_core.sensing.pair import Pair
from depth_completion_core.sensing.pairing import Pairer
from rosbag_tools.completion_job import CompletionJob
from rosbag_tools.run_completion import run_job
from tests.bags.bag_factory import IMAGE_TOPIC, Entry, read_bag

Twin = Pairer[None, None]
TOPIC = "/depth/image"


@dataclass(frozen=True, kw_only=True)
class LiveFace:
    """A node, who talks to it, and what it published.

    Attributes:
        node: its process.
        peer: publishes and listens.
        depths: the depth images so far.
        measured_topic: of the clouds, or of the depth images; empty for none.
    """

    node: Any
    peer: Any
    depths: list[Any]
    measured_topic: str

    def start_anew(self, settings: dict[str, object]) -> None:
        """Forget what was received, then go on with these settings."""
        assert self.peer.change_state("deactivate")
        self.peer.set_parameters(settings)
        assert self.peer.change_state("activate")
        self.peer.reconnect()
        self.depths.clear()

    def publish(self, recorded: Sequence[Entry], twin: Twin, expected: set[int]) -> None:
        """TF first, for its own time of arrival is not the subject, then all else in its order.

        Args:
            recorded: the messages of a bag.
            twin: pairs as the node does, to know after which message a frame is due.
            expected: stamps of the frames that come of it; others are not waited for.
        """
        for number, entry in enumerate(e for e in recorded if e.topic.startswith("/tf")):
            self.peer.publish(entry)
            if number % 20 == 0:
                self.peer.settle()
        for entry in (e for e in recorded if not e.topic.startswith("/tf")):
            self.peer.publish(entry)
            self.peer.settle()
            decided = [pair.image_stamp_ns for pair in self._paired(twin, entry)]
            # Of several at once a node completes the newest.
            for due_ns in [stamp_ns for stamp_ns in decided if stamp_ns in expected][-1:]:
                self._wait_for(due_ns)

    def assert_equal(self, expected: dict[int, Any], *, at_least: int) -> None:
        """Every depth image that was published is that of the bag, bit by bit."""
        assert len(self.depths) >= at_least, self.node.log[-1000:]
        for message in self.depths:
            known = expected[stamp_ns_of(message)]
            assert message.header.frame_id == known.header.frame_id
            assert bytes(message.data) == bytes(known.data), stamp_ns_of(message)

    def _paired(self, twin: Twin, entry: Entry) -> list[Pair[None, None]]:
        if entry.topic == IMAGE_TOPIC:
            return twin.add_image(stamp_ns_of(entry.message), None)
        if entry.topic == self.measured_topic:
            return twin.add_cloud(stamp_ns_of(entry.message), None)
        return []

    def _wait_for(self, due_ns: int) -> None:
        self.peer.spin_until(
            lambda: any(stamp_ns_of(message) == due_ns for message in self.depths),
            f"the frame at {due_ns}; the node says {self.node.log[-1000:]}",
        )


def replayed(job: CompletionJob) -> dict[int, Any]:
    """The depth images that a job writes, by their stamps."""
    run_job(job)
    return {stamp_ns_of(m): m for m in read_bag(Path(job.output)).messages(TOPIC)}
